# psycopg 3
import sys
import psycopg

call = "SELECT dj_deploy.set_replica_identity(%s, 'full', dry_run => %s, skip_unchanged => true)"
schema = sys.argv[1]
# PGHOST, PGPORT, PGUSER, PGDATABASE. No prepare_threshold: no named prepared statements, which PgBouncer may not keep apart.
with psycopg.connect(autocommit=True, prepare_threshold=None) as conn:
    conn.add_notice_handler(lambda n: print(f"{n.severity} {n.sqlstate}: {n.message_primary}\n{n.message_hint or ''}"))
    try:
        plan = conn.execute(call, (schema, True)).fetchone()[0]  # a dict
        print(*plan["ddl"], sep="\n")
        done = conn.execute(call, (schema, False)).fetchone()[0]
        print(f"{done['tables_modified']} of {done['tables_analyzed']} tables modified")
        done = conn.execute("CALL dj_deploy.vacuum_analyze(%s, dry_run => false)", (schema,)).fetchone()[0]
        print(f"{done['tables_modified']} statements of vacuum_analyze")
    except psycopg.Error as error:
        sys.exit(f"ERROR {error.sqlstate}: {error.diag.message_primary}\n{error.diag.message_hint or ''}")
