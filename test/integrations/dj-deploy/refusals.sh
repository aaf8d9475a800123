# shellcheck shell=bash disable=SC2154  # variables of test/integrations/dj-deploy.sh
# What cannot be done is refused with its reason, before anything is changed. pg_config here is a
# program of the test that tells what another machine would.

# other_pg_config VERSION SHAREDIR
other_pg_config() {
    printf '#!/bin/sh\necho "PostgreSQL %s"\necho "%s"\necho "%s"\n' "$1" "$("$pg_config" --bindir)" "$2" >other_pg_config
    chmod +x other_pg_config
}

twins
untouched=$(PGDATABASE=outside catalog_state)
mkdir -p share/extension

other_pg_config 14.1 "$("$pg_config" --sharedir)"
PG_CONFIG=$PWD/other_pg_config refused "the copy's server would be older" \
    'newest on this machine with the extension is 14' dj plan environment.json
other_pg_config 99.1 "$PWD/share"
PG_CONFIG=$PWD/other_pg_config refused "no extension on this machine" \
    'Debian: postgresql-[0-9]+-datajoint-deploy' dj plan environment.json

PGDATABASE=outside sql "CREATE EXTENSION citext" "SET ROLE deployer; CREATE TABLE lab.named (id citext PRIMARY KEY)"
check "an extension of the server that is on this machine, too" dj describe -q lab
touch share/extension/datajoint_deploy.control
other_pg_config 99.1 "$PWD/share"
PG_CONFIG=$PWD/other_pg_config refused "one that is not, and whose type a table has" \
    'extension "citext" of the server is not installed' dj plan environment.json
PGDATABASE=outside sql "DROP TABLE lab.named" "DROP EXTENSION citext"

PGDATABASE=outside sql "CREATE SCHEMA vault" "CREATE TABLE vault.secret (id int PRIMARY KEY)" \
    "CREATE TABLE lab.hidden (id int PRIMARY KEY)"
same "what the role may not read is left out" "$(status dj plan -q environment.json)" 2
check "which is said" grep -q 'may not read.*"lab"."hidden", schema "vault"' errors
refused "a document that names it" 'schema "vault" does not exist' dj plan - <<<'{"version": 1, "schemas": {"vault": {"replica_identity": "full"}}}'
PGDATABASE=outside sql "DROP SCHEMA vault CASCADE" "DROP TABLE lab.hidden"

refused "a document that is no JSON" 'invalid input syntax for type json' dj plan - <<<'{"version": 1'
refused "a file that is not there" 'could not read no-such.json' dj plan no-such.json
refused "a server that is not there" 'Connection refused' dj plan -d "host=127.0.0.1 port=1 dbname=outside" environment.json
refused "a schema that is not there" 'schema "no_such" does not exist' dj check -q no_such
refused "a time that is none" "'soon' is no time" dj apply --rollout --max-wait soon environment.json
check "each command has its own help" grep -q -- '--max-wait T' <<<"$(dj apply --help)"
same "and nothing has changed" "$(PGDATABASE=outside catalog_state)" "$untouched"
