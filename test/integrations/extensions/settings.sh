# shellcheck shell=bash disable=SC2034,SC2154  # variables of try; counters
# Settings that ALTER ROLE … SET gives a session, or that a client sets through PgBouncer.

settings() {
    restart_with '' settings
    make_scene settings
    of_roles
    through_pooler
}

# with_role_setting SETTING VALUE COMMAND ...
with_role_setting() {
    local status=0
    sql "ALTER ROLE deployer SET $1 = $2"
    "${@:3}" || status=$?
    sql "ALTER ROLE deployer RESET $1"
    return "$status"
}

run_full() {
    by_role "SELECT dj_deploy.set_replica_identity('lab', 'full', false)"
}

run_default() {
    by_role "CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab', 'default'), false)"
}

both() {
    run_full && run_default && by_role "CALL dj_deploy.vacuum_analyze('lab', false, 2)" && by_role "CALL dj_deploy.reindex('lab', false)"
}

leaves_alone() {
    [[ $(by_role "CALL dj_deploy.vacuum_analyze('lab', false)") == *'"tables_modified": 0'* ]]
}

of_roles() {
    program "ALTER ROLE … SET" "$(version_of none)"
    sql "CREATE ROLE elsewhere" "GRANT elsewhere TO deployer"
    hold_table refused "lock_timeout of the role is the limit" "within 200 ms" with_role_setting lock_timeout 200 run_full
    check "search_path changes nothing" with_role_setting search_path "'archive'" both
    refused "default_transaction_read_only refuses a run, with 25006" "cannot execute ALTER TABLE in a read-only transaction" \
        with_role_setting default_transaction_read_only on run_full
    check "and lets a dry run pass" with_role_setting default_transaction_read_only on by_role "SELECT dj_deploy.set_replica_identity('lab')"
    refused "role: another one than the owner is refused" "permission denied|must be owner" with_role_setting role elsewhere run_full
    check "and the workers of a procedure leave its tables alone" with_role_setting role elsewhere leaves_alone
    refused "statement_timeout ends a call that takes longer" "canceling statement due to statement timeout" \
        hold_table with_role_setting statement_timeout 300 run_full
    check "and does no harm to one that does not" with_role_setting statement_timeout "'60s'" both
    check "default_transaction_isolation" with_role_setting default_transaction_isolation serializable both
    check "idle_in_transaction_session_timeout" with_role_setting idle_in_transaction_session_timeout 1000 both
    check "quote_all_identifiers, standard_conforming_strings off" \
        with_role_setting quote_all_identifiers on with_role_setting standard_conforming_strings off both
    same "nothing of it is left" "$(sql "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'deployer'::regrole")" ""
}

# hold_table COMMAND ...: while another session reads lab.subject.
hold_table() {
    local reader status=0
    coproc reader { PGAPPNAME=holder PGUSER=postgres psql -X -q -A -t; }
    say "BEGIN; SELECT count(*) FROM lab.subject;" >&"${reader[1]}"
    read -r -u "${reader[0]}" _
    "$@" || status=$?
    say "ROLLBACK;" >&"${reader[1]}"
    eval "exec ${reader[1]}>&-"
    wait "$reader_PID" || true
    return "$status"
}

# Sessions share one connection of the server, a transaction at a time.
through_pooler() {
    local pooler
    program PgBouncer "$(pgbouncer --version | sed -n 's/^PgBouncer //p'), pool_mode=transaction"
    cd "$scratch" || return
    pooler=$(free_port)
    printf '%s\n' "[databases]" "settings = host=127.0.0.1 port=$PGPORT" "[pgbouncer]" "listen_addr = 127.0.0.1" "listen_port = $pooler" \
        "unix_socket_dir =" "auth_type = trust" "auth_file = $scratch/users" "pool_mode = transaction" "default_pool_size = 1" \
        "ignore_startup_parameters = options" "logfile = $scratch/pgbouncer.log" | as_unprivileged tee pgbouncer.ini >/dev/null
    printf '"%s" ""\n' deployer postgres | as_unprivileged tee users >/dev/null
    as_unprivileged pgbouncer --quiet "$scratch/pgbouncer.ini" &
    export PGHOST=127.0.0.1
    within_pooler "$pooler"
    export PGHOST=$scratch
    kill %% 2>/dev/null || true
}

within_pooler() {
    local direct=$PGPORT attempt
    for attempt in {1..50}; do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || break
        sleep 0.1
    done
    local -x PGPORT=$1
    check "functions and procedures" both
    PGPORT=$direct hold_for_pooler "$1"
    same "lock_timeout of the transaction before does not stay" "$(by_role "SHOW lock_timeout")" 0
    # A connection that the pooler has already keeps the settings with which it began.
    PGPORT=$direct sql "ALTER ROLE deployer SET lock_timeout = 250" \
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'deployer'" >/dev/null
    PGPORT=$direct hold_table refused "lock_timeout of the role is the limit, through the pooler as well" "within 250 ms" env_port "$1" run_full
    PGPORT=$direct sql "ALTER ROLE deployer RESET lock_timeout"
}

env_port() {
    local -x PGPORT=$1
    "${@:2}"
}

# SET LOCAL in the transaction of the call; a client's SET would be another client's, too.
hold_for_pooler() {
    hold_table refused "SET LOCAL lock_timeout in the transaction is the limit" "within 150 ms" env_port "$1" \
        by_role "BEGIN; SET LOCAL lock_timeout = 150; SELECT dj_deploy.set_replica_identity('lab', 'full', false)"
}
