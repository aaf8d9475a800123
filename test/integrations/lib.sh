# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# What the integrations share: installing a pinned program, databases with DataJoint's pipeline,
# running an example by the lines at its top, and verdicts. script/test-integrations sources this
# file and then, in a process each with a directory of its own, the others.

# program NAME VERSION: the checks that follow are about it.
program() {
    say
    say "== $1 $2"
}

pass() {
    say "  ok      $1"
}

# fail TITLE [OUTPUT]
fail() {
    say "  FAILED  $1"
    [[ -z ${2:-} ]] || tail -n 40 <<<"$2" | sed 's/^/  | /'
}

# check TITLE COMMAND ...: it ends well. Bash goes on after a failure in a function that is called
# here: chain with &&.
check() {
    local output
    if output=$("${@:2}" 2>&1); then
        pass "$1"
    else
        fail "$1" "$output"
    fi
}

# refused TITLE PATTERN COMMAND ...: it ends with an error, and what it prints has the pattern, an
# extended regular expression.
refused() {
    local output
    if output=$("${@:3}" 2>&1); then
        fail "$1: it was not refused" "$output"
    elif grep -qE -- "$2" <<<"$output"; then
        pass "$1"
    else
        fail "$1: nothing of '$2' in" "$output"
    fi
}

# same TITLE GOT EXPECTED
same() {
    if [[ $2 == "$3" ]]; then
        pass "$1"
    else
        fail "$1" "$(printf 'got       %s\nexpected  %s' "$2" "$3")"
    fi
}

# differs TITLE GOT BEFORE: neither is empty.
differs() {
    if [[ -n $2 && -n $3 && $2 != "$3" ]]; then
        pass "$1"
    else
        fail "$1" "$(printf 'got     %s\nbefore  %s' "$2" "$3")"
    fi
}

# printed FILE COMMAND ...: what it prints goes into the file, too.
printed() {
    "${@:2}" |& tee "$1"
}

# sql STATEMENT ...: as the superuser, rows without decoration, from $PGDATABASE.
sql() {
    local statement arguments=()
    for statement in "$@"; do
        arguments+=(-c "$statement")
    done
    PGUSER=postgres psql -X -q -A -t -v ON_ERROR_STOP=1 "${arguments[@]}"
}

# make_database NAME: a new one of role deployer with DataJoint's pipeline, its schemas lab,
# behavior, ephys and analysis. Without the extension: examples create it. From here on PGDATABASE
# and PGUSER name both.
make_database() {
    empty_database "$1"
    psql -X -q -v ON_ERROR_STOP=1 -f "$tree/test/fixtures/pipeline.sql" >/dev/null
}

empty_database() {
    PGOPTIONS='-c client_min_messages=warning' PGDATABASE=postgres sql "DROP DATABASE IF EXISTS $1 WITH (FORCE)" "CREATE DATABASE $1 OWNER deployer"
    export PGDATABASE=$1 PGUSER=deployer
}

# install_packages PACKAGE ...: those of Debian that are missing.
install_packages() {
    local package missing=()
    for package in "$@"; do
        [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    update_package_lists
    say "test-integrations: installing ${missing[*]}"
    apt_get install "${missing[@]}"
}

# require_command COMMAND PACKAGE ...: the packages, unless the command is there already, whoever brought it.
require_command() {
    command -v "$1" >/dev/null || install_packages "${@:2}"
}

# installed NAME FUNCTION [ARGUMENT ...]: sets $installed to a directory of the cache, in which the
# function has run once and ended well. Another function or other arguments have another directory;
# one run at a time makes it.
installed() {
    local key
    key=$({ printf '%s\n' "${@:2}" && declare -f "$2"; } | sha256sum | head -c 12)
    installed=$cache/integrations/${1:?}-$key
    [[ ! -e $installed/complete ]] || return 0
    mkdir -p "$cache/integrations"
    (
        flock 9
        [[ ! -e $installed/complete ]] || exit 0
        say "test-integrations: installing $1"
        rm -rf "$installed"
        mkdir "$installed"
        cd "$installed" || exit
        quietly "${@:2}"
        touch complete
    ) 9>"$installed.lock"
}

# python_environment NAME REQUIREMENT ...: sets $installed to a Python environment that has these
# releases. What they require besides is as new as it was then.
python_environment() {
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    installed "$1" make_environment "${@:2}"
}

make_environment() {
    python3 -m venv . && bin/pip install --quiet --disable-pip-version-check "$@"
}

# maven_jars NAME ARTIFACT ...: sets $installed to a directory with these jars
# (group:artifact:version) and all that they need.
maven_jars() {
    require_command mvn maven
    installed "$1" copy_jars "${@:2}"
}

copy_jars() {
    local artifact fields
    {
        say '<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>jars</artifactId><version>1</version>'
        say '<packaging>pom</packaging><dependencies>'
        for artifact in "$@"; do
            IFS=: read -ra fields <<<"$artifact"
            printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' "${fields[@]}"
        done
        say '</dependencies></project>'
    } >pom.xml
    mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=.
}

# A port of loopback on which nobody listens.
free_port() {
    local port
    while port=$((20000 + RANDOM % 10000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    say "$port"
}

# run_example NAME: the lines in the first code block of examples/NAME/README.md, as they stand, in
# a copy of that directory.
run_example() {
    (cd "$tree/examples/$1" && bash -euo pipefail -c "$(example_lines "$1")")
}

example_lines() {
    awk '/^```$/ && inside { exit } inside { print } /^```sh$/ { inside = 1 }' "$tree/examples/$1/README.md"
}

# npm_packages NAME DIRECTORY: sets $installed to a directory whose node_modules has the releases
# that the directory's package-lock.json says.
npm_packages() {
    require_command npm nodejs npm
    installed "$1" copy_modules "$2" "$(sha256sum <"$2/package-lock.json")"
}

copy_modules() {
    cp "$1/package.json" "$1/package-lock.json" . && npm ci --no-audit --no-fund --no-update-notifier
}

# How many tables of lab have full identity, are in publication cdc, have the parameter of the
# examples, of how many.
lab_for_cdc() {
    sql "SELECT format('%s full, %s published, %s with parameter of %s', count(*) FILTER (WHERE c.relreplident = 'f'), count(p),
                count(*) FILTER (WHERE 'autovacuum_vacuum_insert_scale_factor=0.05' = ANY (c.reloptions)), count(*))
         FROM pg_class c LEFT JOIN pg_publication_tables p ON p.pubname = 'cdc' AND p.schemaname = 'lab' AND p.tablename = c.relname
         WHERE c.relnamespace = 'lab'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE '~%'"
}

# Each row of the catalog that a deployment writes to, with the transaction that wrote it: equal
# where nothing was written.
catalog_state() {
    sql "SELECT md5(string_agg(format('%s %s %s %s', c.oid, c.xmin, c.relreplident, c.reloptions), ',' ORDER BY c.oid)) FROM pg_class c" \
        "SELECT md5(string_agg(format('%s %s', p.oid, p.xmin), ',' ORDER BY p.oid)) FROM pg_publication p" \
        "SELECT md5(string_agg(format('%s %s', r.oid, r.xmin), ',' ORDER BY r.oid)) FROM pg_publication_rel r"
}

# logged LINES PATTERN: the server has logged it since its log had so many lines (log_lines).
logged() {
    tail -n "+$(($1 + 1))" "$scratch/server.log" | grep -E -- "$2" >/dev/null
}

log_lines() {
    wc -l <"$scratch/server.log"
}

# The files of lab's indexes: others after a REINDEX.
lab_indexes() {
    sql "SELECT string_agg(relname || relfilenode, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relkind = 'i'"
}

behavior_with_identity() {
    sql "SELECT count(*) FROM pg_class c JOIN pg_publication_rel r ON r.prrelid = c.oid
         WHERE c.relnamespace = 'behavior'::regnamespace AND c.relreplident = '$1'"
}

# add_table NAME [UNLOGGED]: to lab.
add_table() {
    sql "CREATE ${2:-} TABLE lab.$1 (id integer PRIMARY KEY)" "ALTER TABLE lab.$1 OWNER TO deployer"
}

# java_command NAME CLASS: from here on a command, which runs the class with the jars in $installed.
java_command() {
    require_command java default-jre-headless
    mkdir -p bin
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexec java -Xmx256m -XX:TieredStopAtLevel=1 -cp "%s/*" %s "$@"\n' "$installed" "$2" >"bin/$1"
    chmod +x "bin/$1"
    PATH=$PWD/bin:$PATH
}
