# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# Every operation and report on schema lab of $PGDATABASE, by $PGUSER: what the catalog has
# afterwards, of chunks too, and that a second run has nothing to do.

environment='{"version": 1, "publications": {"cdc": {}},
 "schemas": {"lab": {"replica_identity": "full", "publications": ["cdc"], "grants": {"analyst": "read"},
                     "autovacuum": {"autovacuum_vacuum_insert_scale_factor": 0.05}}}}'

by_role() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"
}

# state EXPRESSION [KINDS]: its values over the tables of lab and their chunks.
state() {
    sql "SELECT string_agg(DISTINCT ($1)::text, ' ') FROM pg_class c
        WHERE c.relkind::text = ANY (string_to_array('${2:-r p}', ' ')) AND (c.relnamespace = 'lab'::regnamespace
              OR c.relnamespace = to_regnamespace('_timescaledb_internal') AND c.oid IN (SELECT inhrelid FROM pg_inherits))"
}

# converges TITLE CALL STATE EXPECTED: the call does it, and has nothing to do when it is repeated.
converges() {
    check "$1" by_role "SELECT $2"
    same "$1: on every table" "$(eval "$3")" "$4"
    same "$1: nothing to do the second time" "$(by_role "SELECT ${5:-$2} ->> 'ddl'")" "[]"
}

operations() {
    local before
    converges "set_replica_identity" "dj_deploy.set_replica_identity('lab', 'full', false)" "state relreplident" f \
        "dj_deploy.set_replica_identity('lab', 'full', false, true)"
    converges "set_autovacuum" "dj_deploy.set_autovacuum('lab', '{\"autovacuum_vacuum_insert_scale_factor\": 0.05}', false)" \
        "state reloptions r" "{autovacuum_vacuum_insert_scale_factor=0.05}"
    converges "set_grants" "dj_deploy.set_grants('lab', 'analyst', 'read', false)" \
        "state \"has_table_privilege('analyst', oid, 'SELECT')\"" true
    converges "set_publication_membership" "dj_deploy.set_publication_membership('lab', 'cdc', false)" not_published ""
    check "vacuum_analyze" by_role "CALL dj_deploy.vacuum_analyze('lab', false, 2)"
    same "vacuum_analyze: on every table" "$(state "pg_stat_get_last_vacuum_time(oid) IS NOT NULL" r)" true
    before=$(indexes)
    check "reindex" by_role "CALL dj_deploy.reindex('lab', false, true, 2)"
    same "reindex: every index of rows is another one, and none is invalid" "$(comm -12 <(say "$before") <(indexes))$(invalid)" ""
    check "rollout" by_role "CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab', 'default'), false)"
    same "rollout: on every table" "$(state relreplident)" d
    reports
    document
}

# Tables of lab that publication cdc does not list.
not_published() {
    sql "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'lab'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_publication_rel p WHERE p.prrelid = c.oid)"
}

# Of a hypertable itself, which has no rows, the index stays.
indexes() {
    sql "SELECT c.relname || ' ' || c.relfilenode FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid
        WHERE c.relkind = 'i' AND pg_relation_size(t.oid) > 0 AND (c.relnamespace = 'lab'::regnamespace
              OR c.relnamespace = to_regnamespace('_timescaledb_internal')) ORDER BY 1"
}

invalid() {
    sql "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"
}

reports() {
    local rows
    rows=$(sql "SELECT count(*) FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relkind IN ('r', 'p')")
    same "tables" "$(by_role "SELECT count(*), count(*) FILTER (WHERE 'cdc' = ANY (publications)) FROM dj_deploy.tables('lab')")" "$rows|$rows"
    same "schemas, none that belongs to an extension" \
        "$(by_role "SELECT string_agg(schema_name, ' ') FROM dj_deploy.schemas() WHERE schema_name !~ '^(public|partman|pglogical|squeeze)$'")" "archive lab"
    same "check_cdc: no error" "$(by_role "SELECT check_name FROM dj_deploy.check_cdc('lab', 'cdc', 'postgres') WHERE severity = 'error'")" ""
    same "wal_forecast" "$(by_role "SELECT count(*) = (SELECT count(*) FROM dj_deploy.tables('lab') WHERE kind !~ 'partitioned')
        FROM dj_deploy.wal_forecast('lab')")" t
    same "blockers: nobody" "$(by_role "SELECT * FROM dj_deploy.blockers('lab')")" ""
}

# The identity is DEFAULT, after the rollout.
document() {
    local before undo
    same "apply of describe() plans nothing" "$(by_role "SELECT dj_deploy.apply(dj_deploy.describe('lab')) ->> 'ddl'")" "[]"
    before=$(by_role "SELECT dj_deploy.describe('lab')")
    refused "assert_converged raises what has drifted" "replica_identity" by_role "SELECT dj_deploy.assert_converged('$environment')"
    check "apply" applied
    same "apply: on every table" "$(state relreplident)" f
    same "drift: none" "$(by_role "SELECT * FROM dj_deploy.drift('$environment')")" ""
    check "assert_converged" by_role "SELECT dj_deploy.assert_converged('$environment')"
    undo=$(sql "SELECT value ->> 'undo' FROM jsonb_array_elements((SELECT result FROM public.applied) -> 'changes')
        WITH ORDINALITY AS change(value, number) ORDER BY number DESC")
    check "its undo" by_role "${undo//$'\n'/;$'\n'}"
    same "undo: on every table" "$(state relreplident)" d
    same "describe() is as before" "$(by_role "SELECT dj_deploy.describe('lab')")" "$before"
    sql "DROP TABLE public.applied"
}

applied() {
    sql "CREATE TABLE public.applied (result jsonb)" "GRANT ALL ON public.applied TO PUBLIC"
    by_role "INSERT INTO public.applied SELECT dj_deploy.apply('$environment', false)"
}
