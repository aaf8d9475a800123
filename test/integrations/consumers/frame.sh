# shellcheck shell=bash disable=SC2034,SC2154  # variables of, and for, the scripts that source this
# What the consumers' tests share: the scene, who reads, and slots, which must not outlive a test.

schemas="FROM unnest('{lab,analysis}'::text[]) AS schema (name)"

# A role as consumers have it: it may replicate and owns nothing.
make_consumer() {
    PGDATABASE=postgres sql "CREATE ROLE $1 LOGIN REPLICATION"
}

# Each call of the extension by the owner of the tables, who is no superuser.
deploy() {
    local statement
    for statement in "$@"; do
        PGUSER=deployer psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$statement"
    done
}

make_scene() {
    make_database "$1"
    deploy "CREATE EXTENSION datajoint_deploy"
    PGUSER=postgres psql -X -q -v ON_ERROR_STOP=1 -f "$tree/test/integrations/consumers/scene.sql"
}

# errors ROLE SCHEMA PUBLICATION CONSUMER: the errors that check_cdc shows to the role.
errors() {
    PGUSER=$1 psql -X -q -A -t -v ON_ERROR_STOP=1 -c "SELECT concat_ws(' ', \"check\", object)
        FROM dj_deploy.check_cdc('$2', '$3', '$4') WHERE severity = 'error'" | paste -s -d ,
}

# load FILE: lines of JSON into seen.lines, in place of those before.
load() {
    sql "TRUNCATE seen.lines" "\\copy seen.lines (line) FROM '$1' (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
}

# within SECONDS COMMAND ...: waits until it succeeds.
within() {
    local deadline=$((SECONDS + $1))
    until "${@:2}"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.2
    done
}

slot_is() {
    [[ $(sql "SELECT active FROM pg_replication_slots WHERE slot_name = '$1'") == "$2" ]]
}

# Whoever reads the slot is sent away first.
drop_slot() {
    sql "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '$1' AND active" >/dev/null
    within 10 slot_is_free "$1" && sql "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '$1'" >/dev/null
}

slot_is_free() {
    [[ $(sql "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '$1' AND active") == 0 ]]
}

slots() {
    sql "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
}
