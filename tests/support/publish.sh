# Sourced by the scenarios of publishing: a folder of their own in $work, on request a private
# PostgreSQL server, both gone at the end.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
probe=${COURSE_FUNNEL_BUILD:-$repository/build/debug}/tests/publish_probe
[ -x "$probe" ] || {
    echo "skipped: $probe is not built"
    exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/cf-publish.XXXXXX")
server=
helpers=()
failures=0

clean_up() {
    for helper in "${helpers[@]}"; do
        kill "$helper" 2>/dev/null || true
        wait "$helper" 2>/dev/null || true
    done
    if [ -n "$server" ]; then
        "$repository/jobs/local-postgres.sh" remove "$server" || true
    fi
    if mountpoint -q "$work/small" 2>/dev/null; then
        umount "$work/small"
    fi
    rm -rf "$work"
}
trap clean_up EXIT

start_server() {
    local log
    server=$work/server
    # The server's user has to enter the folder, and nobody else is to look around in it.
    chmod 711 "$work"
    if ! log=$(COURSE_FUNNEL_POSTGRES_FSYNC=off "$repository/jobs/local-postgres.sh" start \
        "$server" 2>&1); then
        case $log in
        *"no PostgreSQL server is installed"*)
            echo "skipped: $log"
            exit 77
            ;;
        esac
        echo "$log"
        exit 1
    fi
    eval "$("$repository/jobs/local-postgres.sh" env "$server")"
    unset PGPASSWORD PGSERVICE PGPASSFILE PGOPTIONS PGTARGETSESSIONATTRS
    database=dbname=postgres
}

sql() {
    psql -X -q -At -v ON_ERROR_STOP=1 "$@"
}

# check NAME WHAT-IS WHAT-SHOULD-BE
check() {
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        echo "FAILED: $1"
        echo "  found:    $2"
        echo "  expected: $3"
        failures=$((failures + 1))
    fi
}

# check_match NAME TEXT PIECE: the text has the piece in it.
check_match() {
    case $2 in
    *"$3"*) echo "ok: $1" ;;
    *)
        echo "FAILED: $1"
        echo "  found:    $2"
        echo "  expected: ...$3..."
        failures=$((failures + 1))
        ;;
    esac
}

# run COMMAND...: its exit code in $code, its standard output in $out, standard error in $err.
run() {
    code=0
    "$@" >"$work/out" 2>"$work/err" || code=$?
    out=$(cat "$work/out")
    err=$(cat "$work/err")
}

finish() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures failed"
        exit 1
    fi
    echo "all passed"
}
