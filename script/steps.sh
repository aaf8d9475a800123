# shellcheck shell=bash
# What .ci/run and script/test-all share: steps one after another, whatever the one before has
# given, and their sum.

passed=0
failed=0
steps_log=$(mktemp)
failures=$(mktemp)
trap 'rm -f "$steps_log" "$failures"' EXIT

# tests COMMAND ...: a script that sums up in its last line.
tests() {
    local ended_well=true
    title "$*"
    "$@" </dev/null 2>&1 | tee "$steps_log" || ended_well=false
    if [[ $(tail -n 1 "$steps_log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        [[ $ended_well == true || ${BASH_REMATCH[2]} -gt 0 ]] || failed=$((failed + 1))
    else
        failed=$((failed + 1))
        ended_well=false
    fi
    [[ $ended_well == true ]] || keep_failures "$*"
}

# keep_failures TITLE: what $steps_log says of failures, for the end.
keep_failures() {
    {
        echo
        echo "FAILED: $1"
        grep -aE -m 60 -A 6 'FAILED|^[#[:space:]]*not ok|Failed test|Dubious|^[+-][^+-]' "$steps_log" || tail -n 20 "$steps_log"
    } >>"$failures"
}

# check TITLE COMMAND ...: one test.
check() {
    title "$1"
    if "${@:2}" </dev/null 2>&1 | tee "$steps_log"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        keep_failures "$1"
    fi
}

title() {
    printf '\n=== %s (%s)\n' "$1" "$(date +%T)"
}

# What git sees in the checkout, which may belong to somebody else.
status() {
    git -c safe.directory='*' status --porcelain
}

# The failures once more, since a log is often kept without its middle.
sum_up() {
    cat "$failures"
    echo
    echo "$passed passed, $failed failed"
    ((failed == 0))
}
