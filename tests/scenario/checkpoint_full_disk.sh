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
echo "given up: in $given_up runs; ended: $ended"
check "checkpoints were given up" test "$given_up" -ge 5
check "runs ended for want of any room" test "$ended" -ge 3
passed
