#!/bin/bash
# A run that was stopped on any number of ranks goes on on any other, as if nothing had happened.
. "$(dirname "$0")/../support/checkpoint.sh"

sample "$WORK/in" --events 20000
straight

numbers=(1 2 3 4 7 8)
for from in "${numbers[@]}"; do
    fault "ingest.round:4:0:stop" leaves 75 rebuild stopped "$from" --checkpoint "$WORK/kept.$from"
    says "Stopped on request; all that was read is kept."
    check "nothing was published" test ! -e "$WORK/stopped/mart_course_funnel_lessons.csv"
done
for from in "${numbers[@]}"; do
    for to in "${numbers[@]}"; do
        cp -a "$WORK/kept.$from" "$WORK/folder"
        leaves 0 rebuild resumed "$to" --checkpoint "$WORK/folder"
        says "resumed from checkpoint generation-0001-000001: "
        check "the summary tells of it" grep -q "resumed from a checkpoint 1 time$" "$WORK/stdout"
        as_straight resumed
        clean_folder "$WORK/folder"
        rm -rf "$WORK/folder" "$WORK/resumed" "$WORK/resumed.rejects"
    done
done
passed
