#!/usr/bin/env bash
# The server's disk is full, with more or less room left when the rows come: the publisher ends with
# a message, or publishes; readers see the old marts or the new ones, and with room again the next run
# publishes.
. "$(dirname "$0")/../support/publish.sh"

disks=("$work/small" "$work/wal")
mkdir "${disks[@]}"
mount -t tmpfs -o size=140M,mode=711 none "$work/small" 2>/dev/null || {
    echo "skipped: a small disk cannot be mounted here"
    exit 77
}
mount -t tmpfs -o size=40M,mode=755 none "$work/wal"
remove_disks() {
    "$repository/jobs/local-postgres.sh" remove "$work/small/server" || true
    umount "${disks[@]}" || true
    clean_up
}
trap remove_disks EXIT
chmod 711 "$work"
server_is() { # server_is start|stop
    COURSE_FUNNEL_POSTGRES_FSYNC=off "$repository/jobs/local-postgres.sh" "$1" "$work/small/server"
}
server_is start
eval "$("$repository/jobs/local-postgres.sh" env "$work/small/server")"
database=dbname=postgres

# Everything that a reader sees.
state() {
    sql -c "SELECT md5(
        (SELECT string_agg(t::text, E'\n' ORDER BY t::text) FROM shop.mart_course_funnel_cohorts t) ||
        (SELECT string_agg(t::text, E'\n' ORDER BY t::text) FROM shop.mart_course_funnel_lessons t) ||
        (SELECT cohorts_digest || lessons_digest FROM shop.course_funnel_runs ORDER BY attempt_at DESC LIMIT 1))"
}
"$probe" publish "$database" shop 2 1500 >/dev/null
large=$(state)
"$probe" publish "$database" shop 1 30 >/dev/null
small=$(state)

refused=0
published=0
: >"$work/where"
for room in 0 500 4000 8000 11000 32000; do
    sql -c "VACUUM FULL" -c "CHECKPOINT"
    attempt=$("$probe" check "$database" shop)
    left=$(df --output=avail -k "$work/small" | tail -n 1)
    head -c $(((left > room ? left - room : 0) * 1024)) /dev/zero >"$work/small/filler" || true
    run "$probe" publish "$database" shop 2 1500 "$attempt"
    if [ "$code" = 0 ]; then
        published=$((published + 1))
        check "room for $room KiB: published, so the rows are there" "$(state)" "$large"
    else
        refused=$((refused + 1))
        check "room for $room KiB: code" "$code" 5
        check_match "room for $room KiB: the message tells what to do" "$err" \
            "(SQLSTATE 53100). The server's disk is full; make room there and run again."
        sed 's/: .*//' <<<"$err" >>"$work/where"
        check "room for $room KiB: readers have the old marts, with the disk still full" "$(state)" "$small"
    fi
    rm "$work/small/filler"
    run "$probe" publish "$database" shop 1 30
    check "room for $room KiB: with room again the next run publishes" "$code$err $(state)" "0 $small"
done
check "most were refused ($refused), one was not ($published)" "$([ $refused -ge 4 ] && [ $published -ge 1 ] &&
    echo so)" so
check "in steps of several kinds: $(sort -u "$work/where" | paste -sd ,)" \
    "$([ "$(sort -u "$work/where" | wc -l)" -ge 3 ] && echo so)" so

# A server whose log of changes has no room left gives up altogether, and does not come back before
# there is some.
server_is stop
data=$work/small/server/data
mv "$data/pg_wal" "$work/wal/pg_wal"
ln -s "$work/wal/pg_wal" "$data/pg_wal"
server_is start
for ((round = 0; round < 12; round++)); do
    before=$(state)
    run "$probe" publish "$database" shop $((round % 2 + 2)) 1500
    [ "$code" = 0 ] || break
done
check "a server that gives up ends in code 5" "$code" 5
check_match "with a message" "$err" "run again"
echo "  $err"
mount -o remount,size=200M "$work/wal"
# It may be about to come back by itself, or be gone.
for ((tries = 0; tries < 60; tries++)); do
    ! sql -c "SELECT 1" >/dev/null 2>&1 || break
    sleep 0.5
    server_is start >/dev/null 2>&1 || true
done
after=$(state)
check "and none of its rows is there" "$after" "$before"
run "$probe" publish "$database" shop 1 30
check "with room again the next run publishes" "$code$err $(state)" "0 $small"
finish
