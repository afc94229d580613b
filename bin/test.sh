#!/bin/sh
# Checks and tests everything, on a fresh machine too: makes .venv-test (or NACOS_TW_VENV), and as root installs the
# Debian packages that some tests need (they are skipped where those are missing). Tests of whole nodes, which mostly
# wait, run in two processes beside all others. Arguments go to trial instead, and the console is left out then;
# NACOS_TW_TEST_JOBS is the number of its processes (1). The last line is "N passed, N failed".

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$SOURCE/bin/functions.sh"
cd "$SOURCE" || exit 1
VENV=${NACOS_TW_VENV:-$SOURCE/.venv-test}
case $VENV in
/*) ;;
*) VENV=$SOURCE/$VENV ;;
esac
JOBS=${NACOS_TW_TEST_JOBS:-1}
export NACOS_TW_VENV="$VENV" PYTHONDONTWRITEBYTECODE=

# debian PROGRAM PACKAGE: installs the package if the program is missing.
debian() {
    if command -v "$1" >/dev/null 2>&1; then return; fi
    echo "installing $2 (Debian)"
    { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2" ||
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2"; }; } \
        >/dev/null 2>&1 || echo "$2 cannot be installed; its tests are skipped"
}
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    debian nginx nginx-light
    [ -e /usr/lib/nginx/modules/ngx_stream_module.so ] || debian nginx-stream libnginx-mod-stream # no program of its own
    debian mariadbd mariadb-server
    debian pg_ctlcluster postgresql
    debian chromium chromium
    debian slapd slapd
    debian gcc gcc
    debian dig bind9-dnsutils
    debian javac default-jdk-headless
    debian mvn maven
    debian go golang-go
    debian prometheus prometheus
fi
NACOS_TW_EXTRAS="test" sh "$SOURCE/bin/install.sh" || {
    echo "0 passed, 1 failed"
    exit 1
}

passed=0
failed=0
check() {
    echo "--- $*"
    tool=$1
    shift
    if "$VENV/bin/$tool" "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $tool $*"
    fi
}

sources="nacos_tw twisted tests setup.py"
[ -n "$(find bench -name '*.py' 2>/dev/null)" ] && sources="$sources bench"
# shellcheck disable=SC2086 # a list of words
check ruff check $sources
# shellcheck disable=SC2086
check ruff format --check $sources
check mypy
check lint-imports

# What tests leave behind is found by this folder: it is in the command of each node that they start.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/ntw-test.XXXXXX") || exit 1
chmod 1777 "$TMPDIR" # as /tmp is: database servers of tests run as users of their own
export TMPDIR
output=$TMPDIR/output
system=
cluster=
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 1' HUP INT TERM

# run_trial FILE ARGUMENT...: trial's output goes to the file as well, its temporary files into a folder of that name.
run_trial() {
    file=$1
    shift
    echo "--- trial $*"
    # Not every version of trial looks in the current folder by itself.
    PYTHONPATH=$SOURCE "$VENV/bin/trial" --temp-directory="$file.trial" "$@" 2>&1 | tee "$file"
}

# add_up FILE: trial ends with PASSED (skips=1, successes=20), or FAILED (failures=1, errors=2, successes=20)
add_up() {
    summary=$(grep -E '^(PASSED|FAILED)( |$)' "$1" | tail -n 1)
    broken=$(($(count failures) + $(count errors) + $(count unexpectedSuccesses)))
    case $summary in
    PASSED*) ;;
    *) [ $broken -gt 0 ] || broken=1 ;; # trial itself broke off
    esac
    passed=$((passed + $(count successes) + $(count expectedFailures)))
    failed=$((failed + broken))
    skipped=$((skipped + $(count skips)))
    # trial lists what failed under lines of "=" at its end; kept, to be said once more after all other output.
    sed -n '/^====*$/,$p' "$1" | head -n 400 >>"$output.failed"
}
count() {
    number=$(printf '%s\n' "$summary" | sed -n "s/.*[( ]$1=\([0-9]*\).*/\1/p")
    echo "${number:-0}"
}

skipped=0
console=
: >"$output.failed"
if [ $# -gt 0 ]; then
    [ "$JOBS" -gt 1 ] && set -- "-j$JOBS" "$@"
    run_trial "$output.trial" "$@"
else
    console=yes
    # Every other module of the tests of whole nodes: two processes, as one would take longer than all other tests.
    these="tests.faults" others=
    for entry in tests/system/test_*.py; do
        longer="$these tests.system.$(basename "$entry" .py)"
        these=$others
        others=$longer
    done
    # shellcheck disable=SC2086 # lists of words
    (export NACOS_TW_PORTS=0 && run_trial "$output.system" $these >"$output.later") &
    system=$!
    # shellcheck disable=SC2086
    (export NACOS_TW_PORTS=1 && run_trial "$output.cluster" $others >"$output.last") &
    cluster=$!
    for entry in tests/*; do
        name=$(basename "$entry" .py)
        case $name in
        system | faults | clients | __pycache__) continue ;;
        esac
        if [ -f "$entry/__init__.py" ] || [ "$entry" != "${entry#tests/test_}" ]; then set -- "$@" "tests.$name"; fi
    done
    export NACOS_TW_PORTS=2
    run_trial "$output.trial" "$@"
    unset NACOS_TW_PORTS
fi
add_up "$output.trial"
if [ -n "$system" ]; then
    wait "$system" "$cluster"
    cat "$output.later" "$output.last"
    add_up "$output.system"
    add_up "$output.cluster"
fi
if [ -n "$console" ]; then # not beside the others: a browser drops its requests when networks of tests come and go
    sh "$SOURCE/bin/test-console.sh" 2>&1 | tee "$output"
    last=$(tail -n 1 "$output")
    case $last in
    *" passed, "*" failed")
        passed=$((passed + ${last%% passed*}))
        last=${last#* passed, }
        failed=$((failed + ${last%% failed*}))
        ;;
    *) failed=$((failed + 1)) ;; # it broke off
    esac
fi
left=$(grep -lsaF "$TMPDIR/" /proc/[0-9]*/cmdline 2>/dev/null | sed 's|[^0-9]||g')
for pid in $left; do
    # This script's own children name the folder as well.
    grep -qsa nacos_tw "/proc/$pid/cmdline" || continue
    failed=$((failed + 1))
    echo "FAILED: a node was left running: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
    kill -9 "$pid"
done
if [ -s "$output.failed" ]; then
    echo "--- what failed in trial"
    cat "$output.failed"
fi
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
