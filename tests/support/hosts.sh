#!/bin/bash
# Several hosts on this machine, for tests: each has a network namespace (address 10.77.0.10 + its
# number) and a hostname of its own, and a cable to a switch that lives in a namespace too, so that
# the machine's own network is left alone. As root. HOSTS_DIR is the folder that they are kept in.
#   hosts.sh possible         succeeds when this machine can do that
#   hosts.sh up N             make h0 ... h(N-1)
#   hosts.sh down             end all that runs on them, and remove them
#   hosts.sh exec HOST CMD..  run a command on a host; signals and exit code pass through
#   hosts.sh agent ..HOST CMD what Open MPI (plm_rsh_agent) calls to run a command on a host
#   hosts.sh pids HOST        the processes on a host
#   hosts.sh off HOST         power off: SIGKILL to all of them
#   hosts.sh cut|mend HOST    unplug, plug in its network cable
set -u
PATH=$PATH:/usr/sbin:/sbin
dir=${HOSTS_DIR:?names no folder for the hosts}
network=10.77.0

on_switch() { nsenter --net="$dir/switch.net" "$@"; }

pids() { # of the processes in the network namespace $1
    local wanted process
    wanted=$(stat -L -c %i "$dir/$1.net") || return
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/ns/net" 2>/dev/null)" != "net:[$wanted]" ] || echo "${process#/proc/}"
    done
}

off() {
    local try left
    for ((try = 0; try < 100; try++)); do
        left=$(pids "$1")
        [ -n "$left" ] || return 0
        # shellcheck disable=SC2086
        kill -KILL $left 2>/dev/null
        sleep 0.05
    done
    echo "hosts.sh: on $1 there are still the processes" "$left" >&2
    return 1
}

add_host() {
    local host=h$1
    touch "$dir/$host.net" "$dir/$host.uts"
    unshare --net="$dir/$host.net" --uts="$dir/$host.uts" hostname "$host" &&
        on_switch ip link add "to-$host" type veth peer name eth0 netns "$dir/$host.net" &&
        on_switch ip link set "to-$host" master switch up &&
        nsenter --net="$dir/$host.net" ip link set lo up &&
        nsenter --net="$dir/$host.net" ip addr add "$network.$((10 + $1))/24" dev eth0 &&
        nsenter --net="$dir/$host.net" ip link set eth0 up
}

up() {
    local number
    mkdir -p "$dir" || return
    touch "$dir/switch.net"
    unshare --net="$dir/switch.net" true &&
        on_switch ip link add switch type bridge &&
        on_switch ip link set switch up || return
    for ((number = 0; number < $1; number++)); do
        add_host "$number" || return
    done
}

down() {
    local file code=0
    for file in "$dir"/*.net "$dir"/*.uts; do
        [ -e "$file" ] || continue
        [ "${file##*.}" = uts ] || off "$(basename "$file" .net)" || code=1
        umount "$file" 2>/dev/null
        rm -f "$file" || code=1
    done
    return $code
}

case ${1:-} in
possible)
    [ "$(id -u)" = 0 ] && command -v ip unshare nsenter >/dev/null && unshare --net --uts true &&
        unshare --net sh -c 'ip link add switch type bridge &&
            ip link add left type veth peer name right && ip link set left master switch'
    ;;
up) up "$2" ;;
down) down ;;
exec)
    host=$2
    shift 2
    exec nsenter --net="$dir/$host.net" --uts="$dir/$host.uts" "$@"
    ;;
agent)
    shift
    while [ "${1#-}" != "$1" ]; do shift; done
    host=$1
    shift
    exec nsenter --net="$dir/$host.net" --uts="$dir/$host.uts" sh -c "$*"
    ;;
pids) pids "$2" ;;
off) off "$2" ;;
cut) on_switch ip link set "to-$2" down ;;
mend) on_switch ip link set "to-$2" up ;;
*)
    sed -n '2,13p' "$0" >&2
    exit 2
    ;;
esac
