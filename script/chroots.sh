# shellcheck shell=bash disable=SC2034,SC2154  # variables of script/lib.sh, and for the script that sources this
# Chroots of the Debian releases that carry the versions of PostgreSQL, kept in the cache directory;
# rm -rf is all it takes to be rid of one. Mounts and processes live in namespaces of their own and
# end with them. Needs root.

# restart_as_root [ARGUMENT ...]: those of the script.
restart_as_root() {
    ((EUID == 0)) || exec sudo --preserve-env=XDG_CACHE_HOME "$0" "$@"
}

# A version of PostgreSQL that Debian carries, with an architecture when it is not the machine's own.
suite_of() {
    case $1 in
    15 | 15-i386) say bookworm ;;
    17) say trixie ;;
    18) say forky ;;
    19) say sid ;; # from experimental
    *) die "no Debian release carries PostgreSQL $1; there are 15 15-i386 17 18 19" ;;
    esac
}

# make_chroot NAME VERSION SCRIPT [ARGUMENT ...]: sets $chroot to NAME, one of the release of this
# version in which the script has run, and keeps it locked: another run waits. Made under another
# name and complete when it is moved in place, so that an interrupt leaves no half chroot.
make_chroot() {
    lock_chroot "$1"
    [[ ! -d $chroot ]] || return 0
    say "${0##*/}: making a chroot of Debian $(suite_of "$2") in $chroot"
    fetch_debian "$2"
    trap 'rm -rf --one-file-system "$chroot.new"; clean_up' EXIT
    rm -rf --one-file-system "$chroot.new"
    cp --archive --reflink=auto "$cache/debian-$2" "$chroot.new"
    in_chroot "$chroot.new" "${@:2}"
    mv "$chroot.new" "$chroot"
    trap clean_up EXIT
}

lock_chroot() {
    chroot=$cache/$1
    mkdir -p "$cache"
    exec {lock}>"$chroot.lock"
    flock "$lock"
}

unlock_chroot() {
    exec {lock}>&-
}

# A fresh Debian of the release of this version, with its package lists.
fetch_debian() {
    local suite options=() base=$cache/debian-$1
    suite=$(suite_of "$1")
    # Not every mirror has the security updates of every architecture whole.
    # shellcheck disable=SC2016  # mmdebstrap expands it
    [[ $1 != *-* ]] || options=(--architectures="${1#*-}" --setup-hook='sed -i /security/d "$1/etc/apt/sources.list"')
    mkdir -p "$cache"
    (
        flock 9
        [[ ! -d $base ]] || exit 0
        require_chroot_tools
        say "${0##*/}: fetching Debian $suite"
        trap 'rm -rf --one-file-system "$base.new"' EXIT
        rm -rf --one-file-system "$base.new"
        # A mirror that is a frozen snapshot has Release files past their date; the option stays in
        # the chroot's apt.
        quietly mmdebstrap --mode=root --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' --skip=cleanup/apt/lists \
            "${options[@]}" "$suite" "$base.new"
        [[ $suite != sid ]] || add_experimental "$base.new/etc/apt"
        mv "$base.new" "$base"
    ) 9>"$base.lock"
}

# mmdebstrap asks arch-test whether this machine runs another architecture.
require_chroot_tools() {
    local tool
    for tool in mmdebstrap mount arch-test; do
        command -v "$tool" >/dev/null && continue
        update_package_lists
        say "${0##*/}: installing mmdebstrap"
        apt_get install mmdebstrap mount arch-test
        return
    done
}

# Of experimental only what PostgreSQL is made of.
add_experimental() {
    sed 's/ sid / experimental /' "$1/sources.list" >"$1/sources.list.d/experimental.list"
    printf '%s\n' 'Package: src:postgresql-19 src:postgresql-common' 'Pin: release a=experimental' 'Pin-Priority: 990' \
        >"$1/preferences.d/experimental"
}

# keep_mounts_private DIRECTORY: what is mounted below it from here on is seen in this namespace
# alone. In a chroot there may be no mount at /, whose propagation could be changed; then the
# directory becomes one, until let_mounts_go.
keep_mounts_private() {
    bound=
    mount --make-rprivate / 2>/dev/null && return
    mount --bind "$1" "$1"
    bound=$1
    mount --make-private "$1"
}

let_mounts_go() {
    while [[ -n ${bound:-} ]] && mountpoint --quiet "$bound"; do
        umount --lazy "$bound"
    done
}

# in_chroot DIRECTORY VERSION SCRIPT [ARGUMENT ...]: runs a script of this checkout in the chroot,
# from a copy. A server that is not Debian's stands where script/setup-chroot has put it.
in_chroot() {
    local directory=$1 copy=/root/datajoint_deploy server=(PGVERSION="${2%%-*}")
    rm -rf "${directory:?}$copy"
    copy_tree "$directory$copy"
    cp --dereference /etc/resolv.conf "$directory/etc/" 2>/dev/null || true
    [[ ! -e $directory/opt/postgresql ]] || server=(PG_CONFIG=/opt/postgresql/bin/pg_config)
    # What pip is told to trust lies outside the chroot; the package ca-certificates makes that file
    # anew, with what is local.
    if [[ -e ${PIP_CERT:-} ]]; then
        install -D "$PIP_CERT" "$directory$PIP_CERT"
        install -D "$PIP_CERT" "$directory/usr/local/share/ca-certificates/pip.crt"
    fi
    # shellcheck disable=SC2016  # expanded by the inner shell
    unshare --mount --propagation unchanged --pid --fork --kill-child bash -euc "$(declare -f keep_mounts_private let_mounts_go)"'
        trap let_mounts_go EXIT
        keep_mounts_private "$1"
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        mount --make-rprivate "$1/dev"
        mount -t tmpfs tmpfs "$1/dev/shm"
        cd /
        chroot "$1" env -u TMPDIR -u XDG_CACHE_HOME -u PG_CONFIG HOME=/root \
            PATH=/usr/sbin:/usr/bin:/sbin:/bin "${@:2}"
    ' - "$directory" "${server[@]}" "$copy/$3" "${@:4}"
}
