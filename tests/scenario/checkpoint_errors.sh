#!/bin/bash
# Calls that fail while a checkpoint is written: that one is given up, in the log, and the job goes
# on; what was kept before stays good. Calls that fail while one is read: the one before is used.
# These are whole runs; test_checkpoint_calls.c has each call of a checkpoint fail in turn.
. "$(dirname "$0")/../support/checkpoint.sh"

sample "$WORK/in" --events 4000 --format plain
straight
fast_folder
folder=$FAST/folder
often=(--checkpoint "$folder" --checkpoint-interval 0.000001)

forget() {
    rm -rf "$folder" "$WORK/out" "$WORK/out.rejects"
}

# The first two of these calls on rank 0 are the probe of the folder and the attempt's file: when
# they fail the job is refused, which another test tries. The job has to get past them.
given_up=0
for point in durable.open durable.write durable.fsync durable.close durable.rename durable.sync \
    durable.make_folder durable.open_to_read rejects.fsync store.unlink store.rmdir; do
    for failure in 6:0:EIO 30:0:ENOSPC 6+:0:ENOSPC; do
        forget
        COURSE_FUNNEL_FAULT=$point:$failure leaves 0 rebuild out 2 "${often[@]}"
        as_straight out
        clean_folder "$folder"
        if grep -qE "warning: (checkpoint .* is given up|an old checkpoint is left behind)" \
            "$WORK/stderr"; then
            given_up=$((given_up + 1))
        fi
        # Whatever is there now is good, or nothing.
        rm -rf "$WORK/out" "$WORK/out.rejects"
        leaves 0 rebuild out 3 "${often[@]}"
        as_straight out
    done
done
echo "given up: $given_up"
checks=$((checks + 1))
[ "$given_up" -ge 20 ] || fail "only $given_up checkpoints were given up"

# Another rank than 0, which takes part by its own files alone.
for point in durable.write durable.fsync durable.sync rejects.fsync; do
    forget
    COURSE_FUNNEL_FAULT=$point:2+:1:ENOSPC leaves 0 rebuild out 2 "${often[@]}"
    check "rank 1 is named" grep -q "is given up, .*rank 1 on .*: No space left on device" \
        "$WORK/stderr"
    as_straight out
done

# The rejects' name that cannot be made to last.
forget
COURSE_FUNNEL_FAULT=rejects.sync_folder:1:0:EIO leaves 5 rebuild out 2
says "$WORK/out.rejects: the rejects cannot be made to last: Input/output error."

# A stop that cannot be kept is told by its own exit code.
forget
COURSE_FUNNEL_FAULT=ingest.round:4:0:stop,durable.fsync:4+:0:EIO leaves 6 rebuild out 2 \
    --checkpoint "$folder"
says "Stopped on request, but what was read could not be kept. The next run goes on from the \
checkpoint before."

# Reading: the newer generation is set aside when it cannot be read, and the older one used; when
# both cannot, the job says so.
forget
fault ingest.round:6:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
fault ingest.round:3:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
cp -a "$folder" "$FAST/kept"
for point in durable.read durable.open_to_read generation.verified; do
    for time in 1 3 2+; do
        for rank in 0 1; do
            forget
            cp -a "$FAST/kept" "$folder"
            code=0
            COURSE_FUNNEL_FAULT=$point:$time:$rank:EIO rebuild out 2 --checkpoint "$folder" ||
                code=$?
            checks=$((checks + 1))
            case $code in
            0) as_straight out ;;
            6) check "nothing is published" test ! -e "$WORK/out/mart_course_funnel_lessons.csv" ;;
            *) fail "$point, time $time, rank $rank: left $code" ;;
            esac
        done
    done
done
passed
