#!/bin/bash
# A rank hangs in the midst of the reading: it was stopped, or its storage does not answer any more.
# The others say which it is, where, and what it was about to read, and leave with 205; nothing is
# left behind, and jobs/rebuild.sh goes on from the checkpoint.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slow.sh"

make_export 20000
slow_program 400000
host=$(hostname)
unset SLURM_JOB_ID

job=
keeper= # of the file system that hangs
end_job() {
    [ -z "$job" ] || kill -KILL "$job" 2>/dev/null || true
    [ -z "$keeper" ] || kill -KILL "$keeper" 2>/dev/null || true
    ! grep -qF "$WORK/fuse" /proc/mounts || umount -l "$WORK/fuse"
    nobody_left
}
before_cleaning=end_job

rank_process() { # rank_process RANK: its id
    local process
    for process in $(pgrep -f -- "$WORK"); do
        if [ "/proc/$process/exe" -ef "$PROGRAM" ] &&
            grep -zqx "PMIX_RANK=$1" "/proc/$process/environ"; then
            echo "$process"
        fi
    done
}
start() { # start NAME PATIENCE RANKS
    job_options "$1"
    options[1]=$from
    rm -f "$WORK/stderr"
    timeout -k 10 100 mpirun -n "$3" "$SLOW" rebuild "${options[@]}" --patience "$2" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
    job=$!
}
ends_late() { # ends_late RANK MOST_SECONDS [WHAT_IT_DID]
    local since=$SECONDS
    leaves 205 wait "$job"
    job=
    check "it took $((SECONDS - since)) s" test $((SECONDS - since)) -le "$2"
    says "Rank $1 on $host"
    says "has not taken part in a round for 2 s (--patience)"
    check "one rank tells" test "$(grep -c '^course-funnel: error: ' "$WORK/stderr")" = 1
    says "${3:-It was about to read $from/}"
    check "somebody is left" nobody_left
    check "shared memory is left" \
        test -z "$(find "$WORK/mpi" -name 'vader_segment*' -print -quit)"
}

# Stopped: another rank, which has read its file to the end, rank 0, and two of four.
from=$WORK/export-of-two
mkdir "$from"
long_file "$from/large.json" 8000000
long_file "$from/small.json" 300000
start ended 2 2
until_seen 30 "$WORK/stderr" ": checkpoint generation-"
kill -STOP "$(rank_process 1)"
ends_late 1 15 "It had nothing to read."
from=$WORK/export
start stopped 2 2
until_seen 30 "$WORK/stderr" ": checkpoint generation-"
kill -STOP "$(rank_process 0)"
ends_late 0 15
start stopped 2 4
until_seen 30 "$WORK/stderr" ": checkpoint generation-"
kill -STOP "$(rank_process 1)" "$(rank_process 3)"
ends_late "1" 15
says "Rank 1 on $host (and 1 more)"

# All that had stood still go on, and the run is that of a run that nothing happened to.
start paused 1 2
until_seen 30 "$WORK/stderr" ": checkpoint generation-"
both=("$(rank_process 0)" "$(rank_process 1)")
kill -STOP "${both[@]}"
sleep 2.5
kill -CONT "${both[@]}"
slow=$job
leaves 0 wait "$slow"
job=
straight paused

# The script tries again.
job_options again
rm "$WORK/stderr"
COURSE_FUNNEL=$SLOW "$SOURCE/jobs/rebuild.sh" --ranks 2 -- "${options[@]}" --patience 2 \
    </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
job=$!
until_seen 30 "$WORK/stderr" ": checkpoint generation-"
kill -STOP "$(rank_process 1)"
leaves 0 wait "$job"
job=
says "attempt 2 of"
straight again

# Storage that does not answer.
if [ "$(id -u)" != 0 ] || ! [ -w /dev/fuse ] || ! /usr/bin/python3 -c 'import fusepy' 2>/dev/null; then
    echo "without a file system that hangs: no root, or no FUSE"
    passed
    exit
fi
mkdir "$WORK/fuse" "$WORK/large"
long_file "$WORK/large/1.json" 30000000
long_file "$WORK/large/2.json" 30000000
/usr/bin/python3 "$SOURCE/tests/support/fuse_hangs.py" "$WORK/large" "$WORK/fuse" "$WORK/flag" \
    >"$WORK/log" 2>&1 &
keeper=$!
until_seen 10 /proc/mounts "$WORK/fuse"
slow_program 3000000
sed "s|SHIM_SLOW_FOLDER=[^ ]*|SHIM_SLOW_FOLDER=$WORK/fuse|" "$SLOW" >"$WORK/on_fuse"
chmod +x "$WORK/on_fuse"
SLOW=$WORK/on_fuse
from=$WORK/fuse
start hung 2 2
until_seen 30 "$WORK/stderr" ": checkpoint generation-"
touch "$WORK/flag"
leaves 205 wait "$job"
job=
check "the file that hangs is named" grep -qE \
    "Rank [01] on $host has not taken part .* about to read $(cat "$WORK/flag") or " "$WORK/stderr"
check "somebody is left" nobody_left
passed
