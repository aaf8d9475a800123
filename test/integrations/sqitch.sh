# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# Sqitch runs examples/sqitch: again, with a new table, a reworked change, with a call that fails,
# and with one that needs no transaction block.

require_command sqitch sqitch libdbd-pg-perl
program Sqitch "$(sqitch --version | sed 's/.* v//')"

sqitch_of() {
    (cd "$1" && timeout 60 sqitch "${@:2}")
}

# sqitch_with NAME STATEMENT ...: deploys the example's changes and one more with these lines.
sqitch_with() {
    cp -R "$tree/examples/sqitch" "$1" &&
        sqitch_of "$1" add "$1" --note "$1" &&
        printf '%s\n' "${@:2}" >"$1/deploy/$1.sql" &&
        sqitch_of "$1" deploy
}

# So that the next one is the only one.
forget() {
    sql "DELETE FROM sqitch.dependencies WHERE change_id IN (SELECT change_id FROM sqitch.changes WHERE change = '$1')" \
        "DELETE FROM sqitch.changes WHERE change = '$1'"
}

every_release() {
    (cd "$tree/examples/sqitch" && psql -X -q -v ON_ERROR_STOP=1 -f deploy/lab_for_cdc.sql)
}

history_of_sqitch() {
    sql "SELECT string_agg(change || ' ' || xmin, ',' ORDER BY change) FROM sqitch.changes"
}

make_database sqitch
check "the first run applies" run_example sqitch
same "lab is ready for change data capture" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
same "the call outside a transaction has run" "$(sql "SELECT count(*) FROM dj_deploy.tables('lab') WHERE last_analyze IS NULL")" 0

before=$(catalog_state && history_of_sqitch)
check "the second run ends well" run_example sqitch
same "and changes nothing" "$(catalog_state && history_of_sqitch)" "$before"

sql "CREATE TABLE lab.cage (cage_id integer PRIMARY KEY)" "ALTER TABLE lab.cage OWNER TO deployer"
same "verify fails after a table was added, with what differs" \
    "$(sqitch_of "$tree/examples/sqitch" verify 2>&1 >/dev/null | grep -A3 ERROR:)" \
    'psql:verify/lab_for_cdc.sql:5: ERROR:  environment has drifted: 3 differences
DETAIL:  "lab"."cage": replica_identity is default, expected full.
"lab"."cage": publications.cdc is nothing, expected member.
"lab"."cage": autovacuum is autovacuum_vacuum_insert_scale_factor = null, expected autovacuum_vacuum_insert_scale_factor = 0.05.'
refused "as its exit status says" 'Verify failed' sqitch_of "$tree/examples/sqitch" verify
check "the run after that ends well" run_example sqitch
same "and brings it there" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

check "revert ends well" sqitch_of "$tree/examples/sqitch" revert -y --to datajoint_deploy
same "and takes all back" "$(lab_for_cdc)" "0 full, 0 published, 0 with parameter of 16"
same "but the publication, which a slot may read" "$(sql "SELECT pubname FROM pg_publication")" cdc
refused "deploy again, with a change that fails behind it," 'ERROR:  division by zero' sqitch_with behind "SELECT 1 / 0;"
same "leaves what was done" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"
sql "CREATE UNLOGGED TABLE lab.unlogged (unlogged_id integer PRIMARY KEY)" "ALTER TABLE lab.unlogged OWNER TO deployer"
check "every release brings the rest of it there" every_release
refused "which verify names" '^DETAIL:  "lab"."unlogged": cannot be changed: an unlogged table cannot be published.$' \
    sqitch_of "$tree/examples/sqitch" verify
cp -R "$tree/examples/sqitch" apart
sed -i 's/"lab": {/&"tables": {"unlogged": {"publications": []}},/' apart/environment.json
check "unless the document says so" sqitch_of apart verify
sql "DROP TABLE lab.unlogged"
check "revert ends well, once more" sqitch_of "$tree/examples/sqitch" revert -y --to datajoint_deploy
check "deploy again, without psql," sqitch_of "$tree/examples/sqitch" deploy
same "brings all back" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

cp -R "$tree/examples/sqitch" reworked
sql "CREATE TABLE lab.rack (rack_id integer PRIMARY KEY)" "ALTER TABLE lab.rack OWNER TO deployer"
check "a tag" sqitch_of reworked tag release1 --note "Release 1."
check "and a reworked change" sqitch_of reworked rework lab_for_cdc --note "Tables of release 2."
refused "need another script" 'duplicate key value violates unique constraint "changes_project_script_hash_key"' \
    sqitch_of reworked deploy
same "though the same one has run" "$(lab_for_cdc)" "17 full, 17 published, 17 with parameter of 17"
sql "ALTER TABLE lab.rack REPLICA IDENTITY DEFAULT"
sed -i '2i -- Release 2.' reworked/deploy/lab_for_cdc.sql
check "a comment in it will do" sqitch_of reworked deploy --verify
same "for the new table" "$(lab_for_cdc)" "17 full, 17 published, 17 with parameter of 17"
check "the example goes on from the change before it" sqitch_of reworked revert -y --to @release1

before=$(catalog_state && history_of_sqitch)
refused "a failing call fails the change, with its message" \
    '^psql:deploy/failing.sql:3: ERROR:  schema "behaviour" does not exist' sqitch_with failing \
    "BEGIN;" "SELECT dj_deploy.set_replica_identity('behavior', dry_run => false);" \
    "SELECT dj_deploy.set_replica_identity('behaviour', dry_run => false);" "COMMIT;"
same "and leaves nothing, in the catalog and in the registry" "$(catalog_state && history_of_sqitch)" "$before"

same "Sqitch shows NOTICEs and WARNINGs" "$(sqitch_with warning \
    "CREATE UNLOGGED TABLE lab.scratchpad (scratchpad_id integer PRIMARY KEY);" \
    "SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false);" \
    "ALTER TABLE lab.session REPLICA IDENTITY NOTHING;" \
    "SELECT dj_deploy.set_replica_identity('lab', dry_run => false);" 2>&1 | grep -o 'psql:.*' | grep -vE 'NOTICE: +(executed [1-9]|nothing to do)')" \
    'psql:deploy/warning.sql:2: WARNING:  skipping "lab.scratchpad": an unlogged table cannot be published
psql:deploy/warning.sql:4: NOTICE:  replica identity NOTHING of table "lab.session" will be replaced by FULL'
forget warning

reindex="CALL dj_deploy.reindex('lab', dry_run => false);"
refused "a call that commits, between BEGIN and COMMIT" 'ERROR:  reindex cannot run inside a transaction block' \
    sqitch_with block "BEGIN;" "$reindex" "COMMIT;"
refused "and Sqitch shows the hint" "^HINT:  Send it alone.*docs/migrations.md" \
    sqitch_with hint "BEGIN;" "$reindex" "COMMIT;"
same "neither is in the registry" "$(sql "SELECT count(*) FROM sqitch.changes WHERE change IN ('block', 'hint')")" 0
before=$(lab_indexes)
check "without them, also after another statement" sqitch_with alone "SELECT 1;" "$reindex"
differs "has rebuilt the indexes" "$(lab_indexes)" "$before"
