#!/bin/bash
# SIGKILL at random moments: of one rank, of all, of mpirun; again and again until a run gets through,
# on another number of ranks each time. COURSE_FUNNEL_KILLS says how many (default: 200). Those that
# come before the job is at its work, which are some, are not among them.
. "$(dirname "$0")/../support/checkpoint.sh"

kills_wanted=${COURSE_FUNNEL_KILLS:-200}
sample "$WORK/in" --events 20000 --users 1500 --format plain
straight
fast_folder
folder=$FAST/folder

# Each round is drawn out, so that a run lasts some seconds.
export COURSE_FUNNEL_FAULT=ingest.round:1+:0:wait
export COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,fault.wait_us=3000

start() { # start RANKS: the run, its mpirun being $job
    mpirun --oversubscribe -n "$1" "$PROGRAM" rebuild --from "$WORK/in" --to "$WORK/out" \
        --rejects "$WORK/out.rejects" --max-reject-share 1 --checkpoint "$folder" \
        --checkpoint-interval 0.02 </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
    job=$!
}

ranks_of_job() { # the process ids of its ranks
    pgrep -P "$job" -f "$PROGRAM" || true
}

strike() { # strike WHAT: kill it; false when it is not there any more
    local pids
    case $1 in
    rank)
        mapfile -t pids < <(ranks_of_job)
        [ "${#pids[@]}" -gt 0 ] || return 1
        kill -KILL "${pids[RANDOM % ${#pids[@]}]}" 2>/dev/null
        ;;
    all)
        mapfile -t pids < <(ranks_of_job)
        [ "${#pids[@]}" -gt 0 ] || return 1
        kill -KILL "${pids[@]}" 2>/dev/null
        ;;
    mpirun) kill -KILL "$job" 2>/dev/null ;;
    esac
}

# end_of_job: wait for mpirun; $code is what it left with. Open MPI 4.1 itself hangs now and then when
# ranks die while they are being started: then none of them is there any more, and it is killed too.
end_of_job() {
    local tries
    code=0
    if [ "$hit" = true ]; then
        for ((tries = 0; tries < 50; tries++)); do
            kill -0 "$job" 2>/dev/null || break
            sleep 0.1
        done
        if [ "$tries" = 50 ] && [ -z "$(ranks_of_job)" ]; then
            kill -KILL "$job" 2>/dev/null || true
            hangs=$((hangs + 1))
        fi
    fi
    wait "$job" 2>/dev/null || code=$?
}

# The job has begun its work: it has the folder, and has read there.
has_begun() {
    grep -qE "keeping checkpoints in|all input was read before" "$WORK/stderr"
}

# wait_for_moment: some time into the work, or, once in eight times, into the start of the ranks
wait_for_moment() {
    local tries
    for ((tries = 0; tries < 500 && RANDOM % 8 != 0; tries++)); do
        ! has_begun || break
        kill -0 "$job" 2>/dev/null || break
        sleep 0.01
    done
    sleep "$(printf 0.%02d $((RANDOM % 50)))"
}

hangs=0
early=0
targets=(rank rank all mpirun)
declare -A deaths_of=([rank]=0 [all]=0 [mpirun]=0)
others=0  # resumes on another number of ranks than the run before
deepest=0 # deaths before a run got through
kills=0
chains=0
resumes=0
while [ "$kills" -lt "$kills_wanted" ]; do
    rm -rf "$folder" "$WORK/out" "$WORK/out.rejects"
    deaths=0
    ranks=0
    while :; do
        before=$ranks
        ranks=$((RANDOM % 4 + 1))
        start $ranks
        hit=false
        # After some deaths the run is left alone, so that chains end.
        if [ "$deaths" -lt $((4 + chains % 12)) ]; then
            wait_for_moment
            target=${targets[RANDOM % 4]}
            if strike "$target"; then
                hit=true
            fi
        fi
        end_of_job
        if grep -q "resumed from checkpoint" "$WORK/stderr"; then
            resumes=$((resumes + 1))
            [ "$ranks" = "$before" ] || others=$((others + 1))
        fi
        check "nothing of the run is left" nobody_left
        if [ "$code" = 0 ]; then
            break
        fi
        [ "$hit" = true ] || fail "the run left with $code, and nobody had killed it"
        [ "$code" -ge 128 ] || [ "$code" = 1 ] || fail "killed ($target), the run left with $code"
        if ! has_begun; then
            early=$((early + 1))
            continue
        fi
        deaths=$((deaths + 1))
        kills=$((kills + 1))
        deaths_of[$target]=$((deaths_of[$target] + 1))
        [ "$deaths" -le "$deepest" ] || deepest=$deaths
    done
    as_straight out
    clean_folder "$folder"
    chains=$((chains + 1))
done
echo "kills: $kills, and $early of jobs that had not begun (of a rank ${deaths_of[rank]}, of all ${deaths_of[all]}, of mpirun \
${deaths_of[mpirun]}) in $chains runs, at most $deepest in one; $resumes resumes, $others of them on \
another number of ranks; mpirun hung $hangs times"
check "runs did resume" test "$resumes" -ge $((kills / 2))
check "on other numbers of ranks" test "$others" -ge $((kills / 4))
check "again and again" test "$deepest" -ge 4
for target in "${!deaths_of[@]}"; do
    check "$target was killed" test "${deaths_of[$target]}" -ge $((kills / 10))
done
passed
