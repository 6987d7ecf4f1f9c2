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
read_marts answers "$WORK/tables"
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

# What a reader is shown: out of both the same, but for the run.
leaves 0 alone report --from "$CONNINFO" --schema answers --course 101
grep -v -e '^Run ' -e '^finished ' "$WORK/stdout" >"$WORK/shown.tables"
leaves 0 alone report --from "$WORK/changed" --course 101
grep -v -e '^Run ' -e '^finished ' "$WORK/stdout" >"$WORK/shown"
same "$WORK/shown" "$WORK/shown.tables"
cat >"$WORK/shown.due" <<'TEXT'
Since the last run: 2 cells added, 0 removed, 2 changed

Course 101, weekly cohorts

    week of  started  completed    rate  in 30 days  median days  lessons
 2025-09-01        4          1  25.0 %      25.0 %          9.0        5
 2026-01-19        5          2  40.0 %      40.0 %          9.0        6
 2026-01-26        5          2  40.0 %      40.0 %          9.0        6
 2026-02-02        5          2  40.0 %      40.0 %          9.0        5
 2026-03-02        5          2  40.0 %      40.0 %          9.0        6
 2026-03-23        5          2  40.0 %      40.0 %          9.0        6
 2026-03-30        5          2  40.0 %           -          9.0        6
2026-04-06*        5          2  40.0 %           -            -        6
2026-04-13*        5          2  40.0 %           -            -        6
2026-04-20*        5          2  40.0 %           -            -        6
2026-04-27*        5          0       -           -            -        6

* watched for less than 28 days: more will complete

Course 101, lessons, all cohorts watched for 28 days or more

lesson  reached  of cohort  completed  median*  stopped    rate
     1       34    100.0 %         23  0:17:26        8  23.5 %  █ biggest
     2       26     76.5 %         20  0:21:00        6  23.1 %  █
     3       20     58.8 %         16  0:15:51        7  35.0 %  ██
     4       13     38.2 %         11  0:15:34        0   0.0 %
     5       13     38.2 %         12  0:11:43        0   0.0 %
     6        7     20.6 %          5  0:12:07        0       -

* the median of the cohorts' medians, weighted by timed completions

Most users stop at lesson 1: 8 of 34 (23.5 %).

Course 101, entry points, all cohorts watched for 28 days or more

started  completed     rate  entry point
     13         13  100.0 %  home
      7          0    0.0 %  (none)
      7          0    0.0 %  email
      7          0    0.0 %  push
TEXT
same "$WORK/shown" "$WORK/shown.due"

# The page: the same bytes each time and out of both, but for the name of the run.
html() { # html CODE TARGET... --html FILE
    leaves "$1" alone report --from "${@:2}"
}
page=$WORK/page.html
html 0 "$WORK/changed" --html "$page"
cp "$page" "$WORK/first.html"
echo old >"$page"
ln -s page.html "$WORK/link.html"
html 0 "$WORK/changed" --html "$WORK/link.html"
same "$page" "$WORK/first.html"
check "the link stays" test "$(readlink "$WORK/link.html")" = page.html
html 0 "$CONNINFO" --schema answers --html "$WORK/tables.html"
for file in "$page" "$WORK/tables.html"; do
    sed -i 's/, run .* UTC\. /. /' "$file"
done
same "$WORK/tables.html" "$page"
html 0 "$WORK/changed" --html "$WORK/pages/"
(cd "$WORK/pages" && ls) >"$WORK/pages.found"
{
    awk -F, 'NR > 1 && $3 > 0 { print "course-" $1 ".html" }' \
        "$WORK/changed/mart_course_funnel_cohorts.csv" | sort -u
    echo index.html
} >"$WORK/pages.due"
same "$WORK/pages.found" "$WORK/pages.due"
html 5 "$WORK/changed" --html "$WORK/none/page.html"
says "none/page.html: cannot be written: No such file or directory"
mkfifo "$WORK/pipe"
html 5 "$WORK/changed" --html "$WORK/pipe"
says "pipe: is no regular file"
printf 'course_id,lesson_id,title\n101,2,"x\n' >"$WORK/open.csv"
html 2 "$WORK/changed" --html "$page" --names "$WORK/open.csv"
says "a quote that begins in line 2 is never closed"
check "nothing is left behind" test -z "$(find "$WORK" -name '*.tmp-*')"

for course in 102 103 104 105 106 107 108; do
    leaves 0 alone report --from "$WORK/changed" --course "$course" --cohorts 100
    check "course $course fits 80 columns" test -z "$(grep -E '.{81}' "$WORK/stdout")"
    check "its biggest loss is not behind its last lesson" \
        test -z "$(grep -B 1 -e '^$' "$WORK/stdout" | grep biggest)"
done

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
