#!/bin/bash
# A small history made of corners: the marts and the counts of the record are those that two other
# programs computed, byte for byte, for each of several days, from files and out of the database.
. "$(dirname "$0")/../support/lib.sh"

data=$DATA/answers
[ -d "$data" ] || skip "the sample of corners is not at $data"
start_postgres

due() { # due DAY: steps and completion are of that day, all else is the same for all days
    mkdir -p "$WORK/due.$1"
    cp -f "$data"/expected/* "$WORK/due.$1"
    chmod u+w "$WORK/due.$1"/*
    [ ! -d "$data/other_days/$1" ] || cp -f "$data/other_days/$1"/* "$WORK/due.$1"
}

said() { # said RECORD DAY: the counts of the record as a line of record.csv
    python3 - "$1" "$2" <<'PYTHON'
import json, sys
run = json.load(open(sys.argv[1]))
as_of = run["as_of"] or ""
for ending in ("Z", "000000", "."):
    as_of = as_of.removesuffix(ending)
print(sys.argv[2], as_of, run["events_in_the_future"], run["kept"], run["duplicates"],
      run["entry_points_in_other"], run["users_in_other"], sep=",")
PYTHON
}

ranks=1
while IFS=, read -r day rest; do
    [ "$day" != day ] || continue
    due "$day"
    leaves 0 funnel "$ranks" rebuild --as-of "$day" --from "$data/events" --to "$WORK/marts.$day" \
        --rejects "$WORK/rejects"
    same_marts "$WORK/marts.$day" "$WORK/due.$day"
    check "the record of $day with $ranks ranks" \
        test "$(said "$WORK/marts.$day/course_funnel_run.json" "$day")" = "$day,$rest"
    ranks=$((ranks % 8 + 1))
done <"$data/record.csv"

# Out of the database.
day=$(cat "$data/as_of")
leaves 0 funnel 3 rebuild --as-of "$day" --from "$data/events" --to "$CONNINFO" --schema answers \
    --rejects "$WORK/rejects"
mkdir "$WORK/tables"
for mart in cohorts lessons steps completion entry_points; do
    keys=1,2
    [ "$mart" = cohorts ] || [ "$mart" = completion ] || keys=1,2,3
    file=$WORK/tables/mart_course_funnel_$mart.csv
    psql -XAtqc "\\copy (select * from answers.mart_course_funnel_$mart order by $keys) to '$file' csv header"
done
same_marts "$WORK/tables" "$WORK/due.$day"

# The past is moved: exactly what moved is said, in the database and beside the files.
mkdir "$WORK/moved"
cp "$data"/events/* "$WORK/moved"
chmod u+w "$WORK/moved"/*
python3 - "$WORK/moved" <<'PYTHON'
import sys
from events import *
with open(sys.argv[1] + "/later.json", "wb") as file:
    for text in (event(STARTED, "a late one", 101, 1, event_time="2025-09-02 10:00:00"),
                 event(STARTED, "a new one", 999, 7, event_time="2026-04-28 10:00:00")):
        file.write(line(text) + b"\n")
PYTHON
cp -r "$WORK/marts.$day" "$WORK/changed"
leaves 0 funnel 2 rebuild --as-of "$day" --from "$WORK/moved" --to "$CONNINFO" --schema answers \
    --rejects "$WORK/rejects"
leaves 0 funnel 2 rebuild --as-of "$day" --from "$WORK/moved" --to "$WORK/changed" --rejects "$WORK/rejects"
cat >"$WORK/changes" <<'CSV'
course_id,cohort_week_start,cell,lesson_id,change,old_users_started,new_users_started,old_users_completed,new_users_completed,was_mature
101,2025-09-01,cohort,0,changed,3,4,1,1,t
101,2025-09-01,lesson,1,changed,3,4,2,2,t
999,2026-04-27,cohort,0,added,,1,,0,f
999,2026-04-27,lesson,7,added,,1,,0,f
CSV
psql -XAtqc "\\copy (select * from answers.course_funnel_changes order by 1, 2, 3, 4) to '$WORK/changes.found' csv header"
same "$WORK/changes.found" "$WORK/changes"
same "$WORK/changed/course_funnel_changes.csv" "$WORK/changes"
check "and counted" test "$(psql -XAtqc 'select cells_added, cells_removed, cells_changed
    from answers.course_funnel_runs order by attempt_at desc limit 1')" = "2|0|2"

# Files that were changed by others are not compared, and that is said.
echo >>"$WORK/changed/mart_course_funnel_lessons.csv"
leaves 0 funnel 2 rebuild --as-of "$day" --from "$data/events" --to "$WORK/changed" --rejects "$WORK/rejects"
says "are not those of their record"
check "no cell is said to have changed" test "$(wc -l <"$WORK/changed/course_funnel_changes.csv")" = 1
check "nor counted" grep -q '"cells_added":.null' "$WORK/changed/course_funnel_run.json"

# Two marts alone: what was of others goes.
leaves 0 funnel 2 rebuild --tables marts --from "$data/events" --to "$WORK/changed" --rejects "$WORK/rejects"
check "three files are left" test "$(find "$WORK/changed" -type f | wc -l)" = 3
passed
