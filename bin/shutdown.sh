#!/bin/sh
# Stops the node of this home (the folder above this script, or NACOS_HOME) and waits until it is gone.
#
#   sh shutdown.sh [-h] [-v]

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$SOURCE/bin/functions.sh"
BASE=${NACOS_HOME:-$SOURCE}
PID_FILE=$BASE/data/nacos.pid

for argument; do
    case $argument in
    -h | --help) usage ;;
    -v | --version) version ;;
    *) misused "unknown option $argument" ;;
    esac
    exit 0
done

pid=$(read_pid "$PID_FILE")
if [ -z "$pid" ] || ! is_node "$pid"; then
    echo "No nacosServer running."
    exit 255
fi

echo "The nacosServer($pid) is running..."
kill "$pid" || exit 1
echo "Send shutdown request to nacosServer($pid) OK"

tries=500
while is_node "$pid" && [ $tries -gt 0 ]; do
    sleep 0.02
    tries=$((tries - 1))
done
if [ $tries -eq 0 ]; then
    echo "The nacosServer($pid) has not stopped within 10 seconds; see $BASE/logs/nacos.log" >&2
    exit 1
fi
