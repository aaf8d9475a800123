# shellcheck shell=bash disable=SC2034,SC2154  # variables of, and for, the scripts that source this
# Which extensions there are, in which packages of Debian, and what a server needs for them.

# shellcheck source=script/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../script/lib.sh"
# shellcheck source=test/integrations/lib.sh
source "$root/test/integrations/lib.sh"

# Name as in pg_extension, and the library that has to be preloaded, if one does.
declare -A library_of=(
    [timescaledb]=timescaledb [pg_partman]=pg_partman_bgw [pg_cron]=pg_cron [pgaudit]=pgaudit
    [pglogical]=pglogical [set_user]=set_user [pg_squeeze]=pg_squeeze [pg_repack]='' [credcheck]=credcheck
    [postgis]='' [pg_stat_statements]=pg_stat_statements [auto_explain]=auto_explain
)
# TimescaleDB wants to be the first.
extensions=(timescaledb pg_cron pg_partman pgaudit pglogical set_user pg_squeeze pg_repack credcheck postgis
    pg_stat_statements auto_explain)

packages=("postgresql-$PGVERSION" "postgresql-server-dev-$PGVERSION" pgbouncer)
for name in timescaledb cron partman pgaudit pglogical set-user squeeze repack credcheck postgis-3; do
    packages+=("postgresql-$PGVERSION-$name")
done
