#!/bin/bash
# A Slurm cluster of its own for a test: munged, slurmctld and a slurmd for each node, every one on a
# host of its own (hosts.sh): slurmctld on h0, the nodes are h1, h2, ... Without systemd, cgroups and
# accounting. As root. CLUSTER_DIR is its folder, of a short name since it holds sockets.
#   cluster.sh possible        succeeds when this machine can do that, else says what is missing
#   cluster.sh up NODES CPUS   start it, and wait until all nodes are idle
#   cluster.sh down            end all that runs on it, and remove it
#   cluster.sh run CMD..       run sbatch, squeue, scontrol ... where the cluster expects them
#   cluster.sh fail NODE       the node dies: SIGKILL to all that runs on it
#   cluster.sh boot NODE       and starts again
#   cluster.sh crash           slurmctld dies by SIGKILL
#   cluster.sh recover         and starts again
set -u
PATH=$PATH:/usr/sbin:/sbin
dir=${CLUSTER_DIR:?names no folder for the cluster}
hosts=$(dirname "$(readlink -f "$0")")/hosts.sh
export HOSTS_DIR=$dir/hosts SLURM_CONF=$dir/slurm.conf

possible() {
    local program
    for program in munged slurmctld slurmd sbatch squeue scontrol; do
        command -v $program >/dev/null || { echo "$program is not installed"; return 1; }
    done
    "$hosts" possible 2>/dev/null || { echo "no root, or no network namespaces"; return 1; }
}

# ReturnToService: a node that was away is taken back when it registers. cred_expire: a requeued job
# waits that long before it starts again. CgroupPlugin: none is used, but without a word slurmd
# wants a cgroup file system. TmpFS, %n: folders of several slurmds on one machine must not meet.
configure() { # configure NODES CPUS
    local node
    echo "CgroupPlugin=cgroup/v1" >"$dir/cgroup.conf"
    cat >"$dir/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=h0(10.77.0.10)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/munge/socket,cred_expire=5
StateSaveLocation=$dir/state
SlurmctldPidFile=$dir/slurmctld.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdSpoolDir=$dir/spool.%n
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmdLogFile=$dir/slurmd.%n.log
TmpFS=$dir/tmp.%n
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=pmix
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,bf_resolution=1,sched_interval=1,batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PropagateResourceLimits=NONE
ReturnToService=2
JobRequeue=1
${CLUSTER_CONF:-}
SlurmdTimeout=10
SlurmctldTimeout=10
InactiveLimit=0
MinJobAge=600
KillWait=5
UnkillableStepTimeout=20
MessageTimeout=10
TCPTimeout=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP PriorityTier=1 GraceTime=20
PartitionName=urgent Nodes=ALL MaxTime=60 State=UP PriorityTier=2 PreemptMode=OFF
CONF
    for ((node = 1; node <= $1; node++)); do
        echo "NodeName=h$node NodeAddr=10.77.0.$((10 + node)) CPUs=$2 CoresPerSocket=$2 RealMemory=1000"
    done >>"$dir/slurm.conf"
}

boot() { # What a killed step left in its spool would be in the way of the requeued one.
    rm -rf "$dir/tmp.$1" "$dir/spool.$1"
    mkdir -p "$dir/spool.$1"
    mkdir -m 1777 "$dir/tmp.$1"
    "$hosts" exec "$1" slurmd -N "$1"
}

all_are_idle() {
    local try
    for ((try = 0; try < 150; try++)); do
        [ "$("$hosts" exec h0 sinfo -h -p main -t idle -o %D 2>/dev/null)" != "$1" ] || return 0
        sleep 0.2
    done
    echo "cluster.sh: not all $1 nodes came up:" >&2
    "$hosts" exec h0 sinfo >&2
    tail -n 5 "$dir"/*.log >&2
    return 1
}

up() {
    local node
    mkdir -p "$dir/state" && chmod 755 "$dir" && mkdir -m 711 "$dir/munge" || return
    "$hosts" up $(($1 + 1)) || return
    (umask 077 && head -c 128 /dev/urandom >"$dir/munge/key") || return
    # munged and the sockets of it serve all hosts: they share the file system.
    "$hosts" exec h0 munged --key-file="$dir/munge/key" --socket="$dir/munge/socket" \
        --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" --origin=127.0.0.1 || return
    configure "$@"
    "$hosts" exec h0 slurmctld || return
    for ((node = 1; node <= $1; node++)); do
        boot h$node || return
    done
    all_are_idle "$1"
}

case ${1:-} in
possible) possible ;;
up) up "$2" "$3" ;;
down) "$hosts" down ;;
run) shift; exec "$hosts" exec h0 "$@" ;;
fail) "$hosts" off "$2" ;;
boot) boot "$2" ;;
crash) kill -KILL "$(cat "$dir/slurmctld.pid")" ;;
recover) "$hosts" exec h0 slurmctld ;;
*) sed -n '2,13p' "$0" >&2; exit 2 ;;
esac
