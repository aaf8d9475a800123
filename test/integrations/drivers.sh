# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh and of the frame
# Each driver makes the calls and shows everything in drivers/checks.txt, first directly, then
# through PgBouncer in transaction mode, where all share one server connection; and its line in
# examples/drivers/README.md runs.

programs=$tree/test/integrations/drivers
example=$tree/examples/drivers
pooler_port=

main() {
    install_drivers
    start_pooler
    drive psql "$(psql --version | awk '{ print $3 }')" 'psql -X' bash "$programs/psql.sh"
    drive libpq "$(./libpq --version)" deploy.c ./libpq
    drive psycopg "$("$python" -c 'import psycopg; print(psycopg.__version__)')" deploy_psycopg.py "$python" "$programs/psycopg_driver.py"
    drive psycopg2 "$("$python" -c 'import psycopg2; print(psycopg2.__version__.split()[0])')" deploy_psycopg2.py \
        "$python" "$programs/psycopg2_driver.py"
    drive asyncpg "$("$python" -c 'import asyncpg; print(asyncpg.__version__)')" deploy_asyncpg.py "$python" "$programs/asyncpg_driver.py"
    drive node-postgres "$(node -p 'require("pg/package.json").version')" deploy.js node "$programs/node-postgres.js"
    drive pgjdbc "$("${java[@]}" org.postgresql.util.PGJDBCMain | sed -n 's/^PostgreSQL JDBC Driver //p')" Deploy.java \
        "${java[@]}" "$programs/Pgjdbc.java"
    program PgBouncer "$pooler_version, pool_mode=transaction"
    test_pooler
    test_prepared_statements
}

install_drivers() {
    install_packages gcc libc6-dev libpq-dev
    gcc -Wall -Wextra -Werror -o libpq "$programs/libpq.c" -I"$("$pg_config" --includedir)" -L"$("$pg_config" --libdir)" -lpq
    python_environment drivers 'psycopg[binary]==3.3.9' psycopg2-binary==2.9.13 asyncpg==0.32.0
    python=$installed/bin/python
    export PATH=$installed/bin:$PATH
    npm_packages node-postgres "$example"
    export NODE_PATH=$installed/node_modules
    require_command javac default-jdk-headless
    maven_jars pgjdbc org.postgresql:postgresql:42.7.11 org.json:json:20250517
    java=(java -Xmx256m -cp "$installed/*")
    install_pooler
}

# Only its program: the package would start a service of its own.
install_pooler() {
    local needed
    PATH=$PATH:/usr/sbin
    command -v pgbouncer >/dev/null && return
    update_package_lists
    mapfile -t needed < <(apt-cache depends pgbouncer | sed -n 's/^  Depends: \([a-z].*\)/\1/p')
    install_packages "${needed[@]}"
    installed pgbouncer unpack_pooler
    mkdir bin
    cp "$installed/usr/sbin/pgbouncer" bin # the unprivileged user may not look into the cache
    PATH=$PATH:$PWD/bin
}

unpack_pooler() {
    apt-get download pgbouncer && dpkg-deb --extract pgbouncer_*.deb .
}

# One server connection for each database and role: whatever a client leaves on it, the next client gets.
start_pooler() {
    pooler_version=$(pgbouncer --version | sed -n 's/^PgBouncer //p')
    pooler_port=$(free_port)
    printf '"%s" ""\n' deployer postgres >users.txt
    cat >pgbouncer.ini <<CONFIGURATION
[databases]
* = host=127.0.0.1 port=$PGPORT
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pooler_port
unix_socket_dir =
auth_type = trust
auth_file = $PWD/users.txt
pool_mode = transaction
default_pool_size = 1
CONFIGURATION
    if keeps_prepared_statements; then
        say 'max_prepared_statements = 100' >>pgbouncer.ini
    fi
    set -m
    as_unprivileged pgbouncer --quiet "$PWD/pgbouncer.ini" >pgbouncer.log 2>&1 &
    pooler=$!
    set +m
    trap 'kill -- -"$pooler"' EXIT
    for _ in {1..100}; do
        PGPORT=$pooler_port PGDATABASE=postgres psql -X -q -U postgres -c '' 2>/dev/null && return
        sleep 0.1
    done
    cat pgbouncer.log
    return 1
}

keeps_prepared_statements() {
    [[ $(printf '%s\n' 1.21.0 "$pooler_version" | sort -V | head -n 1) == 1.21.0 ]]
}

# drive NAME VERSION EXAMPLE PROGRAM ...: EXAMPLE is a word of its line in the README.
drive() {
    local title="no setting, role, lock or prepared statement of its calls stays on the server connection"
    program "$1" "$2, direct"
    driver_database
    run_checks "$1" "${@:4}"
    run_line "$3"
    program "$1" "$2 through PgBouncer $pooler_version"
    driver_database
    through_pooler server_connection >before
    through_pooler run_checks "$1" "${@:4}"
    through_pooler server_connection >after
    check "$title" diff before after
    through_pooler run_line "$3"
}

through_pooler() {
    PGPORT=$pooler_port POOLED=yes "$@"
}

# A new database from a template that is made once.
driver_database() {
    [[ -e template ]] || make_template
    empty_database drivers
    PGDATABASE=postgres sql "DROP DATABASE drivers" "CREATE DATABASE drivers OWNER deployer TEMPLATE drivers_template"
}

# The pipeline and what the calls warn of and refuse: a column list, a table of somebody else.
make_template() {
    make_database drivers_template
    psql -X -q -c "CREATE EXTENSION datajoint_deploy" -c "CREATE PUBLICATION partial FOR TABLE lab.subject (subject_id)" \
        -c "CREATE SCHEMA audit" -c "CREATE TABLE audit.mine (id int PRIMARY KEY)"
    sql "CREATE TABLE audit.entry (id int PRIMARY KEY)"
    touch template
}

# run_checks NAME PROGRAM ...: it prints "ok" and each title of checks.txt, and nothing else.
run_checks() {
    local output title status=0
    output=$(timeout 120 "${@:2}" 2>&1) || status=$?
    while read -r title; do
        if grep -qxF "ok $title" <<<"$output"; then
            pass "$title"
        else
            fail "$title" "$(grep -v '^ok ' <<<"$output")"
        fi
    done < <(titles_of "$1")
    same "nothing else, and status 0" "$status $(sort <<<"$output")" "0 $(titles_of "$1" | sed 's/^/ok /' | sort)"
}

# What all show, and what is peculiar to one.
titles_of() {
    case $1 in
    psycopg2) sed 's/^WARNING of a function:.*/WARNING of a function: its whole text, but psycopg2 has no SQLSTATE of it/' "$programs/checks.txt" ;;
    *) cat "$programs/checks.txt" ;;
    esac
    case $1 in
    psycopg) say "a notice is empty when its handler has returned" ;;
    asyncpg) say "jsonb is a str without a codec" ;;
    node-postgres) say "an array as jsonb: JSON.stringify, else 22P02" ;;
    pgjdbc)
        say "CallableStatement: the INOUT argument as out parameter"
        say "CallableStatement without escapeSyntaxCallMode=call: refused"
        ;;
    esac
}

# What a client finds on the server connection that it is given. The report loads the library, which
# has a setting of its own.
server_connection() {
    psql -X -q -A -t -c "SELECT FROM dj_deploy.tables('lab')" -c "SELECT pg_backend_pid(), session_user, current_user" \
        -c "SELECT name, setting FROM pg_settings" -c "SELECT name FROM pg_prepared_statements" \
        -c "SELECT locktype, relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() ORDER BY 1, 2, 3"
}

# run_line WORD: the line of the README that has it, as it stands, then with a schema that does not exist.
run_line() {
    local line
    line=$(example_lines drivers | grep -F "$1")
    rm -rf copy
    cp -r "$example" copy
    [[ $1 != deploy.js ]] || cp -r "$NODE_PATH" copy/
    check "its example runs as it stands" line_runs "$line"
    refused "its example shows the error and fails" 'ERROR:? +3F000: schema "nosuch" does not exist' in_copy "${line//lab/nosuch}"
}

in_copy() {
    cd copy && env -u NODE_PATH bash -euo pipefail -c "$1"
}

line_runs() {
    local output
    output=$(in_copy "$1" 2>&1) || return
    say "$output"
    grep -qF 'ALTER TABLE "lab"."#rig" REPLICA IDENTITY FULL' <<<"$output" && grep -qx '15 of 15 tables modified' <<<"$output" &&
        grep -qE 'WARNING:? +(55000: )?UPDATE and DELETE on table "lab.subject" will fail' <<<"$output" &&
        grep -qE '^[0-9]+ statements of vacuum_analyze$|"VACUUM \(ANALYZE\)' <<<"$output"
}

test_pooler() {
    driver_database
    through_pooler server_connection >before
    in_pool "SET lock_timeout = '7s'" "SET dj_deploy.lock_timeout = '8s'"
    through_pooler server_connection >after
    refused "a client's own SET does reach the next client: lock_timeout" '^> lock_timeout\|7000' diff before after
    refused "a client's own SET does reach the next client: dj_deploy.lock_timeout" '^> dj_deploy.lock_timeout\|8000' diff before after
    in_pool "RESET lock_timeout" "RESET dj_deploy.lock_timeout"
    hold_table
    says "SET LOCAL in a transaction: 55P03 after that time" '55P03: could not obtain lock on table "lab.subject" within 300 ms' in_pool \
        "BEGIN" "SET LOCAL dj_deploy.lock_timeout = '300ms'" "SELECT dj_deploy.set_replica_identity('lab', dry_run => false)" "ROLLBACK"
    says "a cancel request of the client: 57014" '57014: canceling statement due to user request' \
        through_pooler timeout --signal INT 1 \
        psql -X -q -v VERBOSITY=verbose -c "SELECT dj_deploy.set_replica_identity('lab', dry_run => false)"
    says "CALL in a transaction: 25001" '25001: reindex cannot run inside a transaction block' in_pool \
        "BEGIN" "CALL dj_deploy.reindex('lab', dry_run => false)" "ROLLBACK"
    through_pooler server_connection >after
    check "these leave no setting, role, lock or prepared statement on the server connection" diff before after
    sql "ALTER ROLE deployer IN DATABASE drivers SET dj_deploy.lock_timeout = '200ms'" \
        "SELECT pg_terminate_backend($(through_pooler psql -X -q -A -t -c 'SELECT pg_backend_pid()'))" >/dev/null
    says "ALTER ROLE ... SET reaches a CALL: 55P03 after that time" '55P03: could not obtain lock on table "lab.subject" within 200 ms' \
        in_pool "CALL dj_deploy.vacuum_analyze('lab.subject'::regclass, dry_run => false)"
    sql "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'lab.subject'::regclass AND granted" >/dev/null
}

# in_pool STATEMENT ...: by a client of its own.
in_pool() {
    local statement arguments=()
    for statement in "$@"; do
        arguments+=(-c "$statement")
    done
    through_pooler psql -X -q -v VERBOSITY=verbose "${arguments[@]}"
}

# says TITLE PATTERN COMMAND ...: it prints that, however it ends.
says() {
    local output
    output=$("${@:3}" 2>&1) || true
    if grep -qE -- "$2" <<<"$output"; then
        pass "$1"
    else
        fail "$1" "$output"
    fi
}

# Another session, not of the pool, holds lab.subject until it is terminated.
hold_table() {
    psql -X -q -c "BEGIN; LOCK TABLE lab.subject IN SHARE UPDATE EXCLUSIVE MODE; SELECT pg_sleep(60)" >holder.log 2>&1 &
    for _ in {1..100}; do
        [[ $(sql "SELECT count(*) FROM pg_locks WHERE relation = 'lab.subject'::regclass AND granted") == 0 ]] || return 0
        sleep 0.1
    done
    return 1
}

# Why the drivers' settings are needed: two clients of the same driver without them. PgBouncer keeps
# prepared statements apart since 1.21.
test_prepared_statements() {
    local name
    for name in psycopg asyncpg pgjdbc; do
        driver_database
        check "$name prepares statements by default: the first client" prepare "$name"
        if keeps_prepared_statements; then
            check "$name prepares statements by default: the next one" prepare "$name"
        else
            refused "$name prepares statements by default: the next client is refused" 'prepared statement "[^"]*" already exists' prepare "$name"
        fi
    done
}

prepare() {
    local program=("$python" "$programs/$1_driver.py")
    [[ $1 != pgjdbc ]] || program=("${java[@]}" "$programs/Pgjdbc.java")
    PGPORT=$pooler_port timeout 60 "${program[@]}" prepare
}

main
