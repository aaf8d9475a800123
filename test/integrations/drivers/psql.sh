#!/usr/bin/env bash
# psql: see checks.txt. What it prints on standard output is psql.sql's; its warnings, and detail
# and hint of its errors, are on standard error.

set -euo pipefail

{ said=$(psql -X -q -A -t -v VERBOSITY=verbose -f "${0%.sh}.sql" 2>&1 >&3); } 3>&1

# shown TITLE LINE ...: it said these lines one after another, each without what follows.
shown() {
    local title=$1 rest=$said line
    for line in "${@:2}"; do
        rest=$'\n'$rest
        if [[ $rest != *$'\n'*"$line"* ]]; then
            printf 'not ok %s: no line %s\n' "$title" "$line"
            return
        fi
        rest=${rest#*"$line"}
    done
    printf 'ok %s\n' "$title"
}

shown 'WARNING of a function: SQLSTATE, message, detail, hint' \
    'WARNING:  55000: UPDATE and DELETE on table "lab.subject" will fail with replica identity FULL' \
    'DETAIL:  Publication "partial" has a column list' 'HINT:  Drop the column list'
shown 'WARNING of a procedure, and what it left out' \
    'WARNING:  01000: skipping "audit.entry": permission denied to maintain it' 'skipped: audit.entry'
shown 'error 25001: CALL in a transaction, with detail and hint' \
    'ERROR:  25001: vacuum_analyze cannot run inside a transaction block' 'DETAIL:  It commits as it goes' \
    'HINT:  Send it alone, outside of BEGIN and COMMIT'
