#!/usr/bin/env bash
# A private PostgreSQL server in a folder, reached by a Unix socket that only its owner can open.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: local-postgres.sh COMMAND DIR

  start    make the server in DIR if there is none, and start it if it does not run
  stop     stop it in good order; its data stay
  crash    stop it at once, as a power cut would; the next start recovers
  env      print the settings by which clients reach it: eval "$(local-postgres.sh env DIR)"
  remove   stop it and delete DIR with all data

Run as root, the server runs as the user postgres, since PostgreSQL refuses root. Where that user
cannot enter DIR, or DIR is too long for a socket's path, the server lives in a short folder below
${TMPDIR:-/tmp} that DIR/place names.

COURSE_FUNNEL_POSTGRES_FSYNC=off at start makes it faster and unsafe: for tests.
TEXT
}

fail() {
    printf 'local-postgres.sh: %s\n' "$*" >&2
    exit 1
}

# Run a program of the server as the server's user, from a folder that every user can enter.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- env -C / HOME=/tmp LC_ALL=C.UTF-8 "$@"
    else
        env -C / LC_ALL=C.UTF-8 "$@"
    fi
}

find_programs() {
    programs=$(find /usr/lib/postgresql /usr/pgsql-* -maxdepth 3 -path '*/bin/initdb' 2>/dev/null |
        sort -V | tail -n 1) || true
    [ -n "$programs" ] || programs=$(command -v initdb) || true
    [ -n "$programs" ] || fail "no PostgreSQL server is installed (on Debian: postgresql)"
    programs=$(dirname "$programs")
}

# The folder of data, log and socket: DIR, or the one that DIR/place names.
find_place() {
    place=$dir
    if [ -f "$dir/place" ]; then
        place=$(cat "$dir/place")
    fi
}

# A socket's path, with /.s.PGSQL.5432 behind the folder, may have 107 bytes.
make_place() {
    mkdir -p "$dir"
    find_place
    if [ "$place" = "$dir" ] && { [ "$(printf '%s' "$dir" | wc -c)" -gt 90 ] ||
        ! as_server test -x "$(dirname "$dir")"; }; then
        place=$(mktemp -d "${TMPDIR:-/tmp}/course-funnel-pg.XXXXXX")
        printf '%s\n' "$place" >"$dir/place"
    fi
    mkdir -p "$place"
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$place"
    fi
    chmod 700 "$place"
}

is_running() {
    as_server "$programs/pg_ctl" -D "$place/data" status >/dev/null 2>&1
}

make_server() {
    # What an interrupted start left half made is made anew.
    if [ -f "$place/data/made" ]; then
        return
    fi
    rm -rf "$place/data"
    as_server "$programs/initdb" -D "$place/data" -U postgres -A trust -E UTF8 \
        --locale=C.UTF-8 --no-sync >"$place/initdb.log" 2>&1 ||
        fail "initdb failed: $(tail -n 3 "$place/initdb.log")"
    cat >>"$place/data/postgresql.conf" <<TEXT
listen_addresses = ''
unix_socket_directories = '$place'
unix_socket_permissions = 0700
shared_buffers = 64MB
max_connections = 60
TEXT
    # initdb was told not to sync file by file; all at once is faster.
    [ "${COURSE_FUNNEL_POSTGRES_FSYNC:-on}" = off ] || sync -f "$place"
    as_server touch "$place/data/made"
}

start() {
    make_place
    if is_running; then
        echo "runs already in $place"
        return
    fi
    make_server
    as_server "$programs/pg_ctl" -D "$place/data" -l "$place/log" -w -t 60 \
        -o "-c fsync=${COURSE_FUNNEL_POSTGRES_FSYNC:-on}" start >/dev/null ||
        fail "the server does not start: $(tail -n 3 "$place/log" 2>/dev/null)"
    echo "started in $place"
}

end() {
    find_place
    if [ -d "$place/data" ] && is_running; then
        as_server "$programs/pg_ctl" -D "$place/data" -w -t 60 -m "$1" stop >/dev/null ||
            fail "the server in $place does not stop; see $place/log"
    fi
}

if [ $# -eq 1 ] && [ "$1" = --help ]; then
    usage
    exit 0
fi
if [ $# -ne 2 ] || [ -z "$2" ]; then
    usage >&2
    exit 2
fi
dir=$(realpath -m -- "$2") # The server is told of it from another folder.
case $1 in
start)
    find_programs
    start
    ;;
stop)
    find_programs
    end fast
    ;;
crash)
    find_programs
    end immediate
    ;;
env)
    [ -d "$dir" ] || fail "there is no server in $dir"
    find_place
    printf 'export PGHOST=%q PGPORT=5432 PGUSER=postgres PGDATABASE=postgres\n' "$place"
    ;;
remove)
    find_programs
    end immediate
    # Only what a server lives in is deleted, whatever folder was named.
    for folder in "$place" "$dir"; do
        if [ -f "$folder/data/made" ] || [ -f "$folder/place" ]; then
            rm -rf "$folder"
        fi
    done
    ;;
*)
    usage >&2
    exit 2
    ;;
esac
