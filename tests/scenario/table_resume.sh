#!/bin/bash
# Going on from a checkpoint with a table as the source: exactly, as long as its snapshot can be had
# again; else not at all, and never with rows of two snapshots.
. "$(dirname "$0")/../support/checkpoint.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
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

# With all read, what happens to the table does not matter any more.
rm -r "$WORK/folder" "$WORK/out"
fault rebuild.publish:1:0:kill leaves 137 run out 2 "${folder[@]}"
psql -XAtqc "insert into raw_amplitude.events select * from raw_amplitude.events"
leaves 0 run out 3 "${folder[@]}"
as_straight out

# In the midst of it a change means to begin anew, and the message names what changed.
rm -r "$WORK/folder" "$WORK/out"
COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 run doubled 2
fault ingest.round:6:0:stop leaves 75 run out 2 "${folder[@]}"
for change in 'insert into raw_amplitude.events (event_type, user_id) values (null, null)' \
    "update raw_amplitude.events set user_id = 'x' where ctid = '(0,1)'" \
    "delete from raw_amplitude.events where user_id = 'x' or event_type is null"; do
    psql -XAtqc "$change"
    leaves 3 run out 2 "${folder[@]}"
    check "the table is named" grep -q 'raw_amplitude.events: the rest would be read in another' \
        "$WORK/stderr"
    check "so is the way out" grep -q -e '--restart' "$WORK/stderr"
    check "nothing was published" test ! -e "$WORK/out/mart_course_funnel_lessons.csv"
done
COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 run anew 2
leaves 0 run out 2 "${folder[@]}" --restart
same_marts "$WORK/out" "$WORK/anew"

# A view has no addresses and no snapshot to come back to.
psql -XAtqc 'create view gate.all as select * from raw_amplitude.events'
rm -r "$WORK/folder"
fault ingest.round:6:0:stop leaves 75 run out 1 "${folder[@]}" --events-table gate.all
leaves 3 run out 1 "${folder[@]}" --events-table gate.all
leaves 0 run out 1 "${folder[@]}" --events-table gate.all --restart
same_marts "$WORK/out" "$WORK/anew"
passed
