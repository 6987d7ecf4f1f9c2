#!/bin/bash
# A job of Slurm loses a host or a rank: it is requeued, goes on from its checkpoint on other nodes,
# and the marts are those of the run that nothing happened to. A job that gets no further stops
# asking for a requeue and says where it sticks; one that is cancelled does not come back; one that
# runs into its time limit without a word before does.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slurm.sh"

make_export 20000
slow_program 200000
start_cluster 12

# The host of the batch script dies with all that runs there: Slurm itself requeues the job. A host
# without it: mpirun ends, and the script asks for the requeue.
slow_program 10000
submit unwarned --time=1 --signal=B:CONT@1
unwarned=$job
slow_program 200000
submit script_host
script_host=$job
submit other_host
other_host=$job
checkpoint_in 60 script_host 2
checkpoint_in 60 other_host 2
lost="$(nodes_of "$script_host" | head -n 1) $(nodes_of "$other_host" | tail -n 1)"
echo "hosts that die: $lost"
for host in $lost; do
    "$cluster" fail "$host"
done

# While Slurm finds out: a rank is killed at the same place again and again.
cat >"$WORK/poisoned" <<SCRIPT
#!/bin/sh
case \$OMPI_COMM_WORLD_RANK in 1) kill -9 \$\$ ;; esac
exec $PROGRAM "\$@"
SCRIPT
chmod +x "$WORK/poisoned"
SLOW=$WORK/poisoned submit poisoned
poisoned=$job
# Cancelled: in the middle, and while a stop is under way.
submit cancelled
cancelled=$job
cat >"$WORK/deaf" <<SCRIPT
#!/bin/sh
trap "" USR1
touch $WORK/deaf.\$OMPI_COMM_WORLD_RANK
exec sleep 100
SCRIPT
chmod +x "$WORK/deaf"
SLOW=$WORK/deaf submit deaf
deaf=$job
# mpirun itself ends when it is to hand on a signal to a host that is not up yet.
for rank in 0 1 2 3; do
    until_there 30 "$WORK/deaf.$rank"
done
in_cluster scancel -s USR1 --batch "$deaf"
until_seen 30 "$(log_of deaf)" "USR1: asking"
checkpoint_in 60 cancelled
in_cluster scancel "$cancelled" "$deaf"
ends "$cancelled" CANCELLED 30 cancelled
ends "$deaf" CANCELLED 30 deaf
ends "$poisoned" FAILED 120 poisoned
in_log 1 "given up: 3 attempts in a row got no further." poisoned
in_log 1 "There is no checkpoint in $WORK/poisoned.checkpoint yet" poisoned
in_log 1 "attempt 3 of" poisoned
in_log 0 "attempt 4 of" poisoned
check "the code is not one of a requeue" grep -q "ExitCode=69:0" \
    <(in_cluster scontrol -o show job "$poisoned")

for host in $lost; do
    "$cluster" boot "$host"
done
# Too slow to be done within its limit; from now on the program of that name is fast.
checkpoint_in 60 unwarned
ln -sf "$PROGRAM" "$WORK/slow-10000"
ends "$other_host" COMPLETED 120 other_host
in_log 1 "Asking Slurm to requeue" other_host
ends "$script_host" COMPLETED 120 script_host
in_log 0 "Asking Slurm to requeue" script_host
ends "$unwarned" COMPLETED 120 unwarned
in_log 1 "Asking Slurm to requeue" unwarned
in_log 0 "USR1: asking" unwarned
for name in script_host other_host unwarned; do
    in_log 1 "attempt 2 of" $name
    in_log 1 "resumed from checkpoint" $name
    straight $name
done
for name in cancelled deaf; do
    check "a cancelled job stays away" test "$(state_of "${!name}")" = CANCELLED
    in_log 0 "Asking Slurm to requeue" $name
    in_log 0 "attempt 2 of" $name
done
passed
