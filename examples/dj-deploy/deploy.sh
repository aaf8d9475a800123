#!/bin/sh
# On every release, when the new code has declared its tables: brings the database to what
# environment.json says. The plan goes into the log, and nothing else than that plan is executed.
set -eu
cd "$(dirname "$0")"

plan=$(mktemp)
trap 'rm -f "$plan"' EXIT

status=0
dj-deploy plan environment.json >"$plan" || status=$?
cat "$plan"
case $status in
0) exit ;;           # nothing to do
2) ;;                # there are changes
*) exit "$status" ;; # no plan could be made; the reason is on the error output
esac

dj-deploy apply --rollout --max-wait 10min --fingerprint "$(sed -n 's/^fingerprint: //p' "$plan")" environment.json
dj-deploy drift --quiet environment.json
