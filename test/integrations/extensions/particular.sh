# shellcheck shell=bash disable=SC2034,SC2154  # variables of try; counters
# What is particular to one of them, with all of them loaded.

particular() {
    cron "over connections"
    program pgaudit "$(version_of pgaudit)"
    local lines
    lines=$(log_lines)
    check "a run" by_role "SELECT dj_deploy.set_replica_identity('lab', 'full', false)"
    check "is audited, statement by statement" logged "$lines" 'AUDIT: SESSION,.*,DDL,ALTER TABLE,.*ALTER TABLE ""lab"".""subject"" REPLICA IDENTITY FULL'
    partitions
    program set_user "$(version_of set_user)"
    sql "GRANT EXECUTE ON FUNCTION set_user(text) TO reader"
    same "a session that became the deployer runs what the deployer may" \
        "$(PGUSER=reader psql -X -q -A -t -c "SELECT set_user('deployer')" -c "SELECT dj_deploy.set_replica_identity('lab', 'default', false) -> 'tables_modified' > '5'" | tail -n 1)" t
    rewritten pg_squeeze squeeze
    rewritten pg_repack repack
    replicated
}

# cron HOW: calls of functions and procedures from jobs, one after another.
cron() {
    program pg_cron "$(version_of pg_cron), $1"
    sql "GRANT USAGE ON SCHEMA cron TO deployer"
    job "set_replica_identity" "SELECT dj_deploy.set_replica_identity(''lab'', ''full'', false)"
    same "has set it" "$(state relreplident)" f
    job "apply" "SELECT dj_deploy.apply(''${environment//$'\n'/}'', false)"
    same "has made it so" "$(by_role "SELECT count(*) FROM dj_deploy.drift('$environment')")" 0
    job "vacuum_analyze" "CALL dj_deploy.vacuum_analyze(''lab'', false, 2)"
    job "reindex" "CALL dj_deploy.reindex(''lab'', false)"
    job "rollout" "CALL dj_deploy.rollout(dj_deploy.set_replica_identity(''lab'', ''default''), false)"
    same "has rolled it out" "$(state relreplident)" d
}

# job TITLE COMMAND: the first run of a job of deployer's ends well.
job() {
    by_role "SELECT cron.schedule('$1', '1 second', '$2')" >/dev/null
    local attempt status
    for attempt in {1..150}; do
        status=$(sql "SELECT status, return_message FROM cron.job_run_details ORDER BY runid LIMIT 1")
        [[ ${status%%|*} != succeeded && ${status%%|*} != failed ]] || break
        sleep 0.2
    done
    by_role "SELECT cron.unschedule('$1')" >/dev/null
    same "$1, by a job" "${status%%|*}${status##succeeded|*}" "succeeded"
    for attempt in {1..100}; do
        [[ -n $(sql "SELECT FROM cron.job_run_details WHERE status NOT IN ('succeeded', 'failed')" | head -c 1) ]] || break
        sleep 0.1
    done
    sql "DELETE FROM cron.job_run_details"
}

partitions() {
    program pg_partman "$(version_of pg_partman)"
    by_role "UPDATE partman.part_config SET premake = 6"
    check "the deployer makes partitions" by_role "CALL partman.run_maintenance_proc()"
    same "which are there" "$(sql "SELECT count(*) FROM pg_inherits WHERE inhparent = 'lab.reading'::regclass AND inhrelid::regclass::text ~ '_p'")" 10
    same "and begin with the identity of the root" "$(state relreplident)" f
    check "set_replica_identity" by_role "SELECT dj_deploy.set_replica_identity('lab', 'full', false)"
    same "reaches them" "$(state relreplident)" f
    check "membership of the root" by_role "SELECT dj_deploy.set_publication_membership('lab', 'cdc', false)"
    same "takes no partition in" "$(sql "SELECT count(*) FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid WHERE c.relispartition")" 0
    same "the template of pg_partman is no table of lab" "$(by_role "SELECT count(*) FROM dj_deploy.tables('lab') WHERE table_name ~ 'template'")" 0
}

# rewritten EXTENSION FUNCTION: a table keeps what it was given.
rewritten() {
    local before
    program "$1" "$(version_of "$1")"
    check "apply" by_role "SELECT dj_deploy.apply('$environment', false)"
    before=$(sql "SELECT relfilenode FROM pg_class WHERE oid = 'lab.session'::regclass")
    check "lab.session is written anew" "$2"
    differs "in other files" "$(sql "SELECT relfilenode FROM pg_class WHERE oid = 'lab.session'::regclass")" "$before"
    same "and has not drifted" "$(by_role "SELECT * FROM dj_deploy.drift('$environment')")" ""
}

squeeze() {
    allow_plugin && sql "SELECT squeeze.squeeze_table('lab', 'session')"
}

# Newer minor releases load no plugin but those of a list.
allow_plugin() {
    sql "SHOW output_plugin_libraries" &>/dev/null || return 0
    sql "ALTER SYSTEM SET output_plugin_libraries = pgoutput, pg_squeeze" "SELECT pg_reload_conf()" && sleep 1
}

repack() {
    PGUSER=postgres pg_repack --dbname "$PGDATABASE" --table lab.session
}

replicated() {
    program pglogical "$(version_of pglogical)"
    check "DEFAULT" by_role "SELECT dj_deploy.set_replica_identity('lab', 'default', false)"
    check "a node with the tables of lab" sql "SELECT pglogical.create_node('here', 'dbname=$PGDATABASE')" \
        "SELECT pglogical.replication_set_add_table('default', t) FROM unnest('{lab.subject,lab.session}'::regclass[]) AS t"
    check "FULL for tables that it has already" by_role "SELECT dj_deploy.set_replica_identity('lab', 'full', false)"
    same "check_cdc says what it thinks of them" \
        "$(by_role "SELECT count(*) > 0 FROM dj_deploy.check_cdc('lab', 'cdc', 'postgres') WHERE check_name = 'pglogical_full'")" t
}
