# shellcheck shell=bash disable=SC2034,SC2154  # variables of try; counters
# Hypertables: what is promised of chunks, and who is named when one is busy.

chunk=_timescaledb_internal._hyper_1_5_chunk

timescaledb() {
    local plan
    program timescaledb "$(version_of timescaledb), a hypertable with $(chunks) chunks"
    new_chunks
    same "tables has the rows of the chunks" "$(by_role "SELECT live_rows FROM dj_deploy.tables('lab') WHERE table_name = 'event'")" \
        "$(sql "SELECT count(*) FROM lab.event")"
    same "and their bytes" "$(by_role "SELECT bytes FROM dj_deploy.tables('lab') WHERE table_name = 'event'")" \
        "$(sql "SELECT hypertable_size('lab.event')")"
    sql "UPDATE lab.event SET value = value + 1 WHERE subject_id = 7" "SELECT pg_stat_force_next_flush()" >/dev/null
    same "wal_forecast has their updates" "$(by_role "SELECT updates, basis FROM dj_deploy.wal_forecast('lab') WHERE table_name = 'event'")" \
        "$(sql "SELECT count(*) FROM lab.event WHERE subject_id = 7")|statistics"
    publications
    plan=$(by_role "CALL dj_deploy.reindex('lab.event'::regclass)")
    same "reindex plans each chunk, and not the hypertable" "$(grep -o 'REINDEX TABLE CONCURRENTLY' <<<"$plan" | wc -l)" "$(chunks)"
    check "reindex that is not concurrent" by_role "CALL dj_deploy.reindex('lab.event'::regclass, false, false)"
    hold_chunk busy
    sql "DROP PUBLICATION IF EXISTS cdc"
}

chunks() {
    sql "SELECT count(*) FROM pg_inherits WHERE inhparent = 'lab.event'::regclass"
}

new_chunks() {
    check "FULL for all" by_role "SELECT dj_deploy.set_replica_identity('lab', 'full', false)"
    sql "INSERT INTO lab.event VALUES ('2027-01-01', 1, 1, 'new')"
    same "a new chunk begins with the identity and the grants of the hypertable" \
        "$(state relreplident) $(state "has_table_privilege('analyst', oid, 'SELECT')")" "f true"
    refused "TimescaleDB lets nobody alter the identity of a chunk by itself" "not supported on chunk tables" \
        by_role "ALTER TABLE $chunk REPLICA IDENTITY NOTHING"
    sql "ALTER TABLE $chunk RESET (autovacuum_vacuum_insert_scale_factor)"
    check "parameters that a chunk lost by hand come with those of the hypertable" by_role \
        "SELECT dj_deploy.set_autovacuum('lab.event'::regclass, '{\"autovacuum_vacuum_insert_scale_factor\": null}', false),
            dj_deploy.set_autovacuum('lab.event'::regclass, '{\"autovacuum_vacuum_insert_scale_factor\": 0.05}', false)"
    same "as they are everywhere" "$(state reloptions r)" "{autovacuum_vacuum_insert_scale_factor=0.05}"
}

publications() {
    sql "DROP PUBLICATION IF EXISTS cdc"
    same "a hypertable joins: a WARNING says that its rows do not" \
        "$(PGOPTIONS='' by_role "SELECT dj_deploy.set_publication_membership('lab', 'cdc', false)" 2>&1 | grep -c 'WARNING:  rows of tables "lab.event", "lab.log" in tables that inherit')" 1
    same "check_cdc names them" "$(heirs)" "heir_not_member"
    check "its remedy" by_role "$(by_role "SELECT remedy FROM dj_deploy.check_cdc('lab', 'cdc', 'postgres')
        WHERE check_name = 'heir_not_member' AND finding ~ 'chunk'")"
    same "publishes all of them" "$(sql "SELECT count(*) FROM pg_publication_rel WHERE prrelid IN (SELECT inhrelid FROM pg_inherits
        WHERE inhparent = 'lab.event'::regclass)")" "$(chunks)"
    same "check_cdc is content" "$(heirs)" ""
    sql "INSERT INTO lab.event VALUES ('2028-01-01', 1, 1, 'newer')"
    same "until there is a new one" "$(heirs)" "heir_not_member"
    sql "ALTER PUBLICATION cdc ADD TABLES IN SCHEMA _timescaledb_internal"
    same "their schema publishes it, and those to come" "$(heirs)" ""
}

heirs() {
    by_role "SELECT check_name FROM dj_deploy.check_cdc('lab', 'cdc', 'postgres') WHERE check_name = 'heir_not_member' AND finding ~ 'chunk'"
}

# hold_chunk COMMAND: while another session reads a chunk.
hold_chunk() {
    local reader
    coproc reader { PGAPPNAME=holder PGUSER=reader psql -X -q -A -t; }
    sql "GRANT USAGE ON SCHEMA lab TO reader" "GRANT SELECT ON lab.event, $chunk TO reader"
    say "BEGIN; SELECT count(*) FROM ONLY $chunk;" >&"${reader[1]}"
    read -r -u "${reader[0]}" _
    "$@"
    say "ROLLBACK;" >&"${reader[1]}"
    eval "exec ${reader[1]}>&-"
    wait "$reader_PID" || true
}

busy() {
    same "blockers names the chunk and its holder" "$(by_role "SELECT schema_name || '.' || table_name, application FROM dj_deploy.blockers('lab')")" "$chunk|holder"
    refused "set_replica_identity names the chunk" "could not obtain lock on table \"$chunk\" within 300 ms" short_wait
    refused "and its holder" 'Blocked by process .*application "holder"' short_wait
    refused "rollout does" "table \"$chunk\" is busy. Blocked by process .*application \"holder\"" \
        by_role "CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab', 'full'), false, '1 s')"
    refused "reindex that is not concurrent ends after that wait, too" "lock timeout" short_reindex
    check "set_autovacuum, set_grants and vacuum_analyze do not wait for a reader" not_waiting
}

short_wait() {
    PGOPTIONS='-c lock_timeout=300ms' by_role "SELECT dj_deploy.set_replica_identity('lab', 'full', false)"
}

short_reindex() {
    PGOPTIONS='-c lock_timeout=300ms' by_role "CALL dj_deploy.reindex('lab.event'::regclass, false, false)"
}

not_waiting() {
    PGOPTIONS='-c lock_timeout=300ms' by_role "SELECT dj_deploy.set_autovacuum('lab', '{\"autovacuum_vacuum_insert_scale_factor\": 0.1}', false)" &&
        PGOPTIONS='-c lock_timeout=300ms' by_role "SELECT dj_deploy.set_grants('lab', 'reader', 'read', false)" &&
        PGOPTIONS='-c lock_timeout=300ms' by_role "CALL dj_deploy.vacuum_analyze('lab', false)"
}
