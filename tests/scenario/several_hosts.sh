#!/bin/bash
# A job on several hosts, each with a network of its own: the marts are those of one host. When a
# host is unplugged, jobs/rebuild.sh sees mpirun end within seconds, nothing of the job lives on, not
# on that host either, and the same command goes on with the hosts that are left.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slow.sh"

unset SLURM_JOB_ID SLURM_RESTART_COUNT
hosts=$SOURCE/tests/support/hosts.sh
export HOSTS_DIR=$WORK/h
"$hosts" possible || skip "several hosts cannot be made on this machine: no root, or no network namespaces"
before_cleaning="$hosts down"
"$hosts" up 4
# A host whose cable was just plugged in may not be reached at once, and Open MPI waits for ever then.
export COURSE_FUNNEL_MEETING_SECONDS=20
make_export 20000
slow_program 200000

# rebuild_on HOSTFILE RANKS NAME OPTION...: rebuild.sh on h0, the launching host.
rebuild_on() {
    local file=$1 ranks=$2 code=0
    job_options "$3"
    shift 3
    OMPI_MCA_plm_rsh_agent="$hosts agent" OMPI_MCA_orte_default_hostfile=$file COURSE_FUNNEL=$SLOW \
        timeout -s KILL 240 "$hosts" exec h0 "$SOURCE/jobs/rebuild.sh" --ranks "$ranks" "$@" -- "${options[@]}" \
        </dev/null >>"$WORK/log" 2>&1 || code=$?
    [ $code != 137 ] || who_hangs >>"$WORK/log"
    return $code
}

# What still runs on the hosts, and in what each process waits.
who_hangs() {
    local host process
    for host in h0 h1 h2 h3; do
        echo "on $host:"
        for process in $("$hosts" pids $host); do
            ps -o pid=,ppid=,stat=,etime=,wchan:20=,args= -p "$process" | cut -c1-150
        done
    done
}
: >"$WORK/log"
printf 'h%d slots=2\n' 1 2 3 >"$WORK/three"
printf 'h%d slots=2\n' 1 2 >"$WORK/two"
received() { "$hosts" exec "$1" cat /sys/class/net/eth0/statistics/rx_bytes; }

# Nothing happens: all three hosts work, and exchange events.
SLOW=$PROGRAM rebuild_on "$WORK/three" 6 whole
for host in h1 h2 h3; do
    check "$host takes part" test "$("$hosts" exec $host cat /proc/net/dev | awk '$1 == "eth0:" {print $2}')" -gt 100000
done
straight whole

# h3 is unplugged in the middle.
rebuild_on "$WORK/three" 6 cut --attempts 1 &
job=$!
until_seen 60 "$WORK/log" "checkpoint generation-0001-000002"
check "ranks run on h3" test -n "$("$hosts" pids h3)"
"$hosts" cut h3
since=$SECONDS
leaves 69 wait $job
took=$((SECONDS - since))
echo "mpirun ended $took s after the cut"
check "mpirun took long to see it: $took s" test "$took" -lt 30
check "the loss is named" grep -q "ranks, a host or mpirun were lost (exit code 205)" "$WORK/log"
for ((tries = 0; tries < 200; tries++)); do
    [ -n "$("$hosts" pids h3)" ] || break
    sleep 0.1
done
check "somebody lives on h3: $("$hosts" pids h3)" test -z "$("$hosts" pids h3)"
rebuild_on "$WORK/two" 3 cut
check "it went on" grep -q "resumed from checkpoint generation-0001-.* by 6 ranks" "$WORK/log"
straight cut

# A host dies and is there again at once: rebuild.sh goes on by itself.
"$hosts" mend h3
: >"$WORK/log"
rebuild_on "$WORK/three" 6 died &
job=$!
until_seen 60 "$WORK/log" "checkpoint generation-0001-000002"
"$hosts" off h2
leaves 0 wait $job
straight died

# Another one dies, and mpirun is stuck and does not see it: rebuild.sh does, after a minute.
: >"$WORK/log"
rebuild_on "$WORK/three" 6 stuck &
job=$!
until_seen 60 "$WORK/log" "checkpoint generation-0001-000002"
for process in $("$hosts" pids h0); do
    [ "$(cat "/proc/$process/comm")" != mpirun ] || kill -STOP "$process"
done
"$hosts" off h2
leaves 0 wait $job
check "a stuck mpirun is ended" grep -q "mpirun has 2 of 3 processes left and does not end" "$WORK/log"
straight stuck

# What one host sends to another is lost: the ranks do not meet, and leave rather than wait for ever.
: >"$WORK/log"
"$hosts" exec h3 ip neigh replace 10.77.0.11 lladdr 02:00:00:00:00:99 dev eth0 nud permanent
COURSE_FUNNEL_MEETING_SECONDS=10 rebuild_on "$WORK/three" 6 apart &
job=$!
until_seen 60 "$WORK/log" "The ranks did not meet in time (COURSE_FUNNEL_MEETING_SECONDS)"
"$hosts" exec h3 ip neigh del 10.77.0.11 dev eth0
leaves 0 wait $job
check "only one rank tells" test "$(grep -c "did not meet" "$WORK/log")" -lt \
    "$(grep -c "rebuild.sh: attempt" "$WORK/log")"
straight apart
COURSE_FUNNEL_MEETING_SECONDS=soon leaves 2 alone rebuild --from x --to y
says "COURSE_FUNNEL_MEETING_SECONDS takes a whole number"
passed
