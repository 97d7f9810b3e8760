# Shared by the scripts of this folder: the virtual environment `.venv` of the checkout, made when it is
# missing, and brought up to date when pyproject.toml changed. To be sourced, from bash.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV="${SAFE_MIGRATE_VENV:-$PWD/.venv}"
export PIP_DISABLE_PIP_VERSION_CHECK=1

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Whether a command is a Python that we support; a shim of pyenv may exist and yet not run.
is_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    if [ -n "${PYTHON:-}" ]; then
        is_python "$PYTHON" || fail "PYTHON=$PYTHON is not a working Python 3.11 or newer."
        printf '%s\n' "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if is_python "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "No Python 3.11 or newer was found. Install one, or name it: PYTHON=/path/to/python3.13 $0"
}

base_of() {
    "$1" -c 'import sys; print(sys.base_prefix, sys.version_info[:3])' 2>/dev/null
}

make_venv() {
    local python="$1" log
    printf 'Making the virtual environment %s ...\n' "$VENV" >&2
    rm -rf "$VENV"
    log="$(mktemp)"
    if "$python" -m venv "$VENV" >"$log" 2>&1 ||
        { rm -rf "$VENV"; "$python" -m virtualenv --quiet "$VENV" >>"$log" 2>&1; } ||
        { rm -rf "$VENV"; uv venv --quiet --seed --python "$python" "$VENV" >>"$log" 2>&1; }; then
        rm -f "$log"
        return
    fi
    rm -rf "$VENV"
    cat "$log" >&2
    rm -f "$log"
    fail "$python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv"
}

# use_venv GROUP...: `.venv` exists, and has this package and the dependency groups of pyproject.toml.
use_venv() {
    local python group stamp checksum groups=()
    python="$(find_python)"
    if [ ! -x "$VENV/bin/python" ] ||
        ! is_python "$VENV/bin/python" ||
        { [ -n "${PYTHON:-}" ] && [ "$(base_of "$python")" != "$(base_of "$VENV/bin/python")" ]; }; then
        make_venv "$python"
    fi
    checksum="$(cksum <pyproject.toml) $PWD"
    for group in "$@"; do
        stamp="$VENV/.installed-$group"
        if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$checksum" ]; then
            groups+=("$group")
        fi
    done
    if [ "${#groups[@]}" -gt 0 ]; then
        printf 'Installing what %s needs (%s) ...\n' "scripts/$(basename "$0")" "${groups[*]}" >&2
        # Dependency groups need pip 25.1; the one that comes with Python is often older.
        "$VENV/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
        "$VENV/bin/python" -m pip install --quiet --editable '.[postgresql]' "${groups[@]/#/--group=}"
        for group in "${groups[@]}"; do
            printf '%s\n' "$checksum" >"$VENV/.installed-$group"
        done
    fi
    export PATH="$VENV/bin:$PATH"
}

# The driver of MariaDB and MySQL is compiled at installation: tests of that vendor go without it if need be.
try_mysqlclient() {
    local log="$VENV/mysqlclient.log"
    if "$VENV/bin/python" -c 'import MySQLdb' >/dev/null 2>&1; then
        return
    fi
    printf 'Installing mysqlclient, which is compiled ...\n' >&2
    if "$VENV/bin/python" -m pip install --quiet --editable '.[mysql]' >"$log" 2>&1; then
        return
    fi
    printf 'mysqlclient could not be installed, so the tests on MariaDB are skipped (log: %s).\n' "$log" >&2
    printf 'On Debian or Ubuntu: apt-get install mariadb-server libmariadb-dev pkg-config gcc python3-dev\n' >&2
    if [ "${SAFE_MIGRATE_REQUIRE_SERVERS:-}" = 1 ]; then
        cat "$log" >&2
        fail "SAFE_MIGRATE_REQUIRE_SERVERS=1 demands mysqlclient."
    fi
}
