#!/bin/sh
# Starts a node of a cluster, or one that stands alone, in the background.
#
#   sh startup.sh [-m standalone|cluster] [-p embedded] [-f naming|config] [-s name] [-c ip:port,ip:port,...]
#
# The node's home is the folder above this script, or NACOS_HOME. Python 3.10 or later is all it needs: the first start
# makes a virtual environment in .venv of the home, or in NACOS_TW_VENV (several homes may share one), and installs the
# server there. NACOS_TW_PYTHON names the Python to make it with. MODE, MEMBER_LIST, FUNCTION_MODE and EMBEDDED_STORAGE
# are read as well.

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$SOURCE/bin/functions.sh"
BASE=${NACOS_HOME:-$SOURCE}
MODE=${MODE:-cluster}
READY_SECONDS=20

usage() {
    sed -n '4s/^# *//p' "$0"
}

while getopts ":m:f:s:c:p:h" option; do
    case $option in
    m) MODE=$OPTARG ;;
    f) FUNCTION_MODE=$OPTARG ;;
    s) : ;; # the name of Nacos's jar file: accepted, without effect
    c) MEMBER_LIST=$OPTARG ;;
    p) EMBEDDED_STORAGE=$OPTARG ;;
    h)
        usage
        exit 0
        ;;
    *)
        echo "Unknown parameter"
        exit 1
        ;;
    esac
done
shift $((OPTIND - 1))
if [ $# -gt 0 ]; then
    echo "Unknown parameter"
    exit 1
fi
case $MODE in
standalone) ;;
*) MODE=cluster ;; # as Nacos's script: whatever is not standalone
esac

[ -d "$BASE" ] || fail "$BASE: the home does not exist (NACOS_HOME)"
BASE=$(CDPATH='' cd -- "$BASE" && pwd -P) || exit 1
mkdir -p "$BASE/logs" "$BASE/data" 2>/dev/null || fail "$BASE: logs/ and data/ cannot be made here"
PID_FILE=$BASE/data/nacos.pid
OUT=$BASE/logs/start.out

# --- Is it running already? -------------------------------------------------------------------------------------------

pid=$(read_pid "$PID_FILE")
if [ -n "$pid" ] && is_node "$pid"; then
    echo "nacos is already running here ($BASE, pid $pid); stop it by bin/shutdown.sh first" >&2
    exit 1
fi

# --- The virtual environment ------------------------------------------------------------------------------------------

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
elif ! [ -x "$VENV/bin/python" ]; then # a home with only bin/ and conf/
    fail "$VENV holds no server and $SOURCE no source to install one from; set NACOS_TW_VENV"
fi

# --- Start ------------------------------------------------------------------------------------------------------------

set -- -OO -I -m nacos_tw --home "$BASE" --mode "$MODE"
[ -n "${FUNCTION_MODE:-}" ] && set -- "$@" --functions "$FUNCTION_MODE"
[ -n "${MEMBER_LIST:-}" ] && set -- "$@" --members "$MEMBER_LIST"
[ "${EMBEDDED_STORAGE:-}" = embedded ] && [ "$MODE" = cluster ] && set -- "$@" --storage embedded

cd "$BASE" || exit 1
echo "nacos is starting with $MODE"
{ echo "$VENV/bin/python $*" >"$OUT"; } 2>/dev/null || fail "$OUT cannot be written; is the disk full?"
rm -f "$PID_FILE"
nohup "$VENV/bin/python" "$@" >>"$OUT" 2>&1 </dev/null &
pid=$!

# The node writes its pid file when its ports are open and its data is read.
tries=$((READY_SECONDS * 50))
while [ ! -s "$PID_FILE" ] && [ $tries -gt 0 ]; do
    if ! kill -0 $pid 2>/dev/null; then
        wait $pid
        status=$?
        [ $status -eq 0 ] && status=1
        grep '^ERROR ' "$OUT" >&2 || tail -n 3 "$OUT" >&2
        exit $status
    fi
    sleep 0.02
    tries=$((tries - 1))
done
echo "nacos is starting，you can check the $OUT"
