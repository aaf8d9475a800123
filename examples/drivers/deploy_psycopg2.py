# psycopg2
import sys
import psycopg2

call = "SELECT dj_deploy.set_replica_identity(%s, 'full', dry_run => %s, skip_unchanged => true)"
schema = sys.argv[1]
conn = psycopg2.connect("")  # PGHOST, PGPORT, PGUSER, PGDATABASE
conn.autocommit = True  # not "with conn": that is a transaction, in which CALL is refused
cursor = conn.cursor()
try:
    cursor.execute(call, (schema, True))
    plan = cursor.fetchone()[0]  # a dict
    print(*plan["ddl"], sep="\n")
    cursor.execute(call, (schema, False))
    done = cursor.fetchone()[0]
    print(f"{done['tables_modified']} of {done['tables_analyzed']} tables modified")
    cursor.execute("CALL dj_deploy.vacuum_analyze(%s, dry_run => false)", (schema,))
    print(f"{cursor.fetchone()[0]['tables_modified']} statements of vacuum_analyze")
except psycopg2.Error as error:
    sys.exit(f"ERROR {error.pgcode}: {error.diag.message_primary}\n{error.diag.message_hint or ''}")
finally:
    print(*conn.notices, sep="")  # text without SQLSTATE
