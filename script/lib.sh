# shellcheck shell=bash disable=SC2034,SC2154  # variables of, and for, the script that sources this
# What the scripts share: which PostgreSQL, root and unprivileged commands, a scratch directory and
# a throw-away cluster. Everything that runs on behalf of a script lives below $scratch, and one
# trap takes it all away again.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/datajoint_deploy
scratch=
# Modules of PostgreSQL that TAP tests need.
contrib_modules=(amcheck auto_explain pg_stat_statements postgres_fdw test_decoding)

# Another server's address and somebody's language must not reach ours.
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGPASSFILE PGSERVICE PGOPTIONS PGDATA PGAPPNAME LANGUAGE
unset MAKEFLAGS MAKELEVEL MFLAGS
export LC_ALL=C.UTF-8
ulimit -S -c 0 # stop_processes() sends SIGQUIT

say() {
    printf '%s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo "$@"
    fi
}

# Shows what a command says only when it fails.
quietly() {
    if ! "$@" >"$scratch/log" 2>&1; then
        tail -n 40 "$scratch/log" >&2
        die "failed: $*"
    fi
}

apt_get() {
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet --no-install-recommends \
        --option DPkg::Lock::Timeout=300 "$@" </dev/null
}

# The package postgresql-NN would make and start a server of its own, which nobody asked for.
apt_get_without_server() {
    local no_cluster=/etc/postgresql-common/createcluster.d/datajoint_deploy-setup.conf
    apt_get install postgresql-common
    trap 'as_root rm -f "$no_cluster"; clean_up' EXIT
    as_root mkdir -p "${no_cluster%/*}"
    say 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
    apt_get "$@"
    as_root rm -f "$no_cluster"
    trap clean_up EXIT
}

# A file remembers it, because subshells ask as well. Another apt may be at work, as on a machine
# that has just started: Lock::Timeout is for packages alone.
update_package_lists() {
    local attempts=0 output
    [[ -e $scratch/updated ]] && return
    say "${0##*/}: updating the package lists"
    until output=$(as_root env LC_ALL=C apt-get --quiet update 2>&1); do
        if [[ $output != *'Could not get lock'* ]] || ((++attempts == 60)); then
            die "apt-get update failed: $output"
        fi
        sleep 5
    done
    touch "$scratch/updated"
}

# The server refuses to run as root. Nobody's home and dot files are looked at, and temporary files
# stay in $scratch.
as_unprivileged() {
    local command=(env "HOME=$scratch" "TMPDIR=$scratch" "$@")
    if ((EUID == 0)); then
        command=(runuser -u postgres -- "${command[@]}")
    fi
    "${command[@]}"
}

# PG_CONFIG names the PostgreSQL, or PGVERSION does; else the newest one that extensions can be built for.
# Prints nothing when there is none yet.
find_pg_config() {
    local candidate
    if [[ -n ${PG_CONFIG:-} ]]; then
        command -v "$PG_CONFIG" || die "there is no $PG_CONFIG"
        return
    fi
    while read -r candidate; do
        [[ -e $("$candidate" --includedir-server)/postgres.h ]] || continue
        say "$candidate"
        return
    done < <(compgen -G "/usr/lib/postgresql/${PGVERSION:-*}/bin/pg_config" | sort -rV)
}

# The releases that the fixture and the tests are made with. Sets $venv.
install_datajoint() {
    # PyPI has no wheels for 32 bits of some that DataJoint needs, Debian has packages.
    if [[ $(dpkg --print-architecture 2>/dev/null) == i386 ]]; then
        install_environment python3-psycopg2 python3-numpy python3-pandas -- datajoint==2.3.5
    else
        install_environment -- datajoint==2.3.5 psycopg2-binary==2.9.13
    fi
}

install_benchmark() {
    install_environment -- datajoint==2.3.5 psycopg2-binary==2.9.13 matplotlib==3.11.2
}

install_pgspot() {
    install_environment -- pgspot==0.9.4
}

# install_environment [PACKAGE ...] -- REQUIREMENT ...: a Python environment with these releases
# from PyPI, cached under their names, so that the second time needs no network; with Debian's
# packages, if any. Its Python is one that the unprivileged user can run. Sets $venv.
install_environment() {
    local requirements=() packages=() options=() python
    while [[ $1 != -- ]]; do
        packages+=("$1")
        options=(--system-site-packages)
        shift
    done
    requirements=("${@:2}")
    venv=$cache/environment-$(IFS=- && echo "${requirements[*]//==/-}")
    [[ -e $venv/complete ]] && return
    say "${0##*/}: installing ${requirements[*]} in $venv" >&2
    as_unprivileged "HOME=$HOME" python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
    ((${#packages[@]} == 0)) || { update_package_lists && apt_get install "${packages[@]}"; } >&2
    # Also where a caller tests the outcome, and bash goes on after a failure.
    python=$(as_unprivileged "HOME=$HOME" python3 -c 'import sys; print(sys.executable)') &&
        "$python" -m venv --clear "${options[@]}" "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: "${requirements[@]}" &&
        touch "$venv/complete"
}

make_scratch() {
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # Not in TMPDIR: the server's user may not be allowed there, and a socket's path has 107 bytes at most.
    scratch=$(mktemp -d /tmp/datajoint_deploy.XXXXXX)
    give_to_unprivileged "$scratch"
}

give_to_unprivileged() {
    if ((EUID == 0)) && id postgres &>/dev/null; then
        chown -R postgres: "$1"
    fi
}

clean_up() {
    trap '' INT TERM HUP
    [[ -d $scratch ]] || return 0
    cd /
    stop_processes
    rm -rf "$scratch"
}

# Ends what works below $scratch, all servers included, also those of a test that was interrupted. A
# server takes SIGQUIT for an immediate shutdown and removes its shared memory; SIGKILL is for what
# does not listen.
stop_processes() {
    local attempt pids
    for attempt in {1..100}; do
        mapfile -t pids < <(processes_in_scratch)
        ((${#pids[@]})) || return 0
        kill -s "$( ((attempt < 50)) && echo QUIT || echo KILL)" "${pids[@]}" 2>/dev/null || true
        sleep 0.1
    done
}

processes_in_scratch() {
    local process
    for process in /proc/[0-9]*; do
        [[ $(readlink "$process/cwd" 2>/dev/null) == "$scratch"* ]] && say "${process#/proc/}"
    done
    return 0
}

# The checkout without what was built in it, because the unprivileged user may not be allowed to read
# or write the original.
copy_tree() {
    mkdir -p "$1"
    tar -C "$root" --exclude-vcs --exclude='*.o' --exclude='*.d' --exclude='*.so' --exclude='*.bc' --exclude=__pycache__ --exclude=node_modules \
        --exclude='./datajoint_deploy-*' --exclude=./dist --exclude=./examples/debezium/target --exclude=./examples/debezium/offsets \
        --exclude=./examples/drivers/deploy --exclude='*.jar' --exclude=./tmp_check --exclude=./results --exclude=./output_iso -cf - . |
        tar -C "$1" --no-same-owner -xf -
}

# start_cluster [setting=value ...]: a server for logical decoding that listens on a Unix socket in
# $scratch only.
start_cluster() {
    local setting
    ((EUID)) || id postgres &>/dev/null || die "the server does not run as root, and there is no user postgres"
    export PATH PGHOST=$scratch PGUSER=postgres PGDATABASE=postgres
    PATH=$("$pg_config" --bindir):$PATH
    cd "$scratch" || exit
    as_unprivileged initdb --pgdata data --username postgres --auth trust --encoding UTF8 --no-locale --no-sync >initdb.log
    for setting in listen_addresses= "unix_socket_directories=$scratch" wal_level=logical fsync=off "$@"; do
        printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}"
    done | as_unprivileged tee -a data/postgresql.conf >/dev/null
    if ! as_unprivileged pg_ctl --pgdata "$scratch/data" --log "$scratch/server.log" --silent start; then
        cat "$scratch/server.log" >&2
        die "the throw-away server did not start"
    fi
}
