# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# dj-deploy against a database without the extension and its twin that has it: what it shows and
# leaves is the same, whoever interrupts it leaves nothing half done or lying about, and nobody
# sees a password.

python_environment dj-deploy psycopg2-binary==2.9.13
python=$installed/bin/python
export PG_CONFIG=$pg_config TMPDIR=$PWD
program dj-deploy "with psycopg2 $("$python" -c 'import psycopg2; print(psycopg2.__version__.split()[0])')"

make -s -C "$tree" dj-deploy PG_CONFIG="$pg_config"

dj() {
    timeout 120 "$python" "$tree/dj-deploy" "$@"
}

# As pages and examples call it.
mkdir bin
printf '#!/bin/sh\nexec "%s" "%s/dj-deploy" "$@"\n' "$python" "$tree" >bin/dj-deploy
chmod +x bin/dj-deploy
PATH=$PWD/bin:$PATH

# shown PAGE: its sessions, the blocks with lines "$ command" and what these print.
shown() {
    awk '/^```/ { if (inside && block ~ /(^|\n)\$ /) printf "%s", block; inside = !inside; block = ""; next }
        inside { block = block $0 "\n" }' "$tree/docs/$1.md"
}

# replayed PAGE: the same commands with what they print now.
replayed() {
    local line
    shown "$1" | while IFS= read -r line; do
        [[ $line == '$ '* ]] || continue
        say "$line"
        eval "${line#\$ }" </dev/null 2>&1 || true
    done
}

# step_of NAME: the commands of a step of the workflow.
step_of() {
    awk -v name="$1" '$0 == "      - name: " name { found = 1; next } found && /^      - / { exit }
        is_block && (/^$/ || sub(/^          /, "")) { print; next } is_block { exit }
        found && /^        run: \|$/ { is_block = 1; next }
        found && sub(/^        run: /, "") { print; exit }' "$tree/examples/dj-deploy/github-actions.yml"
}

# run_step NAME: as the workflow runs it.
run_step() {
    bash --noprofile --norc -eo pipefail -c "$(step_of "$1")"
}

# findings CONSUMER: all but the remedies, which are calls where the extension is, in one order.
findings() {
    dj check -q --format json --consumer "$1" lab behavior |
        "$python" -c 'import json, sys; print("\n".join(sorted(str([row[k] for k in row if k != "remedy"]) for row in json.load(sys.stdin))))'
}

# status COMMAND ...: its exit status.
status() {
    local status=0
    "$@" >output 2>errors || status=$?
    say "$status"
}

# The catalog by name, as a deployment sees it: equal for twins that are equal.
named_state() {
    sql "SELECT string_agg(format('%s %s %s %s %s', oid::regclass, relkind, relreplident, reloptions,
                    (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(relacl) a)), E'\n' ORDER BY oid::regclass::text)
         FROM pg_class WHERE relnamespace::regnamespace::text IN ('lab', 'behavior', 'ephys', 'analysis')" \
        "SELECT string_agg(format('%s %s %s', p.pubname, p.pubviaroot, r.prrelid::regclass), E'\n' ORDER BY r.prrelid::regclass::text)
         FROM pg_publication p LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid" \
        "SELECT string_agg(format('%s %s', nspname, nspacl), E'\n' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'dj_deploy'" \
        "SELECT string_agg(format('%s %s', defaclnamespace::regnamespace, defaclacl), E'\n' ORDER BY defaclnamespace::regnamespace::text)
         FROM pg_default_acl"
}

# twins: the database outside, and its copy inside, which has the extension.
twins() {
    make_database outside
    PGDATABASE=postgres sql "DROP DATABASE IF EXISTS inside WITH (FORCE)" "CREATE DATABASE inside OWNER deployer TEMPLATE outside"
    PGDATABASE=inside sql "CREATE EXTENSION datajoint_deploy"
}

# asked STATEMENT ...: of the twin with the extension, as deployer.
asked() {
    PGOPTIONS='-c client_min_messages=error' PGDATABASE=inside psql -X -q -A -t -c "$1"
}

left_behind() {
    compgen -G "$TMPDIR/dj-deploy-*" || true
    pgrep -fl "$TMPDIR/dj-deploy-" || true
}

PGDATABASE=postgres sql "CREATE ROLE analyst"
cat >environment.json <<'EOF'
{"version": 1, "publications": {"cdc": {"publish": ["insert", "update", "delete"]}},
 "schema_patterns": {"*": {"grants": {"analyst": "read"}, "autovacuum": {"autovacuum_vacuum_insert_scale_factor": 0.05}}},
 "schemas": {"lab": {"replica_identity": "full", "publications": ["cdc"], "tables": {"session": {"grants": {"analyst": "write"}}}},
             "behavior": {"replica_identity": "default"}}}
EOF
environment=$(<environment.json)
# Nobody may make publications without the right to.
PGDATABASE=postgres sql "GRANT CREATE ON DATABASE template1 TO deployer" >/dev/null
twins

# --- without the extension it shows what the extension shows

same "describe" "$(dj describe -q lab behavior ephys | "$python" -m json.tool --sort-keys)" \
    "$(asked "SELECT dj_deploy.describe('lab', 'behavior', 'ephys')" | "$python" -m json.tool --sort-keys)"
same "plan: there are changes" "$(status dj plan -q --format json environment.json)" 2
cp output plan.json
same "plan: its statements" "$("$python" -c 'import json; print("\n".join(json.load(open("plan.json"))["ddl"]))')" \
    "$(asked "SELECT string_agg(s, E'\n') FROM jsonb_array_elements_text(dj_deploy.apply('$environment') -> 'ddl') AS s")"
fingerprint=$(asked "SELECT dj_deploy.apply('$environment') ->> 'fingerprint'")
same "plan: its fingerprint" "$("$python" -c 'import json; print(json.load(open("plan.json"))["fingerprint"])')" "$fingerprint"
same "drift: as many differences" "$(dj drift -q --format json environment.json | grep -c '"property"')" \
    "$(asked "SELECT count(*) FROM dj_deploy.drift('$environment')")"
same "drift: its status" "$(status dj drift -q environment.json)" 2
same "a wrong option is no change" "$(status dj drift --wrong environment.json)" 1
same "no line is longer than 100 columns" "$(dj plan -q environment.json | awk 'length > 100' | wc -l)" 0
same "schemas: no size is made up" "$(dj schemas -q | head -n 1 | grep -c bytes)" 0
same "where the extension is, it is asked" "$(PGDATABASE=inside dj plan --format json environment.json 2>errors | grep -c fingerprint; cat errors)" 1

for consumer in any lakebase_cdf debezium clickpipes postgres; do
    same "check for $consumer" "$(findings "$consumer")" "$(PGDATABASE=inside findings "$consumer")"
done
same "check: its status" "$(status dj check -q lab)" 2
# Without a key a table needs its identity before it joins, and a name may look like the end of a statement.
PGDATABASE=outside psql -X -q -c "CREATE TABLE lab.note (id int)" -c "CREATE TABLE lab.\"a;'b\" (id int)"
for consumer in lakebase_cdf debezium; do
    dj check -q --format sql --consumer "$consumer" lab >remedies.sql || true
    same "check for $consumer: no remedy needs the extension" "$(grep dj_deploy remedies.sql || true)" ""
    check "check for $consumer: the remedies of errors run, and no other" psql -X -q -v ON_ERROR_STOP=1 -f remedies.sql
    same "check for $consumer: and then there is no error" "$({ dj check -q --consumer "$consumer" lab || true; } | grep '^error:' || true)" ""
done
same "check: what the role may not do is a comment" "$(grep 'ALTER SYSTEM' remedies.sql)" "-- ALTER SYSTEM SET max_slot_wal_keep_size = '100GB';"
twins

# --- and leaves what the extension leaves

refused "another fingerprint" "fingerprint is $fingerprint" dj apply --fingerprint 0 environment.json
same "and nothing has changed" "$(dj plan -q --format json environment.json | grep fingerprint)" "$(grep fingerprint plan.json)"
check "apply" dj apply -q --fingerprint "$fingerprint" environment.json
asked "SELECT dj_deploy.apply('$environment', false)" >/dev/null
same "apply from outside leaves what apply inside leaves" "$(PGDATABASE=outside named_state)" "$(PGDATABASE=inside named_state)"
same "drift afterwards" "$(status dj drift -q environment.json)" 0
before=$(PGDATABASE=outside catalog_state)
check "apply once more" dj apply -q environment.json
same "changes nothing" "$(PGDATABASE=outside catalog_state)" "$before"

# --- what the pages show

make_database walk
check "docs/lakebase.md has sessions" grep -q '^\$ dj-deploy apply' <<<"$(shown lakebase)"
same "docs/lakebase.md shows what its commands print" "$(replayed lakebase)" "$(shown lakebase)"

# --- the example

make_database example
check "the hook deploys" run_example dj-deploy
same "lab is ready for change data capture" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
before=$(catalog_state)
check "the hook once more" run_example dj-deploy
same "changes nothing" "$(catalog_state)" "$before"
add_table cage
check "the hook after a table was added" run_example dj-deploy
same "brings it there" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"
refused "the hook without a database" 'database "gone" does not exist' env PGDATABASE=gone "$tree/examples/dj-deploy/deploy.sh"

make_database workflow
cp "$tree/examples/dj-deploy/environment.json" .
check "workflow: a plan with changes is no failure" run_step Plan
export GITHUB_STEP_SUMMARY=$PWD/summary.md
check "workflow: the comment" run_step "Write the comment"
same "workflow: begins with the marker and the fingerprint" "$(head -n 2 comment.md | sed 's/: .*//')" $'<!-- dj-deploy -->\nfingerprint'
same "workflow: has the statements" "$(grep -c '^| lab .*ALTER TABLE "lab".* REPLICA IDENTITY FULL |$' comment.md)" 15
FINGERPRINT=$(sed -n 's/^fingerprint: //p' comment.md)
export FINGERPRINT
refused "workflow: Verify fails before Apply" full run_step Verify
check "workflow: the reviewed plan is applied" run_step Apply
same "workflow: lab is ready for change data capture" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
check "workflow: nothing differs" run_step Verify
check "workflow: a plan without changes" run_step Plan
check "workflow: and its comment" run_step "Write the comment"
same "workflow: is its fingerprint" "$(sed 's/: .*//' comment.md)" $'<!-- dj-deploy -->\nfingerprint'
add_table cage
refused "workflow: another plan than the reviewed one" 'not the one that was expected' run_step Apply
same "workflow: leaves the database as it was" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 16"
PGDATABASE=gone refused "workflow: no plan is a failure" 'does not exist' run_step Plan
twins
printf '%s\n' "$environment" >environment.json

# --- without the rights

PGDATABASE=postgres sql "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC"
same "no other database is connected to" "$(status dj drift -q environment.json)" 2
PGDATABASE=postgres sql "GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC"

PGDATABASE=outside sql "ALTER TABLE lab.session OWNER TO postgres" "REVOKE ALL ON lab.session FROM deployer"
refused "a table that nobody may read to plan for" "lab.session" dj plan environment.json
PGDATABASE=outside sql "GRANT SELECT ON lab.session TO deployer" "ALTER TABLE lab.session REPLICA IDENTITY NOTHING"
refused "a plan that needs the owner" 'must be owner of table' dj apply environment.json

# --- a table that is in use

twins
mkfifo hold
PGDATABASE=outside psql -X -q <hold >/dev/null &
exec 7>hold
echo "BEGIN; SELECT count(*) FROM lab.session;" >&7
sleep 0.5
status=$(status dj apply --rollout --max-wait 3s environment.json)
same "rollout: what is in use stays undone" "$status" 1
check "and is named with who uses it" grep -E '"lab"."session" REPLICA IDENTITY FULL: blocked by process [0-9]+ \(role "deployer"' errors
same "the others are done" "$(PGDATABASE=outside sql "SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind = 'r' AND relname !~ '^~'
    AND relnamespace = 'lab'::regnamespace AND relreplident <> 'f'")" session
same "what is published has its identity" "$(PGDATABASE=outside sql "SELECT bool_and(relreplident = 'f') FROM pg_publication_rel JOIN pg_class c ON c.oid = prrelid")" t
check "and what comes after it waits, which is said" grep -E 'ADD TABLE .*: waits for ALTER TABLE "lab"."session" REPLICA IDENTITY FULL$' errors
exec 7>&-
wait
check "rollout once more" dj apply -q --rollout environment.json
same "drift afterwards" "$(status dj drift -q environment.json)" 0
rm hold

# shellcheck source=test/integrations/dj-deploy/interrupted.sh
source "$tree/test/integrations/dj-deploy/interrupted.sh"
# shellcheck source=test/integrations/dj-deploy/refusals.sh
source "$tree/test/integrations/dj-deploy/refusals.sh"

check "what a copy lacks is noticed" "$python" "$tree/test/integrations/dj-deploy/likeness.py" "$tree/dj-deploy"

# --- random databases

check "the pipeline and random databases are planned, reported and changed as inside" \
    "$python" "$tree/test/integrations/dj-deploy/compare.py" "$tree/dj-deploy" "${SEED:-$RANDOM}" 0 "${DATABASES:-3}"

# --- passwords

twins
check "a connection string with a password" dj plan -q -d "host=$PGHOST port=$PGPORT dbname=outside user=deployer password=open-sesame" --format json /dev/stdin <<<'{"version": 1, "schemas": {}}'
dj drift -d "postgres://deployer:open-sesame@$PGHOST:$PGPORT/outside" environment.json >output 2>&1 &
seen=0
while kill -0 $! 2>/dev/null; do
    # The command that the test itself has written; timeout(1) shows it, too.
    seen=$((seen + $(pgrep -fa open-sesame | grep -cvE "timeout|dj-deploy drift -d postgres|bash" || true)))
done
wait $! || true
same "no program that it starts shows the password" "$seen" 0
same "nor does a message" "$(grep -c open-sesame output || true)" 0
