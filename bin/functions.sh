# What the scripts here share. Sourced, with SOURCE set to the folder above.

fail() {
    printf 'ERROR %s\n' "$1" >&2
    exit 1
}

# The usage of the script that runs: its fourth line. misused TEXT: what cannot be used, on standard error.
usage() {
    sed -n '4s/^# */Usage: /p' "$0"
}

misused() {
    printf 'ERROR %s\n' "$1" >&2
    usage >&2
    exit 1
}

version() {
    version=
    [ -f "$SOURCE/nacos_tw/__init__.py" ] && version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$SOURCE/nacos_tw/__init__.py")
    [ -n "$version" ] || version=$("${NACOS_TW_VENV:-${NACOS_HOME:-$SOURCE}/.venv}/bin/python" -I -c \
        'import nacos_tw; print(nacos_tw.__version__)' 2>/dev/null)
    echo "nacos_tw ${version:-(not installed)}"
}

# Without its "sh: 1: cannot create": the reason alone, of what a command said on standard error.
reason() {
    sed -n '1s/.*: //p'
}

# A process id may have gone to another program since: the command must be a node's. (A process that has ended but
# that nobody has waited for has no command.)
is_node() {
    kill -0 "$1" 2>/dev/null || return 1
    if [ -r "/proc/$1/cmdline" ]; then
        command=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null)
    else
        command=$(ps -o command= -p "$1" 2>/dev/null)
    fi
    case $command in
    *nacos_tw* | *nacos-tw* | *twistd*nacos*) return 0 ;;
    esac
    return 1
}

# The process id in a pid file; nothing if there is none.
read_pid() {
    found=
    [ -f "$1" ] && read -r found <"$1"
    case $found in
    '' | *[!0-9]*) ;;
    *) echo "$found" ;;
    esac
}

# What the virtual environment should hold: a checksum of all that is installed, the same for each copy of one source
# tree. Empty where there is no source.
wanted() {
    [ -f "$SOURCE/setup.py" ] || return 0
    (
        cd "$SOURCE" || exit 1
        find setup.py pyproject.toml nacos_tw twisted console \( -name '__pycache__' -o -name node_modules -o \
            -path console/build -o -path nacos_tw/console/static \) -prune -o \
            -type f ! -name '*.pyc' ! -name 'dropin.cache' -exec cksum {} + 2>/dev/null | LC_ALL=C sort | cksum
    )
}

# Whether the file $1 holds just the line $2.
holds() {
    line=
    [ -f "$1" ] && read -r line <"$1"
    [ -n "$line" ] && [ "$line" = "$2" ]
}
