# shellcheck shell=bash disable=SC2154  # variables of test/integrations/dj-deploy.sh
# Interrupted at a random moment, by Ctrl-C, kill -9, a connection that is cut, a server that crashes
# and starts again: in one transaction all or nothing is done, with --rollout at least what was
# printed as done, and nothing is left on this machine. ROUNDS says how often, of each.

tables=150

make_database plain
PGDATABASE=plain sql "SET ROLE deployer; CREATE SCHEMA many" \
    "SET ROLE deployer; DO \$\$ BEGIN FOR i IN 1 .. $tables LOOP EXECUTE format('CREATE TABLE many.t%s (id int PRIMARY KEY)', i); END LOOP; END \$\$"
cat >many.json <<'EOF'
{"version": 1, "publications": {"cdc": {}}, "schemas": {"many": {"replica_identity": "full", "publications": ["cdc"]}}}
EOF

restore_plain() {
    PGDATABASE=postgres sql "DROP DATABASE IF EXISTS outside WITH (FORCE)" "CREATE DATABASE outside OWNER deployer TEMPLATE plain"
    export PGDATABASE=outside PGUSER=deployer
}

# Statements of the plan: of 1 publication, and two for each table.
statements_done() {
    sql "SELECT (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_publication_rel)
              + (SELECT count(*) FROM pg_class WHERE relnamespace = 'many'::regnamespace AND relreplident = 'f')"
}

# The last that it printed as done.
statements_told() {
    local told
    told=$(sed -nE 's/.*(executed ([0-9]+) statements|([0-9]+) of [0-9]+ statements done).*/\2\3/p' progress | tail -n 1)
    say "${told:-0}"
}

interrupt() {
    case $1 in
    INT | KILL) kill -"$1" "$2" 2>/dev/null || true ;;
    cut) PGDATABASE=postgres sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'outside'" >/dev/null ;;
    crash) as_unprivileged pg_ctl --pgdata "$scratch/data" --mode immediate --log "$scratch/server.log" --silent restart >/dev/null ;;
    esac
}

# apply_interruptibly OPTION ...: a shell's own background jobs would ignore Ctrl-C.
apply_interruptibly() {
    exec "$python" -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); os.execv(sys.argv[1], sys.argv[1:])' \
        "$python" "$tree/dj-deploy" apply "$@"
}

# round KIND SECONDS OPTION ...: dj-deploy apply with these, interrupted within that time.
round() {
    local kind=$1 seconds=$2
    shift 2
    restore_plain
    apply_interruptibly "$@" many.json >/dev/null 2>progress &
    # Every other time while it copies, else while it executes.
    if ((rounds++ % 2)); then
        until grep -q executing progress || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
        seconds=0.5
    fi
    sleep "$(awk -v random="$RANDOM" -v seconds="$seconds" 'BEGIN { print seconds * random / 32768 }')"
    interrupt "$kind" $!
    wait $! 2>/dev/null || true
    # A COMMIT that the server has got may still be under way.
    until [[ -z $(PGDATABASE=postgres sql "SELECT FROM pg_stat_activity WHERE datname = 'outside'") ]]; do sleep 0.1; done
}

all=$((2 * tables + 1))
rounds=0
restore_plain
started=${EPOCHREALTIME/./}
check "all of it, without an interruption" dj apply -q many.json
seconds=$(awk -v microseconds=$((${EPOCHREALTIME/./} - started)) 'BEGIN { print 1.1 * microseconds / 1000000 }')
same "is $all statements" "$(statements_done)" "$all"

for kind in INT KILL cut crash; do
    halves=0 lost=0 finished=0 partly=0
    for _ in $(seq "${ROUNDS:-2}"); do
        rounds=$((rounds + 1)) # so that both kinds of apply are interrupted at both times
        round "$kind" "$seconds"
        case $(statements_done) in
        0) ;;
        "$all") finished=$((finished + 1)) ;;
        *) halves=$((halves + 1)) ;;
        esac
        round "$kind" "$seconds" --rollout
        done=$(statements_done)
        ((done == 0 || done == all)) || partly=$((partly + 1))
        ((done >= $(statements_told))) || lost=$((lost + 1))
    done
    say "  $kind: $finished of ${ROUNDS:-2} transactions had finished, $partly rollouts were in the middle"
    same "$kind: all or nothing" "$halves" 0
    same "$kind: with --rollout what was printed as done is done" "$lost" 0
done
for _ in $(seq 50); do
    [[ -n $(left_behind) ]] || break
    sleep 0.2
done
same "no cluster, process or file is left" "$(left_behind)" ""
restore_plain
check "afterwards it goes on" dj apply -q --rollout many.json
same "to the end" "$(statements_done)" "$all"

# Where the extension is, Ctrl-C ends the call at the server, too, which says how far it was.
twins
export PGDATABASE=inside
mkfifo hold
psql -X -q <hold >/dev/null &
exec 7>hold
echo "BEGIN; SELECT count(*) FROM lab.session;" >&7
apply_interruptibly --rollout environment.json >/dev/null 2>progress &
until [[ $(sql "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^dj_deploy.rollout: .* waiting'") == 1 ]]; do sleep 0.1; done
kill -INT $!
wait $! || true
exec 7>&-
wait
rm hold
check "Ctrl-C is told" grep -x "dj-deploy: interrupted" progress
check "with how many statements are done" grep -E "[0-9]+ of [0-9]+ statements" progress
same "and no session goes on" "$(sql "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dj-deploy'")" 0
export PGDATABASE=outside
