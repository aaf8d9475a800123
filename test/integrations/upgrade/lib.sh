# shellcheck shell=bash disable=SC2154  # variables of the script that sources this
# A database that has something to lose, and what must be the same afterwards. $here is this directory.

export PGOPTIONS='-c client_min_messages=warning'
environment=$(<"$here/environment.json")

make_roles() {
    sql "CREATE ROLE analyst" "CREATE ROLE operator LOGIN"
}

# make_configured_database NAME: the pipeline of role deployer with the environment applied by deployer.
make_configured_database() {
    make_database "$1"
    # On 15 and later nobody but the owner of the schema public may create in it, and nobody needs to.
    psql -X -q -A -t -v ON_ERROR_STOP=1 -v environment="$environment" -f "$here/configure.sql" >/dev/null
}

described() {
    sql "SELECT jsonb_pretty(dj_deploy.describe('lab', 'behavior', 'ephys', 'analysis'))"
}

drifted() {
    sql "SELECT * FROM dj_deploy.drift('$1')"
}

objects() {
    PGUSER=postgres psql -X -q -A -t -v ON_ERROR_STOP=1 -f "$tree/test/fixtures/extension_objects.sql"
}

# Nothing of nothing would be the same, too.
describes_all() {
    [[ $(drifted "$environment") == '' && $1 == *'"cdc"'* && $1 == *'"event_2026"'* && $1 == *'"future_tables"'* ]]
}

statistics() {
    sql "SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'lab'"
}
