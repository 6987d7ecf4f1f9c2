#!/usr/bin/env bash
# A rebuild that is run again for as long as that may help: from its checkpoint, a bounded number of
# times. jobs/rebuild.sbatch is the same under Slurm, where a job comes back by a requeue.
set -uo pipefail

usage() {
    cat <<'EOT'
usage: jobs/rebuild.sh [OPTION...] -- OPTIONS OF REBUILD

Runs `mpirun course-funnel rebuild OPTIONS` and, when it ends by an exit code that says that it may
help, again: after a stop on request (75), after lost ranks, hosts or an ended mpirun, and after a
pause when marts or rejects could not be written (5) or, under Slurm, another job has the folder (6).
OPTIONS must name a --checkpoint folder, where each attempt goes on from what the one before has
left.

  --ranks N      ranks to start; without it one a thread of the cores, under Slurm one a task of
                 the job. More than one a core take OMPI_MCA_rmaps_base_oversubscribe=1
  --attempts K   most attempts in all (100)
  --fruitless K  most attempts in a row that leave no newer checkpoint behind (3)
  --pause S      seconds to wait before target or folder are tried again, at most 5 times (60)
  --requeue      under Slurm: ask for a requeue of the job in place of running mpirun again
  --help

USR1, TERM, a hang-up or an interrupt stops it: the ranks write a checkpoint and leave. A second
TERM, hang-up or interrupt ends them at once. The program is the one of the environment's
COURSE_FUNNEL, the release build of this checkout, or the one in PATH; further options of mpirun
come from OMPI_MCA_ variables.

exit codes: those of course-funnel: 75 stopped on request, run again; and
  69  given up: the attempts get no further, or are used up
EOT
}

GAVE_UP=69
STOPPED=75
KILLED_BY_USR1=$((128 + $(kill -l USR1)))
TARGET=5
FOLDER=6
TRIES=5 # of the target, and of the folder

say() {
    printf '%(%Y-%m-%d %H:%M:%S)T rebuild.sh: %s\n' -1 "$*" >&2
}

# leave CODE TEXT...: the one way out, so that no end goes unexplained.
leave() {
    local code=$1
    shift
    say "$*"
    trap - EXIT
    exit "$code"
}

wrong_usage() {
    echo "rebuild.sh: $*" >&2
    echo "Try \`jobs/rebuild.sh --help\`." >&2
    trap - EXIT
    exit 2
}

trap 'say "ended unexpectedly, exit code $?. Run it again: it goes on from its checkpoint."' EXIT

whole_number() { # whole_number OPTION TEXT
    [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || wrong_usage "$1 takes a whole number from 1, not \"$2\"."
}

# The command line: our own options, then those of the program.

ranks=
attempts=100
fruitless_limit=3
pause_seconds=60
requeue=
while [ $# -gt 0 ]; do
    case $1 in
    --ranks) whole_number "$1" "${2:-}"; ranks=$2; shift ;;
    --attempts) whole_number "$1" "${2:-}"; attempts=$2; shift ;;
    --fruitless) whole_number "$1" "${2:-}"; fruitless_limit=$2; shift ;;
    --pause) whole_number "$1" "${2:-}"; pause_seconds=$2; shift ;;
    --requeue) requeue=yes ;;
    --help) usage; trap - EXIT; exit 0 ;;
    --) shift; break ;;
    *) wrong_usage "\"$1\" is not an option. Those of rebuild stand behind --." ;;
    esac
    shift
done

checkpoint=
restart=
options=() # without --restart, which must not throw away what the attempt before has left
while [ $# -gt 0 ]; do
    case $1 in
    --checkpoint) checkpoint=${2:-} ;;
    --checkpoint=*) checkpoint=${1#*=} ;;
    esac
    case $1 in
    --res*) restart=yes ;; # getopt takes beginnings of names
    *) options+=("$1") ;;
    esac
    shift
done
[ ${#options[@]} -gt 0 ] || wrong_usage "the options of rebuild are missing behind --."
[ -n "$checkpoint" ] ||
    wrong_usage "OPTIONS name no --checkpoint folder, so that a second attempt would begin anew."
[ -z "$requeue" ] || [ -n "${SLURM_JOB_ID:-}" ] ||
    wrong_usage "--requeue is for jobs of Slurm, and SLURM_JOB_ID is not set."

find_program() {
    local built
    built=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/release/course-funnel
    program=${COURSE_FUNNEL:-}
    [ -n "$program" ] || { [ ! -x "$built" ] || program=$built; }
    [ -n "$program" ] || program=course-funnel
    command -v "$program" >/dev/null ||
        wrong_usage "$program cannot be run. Build it, or name it in COURSE_FUNNEL."
    command -v mpirun >/dev/null ||
        wrong_usage "mpirun is not in PATH. Load the module of Open MPI."
}

# Open MPI finds out that a host is gone after eight minutes unless it is told to look, and till
# then the ranks there go on. What is set already is kept.
set_up_open_mpi() {
    export OMPI_MCA_oob_tcp_keepalive_time=${OMPI_MCA_oob_tcp_keepalive_time:-5}
    export OMPI_MCA_oob_tcp_keepalive_intvl=${OMPI_MCA_oob_tcp_keepalive_intvl:-1}
    export OMPI_MCA_oob_tcp_keepalive_probes=${OMPI_MCA_oob_tcp_keepalive_probes:-3}
    if [ "$(id -u)" -eq 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    # mpirun crashes where it finds no home, as under a user id that only a container knows.
    [ -n "${HOME:-}" ] || getent passwd "$(id -u)" >/dev/null || export HOME="${TMPDIR:-/tmp}"
}

# How far the newest checkpoint is, as one number: the lines read, twice, and one more when all of
# them are and their sums are kept. 0 without a checkpoint.
progress() {
    local newest lines
    newest=$(printf '%s\n' "$checkpoint"/generation-*/manifest.json | LC_ALL=C sort -V | tail -n 1)
    lines=$(grep -o '"lines_read":"[0-9]*"' "$newest" 2>/dev/null | head -n 1 | tr -dc 0-9)
    if grep -q '"kind":"sums"' "$newest" 2>/dev/null; then
        echo $((2 * ${lines:-0} + 1))
    else
        echo $((2 * ${lines:-0}))
    fi
}

# What tells that an attempt of the program has begun: the folder's file of that name changes.
attempt_mark() {
    if [ -r "$checkpoint/attempt" ]; then
        cksum <"$checkpoint/attempt" | tr ' ' -
    else
        echo none
    fi
}

# The account of the attempts is kept in the checkpoint folder, since a requeued job remembers
# nothing, nor does Slurm once its controller was restarted in a bad moment.
account=$checkpoint/job-attempts
job=${SLURM_JOB_ID:-}
[ -n "$requeue" ] || job=$$-$(date +%s) # Each start by hand counts anew.
begun=0
best=0
fruitless=0
first_mark=none
spared=no # whether the last attempt may have got no further without being counted for it

read_account() {
    local of=
    if [ -r "$account" ]; then
        read -r of begun best fruitless first_mark spared <"$account"
    fi
    if [ "$of" != "$job" ] || ! [[ "$begun $best $fruitless" =~ ^([0-9]+\ ){2}[0-9]+$ ]]; then
        begun=0
        fruitless=0
        best=$(progress)
        [ -z "$restart" ] || best=0
        first_mark=$(attempt_mark)
        return
    fi
    count_last_attempt
}

write_account() {
    if ! { printf '%s %s %s %s %s %s\n' \
        "$job" "$begun" "$best" "$fruitless" "$first_mark" "$spared" >"$account.tmp" &&
        mv -f "$account.tmp" "$account"; } 2>/dev/null; then
        say "$account cannot be written: attempts that get no further are not counted."
    fi
}

# Whether --restart has still to be carried out: no attempt of this job got to it.
restart_is_due() {
    [ -n "$restart" ] && [ "$(attempt_mark)" = "$first_mark" ]
}

# After an attempt: did it get any further than those before it?
count_last_attempt() {
    local now
    now=$(progress)
    restart_is_due && now=0
    if [ "$now" -gt "$best" ]; then
        best=$now
        fruitless=0
    elif [ "$spared" = no ]; then
        fruitless=$((fruitless + 1))
    fi
}

where_it_sticks() {
    if [ "$best" -eq 0 ]; then
        echo "There is no checkpoint in $checkpoint yet"
    elif [ $((best % 2)) -eq 1 ]; then
        echo "All $((best / 2)) lines are read and summed up; it sticks at publishing"
    else
        echo "The newest checkpoint in $checkpoint stands at $((best / 2)) lines"
    fi
}

# Leaves when another attempt is one too many.
give_up_if_due() {
    if [ "$fruitless" -ge "$fruitless_limit" ]; then
        leave $GAVE_UP "given up: $fruitless attempts in a row got no further.$last" \
            "$(where_it_sticks). See the messages of course-funnel and mpirun above, and" \
            "\`course-funnel inspect $checkpoint\`."
    fi
    if [ "$begun" -ge "$attempts" ] || [ "${SLURM_RESTART_COUNT:-0}" -ge "$attempts" ]; then
        leave $GAVE_UP "given up: all $attempts attempts are used up.$last $(where_it_sticks)." \
            "Run it again to go on from there."
    fi
}

# Signals. Two traps that are due together may lose one of the two signals in bash; that does no
# harm, as all of these ask for the same. What they ask for is passed on by tend_launcher, which
# reads of it in a pipe.
exec {wishes}<> <(:)
launcher=
asked= # by USR1
told=  # by TERM or an interrupt
requeued=
ask_to_stop() {
    [ -z "$requeued" ] || return
    asked=yes
    say "USR1: asking the ranks for a checkpoint and an end."
    echo >&"$wishes"
}
tell_to_stop() {
    [ -z "$requeued" ] || return
    if [ -z "$launcher" ] || [ -z "$told" ]; then
        told=yes
        say "$1: asking the ranks for a checkpoint and an end."
        echo >&"$wishes"
    else
        say "$1 again: ending the ranks."
        kill -TERM "$launcher" 2>/dev/null
    fi
}
trap ask_to_stop USR1
trap 'tell_to_stop TERM' TERM
trap 'tell_to_stop interrupt' INT
trap 'tell_to_stop hang-up' HUP

# Wait for a child, however many signals come in between; sets $code.
wait_for() {
    local late
    while :; do
        wait "$1"
        code=$?
        kill -0 "$1" 2>/dev/null || break
    done
    # Where it ended just as a signal cut the wait short, its own code is still to be had.
    wait "$1"
    late=$?
    [ "$late" = 127 ] || code=$late
}

# How many living processes mpirun has to look after: ranks, or its ways to other hosts. Nothing where
# that cannot be told.
count_processes() {
    local children child living=0
    children=$(cat "/proc/$1/task/"*/children 2>/dev/null) || return 0
    for child in $children; do
        ! grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$child/status" 2>/dev/null ||
            living=$((living + 1))
    done
    echo $living
}

# While mpirun lives: pass a wish to stop on to it, and end it where it hangs.
#
# A USR1 that comes before mpirun and its ranks have their handlers is lost, or ends them. So none is
# sent before mpirun was twice seen with a process to look after, a second apart; and one is sent
# every other second, as ranks on other hosts may take longer.
#
# Open MPI 4.1 hangs now and then when its ranks die while they meet, or when it loses a host. An
# mpirun that stands there with nothing to look after is ended after half a minute, and one that has
# lost some of what it looked after for five seconds on end (ways to hosts may be for its start
# alone) after a minute, as the ranks all leave at once.
tend_launcher() {
    local wish=$asked$told seen=0 idle=0 all=0 same=0 before='' now
    trap '' USR1 TERM INT HUP # A terminal sends them to all processes of the job.
    while kill -0 "$1" 2>/dev/null; do
        # The pipe serves as a sleep too, without a process that would outlive this one.
        if read -rt 1 -u "$wishes"; then
            wish=yes
            continue
        fi
        now=$(count_processes "$1")
        if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
        before=$now
        if [ "$same" -ge 5 ] && [ "${now:-0}" -gt "$all" ]; then all=$now; fi
        if [ -z "$now" ] || { [ "$now" -gt 0 ] && [ "$now" -ge "$all" ]; }; then
            seen=$((seen + 1))
            idle=0
        else
            idle=$((idle + 1))
        fi
        if [ "$idle" -ge 60 ] || { [ "$idle" -ge 30 ] && [ "$now" -eq 0 ]; }; then
            say "mpirun has $now of $all processes left and does not end: ending it."
            kill -KILL "$1" 2>/dev/null
            return
        fi
        if [ -n "$wish" ] && [ "$seen" -ge 2 ] && [ "$idle" -eq 0 ]; then
            kill -USR1 "$1" 2>/dev/null
            seen=0
        fi
    done
}

# One attempt; sets $code. A terminal's interrupt goes to all of a group of processes, and mpirun
# would end the ranks at once: outside a job of Slurm, which ends what it finds, it gets a session
# of its own.
attempt() {
    local command=(mpirun "${places[@]}") again=()
    [ -z "$ranks" ] || command+=(-n "$ranks")
    ! restart_is_due || again=(--restart)
    command+=("$program" rebuild "${options[@]}" "${again[@]}")
    [ -n "$requeue" ] || command=(setsid "${command[@]}")
    "${command[@]}" </dev/null {wishes}>&- &
    launcher=$!
    tend_launcher "$launcher" &
    local tender=$!
    wait_for "$launcher"
    launcher=
    kill -KILL "$tender" 2>/dev/null
    wait "$tender" 2>/dev/null
}

rest() { # rest SECONDS: or until a signal comes
    [ -z "$asked$told" ] || return
    sleep "$1" &
    wait $!
    kill $! 2>/dev/null
}

# Whether another job lives on the folder. Under Slurm that passes: a job that was started twice, as
# after the death of slurmctld, meets itself, and storage may hold the lock of a lost host for some
# time. Elsewhere somebody has to decide.
folder_is_taken() {
    # inspect fails where there is nothing to go on from, which does not matter here.
    [ -n "$requeue" ] &&
        [[ $("$program" inspect "$checkpoint" --json 2>/dev/null) =~ \"in_use\":[[:space:]]*true ]]
}

# What an exit code stands for: published, stopped, cut, lost, target, taken, or final.
verdict() {
    case $1 in
    0) echo published ;;
    "$STOPPED") echo stopped ;;
    "$TARGET") echo target ;;
    "$FOLDER") if folder_is_taken; then echo taken; else echo final; fi ;;
    # Of mpirun: a rank left without a word, or mpirun was ended, or it lost its way to a host.
    1 | 9) echo lost ;;
    126 | 127) echo final ;;
    # USR1 was too early all the same: for mpirun, or for a rank that had no handler yet.
    "$KILLED_BY_USR1") if [ -n "$asked$told" ]; then echo cut; else echo lost; fi ;;
    *) if [ "$1" -gt 128 ]; then echo lost; else echo final; fi ;;
    esac
}

# Whether Slurm itself has put an end to the job. A request for a requeue would bring back even one
# that was cancelled.
slurm_ends_the_job() {
    [ -n "$told" ] || ! [[ $(squeue -h -j "$SLURM_JOB_ID" -o %T 2>/dev/null) =~ ^(RUNNING)?$ ]]
}

# Whether it was for its time limit: those jobs do not come back by themselves.
time_is_used_up() {
    [[ $(squeue -h -j "$SLURM_JOB_ID" -o %L 2>/dev/null) =~ ^(0:00|INVALID)$ ]]
}

# Under Slurm a job that is to come back is requeued, under the same id, and ends here.
ask_for_requeue() {
    say "$1 Asking Slurm to requeue job $SLURM_JOB_ID."
    requeued=yes
    if scontrol requeue "$SLURM_JOB_ID"; then
        # Slurm ends this script by TERM; where it does not, the job is requeued all the same.
        asked=
        told=
        rest 60
        leave $STOPPED "the job is requeued."
    fi
    # Sites may have it that this exit code alone requeues a job (RequeueExit).
    leave $STOPPED "Slurm did not take the request. Submit the job again: it goes on from" \
        "$checkpoint."
}

come_back_later() { # come_back_later TEXT
    if [ -n "$requeue" ]; then
        if slurm_ends_the_job && ! time_is_used_up; then
            leave 143 "$1 Slurm ends this job; if it requeues it, it goes on from $checkpoint."
        fi
        give_up_if_due
        ask_for_requeue "$1"
    fi
    leave $STOPPED "$1 Stopped on request; run it again to go on from $checkpoint."
}

again() { # again TEXT: after an attempt
    count_last_attempt
    last=" The last one: $1"
    [ -z "$requeue$asked$told" ] || come_back_later "$1"
    give_up_if_due
}

pause() { # pause SECONDS
    rest "$1"
    [ -z "$asked$told" ] || come_back_later "There was no attempt under way."
}

find_program
set_up_open_mpi
if ! [ -d "$checkpoint" ] && ! mkdir -m 700 "$checkpoint"; then
    leave 6 "the checkpoint folder $checkpoint cannot be made."
fi
places=()
if [ -z "$ranks" ] && [ -z "${SLURM_JOB_ID:-}" ]; then
    # nproc counts the threads of the cores; Open MPI alone counts cores, and starts no more ranks.
    ranks=$(nproc)
    places=(--use-hwthread-cpus)
fi
last=
where=${SLURM_JOB_ID:+, job $SLURM_JOB_ID on ${SLURM_JOB_NODELIST:-its nodes}}
target_failures=0
folder_failures=0
read_account
while :; do
    give_up_if_due
    begun=$((begun + 1))
    spared=no
    write_account
    say "attempt $begun of at most $attempts$where"
    attempt
    case $(verdict "$code") in
    published) leave 0 "done, by attempt $begun." ;;
    stopped) again "stopped after a checkpoint (exit code $code)." ;;
    cut)
        spared=yes
        write_account
        again "ended by the request to stop, which found it starting (exit code $code)."
        ;;
    lost)
        again "ranks, a host or mpirun were lost (exit code $code)."
        pause 5 # What is left of the lost ones notices in some seconds, and lets go of the folder.
        ;;
    target)
        target_failures=$((target_failures + 1))
        if [ -n "$asked$told" ] || [ "$target_failures" -ge "$TRIES" ]; then
            leave "$code" "the marts or rejects could not be written, $target_failures times. See" \
                "the message above, and run it again when that is mended; what was read is not" \
                "read again."
        fi
        say "the marts or rejects could not be written; trying again in $pause_seconds s."
        pause "$pause_seconds"
        ;;
    taken)
        folder_failures=$((folder_failures + 1))
        if [ -n "$asked$told" ] || [ "$folder_failures" -ge "$TRIES" ]; then
            leave "$code" "another job has $checkpoint, $folder_failures times. Run it again when" \
                "that one has ended."
        fi
        say "another job has $checkpoint; trying again in $pause_seconds s."
        pause "$pause_seconds"
        ;;
    final)
        leave "$code" "exit code $code: running it again does not help. See the message above."
        ;;
    esac
done
