#!/usr/bin/env bash
# A disk of the server that is full while marts are published: code 5, the old marts are still there,
# and the next publication goes through once there is room. Full for the tables, and full for the log
# of the server.
. "$(dirname "$0")/../support/publish.sh"

[ "$(id -u)" = 0 ] || {
    echo "skipped: a small disk takes root"
    exit 77
}
mkdir "$work/small"
mount -t tmpfs -o size=24m,mode=711 none "$work/small" 2>/dev/null || {
    echo "skipped: a small disk cannot be mounted"
    exit 77
}
start_server
state_of() {
    sql -d "$1" -c "SELECT md5(
        (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM mart_course_funnel_cohorts t) ||
        (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM mart_course_funnel_lessons t)),
        (SELECT count(*) FROM course_funnel_runs)"
}
fill() { # fill KIB: a file takes all but so much of the small disk
    dd if=/dev/zero of="$work/small/filler" bs=4k 2>/dev/null || true
    truncate -s "-$1K" "$work/small/filler"
}

# The database lies on the small disk, the log does not. At each fullness something else fails first:
# the copy to the staging tables, the rows of a mart, the index.
mkdir "$work/small/tables"
chown -R postgres "$work/small/tables"
sql -c "CREATE TABLESPACE small LOCATION '$work/small/tables'"
sql -c "CREATE DATABASE small TABLESPACE small"
run "$probe" publish dbname=small public 1 100
check "there is room for the first marts" "$code$err" 0
old=$(state_of small)
whats=
for left in 64 300 600 800 1000 1200 1400 2000; do
    fill "$left"
    run "$probe" publish dbname=small public 2 100
    rm "$work/small/filler"
    [ "$code" != 0 ] || break
    check "with $left KiB left: refused" "$code" 5
    check_match "with $left KiB left: and what to do" "$err" \
        "(SQLSTATE 53100). The server's disk is full; make room there and run again."
    check "with $left KiB left: the old marts are there" "$(state_of small)" "$old"
    whats="$whats ${err%%:*};"
done
check_match "it fails before the transaction ($whats)" "$whats" "Copying rows to a staging table"
check_match "and in it" "$whats" "Replacing the rows of a mart"
run "$probe" publish dbname=small public 2 100
check "with room it goes through" "$code$err" 0
check "and the marts are the new ones" "$([ "$(state_of small)" != "$old" ] && echo new)" new
sql -c "DROP DATABASE small" -c "DROP TABLESPACE small"

# The log lies on the small disk, in segments of 1 MiB.
"$repository/jobs/local-postgres.sh" stop "$server"
data=$PGHOST/data
programs=$(dirname "$(find /usr/lib/postgresql -path '*/bin/pg_resetwal' | sort -V | tail -n 1)")
as_server=(runuser -u postgres -- env -C / LC_ALL=C.UTF-8)
"${as_server[@]}" "$programs/pg_resetwal" --wal-segsize=1 -D "$data" >/dev/null
mv "$data/pg_wal" "$work/small/log"
ln -s "$work/small/log" "$data/pg_wal"
chown -h postgres "$data/pg_wal"
COURSE_FUNNEL_POSTGRES_FSYNC=off "$repository/jobs/local-postgres.sh" start "$server" >/dev/null
run "$probe" publish "$database" public 1 100
check "there is room for the first log" "$code$err" 0
old=$(state_of postgres)
fill 1024
run "$probe" publish "$database" public 2 1000
check "a full log: not published" "$code" 5
check_match "a full log: says so" "$err" "(SQLSTATE 53100). The server's disk is full"
rm "$work/small/filler"
"$repository/jobs/local-postgres.sh" crash "$server" 2>/dev/null || true
COURSE_FUNNEL_POSTGRES_FSYNC=off "$repository/jobs/local-postgres.sh" start "$server" >/dev/null
check "a full log: the old marts are there" "$(state_of postgres)" "$old"
run "$probe" publish "$database" public 2 1000
check "with room it goes through" "$code$err" 0
check "and the marts are the new ones" "$([ "$(state_of postgres)" != "$old" ] && echo new)" new
"$repository/jobs/local-postgres.sh" stop "$server"
finish
