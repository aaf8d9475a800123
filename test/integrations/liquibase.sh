# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# Liquibase runs examples/liquibase: again, with a new table, back, with changed text, with calls
# that fail, and with and without the attribute that calls outside a transaction need.

liquibase_release=4.33.0
maven_jars "liquibase-$liquibase_release" org.liquibase:liquibase-core:"$liquibase_release" info.picocli:picocli:4.7.7 \
    org.postgresql:postgresql:42.7.11
java_command liquibase liquibase.integration.commandline.LiquibaseCommandLine
export LIQUIBASE_ANALYTICS_ENABLED=false
program Liquibase "$(liquibase --version 2>&1 | awk '/^Liquibase Version:/ { print $NF }')"

# liquibase_run COMMAND ...: as the example does it, in the copy of it that this test changes. The
# file output has what Liquibase prints.
liquibase_run() {
    (cd project && timeout 120 liquibase --url="jdbc:postgresql://$PGHOST:$PGPORT/$PGDATABASE" --username="$PGUSER" "$@") |& tee output
}

# changeset "NAME ATTRIBUTE ...": the changes of the example, and one more, read from stdin.
changeset() {
    cp "$tree/examples/liquibase/changes.sql" project
    { printf '\n--changeset deploy:%s\n' "$1" && cat; } >>project/changes.sql
}

# Without the changeset that runs always.
liquibase_history() {
    sql "SELECT string_agg(format('%s %s %s', id, exectype, xmin), ',' ORDER BY orderexecuted) FROM databasechangelog WHERE id <> 'lab'"
}

make_database liquibase
sql "ALTER DATABASE liquibase SET statement_timeout = '2min'" # instead of waiting for ever
before=$(lab_indexes)
check "the first run applies" run_example liquibase
same "lab is ready for change data capture" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
same "behavior is, by its document" "$(behavior_with_identity f)" 13
differs "the call outside a transaction has rebuilt lab's indexes" "$(lab_indexes)" "$before"

before=$(catalog_state && liquibase_history)
check "the second run ends well" printed output run_example liquibase
same "and runs what runs always" "$(awk '$1 == "Run:" || $1 == "Previously" { print $NF }' output | paste -s)" $'1\t3'
same "and changes nothing" "$(catalog_state && liquibase_history)" "$before"
same "but that one's row" "$(sql "SELECT exectype FROM databasechangelog WHERE id = 'lab'")" RERAN

add_table cage
before=$(liquibase_history)
check "the run after a table was added ends well" run_example liquibase
same "and brings it there" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"
same "by what runs always" "$(liquibase_history)" "$before"

cp -r "$tree/examples/liquibase" project
check "rollback of the last changeset, which is what runs always" liquibase_run rollback-count --count=1
same "takes back what was set in lab" "$(lab_for_cdc)" "0 full, 0 published, 0 with parameter of 16"
same "and nothing else" "$(behavior_with_identity f)" 13
check "rollback of the others" liquibase_run rollback-count --count=3
same "takes back the identities" "$(sql "SELECT count(*) FROM pg_class WHERE relreplident = 'f'")" 0
same "and the extension" "$(sql "SELECT count(*) FROM pg_extension WHERE extname = 'datajoint_deploy'")" 0
same "and leaves the publication without members" \
    "$(sql "SELECT pubname, (SELECT count(*) FROM pg_publication_rel) FROM pg_publication")" "cdc|0"
check "the next run" run_example liquibase
same "brings all back" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

sed -i '0,/"replica_identity": "full"/s//"replica_identity": "default"/' project/changes.sql
check "runOnChange: runs when the text has changed" liquibase_run update
same "and has changed schema behavior" "$(behavior_with_identity d)" 13

add_table rack ''
changeset document <<'SQL'
SELECT dj_deploy.apply('{"version": 1, "publications": {"a;b": {}, "${c}": {}, "d::e :f": {}}}', dry_run => false);
SQL
check "a document with semicolon, colons, dollar and brace" liquibase_run update
# shellcheck disable=SC2016
same "is taken as it is" "$(sql "SELECT string_agg(pubname, ',' ORDER BY pubname) FROM pg_publication WHERE pubname <> 'cdc'")" '${c},a;b,d::e :f'

add_table pen ''
before=$(catalog_state && liquibase_history)
changeset failing <<'SQL'
SELECT dj_deploy.set_replica_identity('ephys', dry_run => false);
SELECT dj_deploy.set_replica_identity('analysis', mode => 'ful', dry_run => false);
SQL
refused "a failing call fails the update, with its message" "ERROR: mode must be 'default' or 'full'; got 'ful'" liquibase_run update
same "and leaves nothing, in the catalog and in the history, nor runs what follows" "$(catalog_state && liquibase_history)" "$before"

add_table scratchpad UNLOGGED
sql "CREATE PUBLICATION keys FOR TABLE lab.rack (id)" "ALTER TABLE lab.cage REPLICA IDENTITY NOTHING" \
    "ALTER TABLE lab.rack REPLICA IDENTITY DEFAULT"
cp "$tree/examples/liquibase/changes.sql" project
check "a run that warns ends well" liquibase_run update
check "Liquibase shows a WARNING, but not that it is one" grep -qx 'skipping "lab.scratchpad": an unlogged table cannot be published' output
check "and a NOTICE" grep -qx 'replica identity NOTHING of table "lab.cage" will be replaced by FULL' output
check "of one with detail and hint the message" grep -qx 'UPDATE and DELETE on table "lab.rack" will fail with replica identity FULL' output
same "only" "$(grep -ci 'column list' output)" 0
same "and no result" "$(grep -c tables_analyzed output)" 0
sql "DROP PUBLICATION keys" "DROP TABLE lab.scratchpad"

before=$(liquibase_history)
changeset analyze-lab <<<"CALL dj_deploy.vacuum_analyze('lab', dry_run => false);"
refused "a call that commits, in Liquibase's transaction: the hint names the page" \
    "^  Hint: .*docs/migrations.md has the setting for each" liquibase_run update
changeset "analyze-lab runInTransaction:false splitStatements:false" <<'SQL'
CALL dj_deploy.vacuum_analyze('lab', dry_run => false);
CALL dj_deploy.vacuum_analyze('behavior', dry_run => false);
SQL
refused "two of them that are sent at once" 'ERROR: vacuum_analyze cannot be executed within a pipeline' liquibase_run update
same "neither is in the history" "$(liquibase_history)" "$before"
changeset "analyze-lab runInTransaction:false" <<'SQL'
CALL dj_deploy.vacuum_analyze('lab', dry_run => false);
CALL dj_deploy.vacuum_analyze('behavior', dry_run => false);
SQL
check "with the attribute they run, one after the other" liquibase_run update
same "on all tables" "$(sql "SELECT count(*) FROM pg_stat_user_tables WHERE schemaname IN ('lab', 'behavior') AND last_vacuum IS NULL")" 0

changeset "block runInTransaction:false" <<'SQL'
DO $$
DECLARE
    result jsonb;
BEGIN
    CALL dj_deploy.vacuum_analyze('ephys', dry_run => false, result => result);
END
$$;
SQL
refused "a block with DECLARE is cut at its semicolons" 'Unterminated dollar quote' liquibase_run update
sed -i 's/--changeset deploy:block/& splitStatements:false/' project/changes.sql
check "unless splitStatements is false" liquibase_run update

before=$(lab_indexes)
cat >project/changes.xml <<'XML'
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
    <changeSet id="rebuild-indexes" author="deploy" runInTransaction="false">
        <sql>CALL dj_deploy.reindex('lab', dry_run => false)</sql>
    </changeSet>
</databaseChangeLog>
XML
check "the attribute as the hint spells it, in XML" liquibase_run --changelog-file=changes.xml update
differs "has rebuilt the indexes" "$(lab_indexes)" "$before"
