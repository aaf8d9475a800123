# shellcheck shell=bash disable=SC2154  # variables of script/test-integrations
# A configured database through pg_dump and pg_restore by an ordinary role, and through pg_upgrade:
# 15 to 17, 15 to 18, 17 to 18, for which three servers live in one chroot.

here=$tree/test/integrations/upgrade
# shellcheck source=test/integrations/upgrade/lib.sh
source "$here/lib.sh"

main() {
    program pg_dump "$(pg_dump --version | sed 's/.* (PostgreSQL) //')"
    make_roles
    make_configured_database dumped
    original=$(described)
    original_objects=$(objects)
    check "there is something to keep" describes_all "$original"
    restore "custom format" --format=custom
    restore "directory format, -j4" --format=directory --jobs=4
    look_into_the_dump
    restore_restricted
    "$here/chroot"
}

# restore TITLE OPTION ...: by the databases' owner, in a database of another name.
restore() {
    local title=$1
    shift
    rm -rf dump
    PGDATABASE=dumped check "$title: dump" pg_dump "$@" --file=dump
    empty_database restored
    check "$title: restore" pg_restore --exit-on-error --jobs=4 --dbname=restored dump
    same "$title: describe() is the same" "$(described)" "$original"
    same "$title: drift() from the original finds nothing" "$(drifted "$original")" ""
    same "$title: the extension is the same" "$(objects)" "$original_objects"
    same "$title: apply() plans nothing" "$(sql "SELECT dj_deploy.apply('$original') -> 'ddl'")" "[]"
    same "$title: without statistics" "$(PGDATABASE=dumped statistics) $(statistics)" "t f"
}

# Which version it will be is not in a dump.
look_into_the_dump() {
    local text
    text=$(pg_restore --file=- dump)
    check "the dump creates the newest version there is" grep -qx \
        "CREATE EXTENSION IF NOT EXISTS datajoint_deploy WITH SCHEMA pg_catalog;" <<<"$text"
    same "and nothing that belongs to it" "$(grep -c 'dj_deploy\.' <<<"$text")" 0
}

# The extension's functions belong to the superuser, whoever has created it. PostgreSQL warns and goes on.
restore_restricted() {
    local restricted reindex="dj_deploy.reindex(text, boolean, boolean, integer, jsonb)"
    PGDATABASE=dumped sql "REVOKE EXECUTE ON PROCEDURE $reindex FROM PUBLIC" "GRANT EXECUTE ON PROCEDURE $reindex TO operator"
    restricted=$(PGDATABASE=dumped objects)
    PGDATABASE=dumped check "privileges on its functions: dump" pg_dump --format=custom --file=restricted
    empty_database restored
    check "an ordinary role restores the rest and warns, with --verbose" warned_restore
    same "and leaves them as a fresh install has them" "$(objects)" "$original_objects"
    empty_database restored
    check "a superuser restores them" pg_restore --exit-on-error --username=postgres --dbname=restored restricted
    same "and owns the extension" "$(objects)" "${restricted/ deployer f/ postgres f}"
}

warned_restore() {
    local output
    output=$(pg_restore --exit-on-error --verbose --dbname=restored restricted 2>&1) &&
        grep -q 'WARNING:  no privileges could be revoked for "reindex"' <<<"$output" &&
        grep -q 'WARNING:  no privileges were granted for "reindex"' <<<"$output"
}

main
