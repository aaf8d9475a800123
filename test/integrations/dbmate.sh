# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# dbmate runs examples/dbmate: again, with a new table, with a call that fails, and with one that
# needs no transaction block.

# Its binary is in a package of the same version for each platform.
install_dbmate() {
    npm install --prefix . --no-audit --no-fund --no-update-notifier dbmate@2.36.0
}

require_command npm nodejs npm
installed dbmate install_dbmate
PATH=$installed/node_modules/.bin:$PATH
program dbmate "$(dbmate --version | awk '{ print $NF }')"

# dbmate_run COMMAND [DIRECTORY]: with the migrations of the example, and those of the directory.
dbmate_run() {
    timeout 60 dbmate --url "postgres://$PGUSER@$PGHOST:$PGPORT/$PGDATABASE?sslmode=disable" --no-dump-schema \
        --migrations-dir "$tree/examples/dbmate/db/migrations" ${2:+--migrations-dir "$2"} "$1"
}

history_of_dbmate() {
    sql "SELECT string_agg(version || ' ' || xmin, ',' ORDER BY version) FROM schema_migrations"
}

# migration NAME OPTIONS STATEMENT ...: a directory with one.
migration() {
    mkdir "$1"
    printf '%s\n' "-- migrate:up $2" "${@:3}" "-- migrate:down" >"$1/$(date +%Y%m%d%H%M%S%N)_$1.sql"
}

make_database dbmate
check "the first run applies" run_example dbmate
same "lab is ready for change data capture" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
same "the call outside a transaction has run" "$(sql "SELECT count(*) FROM dj_deploy.tables('lab') WHERE last_analyze IS NULL")" 0

before=$(catalog_state && history_of_dbmate)
check "the second run ends well" run_example dbmate
same "and changes nothing" "$(catalog_state && history_of_dbmate)" "$before"

sql "CREATE TABLE lab.cage (cage_id integer PRIMARY KEY)" "ALTER TABLE lab.cage OWNER TO deployer"
check "the run after a table was added ends well" run_example dbmate
same "and brings it there" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

check "migrate:down of the last migration ends well" dbmate_run down
check "and of the one before it" dbmate_run down
same "and takes all back" "$(lab_for_cdc)" "0 full, 0 published, 0 with parameter of 16"
same "but the publication, which a slot may read" "$(sql "SELECT pubname FROM pg_publication")" cdc
check "up again, without the script of every release," dbmate_run up
same "brings all back" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

migration failing "" "SELECT dj_deploy.set_replica_identity('behavior', dry_run => false);" \
    "SELECT dj_deploy.set_replica_identity('behaviour', dry_run => false);"
before=$(catalog_state && history_of_dbmate)
refused "a failing call fails the migration, with its message" '^Error: pq: schema "behaviour" does not exist' \
    dbmate_run up failing
same "and leaves nothing, in the catalog and in the history" "$(catalog_state && history_of_dbmate)" "$before"

migration warning "" "CREATE UNLOGGED TABLE lab.scratchpad (scratchpad_id integer PRIMARY KEY);" \
    "SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false);" \
    "ALTER TABLE lab.session REPLICA IDENTITY NOTHING;" "SELECT dj_deploy.set_replica_identity('lab', dry_run => false);"
lines=$(log_lines)
same "dbmate shows neither results nor NOTICEs and WARNINGs" \
    "$(dbmate_run up warning 2>&1 | grep -c -e tables_analyzed -e 'gives way' -e 'unlogged table')" 0
check "which are in the server's log, if they are WARNINGs" \
    logged "$lines" 'WARNING:  skipping "lab.scratchpad": an unlogged table cannot be published'

before=$(history_of_dbmate)
migration block "" "CALL dj_deploy.reindex('lab', dry_run => false);"
lines=$(log_lines)
refused "a call that commits, in dbmate's transaction" \
    '^Error: pq: reindex cannot run inside a transaction block \(25001\)$' dbmate_run up block
refused "after which dbmate says Applied, too" '^Applied: .*_block\.sql' dbmate_run up block
check "the hint is in the server's log" logged "$lines" 'HINT: .*docs/migrations.md'

migration two_calls transaction:false "CALL dj_deploy.reindex('lab', dry_run => false);" "CALL dj_deploy.vacuum_analyze('lab', dry_run => false);"
refused "two of them in a file" '^Error: pq: reindex cannot run inside a transaction block \(25001\)$' dbmate_run up two_calls
same "neither is in the history" "$(history_of_dbmate)" "$before"

before=$(lab_indexes)
migration alone transaction:false "CALL dj_deploy.reindex('lab', dry_run => false);"
check "alone in its file, with transaction:false" dbmate_run up alone
differs "has rebuilt the indexes" "$(lab_indexes)" "$before"
