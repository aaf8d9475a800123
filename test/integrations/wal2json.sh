# shellcheck shell=bash disable=SC2154
# wal2json (format-version 2), read by pg_recvlogical: what it prints of schemas lab and analysis
# under replica identity DEFAULT, under FULL, and of a table that is made later.

# shellcheck source=test/integrations/consumers/frame.sh
source "$tree/test/integrations/consumers/frame.sh"

blob_in_columns="line -> 'columns' @> '[{\"name\": \"psth\"}]'"

main() {
    local package
    package=postgresql-$("$pg_config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')-wal2json
    install_packages "$package"
    program "wal2json" "$(dpkg-query --show --showformat '${Version}' "$package")"

    make_scene wal2json
    make_consumer wal2json
    trap clean_up_consumer EXIT
    allow_plugin
    under_default
    under_full
    later_table
    check_slots_dropped
}

# Newer minor releases load no plugin but those of a list.
allow_plugin() {
    sql "SHOW output_plugin_libraries" &>/dev/null || return 0
    refused "the server loads no plugin that output_plugin_libraries does not list" "library \"wal2json\" may not be used" make_slot
    sql "ALTER SYSTEM SET output_plugin_libraries = pgoutput, test_decoding, wal2json" "SELECT pg_reload_conf()" >/dev/null
    within 10 plugin_is_allowed
}

plugin_is_allowed() {
    [[ $(sql "SHOW output_plugin_libraries") == *wal2json* ]]
}

under_default() {
    deploy "SELECT dj_deploy.set_publication_membership(name, 'cdc', dry_run => false) $schemas" \
        "SELECT dj_deploy.set_replica_identity(name, 'default', dry_run => false) $schemas" >/dev/null
    check "a role with REPLICATION, and no right on any table, makes the slot" make_slot
    sql "SELECT seen.write_little('default')" >/dev/null
    # Before they are read: what is written is written.
    deploy "SELECT dj_deploy.set_replica_identity(name, 'full', dry_run => false, skip_unchanged => true) $schemas" >/dev/null
    take default
    same "DEFAULT: of an UPDATE the key arrives, and a blob that it leaves is not there" \
        "$(arrived default analysis.__psth "op, before - '{subject_id,session,insertion,psth_parameters}'::text[], $blob_in_columns")" \
        'update {"unit": 1, "method": "kilosort"} t
update {"unit": 1, "method": "kilosort"} f'
    same "DEFAULT: an UPDATE of the key has the key before it" \
        "$(arrived default 'lab."#rig__device"' "op, before, after ->> 'device'")" \
        'update {"rig": "ephys-1", "device": "camera"} second camera'
    same "DEFAULT: a DELETE has the key" "$(arrived default lab.litter "op, before")" \
        'delete {"litter_id": 1}'
}

under_full() {
    sql "SELECT seen.write('full')" >/dev/null
    take full
    same "FULL: the blob that an UPDATE leaves is in identity, not in columns" \
        "$(arrived full analysis.__psth "before ? 'psth', $blob_in_columns" | sed -n 2p)" "t f"
    same "FULL: 14 UPDATEs and a DELETE in each of the 22 tables are whole, column by column" "$(differences full)" none
    same "that many and no more" "$(count_arrived full)" \
        'delete|22|22
update|14|13'
    same "no hidden table is among them, though they are written" "$(hidden)" 0
}

hidden() {
    sql "UPDATE lab.\"~lineage\" SET lineage = lineage || '.'" >/dev/null
    take hidden
    sql "SELECT count(*) FROM seen.arrived WHERE stage = 'hidden'"
}

later_table() {
    deploy "CREATE TABLE lab.note (what text NOT NULL, at timestamptz NOT NULL)"
    write_note undeployed
    take undeployed "lab.note"
    same "of a table that is new, without a primary key and not deployed, the reader gets INSERTs alone" \
        "$(arrived undeployed lab.note op)" insert
    check "and a warning" grep -q 'WARNING:  no tuple identifier for UPDATE in table "lab"."note"' errors
    deploy "SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true)" \
        "SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)" >/dev/null
    write_note deployed
    take deployed
    same "after the next deploy it is in the list that the publication gives, and all of it arrives whole" \
        "$(differences deployed) $(arrived deployed lab.note op)" 'none insert
update
delete'
}

write_note() {
    sql "SELECT seen.insert('$1', 'lab.note', '{\"what\": \"dear \\\"diary\\\", ü\", \"at\": \"2024-02-29 12:00:00.5+02\"}')" \
        "SELECT seen.update('$1', 'lab.note', 'what = what || ''!''')" \
        "SELECT seen.delete('$1', 'lab.note')" >/dev/null
}

make_slot() {
    pg_recvlogical --username wal2json --dbname wal2json --slot changes --create-slot --plugin wal2json
}

# What is written until now. The tables are those of the publication, in its latest state.
read_changes() {
    timeout 60 pg_recvlogical --username wal2json --dbname wal2json --slot changes --start --file - --no-loop \
        --endpos "$(sql "SELECT pg_current_wal_insert_lsn()")" --option format-version=2 --option add-tables="$1"
}

members() {
    sql "SELECT string_agg(schemaname || '.' || tablename, ',') FROM pg_publication_tables WHERE pubname = 'cdc'"
}

# take STAGE [TABLES]: what came since the last time goes into seen.arrived, beside the lines
# themselves. A value that is not in columns is one that an UPDATE has left.
take() {
    read_changes "${2:-$(members)}" >lines 2>errors
    load "$PWD/lines"
    sql "INSERT INTO seen.arrived (stage, op, target, before, after, line)
        SELECT '$1', CASE action WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' ELSE 'delete' END,
               format('%I.%I', line ->> 'schema', line ->> 'table'), before,
               CASE WHEN action <> 'D' THEN COALESCE(before, '{}') || after END, line
        FROM seen.lines, LATERAL (
            SELECT line ->> 'action',
                   (SELECT jsonb_object_agg(c ->> 'name', c -> 'value') FROM jsonb_array_elements(line -> 'identity') AS c),
                   (SELECT jsonb_object_agg(c ->> 'name', c -> 'value') FROM jsonb_array_elements(line -> 'columns') AS c)
        ) AS l (action, before, after)
        WHERE action IN ('I', 'U', 'D') ORDER BY n"
}

clean_up_consumer() {
    if sql "SHOW output_plugin_libraries" &>/dev/null; then
        sql "ALTER SYSTEM RESET output_plugin_libraries" "SELECT pg_reload_conf()" >/dev/null
    fi
    drop_slots
}

main
