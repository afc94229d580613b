#!/bin/sh
# Checks and tests everything, on a fresh machine too: makes .venv-test (or NACOS_TW_VENV), and as root installs the
# Debian packages that some tests need (they are skipped where those are missing). Tests of whole nodes mostly wait, so
# several processes run at a time, each of which takes the next tests that nobody has taken yet. Arguments go to trial
# instead, and the console is left out then; NACOS_TW_TEST_JOBS is the number of processes (1 with arguments, else twice
# that of processors and one more). Tests that fail in the whole run are run once more, when all else is done: those that
# pass then are listed as unsteady. The last line is "N passed, N failed".

SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$SOURCE/bin/functions.sh"
cd "$SOURCE" || exit 1
VENV=${NACOS_TW_VENV:-$SOURCE/.venv-test}
case $VENV in
/*) ;;
*) VENV=$SOURCE/$VENV ;;
esac
JOBS=${NACOS_TW_TEST_JOBS:-}
case $JOBS in '' | *[!0-9]* | 0*) JOBS= ;; esac
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
    if "$VENV/bin/$tool" "$@" >"$output.check" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        keep_failure "$tool $*" "$output.check"
    fi
    cat "$output.check"
}

# keep_failure NAME FILE [WHERE]: what a tool says of failures at its end is said once more after all other output. trial
# lists them under lines of "=", what was skipped among them.
keep_failure() {
    {
        echo "--- failed: $1"
        if grep -q '^=====*$' "$2"; then
            sed -n '/^=====*$/,$p' "$2" | head -n 400
        else
            tail -n 100 "$2"
        fi
    } >>"${3:-$output.failed}"
}

# What tests leave behind is found by this folder: it is in the command of each node that they start.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/ntw-test.XXXXXX") || exit 1
chmod 1777 "$TMPDIR" # as /tmp is: database servers of tests run as users of their own
export TMPDIR
output=$TMPDIR/output
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 1' HUP INT TERM
: >"$output.failed"
: >"$output.first"
: >"$output.names"

sources="nacos_tw twisted tests setup.py"
[ -n "$(find bench -name '*.py' 2>/dev/null)" ] && sources="$sources bench"
# shellcheck disable=SC2086 # a list of words
check ruff check $sources
# shellcheck disable=SC2086
check ruff format --check $sources
check lint-imports

# run_trial FILE ARGUMENT...: trial's output goes to the file as well, its temporary files into a folder of that name.
run_trial() {
    file=$1
    shift
    echo "--- trial $*"
    # Not every version of trial looks in the current folder by itself.
    PYTHONPATH=$SOURCE "$VENV/bin/trial" --temp-directory="$file.trial" "$@" 2>&1 | tee "$file"
}

# add_up FILE ENTRY [again]: trial ends with PASSED (skips=1, successes=20), or FAILED (failures=1, errors=2, successes=20).
# With the third argument some tests that failed do not count yet: their names are kept, and they are run again.
add_up() {
    summary=$(grep -E '^(PASSED|FAILED)( |$)' "$1" | tail -n 1)
    broken=$(($(count failures) + $(count errors) + $(count unexpectedSuccesses)))
    case $summary in
    PASSED*) ;;
    *) [ $broken -gt 0 ] || broken=1 ;; # trial itself broke off
    esac
    passed=$((passed + $(count successes) + $(count expectedFailures)))
    skipped=$((skipped + $(count skips)))
    [ $broken -gt 0 ] || return 0
    if [ $# -gt 2 ] && [ -n "$summary" ] && name_failures "$1"; then
        keep_failure "$2" "$1" "$output.first"
    else
        failed=$((failed + broken))
        keep_failure "$2" "$1"
    fi
}

# name_failures FILE: keeps the names of the tests that trial says have failed; fails if there are none, or too many.
name_failures() {
    names=$(awk '/^\[[A-Z!?]+\]$/ { bad = /FAIL|ERROR|SUCCESS/ }
        bad && /^tests\.[A-Za-z0-9_]+\.[A-Za-z0-9_.]+$/' "$1" | sort -u)
    [ -n "$names" ] && [ "$(echo "$names" | wc -l)" -le 10 ] || return 1 # more in one process are no accident
    echo "$names" >>"$output.names"
}

# run_again: the tests that failed, when nothing else runs.
run_again() {
    [ -s "$output.names" ] || return 0
    # shellcheck disable=SC2046 # a list of words
    run_trial "$output.again" $(cat "$output.names")
    add_up "$output.again" "a second time"
}
count() {
    number=$(printf '%s\n' "$summary" | sed -n "s/.*[( ]$1=\([0-9]*\).*/\1/p")
    echo "${number:-0}"
}

# add_up_console FILE: bin/test-console.sh ends with "N passed, N failed".
add_up_console() {
    last=$(tail -n 1 "$1")
    case $last in
    *" passed, "*" failed")
        grep -q '^ *[0-9]* flaky$' "$1" && keep_failure console "$1" "$output.first"
        passed=$((passed + ${last%% passed*}))
        last=${last#* passed, }
        broken=${last%% failed*}
        ;;
    *) broken=1 ;; # it broke off
    esac
    failed=$((failed + broken))
    [ "$broken" -eq 0 ] || keep_failure console "$1"
}

# Whether the console's tests can have a network of their own; its devices are all that their browser sees come and go.
has_own_network() {
    unshare --net sh -c 'ip link set lo up' >/dev/null 2>&1
}

# group_of FILE: sets $group. Modules of tests/system are run together whose tests share nodes or fetched clients.
group_of() {
    group=${1#tests/system/test_}
    group=${group%.py}
    case $group in
    clients_grpc | config_failures | config_outage) ;;
    *) group=${group%%_*} ;;
    esac
}

# list_entries: a line for each run of a tool, in the order in which they begin: those that take long first, so that none
# is waited for alone in the end.
list_entries() {
    has_own_network && echo console
    printf '%s\n' mypy tests.faults tests.raft
    first="clients_grpc client clients config_outage clocks ai membership config_failures config behaviours failures logins"
    files=$(echo tests/system/test_*.py)
    groups=$(for file in $files; do group_of "$file"; echo "$group"; done)
    listed=" "
    for wanted in $first $groups; do
        case $listed in *" $wanted "*) continue ;; esac
        listed="$listed$wanted "
        line=
        for file in $files; do
            group_of "$file"
            [ "$group" = "$wanted" ] && line="$line tests.system.$(basename "$file" .py)"
        done
        echo "${line# }"
        if [ "$wanted" = client ]; then list_parts; fi
    done
}

# list_parts: the same for what is no test of whole nodes; those with database servers run together.
list_parts() {
    databases= protocols= outside= others=
    for entry in tests/*; do
        name=$(basename "$entry" .py)
        [ -f "$entry/__init__.py" ] || [ "$entry" != "${entry#tests/test_}" ] || continue
        case $name in
        system | faults | raft) ;;
        auth | config | ctl | database | namespaces | storage) databases="$databases tests.$name" ;;
        fuzz | grpc | http | naming | push) protocols="$protocols tests.$name" ;;
        deploy | security) outside="$outside tests.$name" ;;
        *) others="$others tests.$name" ;;
        esac
    done
    printf '%s\n' "${outside# }" "${databases# }" "${protocols# }" "${others# }"
}

# run_entries NUMBER COUNT: runs the next entry that no other process has taken, until none is left.
run_entries() {
    NACOS_TW_PORTS=$1/$2
    export NACOS_TW_PORTS
    at=0
    while read -r line; do
        at=$((at + 1))
        mkdir "$output.$at.taken" 2>/dev/null || continue
        began=$(date +%s)
        case $line in
        console) sh "$SOURCE/bin/test-console.sh" </dev/null >"$output.$at" 2>&1 ;;
        mypy) "$VENV/bin/mypy" </dev/null >"$output.$at" 2>&1 && : >"$output.$at.passed" ;;
        # shellcheck disable=SC2086 # a list of words
        *) run_trial "$output.$at" $line </dev/null >/dev/null ;;
        esac
        echo "--- $(($(date +%s) - began)) s: $line: $(tail -n 1 "$output.$at")"
    done <"$output.entries"
}

skipped=0
if [ $# -gt 0 ]; then
    check mypy
    [ "${JOBS:-1}" -gt 1 ] && set -- "-j$JOBS" "$@"
    run_trial "$output.trial" "$@"
    add_up "$output.trial" "$*"
else
    list_entries >"$output.entries"
    processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || processors=1
    JOBS=${JOBS:-$((2 * processors + 1))}
    job=0
    while [ $job -lt "$JOBS" ]; do
        run_entries $job "$JOBS" &
        job=$((job + 1))
    done
    wait
    if ! grep -qx console "$output.entries"; then # a browser drops its requests when networks of other tests come and go
        echo console >>"$output.entries"
        run_entries 0 1
    fi
    at=0
    while read -r line; do
        at=$((at + 1))
        echo "--- $line"
        cat "$output.$at"
        case $line in
        console) add_up_console "$output.$at" ;;
        mypy)
            if [ -e "$output.$at.passed" ]; then
                passed=$((passed + 1))
            else
                failed=$((failed + 1))
                keep_failure mypy "$output.$at"
            fi
            ;;
        *) add_up "$output.$at" "$line" again ;;
        esac
    done <"$output.entries"
    run_again
fi
left=$(grep -lsaF "$TMPDIR/" /proc/[0-9]*/cmdline 2>/dev/null | sed 's|[^0-9]||g')
for pid in $left; do
    # This script's own children name the folder as well.
    grep -qsa nacos_tw "/proc/$pid/cmdline" || continue
    failed=$((failed + 1))
    echo "--- failed: a node was left running: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" >>"$output.failed"
    kill -9 "$pid"
done
if [ -s "$output.first" ]; then
    echo "--- what is unsteady, or fails always: the first try"
    cat "$output.first"
fi
if [ -s "$output.failed" ]; then
    echo "--- what failed"
    cat "$output.failed"
fi
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
