# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# What the scripts share that throw_away runs in a chroot.

# shellcheck source=script/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../script/lib.sh"
# shellcheck source=test/integrations/lib.sh
source "$root/test/integrations/lib.sh"
make_scratch

# fetched PACKAGE ...: installs them, by the lists that the chroot has as long as they do, so that
# the second time needs no network.
fetched() {
    touch "$scratch/updated"
    (install_packages "$@") 2>/dev/null || { rm "$scratch/updated" && install_packages "$@"; }
}
