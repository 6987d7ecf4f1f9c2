#!/bin/bash
# A real course, half a million events: the marts equal those that another program computed, byte
# for byte, from files, from compressed files and out of the database.
. "$(dirname "$0")/../support/lib.sh"

course=$DATA/futurelearn
[ -d "$course" ] || skip "the course's data is not at $course"
runs=()
for run in 1 2 3; do
    runs+=("$run=$course/run${run}_step_activity.csv.gz,$course/run${run}_enrolments.csv.gz")
done
python3 "$course/futurelearn_to_amplitude.py" "$WORK/plain" "${runs[@]}"
lines=$(cat "$WORK"/plain/* | wc -l)

all_there() { # all_there RUN_JSON: every line is an event
    counts "$1" >"$WORK/counts"
    check "all lines read" grep -qx "lines_read,$lines" "$WORK/counts"
    check "all lines kept" grep -qx "kept,$lines" "$WORK/counts"
}

for ranks in 1 4; do
    leaves 0 funnel "$ranks" rebuild --from "$WORK/plain" --to "$WORK/marts.$ranks" \
        --rejects "$WORK/rejects"
    same_marts "$WORK/marts.$ranks" "$course/expected"
    all_there "$WORK/marts.$ranks/course_funnel_run.json"
    check "no rejects" test ! -s "$WORK/rejects"
done

mkdir "$WORK/gzip"
for file in "$WORK"/plain/*; do
    gzip -1c "$file" >"$WORK/gzip/$(basename "$file").gz"
done
leaves 0 funnel 3 rebuild --from "$WORK/gzip" --to "$WORK/marts.gzip" --rejects "$WORK/rejects"
same_marts "$WORK/marts.gzip" "$course/expected"
all_there "$WORK/marts.gzip/course_funnel_run.json"

start_postgres
# Twice: the second run replaces the rows of the first.
for _ in 1 2; do
    leaves 0 funnel 2 rebuild --from "$WORK/gzip" --to "$CONNINFO" --schema course \
        --rejects "$WORK/rejects"
    read_marts course "$WORK/tables"
    same_marts "$WORK/tables" "$course/expected"
done
passed
