# shellcheck shell=bash disable=SC2154
# A native subscription to schemas lab and analysis, from a second database of the same server, so
# that its slot is made beforehand:
# what arrives under replica identity DEFAULT and FULL, and of a table that is made later and has no
# primary key.

# shellcheck source=test/integrations/consumers/frame.sh
source "$tree/test/integrations/consumers/frame.sh"

main() {
    program "native subscription" "$(sql "SHOW server_version")"

    make_scene subscription
    make_consumer subscriber
    trap drop_subscription EXIT
    first_deploy
    under_default
    under_full
    later_table
    check "DROP SUBSCRIPTION" at_subscriber "DROP SUBSCRIPTION changes"
    same "drops its slot" "$(sql "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()")" 0
}

first_deploy() {
    same "check_cdc before the first deploy: no rights, no publication" \
        "$(findings subscriber postgres "{error}")" \
        "role_usage lab, role_select lab, publication_missing cdc, role_usage analysis, role_select analysis, publication_missing cdc"
    deploy "SELECT dj_deploy.set_grants(name, 'subscriber', 'read', future_tables => true, dry_run => false) $schemas" \
        "SELECT dj_deploy.set_replica_identity(name, 'default', dry_run => false) $schemas" \
        "SELECT dj_deploy.set_publication_membership(name, 'cdc', dry_run => false) $schemas" >/dev/null
    same "check_cdc after it: no error" "$(findings subscriber postgres "{error}")" none
}

under_default() {
    PGDATABASE=postgres sql "CREATE DATABASE subscriber"
    pg_dump --username postgres --schema-only --exclude-schema seen --no-publications |
        psql -X -q --username postgres --dbname subscriber -v ON_ERROR_STOP=1 >/dev/null
    PGOPTIONS="-c statement_timeout=3s" refused "from a database of the same server it waits for itself, unless its slot is there" \
        "statement timeout" subscribe true
    drop_slots
    sql "SELECT pg_create_logical_replication_slot('changes', 'pgoutput')" >/dev/null
    subscribe false
    arrives "the first copy has each row of the 22 tables"
    sql "SELECT seen.write_little('default')" >/dev/null
    arrives "DEFAULT is enough where both sides have the primary key: UPDATE, of the key too, beside a blob that stays, and DELETE"
}

under_full() {
    deploy "SELECT dj_deploy.set_replica_identity(name, 'full', dry_run => false, skip_unchanged => true) $schemas" >/dev/null
    sql "SELECT seen.write('full')" >/dev/null
    arrives "FULL: 14 UPDATEs and a DELETE in each of the 22 tables arrive"
    at_subscriber "ALTER TABLE lab.weighing DROP CONSTRAINT weighing_pkey"
    sql "SELECT seen.update('full', 'lab.weighing', 'weight = 30')" >/dev/null
    arrives "FULL: where the subscriber has no key it finds the row, because all columns of the old one are sent"
}

later_table() {
    deploy "CREATE TABLE lab.note (what text NOT NULL, at date NOT NULL)" \
        "INSERT INTO lab.note SELECT 'same', date '2024-01-01' + i FROM generate_series(1, 3) AS i"
    same "check_cdc names a table that is new and has no primary key" "$(findings subscriber postgres "{error}")" \
        "no_primary_key lab.note, not_member lab.note"
    same "membership without FULL: the call warns" \
        "$(deploy "SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)" 2>&1 | grep WARNING)" \
        'WARNING:  UPDATE and DELETE on table "lab.note" will fail once the table joins publication "cdc"'
    refused "and the server refuses UPDATE" 'cannot update table "note" because it does not have a replica identity' \
        deploy "UPDATE lab.note SET what = 'other' WHERE at = '2024-01-03'"
    refused "and DELETE" 'cannot delete from table "note" because it does not have a replica identity' deploy "DELETE FROM lab.note"
    deploy "SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true)" >/dev/null
    check "with FULL it does not" deploy "UPDATE lab.note SET what = 'other' WHERE at = '2024-01-03'"

    refused "REFRESH PUBLICATION fails where the subscriber has no such table" 'relation "lab.note" does not exist' refresh
    at_subscriber "CREATE TABLE lab.note (what text NOT NULL, at date NOT NULL)"
    caught_up
    same "until then the subscription does not know of the table" "$(at_subscriber "SELECT count(*) FROM lab.note")" 0
    check "ALTER SUBSCRIPTION … REFRESH PUBLICATION" refresh
    arrives "brings the rows that are there"
    deploy "UPDATE lab.note SET what = 'third' WHERE at = '2024-01-04'" "DELETE FROM lab.note WHERE at = '2024-01-02'" \
        "INSERT INTO lab.note VALUES ('fourth', '2024-01-05')"
    arrives "and from then on INSERT, UPDATE and DELETE, each of the right row"
    same "check_cdc: no error" "$(findings subscriber postgres "{error}")" none
}

# subscribe CREATE_SLOT
subscribe() {
    at_subscriber "CREATE SUBSCRIPTION changes CONNECTION 'host=$PGHOST port=$PGPORT dbname=subscription user=subscriber'
        PUBLICATION cdc WITH (create_slot = $1)"
}

at_subscriber() {
    PGDATABASE=subscriber sql "$@"
}

refresh() {
    at_subscriber "ALTER SUBSCRIPTION changes REFRESH PUBLICATION"
}

# arrives TITLE: both sides have the same rows once the subscriber has caught up.
arrives() {
    local query here there
    if ! caught_up; then
        fail "$1: it has stopped" "$(grep ERROR "$scratch/server.log" | tail -n 3)"
        return
    fi
    query=$(rows_query)
    here=$(sql "$query")
    there=$(at_subscriber "$query")
    same "$1" "$there" "$here"
}

# The subscriber has copied the tables that it knows, and applied all that is written until now.
caught_up() {
    local now
    within 60 tables_are_ready && now=$(sql "SELECT pg_current_wal_insert_lsn()") && within 60 has_applied "$now"
}

tables_are_ready() {
    [[ $(at_subscriber "SELECT count(*) FILTER (WHERE srsubstate <> 'r') FROM pg_subscription_rel") == 0 ]]
}

has_applied() {
    [[ $(sql "SELECT replay_lsn >= '$1' FROM pg_stat_replication WHERE application_name = 'changes'") == t ]]
}

# A line for each table that is published: its name, the number of its rows and a digest of them.
rows_query() {
    sql "SELECT string_agg(format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE \"C\")) FROM %s AS t',
                                  target, target), ' UNION ALL ' ORDER BY target) FROM seen.tables()"
}

drop_subscription() {
    if [[ -n $(PGDATABASE=postgres sql "SELECT 1 FROM pg_subscription WHERE subname = 'changes'") ]]; then
        at_subscriber "ALTER SUBSCRIPTION changes DISABLE" "ALTER SUBSCRIPTION changes SET (slot_name = NONE)" \
            "DROP SUBSCRIPTION changes"
    fi
    drop_slots
}

main
