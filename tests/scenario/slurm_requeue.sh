#!/bin/bash
# jobs/rebuild.sbatch on a real Slurm comes back by itself: after the signal before the time limit,
# after a signal by hand, and after it was preempted. The marts are those of the run that nothing
# happened to. All jobs run at the same time, each on two nodes of its own.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slurm.sh"

make_export 30000
# Here an exit code requeues a job, too; it must not do so twice.
CLUSTER_CONF=RequeueExit=75 start_cluster 6

# The signal comes 30 s before the limit of one minute, and Slurm may be half a minute early.
slow_program 80000
submit limit --time=1 --signal=B:USR1@30
limit=$job
slow_program 300000
submit hand
hand=$job
submit preempted --signal=B:USR1@30
preempted=$job
checkpoint_in 60 hand
in_cluster scancel -s USR1 --batch "$hand"
checkpoint_in 60 preempted
nodes=$(nodes_of "$preempted" | paste -sd,)
# Something more urgent for the nodes that the job has.
in_cluster sbatch --partition=urgent --nodelist="$nodes" --nodes=2 --ntasks-per-node=2 --time=1 \
    --output=/dev/null --wrap "sleep 3" >&2

for name in hand preempted limit; do
    ends "${!name}" COMPLETED 150 $name
    # The time limit's signal may come early enough to come twice.
    stops=$(grep -c "Stopped on request" "$(log_of $name)")
    check "$name was stopped" test "$stops" -ge 1
    [ $name = limit ] || check "$name was stopped once" test "$stops" = 1
    # A signal that comes when all is read is passed on, and stops nothing.
    asked=$(grep -c "USR1: asking the ranks for a checkpoint and an end." "$(log_of $name)")
    check "$name was asked once for each stop" test "$asked" = "$stops" -o \
        \( $name = limit -a "$asked" = $((stops + 1)) \)
    in_log "$stops" "resumed from checkpoint" $name
    in_log 1 "attempt $((stops + 1)) of" $name
    straight $name
done
passed
