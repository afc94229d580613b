#!/bin/sh
# The last resort when the logs of a majority are damaged; for a node that does not run. Tells what is on its disk.
#
#   sh recover.sh [-m standalone] [-p embedded] [--accept-loss]
#
# With --accept-loss a new log is made of what is whole, and the rest is lost. See docs/operations.md.

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$SOURCE/bin/functions.sh"
BASE=${NACOS_HOME:-$SOURCE}
[ -d "$BASE" ] || fail "$BASE: the home does not exist (NACOS_HOME)"
BASE=$(CDPATH='' cd -- "$BASE" && pwd -P) || exit 1
VENV=${NACOS_TW_VENV:-$BASE/.venv}
[ -x "$VENV/bin/python" ] || fail "$VENV holds no server: start the node once, or set NACOS_TW_VENV"
case ${1:-} in
-h | --help)
    usage
    exit 0
    ;;
esac
cd "$BASE" || exit 1
exec "$VENV/bin/python" -OO -I -m nacos_tw recover --home "$BASE" "$@"
