#!/bin/bash
# Records as people really had them. What is plainly meant is read: all of 400 learners. What names a
# course event and is none at its top level is a reject, and weighs at the gate what it holds.
. "$(dirname "$0")/../support/lib.sh"

odd=$DATA/odd-exports
[ -d "$odd" ] || skip "the odd exports are not at $odd"

users() { # users FOLDER: how many learners started the course
    sed 1d "$1/mart_course_funnel_cohorts.csv" | awk -F, '{ sum += $3 } END { print sum + 0 }'
}

for kind in cr-only nan number-user rs time-offset time-utc; do
    for ranks in 1 3; do
        leaves 0 funnel "$ranks" rebuild --from "$odd/good.json" --from "$odd/$kind" \
            --to "$WORK/$kind.$ranks" --rejects "$WORK/rejects" --range-bytes 1M
        check "$kind on $ranks: all learners" test "$(users "$WORK/$kind.$ranks")" = 400
        check "$kind on $ranks: no rejects" test ! -s "$WORK/rejects"
    done
    counts "$WORK/$kind.1/course_funnel_run.json" >"$WORK/counts"
    check "$kind: every record is read" grep -qx 'records_read,800' "$WORK/counts"
done
counts "$WORK/cr-only.1/course_funnel_run.json" >"$WORK/counts"
check "the file of old line ends is one line" grep -qx 'lines_read,793' "$WORK/counts"

# What is none stands in one file with good lines, so that the file is an export all the same.
# rejected KIND WEIGHT COUNT GOOD: the rejects weigh so much, and are so many, beside GOOD events.
rejected() {
    local kind=$1 weight=$2 count=$3 good=$4
    mkdir "$WORK/$kind" "$WORK/$kind.marts"
    cat "$odd/${5:-good.json}" "$odd/$kind"/* >"$WORK/$kind/mixed.json"
    leaves 7 funnel 2 rebuild --from "$WORK/$kind" --to "$WORK/$kind.marts" --rejects "$WORK/rejects" \
        --max-reject-share 0
    says "$weight of $((weight + good)) course events were rejected"
    says "--column record=COLUMN"
    check "$kind: nothing was published" test ! -e "$WORK/$kind.marts/course_funnel_run.json"
    leaves 0 funnel 2 rebuild --from "$WORK/$kind" --to "$WORK/$kind.marts" --rejects "$WORK/rejects" \
        --max-reject-share 0.6
    counts "$WORK/$kind.marts/course_funnel_run.json" >"$WORK/counts"
    check "$kind: each is a reject" grep -qx "not_an_event,$count" "$WORK/counts"
    check "$kind: all are kept" test "$(wc -l <"$WORK/rejects")" = "$count"
    check "$kind: the others count" test "$(users "$WORK/$kind.marts")" = $((good / 2))
}
rejected upper-keys 8 8 792
rejected upper-keys-half 400 400 400 good-half.json
rejected array 8 1 792
rejected wrapped 8 1 792

# Half of the events are over any share that one would allow.
leaves 7 funnel 2 rebuild --from "$WORK/upper-keys-half" --to "$WORK/marts" --rejects "$WORK/rejects"
passed
