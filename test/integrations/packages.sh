# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh and script/test-integrations
# The packages that people install: Debian's, as script/package builds them, each tried in a bare Debian, and PGXN's archive.

versions=(15 17 18)

# make dist packs what is committed, and looks at a clone with whoever's permissions.
archive_of_clone() {
    [[ ! -e $1 ]] && git clone --quiet "$root" "$1" && make --silent --directory="$1" PG_CONFIG="$pg_config" dist
}

throw_away() {
    "$tree/test/integrations/packages/throw_away" "$@" || fail "$4 ended early"
}


require_command git git
export GIT_CONFIG_GLOBAL=$PWD/gitconfig
printf '[safe]\n\tdirectory = *\n' >gitconfig
archive=datajoint_deploy-$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$tree/META.json").zip

program "make dist" "($archive, with $(git --version))"
check "packs the archive" archive_of_clone first

for version in "${versions[@]}"; do
    program "postgresql-$version-datajoint-deploy" "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$tree/debian/changelog")"
    check "script/package $version" "$tree/script/package" "$version"
    throw_away debian "$version" "$tree/dist/$version" try
done
throw_away package 18 "$tree/dist/18" rebuild
throw_away lintian 18 "$tree/dist" lintian

mkdir -p archives
cp "first/$archive" archives
throw_away package 17 "$PWD/archives" pgxn

program "make dist" "once more"
check "in another directory and time zone, with another umask" \
    eval 'umask 077; mkdir -p another && TZ=Pacific/Kiritimati archive_of_clone another/clone'
check "the archive is the same bytes" cmp "first/$archive" "another/clone/$archive"
