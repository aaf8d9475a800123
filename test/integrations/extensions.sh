# shellcheck shell=bash disable=SC2154  # variables of script/test-integrations
# Beside other extensions, in a chroot of the Debian release that has PostgreSQL 17 and all of them:
# all loaded at once, then each alone, and through PgBouncer.

"$tree/test/integrations/extensions/chroot"
