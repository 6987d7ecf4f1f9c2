#!/bin/bash
# Odd but legal input gives the marts, counts and rejects that the rules ask for, case by case:
# odd_input.py has the cases. Then the runs in which nothing is left to publish.
. "$(dirname "$0")/../support/lib.sh"

python3 "$SOURCE/tests/support/odd_input.py" "$WORK/odd"
expected=$WORK/odd/expected

for ranks in 1 3; do
    leaves 0 funnel "$ranks" rebuild --from "$WORK/odd/input" --to "$WORK/marts.$ranks" \
        --rejects "$WORK/rejects.$ranks" --max-reject-share 1 --range-bytes 1M
    reject_list "$WORK/rejects.$ranks" >"$WORK/rejects.csv"
    same "$WORK/rejects.csv" "$expected/rejects.csv"
    for mart in cohorts lessons; do
        same "$WORK/marts.$ranks/mart_course_funnel_$mart.csv" "$expected/mart_course_funnel_$mart.csv"
    done
    counts "$WORK/marts.$ranks/course_funnel_run.json" >"$WORK/counts.csv"
    same "$WORK/counts.csv" "$expected/counts.csv"
    # What else the run's record tells of the input and the marts.
    while read -r name value; do
        check "the record has the $name $value" \
            grep -qF "\"$name\":	$value," "$WORK/marts.$ranks/course_funnel_run.json"
    done <<RECORD
ranks $ranks
bytes_read $(cat "$WORK"/odd/input/* | wc -c)
cohort_rows $(sed 1d "$expected/mart_course_funnel_cohorts.csv" | wc -l)
lesson_rows $(sed 1d "$expected/mart_course_funnel_lessons.csv" | wc -l)
first_event_time "0001-01-01 00:00:00.000000Z"
last_event_time "9999-12-31 23:59:59.999999Z"
source "$WORK/odd/input"
RECORD
done
same "$WORK/rejects.1" "$WORK/rejects.3"

# nothing_to_publish WHAT INPUT: refused with 7 and nothing changed, published when allowed to.
nothing_to_publish() {
    local target=$WORK/empty.$1
    mkdir "$target"
    leaves 7 funnel 2 rebuild --from "$2" --to "$target" --rejects "$WORK/rejects" \
        --max-reject-share 1
    says --allow-empty
    check "$1: nothing was published" test -z "$(ls -A "$target")"
    leaves 0 funnel 2 rebuild --from "$2" --to "$target" --rejects "$WORK/rejects" \
        --max-reject-share 1 --allow-empty
    check "$1: header lines alone" test "$(cat "$target"/mart_*.csv | wc -l)" = 5
    counts "$target/course_funnel_run.json" >"$WORK/counts.csv"
    check "$1: nothing kept" grep -qx 'kept,0' "$WORK/counts.csv"
}
python3 - "$WORK" <<'PYTHON'
import sys
from events import event, line
with open(sys.argv[1] + "/other.json", "wb") as file:
    for n in range(100):
        file.write(line(event("page_view", f"u{n}", 1, 1)) + b"\n")
with open(sys.argv[1] + "/rejects.json", "wb") as file:
    for n in range(100):
        file.write(line(event("course_completed", None, 1)) + b"\n")
PYTHON
: >"$WORK/empty.json"
nothing_to_publish "others only" "$WORK/other.json"
nothing_to_publish "rejects only" "$WORK/rejects.json"
nothing_to_publish "an empty file" "$WORK/empty.json"

# The gate on rejects: 100 of 100 course events are over any share below 1.
mkdir "$WORK/gate"
{
    cat "$WORK/rejects.json"
    python3 -c 'import sys; from events import *
for n in range(1900): sys.stdout.buffer.write(line(event(STARTED, f"u{n}", 1, 1)) + b"\n")'
} >"$WORK/share.json"
leaves 0 funnel 2 rebuild --from "$WORK/share.json" --to "$WORK/gate" --rejects "$WORK/rejects"
cp -r "$WORK/gate" "$WORK/gate.before"
leaves 7 funnel 2 rebuild --from "$WORK/share.json" --to "$WORK/gate" --rejects "$WORK/rejects" \
    --max-reject-share 0.0499
says --max-reject-share
check "the marts before stay as they are" diff -r "$WORK/gate" "$WORK/gate.before"
check "the rejects are there to look at" test "$(wc -l <"$WORK/rejects")" = 100
passed
