#!/bin/sh
# Checks and tests everything, on a fresh machine too: makes .venv-test (or NACOS_TW_VENV), and as root installs the
# Debian packages that some tests need (they are skipped where those are missing). Arguments go to trial instead of
# "tests", and the console is left out then; NACOS_TW_TEST_JOBS is the number of processes (1). The last line is
# "N passed, N failed".

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
    debian mariadbd mariadb-server
    debian chromium chromium
    debian slapd slapd
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

console=
[ $# -gt 0 ] || { console=yes; set -- tests; }
[ "$JOBS" -gt 1 ] && set -- "-j$JOBS" "$@"
echo "--- trial $*"
output=$(mktemp "${TMPDIR:-/tmp}/nacos_tw-test.XXXXXX") || exit 1
trap 'rm -f "$output" "$output.failed"' EXIT
trap 'exit 1' HUP INT TERM
# Not every version of trial looks in the current folder by itself.
PYTHONPATH=$SOURCE "$VENV/bin/trial" "$@" 2>&1 | tee "$output"

# trial ends with: PASSED (skips=1, successes=20), or FAILED (failures=1, errors=2, successes=20)
summary=$(grep -E '^(PASSED|FAILED)( |$)' "$output" | tail -n 1)
count() {
    number=$(printf '%s\n' "$summary" | sed -n "s/.*[( ]$1=\([0-9]*\).*/\1/p")
    echo "${number:-0}"
}
passed=$((passed + $(count successes) + $(count expectedFailures)))
failed=$((failed + $(count failures) + $(count errors) + $(count unexpectedSuccesses)))
skipped=$(count skips)
case $summary in
PASSED*) ;;
*) [ $failed -gt 0 ] || failed=1 ;; # trial itself broke off
esac
# trial lists what failed under lines of "=" at its end; kept, to be said once more after the console's output.
sed -n '/^====*$/,$p' "$output" | head -n 400 >"$output.failed"
if [ -n "$console" ]; then
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
