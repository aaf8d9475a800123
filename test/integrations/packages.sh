# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh and script/test-integrations
# The packages that people install: Debian's, as script/package builds them, each tried in a bare
# Debian, and PGXN's archive.

versions=(15 17 18)
checkout=$PWD/checkout

# archive_of_clone DIRECTORY SOURCE: make dist packs what is committed.
archive_of_clone() {
    [[ ! -e $1 ]] && git clone --quiet "$2" "$1" && make --silent --directory="$1" PG_CONFIG="$pg_config" dist
}

throw_away() {
    "$checkout/test/integrations/packages/throw_away" "$@" || fail "$4 ended early"
}

# Of long ago, whose files' times must reach no package.
copy_tree "$checkout"
find "$checkout" -type f -exec touch --date 2020-02-02 {} +

require_command git git
require_command xz xz-utils
# The checkout may belong to somebody else.
export GIT_CONFIG_GLOBAL=$PWD/gitconfig
printf '[safe]\n\tdirectory = *\n' >gitconfig
archive=datajoint_deploy-$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$checkout/META.json").zip

program "make dist" "($archive, with $(git --version))"
check "packs the archive" archive_of_clone first "$root"

for version in "${versions[@]}"; do
    program "postgresql-$version-datajoint-deploy" "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$checkout/debian/changelog")"
    check "script/package $version" "$checkout/script/package" "$version"
    check "the tests in SQL have run on the way" grep -E 'All [0-9]+ tests passed' "$checkout/dist/$version/build.log"
    throw_away debian "$version" "$checkout/dist/$version" try
done
same "debian/control is the one of Debian testing" "$(<"$checkout/debian/control")" \
    "$(tar -xOf "$(compgen -G "$checkout/dist/18/*.debian.tar.xz")" debian/control)"
throw_away package 18 "$checkout/dist/18" rebuild
throw_away lintian 18 "$checkout/dist" lintian

mkdir -p archives
cp "first/$archive" archives
throw_away package 17 "$PWD/archives" pgxn

program "make dist" "once more"
umask 077
export TZ=Pacific/Kiritimati
check "in another directory and time zone, with another umask" archive_of_clone another/clone first
check "the archive is the same bytes" cmp "first/$archive" "another/clone/$archive"
