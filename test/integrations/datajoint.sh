# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# DataJoint: dj.deploy.set_replica_identity beside ours, a project that deploys through dj.conn(),
# and the deploy hook of examples/datajoint. The pipeline is that of test/fixtures, declared and
# filled by DataJoint.

# datajoint_program NAME: a Python program of test/integrations/datajoint, on PGDATABASE. It prints
# its own verdicts.
datajoint_program() {
    DJ_DATABASE_NAME=$PGDATABASE "$venv/bin/python" "$tree/test/integrations/datajoint/$1.py"
}

# Whatever the deploy hook may change, with the transaction that last did.
deployed_state() {
    sql "SELECT md5(string_agg(c::text, ',' ORDER BY c)) FROM (
        SELECT concat_ws(' ', oid, xmin, relreplident, reloptions, relacl) FROM pg_class UNION ALL
        SELECT concat_ws(' ', oid, xmin) FROM pg_publication_rel UNION ALL
        SELECT concat_ws(' ', oid, xmin) FROM pg_default_acl) AS row (c)"
}

# Tables of the pipeline, by identity; members of the publication; tables with the parameter; tables
# that analyst may read.
deployed_counts() {
    sql "SELECT concat_ws(' ', count(*) FILTER (WHERE relreplident = 'f'), count(*) FILTER (WHERE relreplident = 'd'),
            (SELECT count(*) FROM pg_publication_tables WHERE pubname = 'cdc'),
            count(*) FILTER (WHERE reloptions = '{autovacuum_vacuum_insert_scale_factor=0.05}'),
            count(*) FILTER (WHERE has_table_privilege('lab_analyst', oid, 'SELECT')))
        FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('lab', 'behavior', 'ephys', 'analysis')"
}

run_deploy_hook() {
    PATH=$venv/bin:$PATH run_example datajoint
}

install_datajoint
export DJ_BACKEND=postgresql DJ_HOST=$PGHOST DJ_PORT=$PGPORT DJ_USER=deployer DJ_PASS="" DJ_USE_TLS=false
export DJ_IGNORE_CONFIG_FILE=true DJ_LOG_LEVEL=CRITICAL PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$tree/test/fixtures
sql "CREATE ROLE lab_analyst LOGIN" "CREATE ROLE lab_reviewer LOGIN"

print_versions='import datajoint, psycopg2; print(datajoint.__version__, "psycopg2", psycopg2.__version__.split()[0])'
program DataJoint "$("$venv/bin/python" -c "$print_versions")"
empty_database datajoint
PGUSER=postgres psql -X -q -v ON_ERROR_STOP=1 -f "$tree/test/integrations/datajoint/database.sql"
psql -X -q -c "CREATE EXTENSION datajoint_deploy"
check "DataJoint declares and fills the pipeline" datajoint_program declare
say "  dj.deploy and the extension side by side:"
datajoint_program compare
say "  a project that deploys through dj.conn():"
datajoint_program life
empty_database datajoint_deviations
psql -X -q -c "CREATE EXTENSION datajoint_deploy"
say "  where DataJoint and its specification differ:"
datajoint_program deviations

program "DataJoint deploy hook" "(examples/datajoint)"
make_database datajoint_example
check "the lines at the top of the README run" run_deploy_hook
same "52 tables at full, hidden ones not; 52 published; all 62 with the parameter, and readable" \
    "$(deployed_counts)" "52 10 52 62 62"
before=$(deployed_state)
same "a second run has nothing to say" "$(run_deploy_hook 2>&1 | grep -v '^NOTICE')" ""
same "and changes nothing" "$(deployed_state)" "$before"
psql -X -q -c "CREATE TABLE lab.cage (cage int PRIMARY KEY)"
check "a table is new" run_deploy_hook
same "the next run picks it up" "$(deployed_counts)" "53 10 53 63 63"
psql -X -q -c "CREATE TABLE lab.shelf (shelf int PRIMARY KEY)"
sql "CREATE TABLE analysis.pen (pen int PRIMARY KEY)"
refused "a table of somebody else's fails the hook, by name" \
    'AccessError: .*must be owner of table .*analysis\.pen' run_deploy_hook
same "and nothing of the call that failed is done" "$(deployed_counts)" "53 12 53 63 63"
sql "ALTER TABLE analysis.pen OWNER TO deployer"
check "the table is given to the right role" run_deploy_hook
same "the next run does the rest" "$(deployed_counts)" "55 10 55 65 65"
