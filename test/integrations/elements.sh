# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# The DataJoint Elements: 21 schemas, which DataJoint declares on PostgreSQL as whoever builds on
# them does, configured as one lab by one call and by one document; and another Element a month
# later. test/integrations/elements has what makes the Elements, which are written for MySQL, go
# with DataJoint 2.3 (classic.py).

elements=(lab==0.3.0 animal==0.1.8 session==0.1.6 event==0.2.3 array-ephys==0.2.11 calcium-imaging==0.7.8 interface==0.6.1
    miniscope==0.3.2 deeplabcut==0.2.8 optogenetics==0.1.3 electrode-localization==0.1.4 facemap==0.1.7)

# Without what they require: programs for videos and for spikes, of which none is needed to declare a table.
install_elements() {
    "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --target . "${@:2}"
}

# elements_program NAME [ARGUMENT]: a Python program of test/integrations/elements, on PGDATABASE.
elements_program() {
    DJ_DATABASE_NAME=$PGDATABASE "$venv/bin/python" "$tree/test/integrations/elements/$1.py" "${@:2}"
}

# The same as another role.
elements_program_as() {
    DJ_USER=$1 elements_program "${@:2}"
}

# The last column of the last row that the statement returns, as deployer.
value() {
    PGOPTIONS='-c client_min_messages=warning' psql -X -q -A -t -v ON_ERROR_STOP=1 -v environment="$(<"$document")" <<<"$1" | tail -n 1
}

run_value() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -v environment="$(<"$document")" <<<"$1"
}

install_datajoint
installed elements install_elements "$venv" "${elements[@]/#/element-}"
export DJ_BACKEND=postgresql DJ_HOST=$PGHOST DJ_PORT=$PGPORT DJ_USER=deployer DJ_PASS="" DJ_USE_TLS=false
export DJ_IGNORE_CONFIG_FILE=true DJ_LOG_LEVEL=CRITICAL PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$installed
document=$tree/test/integrations/elements/environment.json
lab="ARRAY(SELECT schema_name FROM dj_deploy.schemas() WHERE is_datajoint)"

program "DataJoint Elements" "$("$venv/bin/python" -c 'import datajoint; print("with DataJoint", datajoint.__version__)')"
empty_database elements
PGUSER=postgres psql -X -q -v ON_ERROR_STOP=1 -f "$tree/test/integrations/elements/database.sql"
psql -X -q -c "CREATE EXTENSION datajoint_deploy"
check "DataJoint declares them" elements_program declare
same "21 schemas with 198 tables, which schemas() finds" "$(value "SELECT concat_ws(' ', count(*), sum(tables)) FROM dj_deploy.schemas() WHERE is_datajoint")" "21 198"

say "  one call for the lab:"
same "it shows 198 statements" "$(value "SELECT jsonb_array_length(dj_deploy.set_replica_identity($lab) -> 'ddl')")" "198"
same "in one order: what is referenced comes first, whatever its schema" "$(value "
    WITH plan AS (SELECT split_part(ddl, ' REPLICA', 1) AS name, number
                  FROM jsonb_array_elements_text(dj_deploy.set_replica_identity($lab) -> 'ddl') WITH ORDINALITY AS t(ddl, number)),
         numbered AS (SELECT c.oid, c.relnamespace, number FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      JOIN plan ON name = format('ALTER TABLE \"%s\".\"%s\"', nspname, relname))
    SELECT concat_ws(' ', count(*) > 200, count(*) FILTER (WHERE child.relnamespace <> parent.relnamespace) > 30,
                     count(*) FILTER (WHERE parent.number > child.number))
    FROM pg_constraint k JOIN numbered child ON child.oid = k.conrelid JOIN numbered parent ON parent.oid = k.confrelid
    WHERE k.contype = 'f' AND k.conrelid <> k.confrelid")" "t t 0"
same "sets them all" "$(value "SELECT dj_deploy.set_replica_identity($lab, 'full', false) - 'ddl'")" \
    '{"tables_analyzed": 198, "tables_modified": 198}'
same "so they are" "$(value "SELECT concat_ws(' ', count(*), min(identity), max(identity)) FROM dj_deploy.schemas() WHERE is_datajoint")" \
    "21 full full"
same "nothing is left to do" "$(value "SELECT dj_deploy.set_replica_identity($lab, 'full', false, true) -> 'ddl'")" "[]"
same "publishes them all" "$(value "SELECT dj_deploy.set_publication_membership($lab, 'cdc', false) -> 'tables_modified'")" "198"
same "so they are" "$(value "SELECT count(*) FROM pg_publication_tables WHERE pubname = 'cdc'")" "198"
same "check_cdc finds no table that a consumer would miss, and tells of the server once" "$(value "
    SELECT concat_ws(' ', count(*) FILTER (WHERE schema_name IS NOT NULL), count(*) - count(DISTINCT check_name),
                     substring(max(finding) FILTER (WHERE check_name = 'sum') FROM '^errors: \d+'),
                     substring(max(finding) FILTER (WHERE check_name = 'sum') FROM 'tables: \d+'))
    FROM dj_deploy.check_cdc($lab, 'cdc', 'debezium')")" "0 0 errors: 0 tables: 198"
same "lets a role read all of it, hidden tables included" "$(value "SELECT dj_deploy.set_grants($lab, 'elements_analyst', 'read', false) -> 'tables_modified'")" "219"
same "describe says the same of every schema" "$(value "SELECT concat_ws(' ', count(*), count(DISTINCT value)) FROM jsonb_each(dj_deploy.describe(VARIADIC $lab) -> 'schemas')")" "21 1"
same "and apply of it plans nothing" "$(value "SELECT dj_deploy.apply(dj_deploy.describe(VARIADIC $lab)) -> 'ddl'")" "[]"

say "  one document for the lab:"
same "of seven lines" "$(wc -l <"$document")" "7"
refused "assert_converged tells what is missing" 'ERROR:  55000' run_value "SELECT dj_deploy.assert_converged(:'environment')"
check "apply brings it there" run_value "SELECT dj_deploy.apply(:'environment', false)"
check "so it is" run_value "SELECT dj_deploy.assert_converged(:'environment')"
same "all tables have the parameter, two roles have their rights" "$(value "
    SELECT concat_ws(' ', count(*) FILTER (WHERE reloptions = '{autovacuum_vacuum_insert_scale_factor=0.05}'),
           count(*) FILTER (WHERE has_table_privilege('elements_analyst', oid, 'SELECT')),
           count(*) FILTER (WHERE has_table_privilege('elements_pipeline', oid, 'INSERT, UPDATE, DELETE')))
    FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'mice%'")" "219 219 219"
same "describe still says the same of every schema" "$(value "SELECT count(DISTINCT value) FROM jsonb_each(dj_deploy.describe(VARIADIC $lab) -> 'schemas')")" "1"
same "and apply of that plans nothing" "$(value "SELECT dj_deploy.apply(dj_deploy.describe(VARIADIC $lab)) -> 'ddl'")" "[]"

say "  DataJoint goes on working with it:"
check "who may write inserts, fetches, updates, deletes with a cascade" elements_program_as elements_pipeline works
same "who may read reads" "$(PGUSER=elements_analyst value "SELECT count(*) FROM mice_ephys.\"#clustering_method\" WHERE EXISTS (SELECT FROM mice_lab.\"~lineage\")")" "3"
refused "and is refused the rest" 'permission denied' env PGUSER=elements_analyst psql -X -c "DELETE FROM mice_subject.subject"

say "  another Element, a month later:"
check "DataJoint declares it" elements_program declare next_month
same "it is a 22nd schema, with 10 tables" "$(value "SELECT concat_ws(' ', count(*), sum(tables) FILTER (WHERE schema_name = 'mice_facemap')) FROM dj_deploy.schemas() WHERE is_datajoint")" "22 10"
refused "assert_converged tells of it" 'mice_facemap' run_value "SELECT dj_deploy.assert_converged(:'environment')"
same "and drift of nothing else" "$(value "SELECT string_agg(DISTINCT schema_name, ' ') FROM dj_deploy.drift(:'environment')")" "mice_facemap"
same "the same call for the lab would do it" "$(value "SELECT jsonb_array_length(dj_deploy.set_replica_identity($lab, 'full', true, true) -> 'ddl')")" "10"
same "the same document does it" "$(value "SELECT dj_deploy.apply(:'environment', false) -> 'tables_modified'")" "11"
check "so it is" run_value "SELECT dj_deploy.assert_converged(:'environment')"
same "nothing is left for the call, either" "$(value "SELECT dj_deploy.set_replica_identity($lab, 'full', true, true) -> 'ddl'")" "[]"
check "DataJoint goes on working with it" elements_program_as elements_pipeline works

say "  a role leaves:"
for role in elements_analyst elements_pipeline; do
    check "$role gives up what it has in 22 schemas" run_value "SELECT dj_deploy.set_grants($lab, '$role', 'none', false, true)"
    check "and can be dropped" sql "DROP ROLE $role"
done
