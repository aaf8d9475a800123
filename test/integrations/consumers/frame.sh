# shellcheck shell=bash disable=SC2034,SC2154  # variables of, and for, the scripts that source this
# What the consumers' tests share: the scene, the roles, verdicts about what has arrived, and slots,
# which must not outlive a test.

schemas="FROM unnest('{lab,analysis}'::text[]) AS schema (name)"

make_scene() {
    make_database "$1"
    deploy "CREATE EXTENSION datajoint_deploy"
    PGUSER=postgres psql -X -q -v ON_ERROR_STOP=1 -f "$tree/test/integrations/consumers/scene.sql"
}

# A role as consumers have it: it may replicate and owns nothing.
make_consumer() {
    PGDATABASE=postgres sql "CREATE ROLE $1 LOGIN REPLICATION"
}

# deploy STATEMENT ...: by the owner of the tables, who is no superuser and may not replicate.
deploy() {
    psql -X -q -A -t -U deployer -v ON_ERROR_STOP=1 "${@/#/-c}"
}

# findings ROLE CONSUMER SEVERITIES: what check_cdc shows to the role, about both schemas, or "none".
findings() {
    psql -X -q -A -t -U "$1" -v ON_ERROR_STOP=1 -c "
        SELECT COALESCE(string_agg(concat_ws(' ', check_name, COALESCE(object, concat_ws('.', schema_name, table_name))), ', ' ORDER BY name DESC), 'none')
        $schemas, dj_deploy.check_cdc(name, 'cdc', '$2') WHERE severity = ANY ('$3')"
}

# differences STAGE: between the changes that were made and those that have arrived, or "none".
differences() {
    sql "SELECT COALESCE(string_agg(d, chr(10)), 'none') FROM seen.differences('$1') AS d"
}

# arrived STAGE TABLE WHAT: of each change of a row, in order, or "none".
arrived() {
    sql "SELECT COALESCE(string_agg(concat_ws(' ', $3), chr(10) ORDER BY n), 'none')
        FROM seen.arrived WHERE stage = '$1' AND target = '$2' AND op <> 'copy'"
}

# How many changes of a stage have arrived, of how many tables.
count_arrived() {
    sql "SELECT op, count(*), count(DISTINCT target) FROM seen.arrived WHERE stage = '$1' GROUP BY op ORDER BY op"
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

slot_is_read() {
    [[ -n $(sql "SELECT 1 FROM pg_replication_slots WHERE database = current_database() AND active") ]]
}

# Of this database. Whoever reads one is sent away first.
drop_slots() {
    sql "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active" >/dev/null
    within 10 no_slot_is_read
    sql "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()" >/dev/null
}

no_slot_is_read() {
    ! slot_is_read
}

check_slots_dropped() {
    drop_slots
    same "no slot is left" "$(sql "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()")" 0
}
