# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # migrate's options; variables of script/lib.sh
# Flyway runs examples/flyway: again, with a new table, with changed scripts, with calls that fail,
# and with and without the settings that calls outside a transaction need.

flyway_release=11.14.1

# What flyway-commandline depends on for PostgreSQL. All of it would be the drivers of twenty
# databases, 250 MB. Without flyway-reports a failed migration ends with status 0.
copy_flyway() {
    copy_jars org.flywaydb:flyway-{database-postgresql,reports,verb-info,verb-migrate}:"$flyway_release" \
        com.fasterxml.jackson.dataformat:jackson-dataformat-toml:2.19.1 org.postgresql:postgresql:42.7.11 &&
        mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
            -Dartifact=org.flywaydb:flyway-commandline:"$flyway_release" -DoutputDirectory=.
}

require_command mvn maven
installed "flyway-$flyway_release" copy_flyway "$flyway_release"
java_command flyway org.flywaydb.commandline.Main
export REDGATE_DISABLE_TELEMETRY=true
program Flyway "$(flyway -v 2>&1 | awk '/^Flyway/ { print $4 }')"

# migrate [OPTION ...]: as the example does it, in the copy of it to which this test adds scripts.
# The file output has what Flyway prints.
migrate() {
    (cd project && timeout 120 flyway -url="jdbc:postgresql://$PGHOST:$PGPORT/$PGDATABASE" -user="$PGUSER" "$@" migrate) |& tee output
}

# script NAME: a migration of that name, read from stdin. configure NAME SETTING: its configuration.
script() {
    cat >"project/migrations/$1"
}

configure() {
    say "$2" >"project/migrations/$1.conf"
}

flyway_history() {
    sql "SELECT string_agg(format('%s %s %s', script, success, xmin), ',' ORDER BY installed_rank) FROM flyway_schema_history"
}

runs_of() {
    sql "SELECT count(*) FROM flyway_schema_history WHERE script = '$1' AND success"
}

make_database flyway
sql "ALTER DATABASE flyway SET statement_timeout = '2min'" # instead of waiting for ever
before=$(lab_indexes)
check "the first run applies" run_example flyway
same "in this order" "$(sql "SELECT string_agg(left(script, 2), ' ' ORDER BY installed_rank) FROM flyway_schema_history")" "V1 V2 R_"
same "lab is ready for change data capture, by the callback" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
same "behavior is, by the repeatable migration" "$(behavior_with_identity f)" 13
differs "the call outside a transaction has rebuilt lab's indexes" "$(lab_indexes)" "$before"

before=$(catalog_state && flyway_history)
check "the second run ends well" printed output run_example flyway
check "finds no migration" grep -q 'is up to date. No migration necessary' output
check "and runs the callback" grep -q 'Executing SQL callback: afterMigrate' output
same "which says that it had nothing to do" "$(grep -c '^| No rows returned ' output)" 3
same "and changes nothing" "$(catalog_state && flyway_history)" "$before"

add_table cage
before=$(flyway_history)
check "the run after a table was added ends well" printed output run_example flyway
same "and brings it there" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"
check "and prints what it executed" grep -qF '| ALTER TABLE "lab"."cage" REPLICA IDENTITY FULL |' output
same "by the callback alone" "$(flyway_history)" "$before"

cp -r "$tree/examples/flyway" project
sed -i 's/"replica_identity": "full"/"replica_identity": "default"/' project/migrations/R__behavior.sql
check "a repeatable migration runs when its text has changed" migrate
same "and has changed schema behavior" "$(behavior_with_identity d)" 13
same "once" "$(migrate >/dev/null && runs_of R__behavior.sql)" 2
# shellcheck disable=SC2016
sed -i '1i -- ${flyway:timestamp}' project/migrations/R__behavior.sql
same "with Flyway's timestamp in its text it runs each time" "$(migrate >/dev/null && migrate >/dev/null && runs_of R__behavior.sql)" 4
sed -i 1d project/migrations/R__behavior.sql
check "and without it the last time" migrate

before=$(catalog_state && flyway_history)
script V3__fails.sql <<'SQL'
SELECT dj_deploy.set_replica_identity('ephys', dry_run => false);
SELECT dj_deploy.set_replica_identity('analysis', mode => 'ful', dry_run => false);
SQL
refused "a failing call fails the migration, with its message" "ERROR: mode must be 'default' or 'full'; got 'ful'" migrate
same "and leaves nothing, in the catalog and in the history" "$(catalog_state && flyway_history)" "$before"
rm project/migrations/V3__fails.sql

add_table rack ''
before=$(catalog_state)
sed -i 's/insert_scale_factor/insert_scale_faktor/' project/migrations/afterMigrate.sql
refused "a failing call fails the callback" 'ERROR: unrecognized parameter "autovacuum_vacuum_insert_scale_faktor"' migrate
same "and leaves nothing of the callback" "$(catalog_state)" "$before"
cp "$tree/examples/flyway/migrations/afterMigrate.sql" project/migrations

add_table scratchpad UNLOGGED
sql "CREATE PUBLICATION keys FOR TABLE lab.rack (id)" "ALTER TABLE lab.cage REPLICA IDENTITY NOTHING"
check "a run that warns ends well" migrate
check "Flyway shows a WARNING" grep -qF 'WARNING: DB: skipping "lab.scratchpad": an unlogged table cannot be published' output
check "and a NOTICE" grep -qF 'DB: replica identity NOTHING of table "lab.cage" will be replaced by FULL' output
check "of one with detail and hint the message" grep -qF 'WARNING: DB: UPDATE and DELETE on table "lab.rack" will fail' output
same "only" "$(grep -ci 'column list' output)" 0
sql "DROP PUBLICATION keys" "DROP TABLE lab.scratchpad"

# shellcheck disable=SC2016
script V3__placeholder.sql <<'SQL'
SELECT dj_deploy.apply('{"version": 1, "publications": {"${not a placeholder}": {}}}', dry_run => false);
SQL
refused "a dollar and a brace in a document are a placeholder" 'No value provided for placeholder' migrate
configure V3__placeholder.sql placeholderReplacement=false
check "unless the script's configuration says otherwise" migrate
# shellcheck disable=SC2016
same "and stay as they are" "$(sql "SELECT pubname FROM pg_publication WHERE pubname <> 'cdc'")" '${not a placeholder}'

before=$(flyway_history)
script V4__analyze_lab.sql <<<"CALL dj_deploy.vacuum_analyze('lab', dry_run => false);"
refused "a call that commits, in Flyway's transaction: the hint names the page" \
    "^  Hint: .*docs/migrations.md has the setting for each" migrate
same "it is not in the history" "$(flyway_history)" "$before"
configure V4__analyze_lab.sql executeInTransaction=false
check "with the setting it runs; vacuum_analyze also with Flyway's lock in a transaction" migrate -postgresql.transactional.lock=true
same "on all tables" "$(sql "SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = 'lab' AND last_vacuum IS NULL")" 0

invalid_indexes() {
    sql "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
}

# Whom the worker of a reindex waits for, as soon as it does.
who_blocks() {
    local blocker _
    for _ in {1..100}; do
        blocker=$(sql "SELECT b.application_name || ', ' || b.state FROM pg_stat_activity w
            JOIN pg_stat_activity b ON b.pid = ANY (pg_blocking_pids(w.pid)) WHERE w.backend_type = 'datajoint_deploy worker'")
        [[ -z $blocker ]] || break
        sleep 0.2
    done
    say "$blocker"
}

before=$(flyway_history)
script V5__rebuild_indexes.sql <<'SQL'
SET statement_timeout = '6s';
CALL dj_deploy.reindex('lab', dry_run => false);
SQL
configure V5__rebuild_indexes.sql executeInTransaction=false
who_blocks >blocker &
refused "with Flyway's lock in a transaction reindex ends by the timeout" 'ERROR: canceling statement due to statement timeout' \
    migrate -postgresql.transactional.lock=true
wait
same "because it waits for that" "$(<blocker)" "PostgreSQL JDBC Driver, idle in transaction"
same "it is not in the history" "$(flyway_history)" "$before"
drops=$(sed -n '/.*Hint: Invalid indexes are left behind. Remove them with: /{s///p;q}' output)
PGUSER=postgres psql -X -q -v ON_ERROR_STOP=1 <<<"$drops"
same "what is left behind is gone as the hint says" "${drops:+$(invalid_indexes)}" 0
before=$(lab_indexes)
check "without a transaction for the lock it runs" migrate
differs "and rebuilds the indexes" "$(lab_indexes)" "$before"
same "all of them" "$(invalid_indexes)" 0

rm project/flyway.conf
cat >project/flyway.toml <<'TOML'
[flyway]
locations = ["filesystem:migrations"]

[flyway.postgresql.transactional]
lock = false
TOML
script V6__rebuild_indexes_again.sql <project/migrations/V5__rebuild_indexes.sql
configure V6__rebuild_indexes_again.sql executeInTransaction=false
check "so it does with the setting in flyway.toml" migrate

add_table shelf ''
configure afterMigrate.sql executeInTransaction=false
script afterMigrate.sql <<'SQL'
CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab', 'full', dry_run => true, skip_unchanged => true), dry_run => false);
CALL dj_deploy.rollout(dj_deploy.set_publication_membership('lab', 'cdc'), dry_run => false);
CALL dj_deploy.rollout(dj_deploy.set_autovacuum('lab', '{"autovacuum_vacuum_insert_scale_factor": 0.05}'), dry_run => false);
SQL
check "the callback with rollout, outside a transaction" migrate
same "brings a new table there, too" "$(lab_for_cdc)" "18 full, 18 published, 18 with parameter of 18"
