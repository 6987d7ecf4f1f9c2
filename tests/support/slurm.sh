# Sourced after lib.sh by scenarios that submit jobs/rebuild.sbatch to a Slurm of their own.
. "$SOURCE/tests/support/slow.sh"

cluster=$SOURCE/tests/support/cluster.sh
export CLUSTER_DIR=$WORK/c
why=$("$cluster" possible) || skip "no Slurm can be run on this machine: $why"

# start_cluster NODES: with two cores each, as far as Slurm knows.
start_cluster() {
    before_cleaning="$cluster down"
    "$cluster" up "$1" 2 >&2 || fail "the cluster did not come up"
    mkdir "$WORK/home"
}

# in_cluster CMD..: run a command of Slurm.
in_cluster() { "$cluster" run "$@"; }

# submit NAME OPTION-OF-SBATCH...: a job of four ranks on two nodes; sets $job. Its log is in
# $WORK/NAME.log. The script is read by Slurm and is run from elsewhere.
submit() {
    local name=$1
    shift
    job_options "$name"
    job=$(cd "$WORK/home" && COURSE_FUNNEL=$SLOW COURSE_FUNNEL_JOBS=$SOURCE/jobs in_cluster \
        sbatch --parsable --job-name="$name" --output="$WORK/$name.log" --ntasks-per-node=2 \
        --nodes=2 --time=10 "$@" "$SOURCE/jobs/rebuild.sbatch" "${options[@]}") ||
        fail "the job $name was not taken"
    echo "$name: job $job"
}

log_of() { echo "$WORK/$1.log"; }

# state_of JOB: as Slurm says, such as RUNNING.
state_of() {
    in_cluster scontrol -o show job "$1" | grep -o ' JobState=[A-Z_]*' | cut -d= -f2
}

# ends JOB STATE SECONDS NAME: it must come to that end.
ends() {
    local tries state
    for ((tries = $3 * 4; tries > 0; tries--)); do
        state=$(state_of "$1")
        case $state in
        COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL | PREEMPTED | OUT_OF_MEMORY) break ;;
        esac
        sleep 0.25
    done
    checks=$((checks + 1))
    if [ "$state" != "$2" ]; then
        cp "$(log_of "$4")" "$WORK/stderr"
        in_cluster squeue >&2
        in_cluster scontrol show job "$1" >&2
        fail "job $1 ($4) is $state where $2 was due"
    fi
}

# nodes_of JOB: those that it runs on; the first is the one of the batch script.
nodes_of() {
    in_cluster scontrol show hostnames "$(in_cluster squeue -h -j "$1" -o %N)"
}

# in_log COUNT TEXT NAME: that many lines of the job's log hold the text.
in_log() {
    local count
    count=$(grep -cF -- "$2" "$(log_of "$3")" || true)
    checks=$((checks + 1))
    if [ "$count" != "$1" ]; then
        cp "$(log_of "$3")" "$WORK/stderr"
        fail "\"$2\" stands in $count lines of the log of $3 where $1 were due"
    fi
}

# checkpoint_in SECONDS NAME [COUNT]: wait until the job has announced so many checkpoints.
checkpoint_in() {
    local tries
    touch "$(log_of "$2")"
    for ((tries = $1 * 10; tries > 0; tries--)); do
        [ "$(grep -c ': checkpoint generation-.* in ' "$(log_of "$2")")" -lt "${3:-1}" ] || return 0
        sleep 0.1
    done
    cp "$(log_of "$2")" "$WORK/stderr" || true
    fail "the job $2 wrote no ${3:-1} checkpoints within $1 s"
}
