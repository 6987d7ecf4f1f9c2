#!/bin/bash
# jobs/rebuild.sh runs mpirun again as often as that may help, and no more often. What each exit
# code leads to is tried on an mpirun that only leaves with codes and makes checkpoints as told;
# then the real one is stopped, killed and refused by its target.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slow.sh"

unset SLURM_JOB_ID SLURM_RESTART_COUNT
again=$SOURCE/jobs/rebuild.sh
folder=$WORK/folder

job=    # rebuild.sh in the background
holder= # of the folder's lock
end_job() {
    [ -z "$holder" ] || kill -KILL "$holder" 2>/dev/null || true
    [ -z "$job" ] || pkill -KILL -P "$job" || true
    [ -z "$job" ] || kill -KILL "$job" 2>/dev/null || true
    nobody_left
}
before_cleaning=end_job

# Each word of $WORK/plan is one attempt, CODE or CODE+ (with a newer checkpoint) or CODE++ (and all
# lines are read); `wait` waits for USR1 and leaves with 75, `deaf` does not heed it; `starting` is
# ended by one that comes before it has a process, and has no use for the first after that; `early` is
# ended by it although it has one; `mourning` has but a dead process, `busy` a quiet one, `bereaved`
# loses one of two.
mkdir "$WORK/bin"
cat >"$WORK/bin/mpirun" <<'SCRIPT'
#!/bin/bash
dir=$(dirname "$0")/..
echo "$*" >>"$dir/calls"
env | grep -E '^OMPI_' | sort >"$dir/environment"
read -r step rest <"$dir/plan"
echo "$rest" >"$dir/plan"
for argument; do last=$argument; done
attempt=$(($(cat "$dir/folder/attempt" 2>/dev/null || echo 0) + 1))
echo $attempt >"$dir/folder/attempt"
[ "$last" != --restart ] || rm -rf "$dir"/folder/generation-*
lines=$(cat "$dir/lines" 2>/dev/null || echo 0)
kind=state
case $step in *++) kind=sums ;; *+) lines=$((lines + 10)) ;; esac
case $step in
*+)
    echo $lines >"$dir/lines"
    generation=$dir/folder/generation-$(printf %04d $attempt)-000001
    mkdir "$generation"
    echo "{\"kind\":\"$kind\",\"lines_read\":\"$lines\",\"other\":\"3\"}" >"$generation/manifest.json"
    ;;
esac
case $step in
mourning)
    true &
    exec tail -f /dev/null
    ;;
bereaved)
    tail -f /dev/null --pid=$$ &
    sleep 8 &
    exec tail -f /dev/null
    ;;
busy)
    sleep 40 &
    wait
    exit 0
    ;;
wait)
    trap 'exit 75' USR1
    touch "$dir/ready"
    while :; do sleep 0.1; done
    ;;
starting)
    touch "$dir/ready"
    exec {nothing}<> <(:)
    read -rt 3 -u "$nothing"
    trap 'echo >>"$dir/heard"' USR1
    until [ "$(wc -l <"$dir/heard")" -ge 2 ]; do sleep 0.1; done
    exit 75
    ;;
early)
    tail -f /dev/null --pid=$$ &
    touch "$dir/ready"
    read -rt 60 <> <(:)
    ;;
deaf)
    trap 'touch "$dir/heard"' USR1
    trap 'exit 1' TERM
    touch "$dir/ready"
    while :; do sleep 0.1; done
    ;;
esac
exit "${step%%+*}"
SCRIPT
chmod +x "$WORK/bin/mpirun"

prepare() { # prepare PLAN
    rm -rf "$folder" "$WORK/calls" "$WORK/lines" "$WORK/ready" "$WORK/heard"
    mkdir "$folder"
    echo "$1" >"$WORK/plan"
    : >"$WORK/calls"
}

job() { # job [OPTION...]: rebuild.sh with that mpirun
    PATH=$WORK/bin:$PATH COURSE_FUNNEL=$PROGRAM "$again" --pause 1 "$@" \
        >"$WORK/stdout" 2>"$WORK/stderr" </dev/null
}

begin() { # begin [OPTION...]: as job, in the background, with a pause of its own
    PATH=$WORK/bin:$PATH COURSE_FUNNEL=$PROGRAM "$again" "$@" -- --from x --checkpoint "$folder" \
        2>"$WORK/stderr" </dev/null &
    job=$!
}

# plan PLAN CODE CALLS [OPTION...]: it must end with CODE after so many attempts
plan() {
    local plan=$1 code=$2 calls=$3
    shift 3
    echo "plan: $plan"
    prepare "$plan"
    leaves "$code" job --ranks 3 "$@" -- --from x --checkpoint "$folder"
    check "$(wc -l <"$WORK/calls") attempts where $calls were due" \
        test "$(wc -l <"$WORK/calls")" = "$calls"
}

sleep() { :; } # Waiting between attempts is not what this is about.
export -f sleep
plan "0" 0 1
for code in 2 3 4 6 7 70 77 126 127; do
    plan "$code" "$code" 1
    says "exit code $code: running it again does not help"
done
for code in 1 9 137 138 139 141 143 205; do
    plan "$code 0" 0 2
done
plan "75+ 75+ 75+ 75+ 0" 0 5
plan "75 75 75" 69 3
says "given up: 3 attempts in a row got no further."
says "There is no checkpoint in $folder yet"
plan "137+ 205 139 75+ 1 75 137" 69 7
says "The newest checkpoint in $folder stands at 20 lines"
plan "75+ 137++ 205 205 205 0" 69 5
says "All 10 lines are read and summed up; it sticks at publishing"
plan "137 137 137 137 0" 0 5 --fruitless 5
plan "75+ 75+ 75+ 75+ 75+" 69 4 --attempts 4
says "all 4 attempts are used up"
plan "5 5 5 0" 0 4
plan "5 5 5 5 5 0" 5 5
says "the marts or rejects could not be written, 5 times."
plan "205 5 137+ 0" 0 4
unset -f sleep

# What mpirun is given.
check "the command" grep -qFx -- \
    "-n 3 $PROGRAM rebuild --from x --checkpoint $folder" "$WORK/calls"
prepare "0"
leaves 0 job -- --from x --checkpoint "$folder"
check "a rank for each thread of the cores, where none are named" grep -qFx -- \
    "--use-hwthread-cpus -n $(nproc) $PROGRAM rebuild --from x --checkpoint $folder" "$WORK/calls"
for setting in time=5 intvl=1 probes=3; do
    check "the network is looked after: $setting" \
        grep -qx "OMPI_MCA_oob_tcp_keepalive_$setting" "$WORK/environment"
done
if [ "$(id -u)" = 0 ]; then
    check "root may" grep -qx OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "$WORK/environment"
fi

# --restart is for the first attempt that gets to it, and what it has thrown away is no measure.
prepare "75+ 75+ 0"
mkdir "$folder/generation-0001-000001"
echo '{"kind":"sums","lines_read":"1000"}' >"$folder/generation-0001-000001/manifest.json"
leaves 0 job --fruitless 1 -- --restart --from x --checkpoint="$folder"
check "--restart once" test "$(grep -c -- --restart "$WORK/calls")" = 1
check "--restart first" grep -q -- '--restart$' <(head -n 1 "$WORK/calls")

# Signals: each asks for a stop, which is passed on as USR1; a second TERM does not wait. A terminal
# sends its signals to all processes of the job.
for signal in USR1 TERM INT HUP; do
    prepare "75+ wait 0"
    # A job in the background ignores interrupts unless it is told not to.
    PATH=$WORK/bin:$PATH COURSE_FUNNEL=$PROGRAM python3 -c 'import os, signal, sys
os.setpgid(0, 0)
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$again" -- --from x --checkpoint "$folder" \
        2>"$WORK/stderr" </dev/null &
    job=$!
    until [ -e "$WORK/ready" ]; do sleep 0.05; done
    sleep 0.5
    kill -"$signal" -- -$job
    leaves 75 wait $job
    says "Stopped on request"
    check "$signal: no attempt after the stop" test "$(wc -l <"$WORK/calls")" = 2
done

# A request that comes while mpirun starts is kept until it can be heard, and made again.
prepare "starting 0"
: >"$WORK/heard"
begin
until_there 60 "$WORK/ready"
kill -USR1 $job
leaves 75 wait $job
says "Stopped on request"
check "no attempt after the stop" test "$(wc -l <"$WORK/calls")" = 1
prepare "early 0"
begin
until_there 60 "$WORK/ready"
kill -USR1 $job
leaves 75 wait $job
says "ended by the request to stop, which found it starting (exit code 138). Stopped on request"
check "no attempt after the stop" test "$(wc -l <"$WORK/calls")" = 1

prepare "deaf 0"
begin
until_there 60 "$WORK/ready"
kill -TERM $job
until_there 60 "$WORK/heard"
kill -TERM $job
leaves 75 wait $job
says "TERM again: ending the ranks."

# A stop while it waits for the target.
prepare "5 0"
begin --pause 60
until_seen 10 "$WORK/stderr" "trying again in 60 s"
kill -USR1 $job
leaves 75 wait $job
says "There was no attempt under way. Stopped on request"
check "no attempt after the stop" test "$(wc -l <"$WORK/calls")" = 1

# Wrong words.
refused() { # refused TEXT ARGS...
    local text=$1
    shift
    leaves 2 job "$@"
    says "$text"
}
refused "OPTIONS name no --checkpoint folder" -- --from x --to y
refused "the options of rebuild are missing behind --" --ranks 2
refused '--ranks takes a whole number from 1, not "0"' --ranks 0 -- --checkpoint x
refused '"--rank" is not an option' --rank 2 -- --checkpoint x
refused "--requeue is for jobs of Slurm" --requeue -- --checkpoint x
PROGRAM=$WORK/none refused "$WORK/none cannot be run" -- --checkpoint x
leaves 6 job -- --from x --checkpoint "$WORK/none/folder"
says "the checkpoint folder $WORK/none/folder cannot be made"

# The account of a requeued job: it outlives the script, and belongs to that job alone.
printf '#!/bin/sh\necho "$@" >>%s/requeues\nexit 1\n' "$WORK" >"$WORK/bin/scontrol"
chmod +x "$WORK/bin/scontrol"
requeued() { # requeued JOB CODE
    SLURM_JOB_ID=$1 SLURM_JOB_NODELIST=h1 leaves "$2" job --requeue -- --from x --checkpoint "$folder"
}
prepare "205 75+ 137 205 75 75 75"
for requeue in 1 2 3 4; do
    requeued 7 75
done
requeued 7 69
says "given up: 3 attempts in a row got no further. The last one: stopped after a checkpoint"
check "no requeue is asked for at the end" test "$(grep -c 'requeue 7' "$WORK/requeues")" = 4
requeued 7 69
check "nor is mpirun run" test "$(wc -l <"$WORK/calls")" = 5
requeued 8 75

# Another job that lives has the folder: under Slurm it is waited for, a while.
mkdir -p "$folder"
python3 -c 'import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
open(sys.argv[1] + ".held", "w")
time.sleep(60)' "$folder/lock" >/dev/null &
holder=$!
until [ -e "$folder/lock.held" ]; do command sleep 0.05; done
taken() { # taken CODE CALLS OPTION...
    : >"$WORK/calls"
    SLURM_JOB_ID=9 leaves "$1" job "${@:3}" -- --from x --checkpoint "$folder"
    check "$(wc -l <"$WORK/calls") attempts where $2 were due" test "$(wc -l <"$WORK/calls")" = "$2"
}
sleep() { :; }
export -f sleep
echo "6 6 0" >"$WORK/plan"
taken 0 3 --requeue
echo "6 6 6 6 6 0" >"$WORK/plan"
taken 6 5 --requeue
says "another job has $folder, 5 times."
echo "6 0" >"$WORK/plan"
taken 6 1
unset -f sleep
kill -KILL $holder
wait $holder 2>/dev/null || true
echo "6 0" >"$WORK/plan"
taken 6 1 --requeue
holder=

# An mpirun that stands there with dead processes is ended, when none is left or one is missing; one
# that has all its processes is left alone, however quiet it is. All three at once, as they take long.
aside() { # aside PLAN CALLS [TEXT]: as plan, in a folder of its own
    (
        WORK=$(mktemp -d "$WORK/aside.XXXXXX")
        folder=$WORK/folder
        cp -r "$WORK/../bin" "$WORK"
        plan "$1" 0 "$2"
        [ -z "${3:-}" ] || says "$3"
    ) &
    asides+=($!)
}
asides=()
aside "mourning 0" 2 "mpirun has 0 of 0 processes left and does not end"
aside "bereaved 0" 2 "mpirun has 1 of 2 processes left and does not end"
aside "busy 0" 1
for one in "${asides[@]}"; do
    check "a quiet mpirun is judged right" wait "$one"
done

# A machine of one core with threads, where Open MPI has one slot unless it is told to count them; the
# ranks are bound, as they are for a user.
python3 -c 'from events import *; print(line(event(STARTED, "u", 1, 1)).decode())' >"$WORK/one.json"
(unset OMPI_MCA_rmaps_base_oversubscribe OMPI_MCA_hwloc_base_binding_policy
    threads="core:1 pu:$(nproc)"
    HWLOC_SYNTHETIC=$threads HWLOC_THISSYSTEM=1 COURSE_FUNNEL=$PROGRAM leaves 0 "$again" \
        --attempts 1 -- --from "$WORK/one.json" --to "$WORK/one.marts" --rejects "$WORK" \
        --checkpoint "$WORK/one.checkpoint" 2>"$WORK/stderr" >"$WORK/stdout")
check "it has all threads" grep -q "on $(nproc) ranks" "$WORK/stderr"

# The real thing: a rank is killed, mpirun is killed, a stop is asked for; then it is done.
make_export 15000
slow_program 200000
job_options real
start_real() {
    COURSE_FUNNEL=$SLOW "$again" --ranks 3 -- "${options[@]}" 2>>"$WORK/log" </dev/null &
    job=$!
}
: >"$WORK/log"

# ranks_of_job: the processes of the program that run for this test.
ranks_of_job() {
    pgrep -f "^$PROGRAM rebuild .*$WORK/real.marts"
}
new_checkpoint() { # wait until one more is announced
    local before
    before=$(grep -c 'checkpoint generation-.* in ' "$WORK/log" || true)
    for ((tries = 0; tries < 300; tries++)); do
        [ "$(grep -c 'checkpoint generation-.* in ' "$WORK/log")" -le "$before" ] || return 0
        sleep 0.1
    done
    fail "no checkpoint was written: $(tail -n 5 "$WORK/log")"
}
start_real
new_checkpoint
kill -KILL "$(ranks_of_job | head -n 1)"
until_seen 30 "$WORK/log" "attempt 2 of"
new_checkpoint
kill -KILL "$(pgrep -P $job -x mpirun)"
until_seen 30 "$WORK/log" "attempt 3 of"
new_checkpoint
kill -TERM $job
leaves 75 wait $job
check "nobody is left" nobody_left
start_real
leaves 0 wait $job
straight real
check "the account knows how far the checkpoints were" \
    awk '{ exit !($3 > 0 && $3 % 2 == 0) }' "$WORK/real.checkpoint/job-attempts"
check "it went on three times" test "$(grep -c 'resumed from checkpoint' "$WORK/log")" = 3

# A stop that is asked for while mpirun starts is heeded, whenever it comes.
rm -r "$WORK/real.checkpoint" "$WORK/real.marts"
for after in 0 0.01 0.02 0.04 0.08 0.16 0.32; do
    : >"$WORK/log"
    start_real
    until_seen 10 "$WORK/log" "attempt 1 of"
    command sleep $after
    kill -USR1 $job
    leaves 75 wait $job
    check "nothing was published" test ! -e "$WORK/real.marts/course_funnel_run.json"
done
passed
