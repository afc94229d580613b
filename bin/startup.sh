#!/bin/sh
# Starts a node of a cluster, or one that stands alone, in the background.
#
#   sh startup.sh [-m standalone|cluster] [-p embedded] [-f naming|config] [-s name] [-c ip:port,ip:port,...] [-h] [-v]
#
# The node's home is the folder above this script, or NACOS_HOME. Python 3.10 or later is all it needs: the first start
# makes a virtual environment in .venv of the home, or in NACOS_TW_VENV (several homes may share one), and installs the
# server there. NACOS_TW_PYTHON names the Python to make it with. MODE, MEMBER_LIST, FUNCTION_MODE and EMBEDDED_STORAGE
# are read as well.

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$SOURCE/bin/functions.sh"
BASE=${NACOS_HOME:-$SOURCE}
MODE=${MODE:-cluster}
READY_SECONDS=60

for argument; do # getopts knows no long ones
    case $argument in
    --help)
        usage
        exit 0
        ;;
    --version)
        version
        exit 0
        ;;
    --*) misused "unknown option $argument" ;;
    esac
done
while getopts ":m:f:s:c:p:hv" option; do
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
    v)
        version
        exit 0
        ;;
    :) misused "option -$OPTARG needs a value" ;;
    *) misused "unknown option -$OPTARG" ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 0 ] || misused "unknown parameter $1"
case $MODE in
standalone | cluster) ;;
*) # as Nacos's script: whatever is not standalone
    echo "WARN mode $MODE is not known, so it is cluster; expected standalone or cluster" >&2
    MODE=cluster
    ;;
esac
case ${EMBEDDED_STORAGE:-embedded} in
embedded | external | true | false) ;;
*) echo "WARN storage $EMBEDDED_STORAGE is not known and has no effect; expected embedded" >&2 ;;
esac

[ -d "$BASE" ] || fail "$BASE: the home does not exist (NACOS_HOME)"
BASE=$(CDPATH='' cd -- "$BASE" && pwd -P) || exit 1
why=$(mkdir -p "$BASE/logs" "$BASE/data" 2>&1) ||
    fail "$BASE: logs/ and data/ cannot be made here: $(printf '%s\n' "$why" | reason)"
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

# asks KEY VARIABLE VALUE: whether the file or the environment has such a value (regular expressions).
asks() {
    grep -qsE "^ *$1 *[=:] *$3" "$BASE/conf/application.properties" || env | grep -qE "^$2=$3"
}
lacks() {
    ! "$VENV/bin/python" -I -c "import $1" >/dev/null 2>&1
}
extras= # packages that only some settings need
asks 'db[.]url[.0-9[]*[]]*' 'DB_URL_[0-9]+' 'jdbc:(postgresql|pgsql):' && lacks psycopg && extras=postgresql
asks 'nacos[.]core[.]auth[.](plugin[.])?oidc[.]issuer-uri' 'NACOS_CORE_AUTH_OIDC_ISSUER_URI' 'http' && lacks joserfc &&
    extras=${extras:+$extras,}oidc
asks 'nacos[.]tracing[.]enabled' 'NACOS_TRACING_ENABLED' '[Tt][Rr][Uu][Ee]' && lacks opentelemetry.exporter.otlp.proto.http &&
    extras=${extras:+$extras,}otel

want=$(wanted)
if [ -n "$want" ]; then
    if ! [ -x "$VENV/bin/python" ] || ! holds "$VENV/nacos_tw.stamp" "$want" || [ -n "$extras" ]; then
        NACOS_TW_VENV=$VENV NACOS_TW_EXTRAS=$extras sh "$SOURCE/bin/install.sh" || exit 1
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
ulimit -S -n "$(ulimit -H -n)" 2>/dev/null # each client keeps a connection open
echo "nacos is starting with $MODE"
# By cat, which names the cause; dash's own echo says "I/O error" of a full disk.
why=$({ echo "$VENV/bin/python $*" | cat >"$OUT"; } 2>&1) || fail "$OUT cannot be written: $(printf '%s\n' "$why" | reason)"
why=$(rm -f "$PID_FILE" 2>&1) || fail "$PID_FILE cannot be written: $(printf '%s\n' "$why" | reason)"
nohup "$VENV/bin/python" "$@" >>"$OUT" 2>&1 </dev/null &
pid=$!

# The node writes its pid file when it answers.
tries=$((READY_SECONDS * 50))
while [ ! -s "$PID_FILE" ]; do
    if ! kill -0 $pid 2>/dev/null; then
        wait $pid
        status=$?
        [ $status -eq 0 ] && status=1
        grep '^ERROR ' "$OUT" >&2 || tail -n 3 "$OUT" >&2
        exit $status
    fi
    [ $tries -gt 0 ] ||
        fail "the node (pid $pid) does not answer after $READY_SECONDS seconds; it goes on with its start, see $OUT"
    sleep 0.02
    tries=$((tries - 1))
done
# What it says of its settings. Keys that only Nacos has are no cause for alarm; they stand in the file.
sed -n 's/^[0-9-]* [0-9:,]* \(WARN .*\)/\1/p' "$OUT" | grep -v 'has no effect in this server$' | head -n 20 >&2
echo "nacos is starting，you can check the $OUT"
