#!/bin/sh
# Makes a private CA, and a certificate for each node of conf/cluster.conf or each address given, in conf/tls.
#
#   sh make-certs.sh [--out folder] [--days N] [--also name]... [--renew] [--new-ca] [--drop-old-ca] [-h] [-v] [address ...]
#
# Home and virtual environment are those of bin/startup.sh. See docs/tls.md.

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$SOURCE/bin/functions.sh"
for argument; do # before anything is installed
    case $argument in
    -h | --help)
        usage
        echo "docs/tls.md tells what the options do."
        exit 0
        ;;
    -v | --version)
        version
        exit 0
        ;;
    esac
done
BASE=${NACOS_HOME:-$SOURCE}
[ -d "$BASE" ] || fail "$BASE: the home does not exist (NACOS_HOME)"
VENV=${NACOS_TW_VENV:-$BASE/.venv}
case $VENV in
/*) ;;
*) VENV=$PWD/$VENV ;;
esac

want=$(wanted)
if [ -n "$want" ]; then
    if ! [ -x "$VENV/bin/python" ] || ! holds "$VENV/nacos_tw.stamp" "$want"; then
        NACOS_TW_VENV=$VENV NACOS_TW_EXTRAS='' sh "$SOURCE/bin/install.sh" || exit 1
    fi
elif ! [ -x "$VENV/bin/python" ]; then
    fail "$VENV holds no server and $SOURCE no source to install one from; set NACOS_TW_VENV"
fi
exec "$VENV/bin/python" -I -m nacos_tw.tls.making --home "$BASE" "$@"
