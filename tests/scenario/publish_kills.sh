#!/bin/bash
# The rank that publishes to PostgreSQL dies at every named point of it, at its first, middle and last
# time, and again in the recovery: readers find the old marts or the new ones, never a part, and the
# same command brings the new ones without reading the input again. A server that is lost when all is
# read costs no second reading either.
. "$(dirname "$0")/../support/checkpoint.sh"

# Rows go to the server in many pieces.
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,publish.piece_bytes=4096
start_postgres
sample "$WORK/in" --events 20000 --lessons 120 --format plain
sample "$WORK/other" --events 2000 --format plain
straight
fast_folder
folder=$FAST/folder
publish() { # publish RANKS ARGS...
    local ranks=$1
    shift
    funnel "$ranks" rebuild --from "$WORK/in" --to "$CONNINFO" --schema shop \
        --rejects "$WORK/rejects" --max-reject-share 1 --checkpoint "$folder" "$@"
}

read_back() { # what a reader finds
    read_marts shop "$WORK/$1"
    psql -XAtqc "\\copy (select * from shop.course_funnel_changes order by 1, 2, 3, 4) to '$WORK/$1/changes' csv"
}
same_tables() { # same_tables A B: the marts, and what moved
    same_marts "$WORK/$1" "$WORK/$2"
    same "$WORK/$1/changes" "$WORK/$2/changes"
}

# The old marts, which are put back again and again, and a checkpoint in which all is read.
leaves 0 funnel 2 rebuild --from "$WORK/other" --to "$CONNINFO" --schema shop \
    --rejects "$WORK/rejects" --max-reject-share 1
read_back old
check "old and new differ" test -n "$(diff -rq "$WORK/old" "$WORK/straight")"
pg_dump -n shop >"$WORK/old.sql"
put_old_back() {
    psql -XAtqc 'drop schema shop cascade' 2>/dev/null
    psql -XAtq -v ON_ERROR_STOP=1 -f "$WORK/old.sql" >/dev/null
}
fault rebuild.publish:1:0:kill leaves 137 publish 2
cp -a "$folder" "$FAST/kept"

trace "$WORK/points" leaves 0 publish 2
read_back new
same_marts "$WORK/new" "$WORK/straight"
check "cells are said to have changed" test -s "$WORK/new/changes" -a ! -s "$WORK/old/changes"
points=(look_up copy replace before_commit after_commit)
hits=0
while read -r count rank point; do
    [[ " ${points[*]/#/publish.} " = *" $point "* ]] || continue
    for time in $(times "$count"); do
        rm -rf "$folder"
        cp -a "$FAST/kept" "$folder"
        put_old_back
        dies "$point:$time:$rank" publish 2 || fail "$point:$time was not hit"
        hits=$((hits + 1))
        # The server may still be at what it was told last.
        for ((tries = 0; tries < 100; tries++)); do
            [ "$(psql -XAtqc "select count(*) from pg_stat_activity
                where application_name = 'course-funnel'")" != 0 ] || break
            sleep 0.05
        done
        read_back seen
        if [ "$point" = publish.after_commit ]; then
            same_tables seen new
        else
            same_tables seen old
        fi
        # Death in the recovery, at another point; what is published already does not get there.
        if dies "publish.${points[hits % 5]}:1:0" publish 1; then
            leaves 0 publish 3
        fi
        says "all input was read before, its sums are published"
        read_back seen
        same_tables seen new
        check "the run is recorded once" test "$(psql -XAtqc "select count(*), count(distinct run_id)
            from shop.course_funnel_runs where lines_read = $(
            sed -n 's/^lines_read,//p' "$WORK/straight.counts")")" = "1|1"
    done
done <"$WORK/points"
echo "deaths: $hits"
for point in "${points[@]}"; do
    check "publish.$point was hit" grep -qx "publish.$point" "$WORK/died"
done

# The answer to the COMMIT that publishes is lost, the third: after the check, and the tables.
rm -rf "$folder"
cp -a "$FAST/kept" "$folder"
put_old_back
mkdir "$WORK/proxy"
python3 "$SOURCE/tests/support/commit_proxy.py" "$PGHOST/.s.PGSQL.5432" "$WORK/proxy/.s.PGSQL.5432" \
    after 2 >"$WORK/proxy.log" &
proxy=$!
until grep -qs ready "$WORK/proxy.log"; do sleep 0.05; done
CONNINFO="$CONNINFO host=$WORK/proxy" leaves 0 publish 2
kill "$proxy"
check "an answer was lost" grep -q lost "$WORK/proxy.log"
read_back seen
same_tables seen new
# The same run mends what others did to its rows, and what it moved stays.
psql -XAtqc 'delete from shop.mart_course_funnel_steps where lesson_id = 1'
leaves 0 publish 1
says "all input was read before, its sums are published"
read_back seen
same_tables seen new

# A COMMIT that waits for a standby to the end of its time, which is five minutes and more: the wait is
# ended, the publication is there, and nothing else is.
rm -rf "$folder"
put_old_back
psql -XAtqc "alter system set synchronous_standby_names = 'nobody'" -c 'select pg_reload_conf()' >/dev/null
begun=$SECONDS
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,postgres.wait_ms=4000 leaves 0 publish 2
check "it waits for as long ($((SECONDS - begun)) s)" test $((SECONDS - begun)) -ge 4 -a $((SECONDS - begun)) -le 15
says "waits for a standby: the server has committed"
says "the server has committed, but no standby has confirmed that"
read_back seen
same_tables seen new
check "no session, lock or table of it is left" test "$(psql -XAtqc "select (select count(*) from
    pg_stat_activity where application_name = 'course-funnel' or wait_event = 'SyncRep') +
    (select count(*) from pg_locks where locktype = 'advisory') +
    (select count(*) from pg_class where relpersistence = 't')")" = 0
PGOPTIONS='-c synchronous_commit=local' psql -XAtqc "alter system reset synchronous_standby_names" \
    -c 'select pg_reload_conf()' >/dev/null

# The server is gone when all is read; when it is back the sums are there.
rm -rf "$folder"
put_old_back
export COURSE_FUNNEL_FAULT=rebuild.publish:1:0:wait
export COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,fault.wait_us=1500000
(
    until grep -q '"kind":"sums"' "$folder"/generation-*/manifest.json 2>/dev/null; do sleep 0.05; done
    "$SOURCE/jobs/local-postgres.sh" crash "$postgres_dir"
) &
crasher=$!
leaves 5 publish 2
wait $crasher || fail "the server was not there to be crashed"
unset COURSE_FUNNEL_FAULT
COURSE_FUNNEL_POSTGRES_FSYNC=off "$SOURCE/jobs/local-postgres.sh" start "$postgres_dir" >&2
leaves 0 publish 3
says "all input was read before, its sums are published"
read_back seen
same_tables seen new
passed
