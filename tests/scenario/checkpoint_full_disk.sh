#!/bin/bash
# The disk of the checkpoint folder is full, at every size that matters, and out of inodes: the job
# goes on or ends in good order, never with a crash, and with more room it goes on from what was kept.
. "$(dirname "$0")/../support/checkpoint.sh"

disk=$WORK/disk
mkdir "$disk"
mount -t tmpfs -o size=1M none "$disk" 2>/dev/null || skip "a tmpfs cannot be mounted here"
umount "$disk"
unmount() {
    mountpoint -q "$disk" && umount "$disk"
}
before_cleaning=unmount

sample "$WORK/in" --events 5000 --format plain
straight
often=(--checkpoint "$disk/folder" --checkpoint-interval 0.000001)
given_up=0
ended=0

try() { # try OPTIONS: a run on a disk with these mount options, then one with room
    local code=0
    mount -t tmpfs -o "$1" none "$disk"
    rm -rf "$WORK/out" "$WORK/out.rejects"
    rebuild out 2 "${often[@]}" || code=$?
    if [ "$code" = 0 ]; then
        as_straight out
        if grep -q "is given up, .*: No space left on device" "$WORK/stderr"; then
            given_up=$((given_up + 1))
        fi
    else
        checks=$((checks + 1))
        [ "$code" = 5 ] || [ "$code" = 6 ] || fail "$1: left $code"
        check "$1: the reason is told" grep -q "error: .*No space left on device" "$WORK/stderr"
        # Once it has begun, only a reject that cannot be kept ends it: none is lost.
        check "$1: checkpoints alone end no job" sh -c \
            '! grep -q "keeping checkpoints in" "$1" || grep -q "error: .*the rejects" "$1"' \
            - "$WORK/stderr"
        ended=$((ended + 1))
    fi
    [ ! -d "$disk/folder" ] || clean_folder "$disk/folder"
    mount -o remount,size=64M,nr_inodes=10000 "$disk"
    rm -rf "$WORK/out" "$WORK/out.rejects"
    leaves 0 rebuild out 3 "${often[@]}"
    as_straight out
    umount "$disk"
}

for ((size = 4; size < 64; size += 12)); do
    try "size=${size}K"
done
for ((size = 64; size < 1500; size += 60)); do
    try "size=${size}K"
done
for inodes in 3 5 6 8 10 12 14 16 18 20 24; do
    try "size=64M,nr_inodes=$inodes"
done

# Without rejects the job goes on, however full the disk is.
rm -rf "$WORK/in"
funnel 2 generate --out "$WORK/in" --users 400 --events 5000 --format plain --seed "$seed"
COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 rebuild clean 2
went_on=0
for ((size = 16; size < 1200; size += 40)); do
    code=0
    mount -t tmpfs -o "size=${size}K" none "$disk"
    rm -rf "$WORK/out" "$WORK/out.rejects"
    rebuild out 2 "${often[@]}" || code=$?
    checks=$((checks + 1))
    if [ "$code" != 0 ]; then
        ! grep -q "keeping checkpoints in" "$WORK/stderr" || fail "${size}K: left $code"
    else
        same_marts "$WORK/out" "$WORK/clean"
        ! grep -q "is given up, .*: No space left on device" "$WORK/stderr" || went_on=$((went_on + 1))
        clean_folder "$disk/folder"
        check "${size}K: what was kept is whole" sh -c \
            '! ls "$1"/generation-* >/dev/null 2>&1 || "$2" inspect "$1"' - "$disk/folder" "$PROGRAM"
    fi
    umount "$disk"
done
echo "went on without a checkpoint: $went_on"
check "runs went on" test "$went_on" -ge 5
echo "given up: in $given_up runs; ended: $ended"
check "checkpoints were given up" test "$given_up" -ge 5
check "runs ended for want of any room" test "$ended" -ge 3
passed
