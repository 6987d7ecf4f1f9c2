#!/bin/bash
# The power of the disk that holds checkpoints, rejects and marts fails at random moments, in chains:
# after each cut, what the job has announced is there, and a job on any number of ranks goes on from
# it to the marts of a run that nothing happened to. The disk is an ext4 in a file; shutting it down
# drops all that was not synced. At last the test looks at itself: without the fsync of folders it
# must find something missing.
#
# COURSE_FUNNEL_SEED repeats a run's random choices, COURSE_FUNNEL_POWER_CUTS sets their number.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slow.sh"

cuts=${COURSE_FUNNEL_POWER_CUTS:-15}
seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
RANDOM=$seed
echo "COURSE_FUNNEL_SEED=$seed"
disk=$WORK/disk
image=$WORK/memory/image

PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip "no file systems can be mounted on this machine: not root"
command -v mkfs.ext4 >/dev/null || skip "mkfs.ext4 is not there"
mkdir "$WORK/memory" "$disk"
unmount() {
    end_ranks
    ! mountpoint -q "$disk" || umount "$disk" || umount -l "$disk"
    ! mountpoint -q "$WORK/memory" || umount "$WORK/memory"
}
before_cleaning=unmount
mount -t tmpfs -o size=300m none "$WORK/memory" 2>/dev/null || skip "nothing can be mounted on this machine"
truncate -s 200M "$image"
mkfs.ext4 -q -F "$image"
mount -o loop "$image" "$disk" 2>/dev/null || skip "there are no loop devices on this machine"
umount "$disk"

make_export 20000
slow_program 400000
cp "$SLOW" "$WORK/slow-hasty"
sed -i 's/ exec / SHIM_NO_FOLDER_FSYNC=1&/' "$WORK/slow-hasty"

options=(--from "$WORK/export" --to "$disk/marts" --rejects "$disk/rejects" --max-reject-share 1
    --checkpoint "$disk/checkpoint" --checkpoint-interval 0.2)
styles=(data=ordered data=writeback data=ordered,noauto_da_alloc)

fresh_disk() {
    promised=nothing
    mkfs.ext4 -q -F "$image"
    mount -o loop,"${styles[RANDOM % 3]}" "$image" "$disk"
}

end_ranks() { # all that runs of this test, by the ids that belong to it
    local tries pids
    for ((tries = 0; tries < 200; tries++)); do
        pids=$(pgrep -f "^$PROGRAM rebuild .*$disk/checkpoint"; pgrep -P $$ -x mpirun) || true
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086
        kill -KILL $pids 2>/dev/null || true
        sleep 0.02
    done
    return 1
}

# run_and_cut any|checkpoint|published: one job, and the cut; sets $promised, which holds on when
# this job announced nothing.
run_and_cut() {
    local announced ranks=$((1 + RANDOM % 4))
    : >"$WORK/log"
    mpirun -n $ranks "$SLOW" rebuild "${options[@]}" </dev/null >"$WORK/log" 2>&1 &
    disown # The shell need not tell that it is killed.
    announced=$(timeout 60 python3 "$SOURCE/tests/support/power.py" "$disk" "$WORK/log" 3.5 "$1" \
        $RANDOM) || fail "no power cut: $(cat "$WORK/log")"
    check "the job is gone" end_ranks
    [ "$announced" = nothing ] || promised=$announced
    echo "$ranks ranks, cut at $1: $announced was announced, $promised is promised"
    umount "$disk"
    mount -o loop,"${styles[RANDOM % 3]}" "$image" "$disk"
}

# kept: whether what was promised is there.
kept() {
    case $promised in
    nothing) ;;
    published) diff -q "$disk/marts/mart_course_funnel_cohorts.csv" \
        "$WORK/straight/mart_course_funnel_cohorts.csv" >/dev/null &&
        diff -q "$disk/marts/mart_course_funnel_lessons.csv" \
            "$WORK/straight/mart_course_funnel_lessons.csv" >/dev/null ;;
    *)
        alone inspect "$disk/checkpoint" --json || return
        # Also the note of what is kept, which is written last.
        python3 - "$promised" "$WORK/stdout" "$disk/checkpoint/kept" <<'SCRIPT'
import json, sys
found = json.load(open(sys.argv[2]))
noted = json.load(open(sys.argv[3]))["kept"]
whole = [g["name"] for g in found["generations"] if g["whole"]]
sys.exit(not whole or max(whole) < sys.argv[1] or max(noted) < sys.argv[1])
SCRIPT
        ;;
    esac
}

# The end of a chain: a cut right after the job has published. Its marts and rejects are there, and
# the same command publishes them again.
finish() {
    [ "$promised" = published ] || run_and_cut published
    check "what was published is not there" kept
    see_job
    leaves 0 funnel $((1 + RANDOM % 4)) rebuild "${options[@]}"
    see_job
    umount "$disk"
}

see_job() {
    rm -rf "$WORK"/job.*
    cp -r "$disk/marts" "$WORK/job.marts"
    cp "$disk/rejects" "$WORK/job.rejects"
    straight job
}

fresh_disk
chain=0
promises=0
for ((cut = 1; cut <= cuts; cut++)); do
    modes=(any checkpoint)
    run_and_cut ${modes[RANDOM % 2]}
    check "cut $cut: $promised was promised, and is not there" kept
    [ "$promised" = nothing ] || promises=$((promises + 1))
    chain=$((chain + 1))
    if [ "$promised" = published ] || [ "$chain" = 5 ]; then
        finish
        fresh_disk
        chain=0
    fi
done
umount "$disk"
echo "$cuts cuts, $promises of them after a promise"
check "some promises were put to the test" test "$promises" -ge $((cuts / 4))

# Without the fsync of folders.
SLOW=$WORK/slow-hasty
broken=
for ((cut = 1; cut <= 8; cut++)); do
    fresh_disk
    run_and_cut checkpoint
    kept || broken=yes
    umount "$disk"
    [ -z "$broken" ] || break
done
check "without fsync of folders nothing was missed: this test sees nothing" test -n "$broken"
passed
