# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# node-pg-migrate runs examples/node-pg-migrate: again, with a new table, with arguments of
# pgm.sql(), with a call that fails, and with one that needs no transaction block.

npm_packages node-pg-migrate "$tree/examples/node-pg-migrate"
ln -s "$installed/node_modules" "$tree/examples/node-pg-migrate/node_modules"
program node-pg-migrate \
    "$(node -p 'require(process.argv[1]).version' "$installed/node_modules/node-pg-migrate/package.json") (Node.js $(node --version))"

# migration NAME STATEMENT ...: a copy of the example with one more, of these JavaScript statements.
migration() {
    cp -R "$tree/examples/node-pg-migrate" "$1"
    printf '%s\n' "exports.up = (pgm) => {" "${@:2}" "};" >"$1/migrations/20260301000000000_$1.js"
}

# migrate_with NAME STATEMENT ...: runs it.
migrate_with() {
    migration "$@"
    migrate "$1" up
}

migrate() {
    (cd "$1" && timeout 60 npx node-pg-migrate "${@:2}")
}

# So that the next one is in order.
forget() {
    sql "DELETE FROM pgmigrations WHERE name = '20260301000000000_$1'"
}

history_of_node() {
    sql "SELECT string_agg(name || ' ' || xmin, ',' ORDER BY name) FROM pgmigrations"
}

make_database node_pg_migrate
check "the first run applies" run_example node-pg-migrate
same "lab is ready for change data capture" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
same "the call outside a transaction has run" "$(sql "SELECT count(*) FROM dj_deploy.tables('lab') WHERE last_analyze IS NULL")" 0

before=$(catalog_state && history_of_node)
check "the second run ends well" run_example node-pg-migrate
same "and changes nothing" "$(catalog_state && history_of_node)" "$before"

sql "CREATE TABLE lab.cage (cage_id integer PRIMARY KEY)" "ALTER TABLE lab.cage OWNER TO deployer"
same "the run after a table was added shows the statements" \
    "$(run_example node-pg-migrate 2>/dev/null | sed -n '/^applied:/,$p')" 'applied:
ALTER TABLE "lab"."cage" REPLICA IDENTITY FULL
ALTER PUBLICATION "cdc" ADD TABLE "lab"."cage"
ALTER TABLE "lab"."cage" SET (autovacuum_vacuum_insert_scale_factor = 0.05)'
same "and brings it there" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

check "down of two migrations ends well" migrate "$tree/examples/node-pg-migrate" down 2
same "and takes all back" "$(lab_for_cdc)" "0 full, 0 published, 0 with parameter of 16"
same "but the publication, which a slot may read" "$(sql "SELECT pubname FROM pg_publication")" cdc
check "up again, without the script of every release," migrate "$tree/examples/node-pg-migrate" up
same "brings all back" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

failing=("pgm.sql(\"SELECT dj_deploy.set_replica_identity('behavior', dry_run => false)\");"
    "pgm.sql(\"SELECT dj_deploy.set_replica_identity('behaviour', dry_run => false)\");")
before=$(catalog_state && history_of_node)
refused "a failing call fails the migration, with its message" '^error: schema "behaviour" does not exist' \
    migrate_with failing "${failing[@]}"
same "and leaves nothing, in the catalog and in the history" "$(catalog_state && history_of_node)" "$before"

# run_of_two NAME STATEMENT ...: the example with a migration that creates lab.rack, and one of
# these statements.
run_of_two() {
    migration "$@"
    printf 'exports.up = (pgm) => pgm.sql("CREATE TABLE lab.rack (rack_id integer PRIMARY KEY)");\n' >"$1/migrations/20260201000000000_rack.js"
}

rack_is_there() {
    sql "SELECT to_regclass('lab.rack') IS NOT NULL, count(*) FROM pgmigrations WHERE name LIKE '%rack'"
}

run_of_two two "${failing[@]}"
refused "one that fails in a run of two" 'schema "behaviour" does not exist' migrate two up
same "leaves nothing of the other, either" "$(rack_is_there)" "f|0"
refused "the same with --no-single-transaction" 'schema "behaviour" does not exist' migrate two up --no-single-transaction
same "leaves the other" "$(rack_is_there)" "t|1"
sql "DROP TABLE lab.rack" "DELETE FROM pgmigrations WHERE name LIKE '%rack'"
run_of_two broken "pgm.noTransaction();" "${failing[@]}"
refused "the same with pgm.noTransaction()" 'Need to break single transaction' migrate broken up
same "leaves the other, too" "$(rack_is_there)" "t|1"
sql "DROP TABLE lab.rack" "DELETE FROM pgmigrations WHERE name LIKE '%rack'" \
    "SELECT dj_deploy.set_replica_identity('behavior', 'default', dry_run => false)" >/dev/null

refused "an argument of pgm.sql() is a name" '^column "lab" does not exist' \
    migrate_with argument "pgm.sql(\"SELECT dj_deploy.set_replica_identity({schema})\", { schema: 'lab' });"
check "braces that are no argument stay" migrate_with braces \
    "pgm.sql('SELECT dj_deploy.{call}(\$json\${\"version\":1,\"schemas\":{\"lab\":{\"autovacuum\":{\"autovacuum_enabled\":false}}}}\$json\$, false)', { call: 'apply' });"
same "as they are" "$(sql "SELECT count(*) FROM pg_class WHERE 'autovacuum_enabled=false' = ANY (reloptions)")" 17
forget braces

lines=$(log_lines)
same "node-pg-migrate shows neither results nor NOTICEs and WARNINGs" "$(migrate_with warning \
    "pgm.sql('CREATE UNLOGGED TABLE lab.scratchpad (scratchpad_id integer PRIMARY KEY)');" \
    "pgm.sql(\"SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)\");" \
    "pgm.sql('ALTER TABLE lab.session REPLICA IDENTITY NOTHING');" \
    "pgm.sql(\"SELECT dj_deploy.set_replica_identity('lab', dry_run => false)\");" 2>&1 |
    grep -c -e tables_analyzed -e 'gives way' -e 'unlogged table')" 0
check "which are in the server's log, if they are WARNINGs" \
    logged "$lines" 'WARNING:  skipping "lab.scratchpad": an unlogged table cannot be published'
forget warning
same "every_release.js shows them" "$(run_example node-pg-migrate 2>&1 | grep WARNING)" \
    'WARNING: skipping "lab.scratchpad": an unlogged table cannot be published'

reindex="pgm.sql(\"CALL dj_deploy.reindex('lab', dry_run => false)\");"
before=$(history_of_node)
refused "a call that commits, in node-pg-migrate's transaction" \
    '^error: reindex cannot run inside a transaction block' migrate_with block "$reindex"
refused "and node-pg-migrate shows the hint" "^  hint: .Send it alone.*docs/migrations.md" migrate_with hint "$reindex"
refused "two statements in one pgm.sql()" '^error: reindex cannot run inside a transaction block' \
    migrate_with joined "pgm.noTransaction();" "pgm.sql(\"SELECT 1; CALL dj_deploy.reindex('lab', dry_run => false)\");"
same "none is in the history" "$(history_of_node)" "$before"
before=$(lab_indexes)
check "with pgm.noTransaction(), also after another pgm.sql()" \
    migrate_with alone "pgm.noTransaction();" "pgm.sql('SELECT 1');" "$reindex"
differs "has rebuilt the indexes" "$(lab_indexes)" "$before"
