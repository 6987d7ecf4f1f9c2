#!/bin/bash
# Going on from a checkpoint with a table as the source: exactly, as long as its snapshot can be had
# again; else not at all, and never with rows of two snapshots.
. "$(dirname "$0")/../support/checkpoint.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
psql -XAtqc 'alter system set autovacuum = off' -c 'select pg_reload_conf()' >/dev/null
load_sample --users 400 --courses 5 --lessons 12 --events 30000 --course-share 0.5 --weeks 6 \
    --duplicates 0.03 --late 0.05 --seed "$seed"
psql -XAtqc "insert into raw_amplitude.events select event_type, null, event_time, event_properties
    from raw_amplitude.events where uuid like '%7'; analyze raw_amplitude.events" \
    -c 'alter table raw_amplitude.events set (autovacuum_enabled = off)' -c 'vacuum'
run() { # run NAME RANKS ARGS...
    local name=$1 ranks=$2
    shift 2
    funnel "$ranks" rebuild --from "$CONNINFO" --to "$WORK/$name" \
        --rejects "$WORK/$name.rejects" --max-reject-share 1 --range-bytes 512K "$@"
}
psql -XAtqc 'select pg_switch_wal()' >/dev/null
COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 run straight 2
counts "$WORK/straight/course_funnel_run.json" >"$WORK/straight.counts"
same_marts "$WORK/straight" "$WORK/files"
check "the table has rejects" test -s "$WORK/straight.rejects"

# Stopped again and again, on other ranks, in the midst of ranges of pages.
folder=(--checkpoint "$WORK/folder" --checkpoint-interval 0.01)
for round in 1 2 3; do
    fault ingest.round:6:0:stop leaves 75 run out $((round + 1)) "${folder[@]}"
done
# Columns that are named otherwise give other marts.
other_columns() {
    leaves 3 run out 4 "${folder[@]}" --column user_id=uuid --column event_time=event_time
    says '  --column: was not given, now is user_id=uuid event_time=event_time'
}
other_columns
leaves 0 run out 4 "${folder[@]}"
says 'resumed from checkpoint generation-'
as_straight out
other_columns

# Files beside the table, which some ranks alone read: left in the midst of either.
mixed() { # mixed NAME RANKS ARGS...
    run "$@" --from "$WORK/plain" --connections 2
}
COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 mixed both 2
stops=0 code=75
while [ "$code" = 75 ]; do
    code=0
    COURSE_FUNNEL_FAULT="ingest.round:$((stops == 0 ? 6 : RANDOM % 30 + 30)):0:stop" \
        mixed mixed $((stops % 4 + 1)) --checkpoint "$WORK/mixed.folder" || code=$?
    stops=$((stops + 1))
done
check "it ended well" test "$code" = 0
check "it was stopped some times, not $stops" test "$stops" -ge 3
same_marts "$WORK/mixed" "$WORK/both"
same "$WORK/mixed.rejects" "$WORK/both.rejects"
for name in mixed both; do
    counts "$WORK/$name/course_funnel_run.json" >"$WORK/counts.$name"
done
same "$WORK/counts.mixed" "$WORK/counts.both"

# Into the server that is read from too: neither the check of the target nor a dry run writes to it,
# whether the tables of the target are there or not.
same_server() {
    leaves "$1" funnel "$2" rebuild --from "$CONNINFO" --to "$CONNINFO" --schema marts \
        --rejects "$WORK/same.rejects" --max-reject-share 1 --range-bytes 512K \
        --checkpoint "$WORK/same" --checkpoint-interval 0.01 "${@:3}"
}
for tables in missing there; do
    rm -rf "$WORK/same"
    # What publishing left dead in the catalogs is tidied by who reads them next, which is written.
    psql -XAtqc vacuum
    fault ingest.round:6:0:stop same_server 75 2
    fault ingest.round:6:0:stop same_server 75 3
    same_server 0 1 --dry-run
    same_server 0 2
    says 'resumed from checkpoint generation-'
    for mart in cohorts lessons; do
        keys=1,2$([ $mart = cohorts ] || echo ,3)
        psql -XAtqc "\\copy (select * from marts.mart_course_funnel_$mart order by $keys) to stdout csv header" \
            >"$WORK/published"
        same "$WORK/published" "$WORK/straight/mart_course_funnel_$mart.csv"
    done
    check "with tables $tables: one run more" test "$(psql -XAtqc 'select count(*)
        from marts.course_funnel_runs')" = "$([ $tables = missing ] && echo 1 || echo 2)"
done

# With all read, what happens to the table does not matter any more.
rm -r "$WORK/folder" "$WORK/out"
fault rebuild.publish:1:0:kill leaves 137 run out 2 "${folder[@]}"
psql -XAtqc "insert into raw_amplitude.events select * from raw_amplitude.events"
leaves 0 run out 3 "${folder[@]}"
as_straight out

# In the midst of it a change means to begin anew, and the message names what changed.
refused() { # refused WHAT: another snapshot, for what has changed
    leaves 3 run out 1 "${folder[@]}"
    says "raw_amplitude.events: the rest would be read in another snapshot, for $1"
    says '--restart'
    check "nothing was published" test ! -e "$WORK/out/mart_course_funnel_lessons.csv"
}
written='this server was written to since'
stop_midway() {
    rm -rf "$WORK/folder" "$WORK/out"
    fault ingest.round:6:0:stop leaves 75 run out 2 "${folder[@]}" "$@"
}
stop_midway
leaves 3 run out 2 "${folder[@]}" --column user_id=uuid --column uuid=
says 'raw_amplitude.events: the rest would be read from other columns (see --column)'
psql -XAtqc 'create table gate.other ()'
refused "$written (in other tables, as far as its statistics tell)"
psql -XAtqc 'insert into raw_amplitude.events (event_type, user_id) values (null, null)'
refused "$written (rows inserted: 1, updated: 0, deleted: 0; vacuums: 0)"
psql -XAtqc "update raw_amplitude.events set user_id = 'x' where ctid = '(0,1)'"
refused "$written (rows inserted: 1, updated: 1, deleted: 0; vacuums: 0)"
psql -XAtqc "delete from raw_amplitude.events where user_id = 'x'"
refused "$written (rows inserted: 1, updated: 1, deleted: 1; vacuums: 0)"
psql -XAtqc 'vacuum raw_amplitude.events'
refused "$written (rows inserted: 1, updated: 1, deleted: 1; vacuums: 1)"
psql -XAtqc 'vacuum full raw_amplitude.events'
refused 'the table was rewritten since'
COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 run anew 2
leaves 0 run out 2 "${folder[@]}" --restart
same_marts "$WORK/out" "$WORK/anew"

# A view has no addresses and no snapshot to come back to.
psql -XAtqc 'create view gate.all as select * from raw_amplitude.events'
stop_midway --events-table gate.all
leaves 3 run out 1 "${folder[@]}" --events-table gate.all
says 'gate."all": the rest would be read in another snapshot, for it is a view'
leaves 0 run out 1 "${folder[@]}" --events-table gate.all --restart
same_marts "$WORK/out" "$WORK/anew"

# A crash may lose what was committed without waiting for the disk, and give the number of its
# transaction to another: the snapshot has the same name then, but shows other rows.
psql -XAtq -c "insert into raw_amplitude.events values (null)" -c checkpoint
log_writer=$(psql -XAtqc "select pid from pg_stat_activity where backend_type = 'walwriter'")
kill -STOP "$log_writer"
snapshot='select txid_current_snapshot()'
psql -XAtq -c 'set synchronous_commit = off' -c "insert into raw_amplitude.events values
    ('course_completed', 'lost', '2025-07-01', '{\"course_id\":1}')"
before=$(psql -XAtqc "$snapshot")
stop_midway
kill -KILL "$log_writer"
is_up() {
    psql -XAtqc 'select 1' 2>"$WORK/psql.err" || true
}
wait_until 1 is_up
check "the row is lost" test "$(psql -XAtqc "select count(*) from raw_amplitude.events
    where user_id = 'lost'")" = 0
psql -XAtq -c "insert into raw_amplitude.events values
    ('course_completed', 'found', '2025-07-01', '{\"course_id\":2}')"
check "the snapshot has the same name" test "$(psql -XAtqc "$snapshot")" = "$before"
refused "$written"
rm -rf "$WORK/anew"
COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 run anew 2

# On a standby a run is not gone on with, nor on one that was promoted, which may lack the last
# transactions of the server that it followed.
start_standby
primary=$CONNINFO
wait_until t followed
CONNINFO="host=$standby user=$PGUSER dbname=postgres"
stop_midway
refused 'it is a view or a foreign table, or on a standby'
CONNINFO=$primary
stop_midway
wait_until t followed
"${run_server[@]}" "$programs/pg_ctl" -D "$standby/data" -w promote >/dev/null
CONNINFO="host=$standby user=$PGUSER dbname=postgres"
refused ''
leaves 0 run out 2 "${folder[@]}" --restart
same_marts "$WORK/out" "$WORK/anew"
passed
