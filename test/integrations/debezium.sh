# shellcheck shell=bash disable=SC2154
# Debezium's embedded engine, by the program of examples/debezium: what it receives of schemas lab
# and analysis before the first deploy, under replica identity DEFAULT, under FULL, and of tables
# that are made later.

# shellcheck source=test/integrations/consumers/frame.sh
source "$tree/test/integrations/consumers/frame.sh"

example=$tree/examples/debezium
output=$PWD/changes
consumer=

main() {
    local version
    require_command javac default-jdk-headless
    require_command mvn maven
    rm -rf "$example"/{target,offsets} # of somebody who has tried it in the checkout
    (cd "$example" && quietly mvn -q dependency:copy-dependencies)
    version=$(sed -n 's|.*<version>\(.*Final\)</version>|\1|p' "$example/pom.xml" | sort -u)
    program Debezium "$version"

    make_scene debezium
    make_consumer debezium
    trap clean_up_consumer EXIT
    before_deploy
    under_default "$version"
    under_full
    later_tables
    slot_and_offsets
    check_slots_dropped
}

before_deploy() {
    same "check_cdc before the first deploy: no rights, no publication" \
        "$(findings debezium debezium "{error}")" \
        "role_usage lab, role_select lab, publication_missing cdc, role_usage analysis, role_select analysis, publication_missing cdc"
    refused "without the publication it does not start" "Publication autocreation is disabled" run_program
}

under_default() {
    local rows
    deploy "SELECT dj_deploy.set_grants(name, 'debezium', 'read', dry_run => false) $schemas" \
        "SELECT dj_deploy.set_replica_identity(name, 'default', dry_run => false) $schemas" \
        "SELECT dj_deploy.set_publication_membership(name, 'cdc', dry_run => false) $schemas" >/dev/null
    rows=$(stored)
    start_consumer run_program
    sql "SELECT seen.write_little('default')" >/dev/null
    take default
    same "its events are of release $1" "$(sql "SELECT DISTINCT line #>> '{value,source,version}' FROM seen.lines")" "$1"
    same "the first copy has each row of the tables, hidden ones not" "$(copied)" "$rows"
    same "lab.\"#rig\" arrives as topic" "$(sql "SELECT DISTINCT line ->> 'topic' FROM seen.lines
        WHERE line #>> '{value,source,table}' = '#rig'")" "pipeline.lab._rig"
    same "the blob takes more than a page, so it is out of line: bytes" \
        "$(sql "SELECT max(pg_column_size(psth)) FROM analysis.__psth")" 128000
    same "DEFAULT: an UPDATE that leaves the key has no before, and a blob that it leaves is the placeholder" \
        "$(arrived default analysis.__psth "op, COALESCE(before::text, 'null'), left(after ->> 'psth', 28)" |
            tail -n 1)" "update null __debezium_unavailable_value"
    same "DEFAULT: an UPDATE of the key arrives as DELETE and INSERT, and the DELETE has the key; serial is made up" \
        "$(arrived default 'lab."#rig__device"' "op, before, after ->> 'device'")" \
        'delete {"rig": "ephys-1", "device": "camera", "serial": ""}
insert second camera'
    same "DEFAULT: a DELETE has the key; dam, size and born are made up" "$(arrived default lab.litter "op, before")" \
        'delete {"dam": 0, "born": "1970-01-01Z", "sire": null, "size": 0, "_prov": null, "litter_id": 1}'
    check "check_cdc warns of that placeholder" grep -F "toast_not_full analysis" <<<"$(findings debezium debezium "{warning}")"
    stop_consumer
}

# The example as its readers run it, where the consumer was before: what is written meanwhile arrives, too.
under_full() {
    (cd "$example" && psql -X -q -A -t -v ON_ERROR_STOP=1 -f deploy.sql >/dev/null 2>&1)
    sql "SELECT seen.write('full')" >/dev/null
    start_consumer run_example debezium
    take full
    same "FULL: 14 UPDATEs and a DELETE in each of the 22 tables are whole, before and after, column by column" \
        "$(differences full)" none
    same "that many and no more" "$(count_arrived full)" \
        'delete|22|22
update|14|13'
    same "check_cdc after the deploy: no error, no warning" "$(findings debezium debezium "{error,warning}")" none
}

later_tables() {
    deploy "CREATE TABLE lab.dewar (dewar int PRIMARY KEY, level real NOT NULL, scan bytea NOT NULL)"
    write_dewar undeployed 1
    take undeployed
    same "a table that is new does not flow before the next deploy" "$(arrived undeployed lab.dewar op)" none
    same "check_cdc names it" "$(findings debezium debezium "{error}")" "not_member lab.dewar"
    redeploy
    write_dewar deployed 2
    take deployed
    same "it flows after it, whole, and the consumer was not told" \
        "$(differences deployed) $(arrived deployed lab.dewar op)" 'none insert
update
delete'
    redeploy "CREATE TABLE lab.\"#cryostat\" (cryostat int PRIMARY KEY, kelvin numeric(6,3) NOT NULL)"
    sql "SELECT seen.insert('at_once', 'lab.\"#cryostat\"', '{\"cryostat\": 1, \"kelvin\": 4.200}')" \
        "SELECT seen.update('at_once', 'lab.\"#cryostat\"', 'kelvin = 77.355')" >/dev/null
    take at_once
    same "one that is made and deployed in the same transaction flows from the first row" \
        "$(differences at_once) $(arrived at_once 'lab."#cryostat"' op)" 'none insert
update'
    same "check_cdc: no error" "$(findings debezium debezium "{error}")" none
    sql "CREATE TABLE behavior.elsewhere AS SELECT generate_series(1, 1000)"
    check "the slot goes on while only tables are written that it does not read" within 60 slot_has_passed \
        "$(sql "SELECT pg_current_wal_insert_lsn()")"
}

slot_has_passed() {
    [[ $(sql "SELECT confirmed_flush_lsn >= '$1' FROM pg_replication_slots WHERE database = current_database()") == t ]]
}

slot_and_offsets() {
    stop_consumer
    drop_slots
    refused "without its slot, but with its offsets, it does not start" "no longer available on the server" run_program
    drop_slots
    rm "$example/offsets"
    sed -i 's/^table.exclude.list=.*/table.include.list=lab.#rig/' "$example/connector.properties"
    start_consumer run_program
    take listed
    same "table.include.list takes # as it is" "$(sql "SELECT DISTINCT target FROM seen.arrived WHERE stage = 'listed'")" 'lab."#rig"'
    stop_consumer
}

write_dewar() {
    sql "SELECT seen.insert('$1', 'lab.dewar', jsonb_build_object('dewar', $2, 'level', 0.5, 'scan', seen.blob()))" \
        "SELECT seen.update('$1', 'lab.dewar', 'level = 0.25', 'dewar = $2')" \
        "SELECT seen.delete('$1', 'lab.dewar', 'dewar = $2')" >/dev/null
}

# redeploy [STATEMENT]: the example's deploy once more, in the transaction of the statement.
redeploy() {
    psql -X -q -1 -v ON_ERROR_STOP=1 -c "${1:-SELECT}" -f "$example/deploy.sql" >/dev/null 2>&1
}

run_program() {
    (cd "$example" && PGUSER=debezium timeout --foreground 300 java -Xmx256m -cp 'target/dependency/*' Changes.java)
}

# start_consumer COMMAND ...: in a process group of its own. Returns when the first copy is done and
# it reads the slot.
start_consumer() {
    set -m
    "$@" >>"$output" 2>errors </dev/null &
    consumer=$!
    set +m
    if ! within 120 slot_is_streamed; then
        cat errors
        return 1
    fi
}

slot_is_streamed() {
    [[ -n $(sql "SELECT 1 FROM pg_replication_slots JOIN pg_stat_replication ON pid = active_pid
        WHERE database = current_database() AND state = 'streaming'") ]]
}

stop_consumer() {
    kill -- -"$consumer"
    consumer=
    within 20 no_slot_is_read
}

clean_up_consumer() {
    [[ -z $consumer ]] || kill -- -"$consumer" 2>/dev/null || true
    drop_slots
}

# take STAGE: marks the end of the stage in the stream of changes; what came since the mark before
# goes into seen.arrived.
take() {
    local mark
    mark=$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')
    sql "SELECT pg_logical_emit_message(true, 'stage', '$1')" >/dev/null
    within 120 grep -q "\"prefix\":\"stage\",\"content\":\"$mark\"" "$output" || cat errors
    grep '^{' "$output" | grep -v -e '"topic":"__debezium-heartbeat' -e '"prefix":"heartbeat"' >lines
    load "$PWD/lines"
    sql "WITH marks AS (SELECT n, line #>> '{value,message,content}' = '$mark' AS own
                        FROM seen.lines WHERE line #>> '{value,op}' = 'm'),
              stage AS (SELECT min(n) AS upto FROM marks WHERE own)
        INSERT INTO seen.arrived (stage, op, target, before, after)
        SELECT '$1', CASE value ->> 'op' WHEN 'c' THEN 'insert' WHEN 'u' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'copy' END,
               format('%I.%I', value #>> '{source,schema}', value #>> '{source,table}'),
               NULLIF(value -> 'before', 'null'), NULLIF(value -> 'after', 'null')
        FROM stage, seen.lines, LATERAL (SELECT line -> 'value') AS l (value)
        WHERE n < upto AND n > COALESCE((SELECT max(n) FROM marks WHERE NOT own AND n < upto), 0)
        ORDER BY n"
}

copied() {
    sql "SELECT target, count(*) FROM seen.arrived WHERE op = 'copy' GROUP BY target ORDER BY target COLLATE \"C\""
}

stored() {
    local query
    sql "SELECT format('SELECT %L, count(*) FROM %s', target, target) FROM seen.tables() ORDER BY target COLLATE \"C\"" |
        while read -r query; do
            sql "$query"
        done
}

main
