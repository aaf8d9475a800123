# shellcheck shell=bash
# What .ci/run and script/test-all share: steps one after another, whatever the one before has given, and their sum.

passed=0
failed=0
steps_log=$(mktemp)
trap 'rm -f "$steps_log"' EXIT

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
    fi
}

# check TITLE COMMAND ...: one test.
check() {
    title "$1"
    if "${@:2}" </dev/null 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
    fi
}

title() {
    printf '\n=== %s (%s)\n' "$1" "$(date +%T)"
}

# What git sees in the checkout, which may belong to somebody else.
status() {
    git -c safe.directory='*' status --porcelain
}

sum_up() {
    echo
    echo "$passed passed, $failed failed"
    ((failed == 0))
}
