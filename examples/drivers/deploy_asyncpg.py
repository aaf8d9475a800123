# asyncpg
import asyncio
import json
import sys
import asyncpg

call = "SELECT dj_deploy.set_replica_identity($1, 'full', dry_run => $2, skip_unchanged => true)"


async def main(schema):
    conn = await asyncpg.connect(statement_cache_size=0)  # PGHOST, PGPORT, PGUSER, PGDATABASE; 0: for PgBouncer
    await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    conn.add_log_listener(lambda _, n: print(f"{n.severity} {n.sqlstate}: {n.message}\n{n.hint or ''}"))
    try:
        plan = await conn.fetchval(call, schema, True)  # a dict
        print(*plan["ddl"], sep="\n")
        done = await conn.fetchval(call, schema, False)
        print(f"{done['tables_modified']} of {done['tables_analyzed']} tables modified")
        done = await conn.fetchval("CALL dj_deploy.vacuum_analyze($1, dry_run => false)", schema)
        print(f"{done['tables_modified']} statements of vacuum_analyze")
    except asyncpg.PostgresError as error:
        sys.exit(f"ERROR {error.sqlstate}: {error.message}\n{error.hint or ''}")
    finally:
        await conn.close()

asyncio.run(main(sys.argv[1]))
