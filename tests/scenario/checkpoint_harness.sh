#!/bin/bash
# The tests of checkpoints look at themselves: with the check of digests taken out, or the manifest's
# say about which generations count, the tests that stand for them fail, and by what they look for.
# power_cut.sh does the same with the fsync of folders.
. "$(dirname "$0")/../support/checkpoint.sh"

numbers=$COURSE_FUNNEL_FAULT_NUMBERS
fast_folder
export COURSE_FUNNEL_STRIDE=499 COURSE_FUNNEL_SEED=$seed COURSE_FUNNEL_FOLDERS=$FAST

# notices WHAT TEXT COMMAND...: it succeeds as things are, and fails with that in its output without
# WHAT, a number of fault.h.
notices() {
    local what=$1 text=$2 code=0
    shift 2
    COURSE_FUNNEL_FAULT_NUMBERS=$numbers leaves 0 timeout 60 "$@" >"$WORK/output" 2>&1
    COURSE_FUNNEL_FAULT_NUMBERS=$numbers,$what=1 timeout 60 "$@" >"$WORK/output" 2>&1 || code=$?
    cp "$WORK/output" "$WORK/stderr"
    check "without $what: $1 leaves $code" test "$code" = 1
    check "without $what: $1 does not say \"$text\"" grep -aqE -- "$text" "$WORK/output"
    check "without $what: $1 crashes" test "$(grep -cE 'Segmentation|signal' "$WORK/output")" = 0
    echo "without $what: $(grep -aE -m 1 -- "$text" "$WORK/output")"
}

notices generation.trust 'groups-0000-4095.h5: 0 ""' "$BUILD/tests/unit_generation"
notices generation.trust 'random damage .*FAILED' "$BUILD/tests/mpi_checkpoint"
notices store.count_all 'incomplete:1-2' "$BUILD/tests/unit_store"

# A whole run: a rank that dies before its first checkpoint counts leaves none behind.
dead_before_commit() {
    rm -rf "$WORK/folder" "$WORK/out" "$WORK/out.rejects"
    fault store.before_commit:1:0:kill leaves 137 rebuild out 2 --checkpoint "$WORK/folder" \
        --checkpoint-interval 0.000001
    leaves 0 rebuild out 2 --checkpoint "$WORK/folder"
    as_straight out
}
sample "$WORK/in" --events 4000 --format plain
straight
dead_before_commit
code=0
(
    trap - ERR EXIT
    export COURSE_FUNNEL_FAULT_NUMBERS=$numbers,store.count_all=1
    dead_before_commit
) >"$WORK/output" 2>&1 || code=$?
check "without store.count_all a death leaves no trace" test "$code" = 1
check "and the reason is another" grep -q '^fail: exit code 6 where 0 was due' "$WORK/output"
passed
