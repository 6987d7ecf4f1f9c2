#!/bin/bash
# The network between job and server is cut while a table is read: the job ends within the time that
# the README states, the server forgets its sessions, and the target stays as it was.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

[ "$(id -u)" = 0 ] || skip "making a network namespace takes root"
space=course-funnel-$$
ip netns add "$space" 2>/dev/null || skip "a network namespace cannot be made"
net=10.$((RANDOM % 100 + 100)).$((RANDOM % 250))
remove_network() {
    ip link del "cf$$a" 2>/dev/null || true
    ip netns del "$space" || true
}
trap 'remove_network; clean_up' EXIT
ip link add "cf$$a" type veth peer name "cf$$b" netns "$space" 2>/dev/null ||
    skip "a pair of virtual interfaces cannot be made"
ip addr add "$net.1/30" dev "cf$$a"
ip link set "cf$$a" up
ip -n "$space" addr add "$net.2/30" dev "cf$$b"
ip -n "$space" link set "cf$$b" up
ip -n "$space" link set lo up

start_postgres
load_sample --users 50 --courses 2 --lessons 8 --events 2000 --course-share 0.5 --weeks 5 --seed 1
hba=$(psql -XAtqc 'show hba_file')
echo "host all all $net.0/30 trust" >>"$hba"
psql -XAtqc "alter system set listen_addresses = '$net.1'"
"$SOURCE/jobs/local-postgres.sh" stop "$postgres_dir" >&2
"$SOURCE/jobs/local-postgres.sh" start "$postgres_dir" >&2

# The job lives on the other side of the wire.
funnel() {
    local ranks=$1
    shift
    timeout -k 10 120 ip netns exec "$space" mpirun --oversubscribe -n "$ranks" "$PROGRAM" "$@" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}
CONNINFO="host=$net.1 user=$PGUSER dbname=postgres"
leaves 0 funnel 2 rebuild --from "$CONNINFO" --to "$WORK/marts" --rejects "$WORK/rejects"
same_marts "$WORK/marts" "$WORK/files"
cp -r "$WORK/marts" "$WORK/before"

start_job --to "$WORK/marts"
started=$(date +%s)
ip link set "cf$$a" down
job_leaves 4
took=$(($(date +%s) - started))
check "the job ends in 25 s or so, not in $took" test "$took" -le 40
says 'Reading gate.'
check "the target is as it was" diff -r "$WORK/marts" "$WORK/before"
tries=0
until [ "$(sessions)" = 0 ]; do
    tries=$((tries + 1))
    check "the server forgets its sessions" test "$tries" -lt 40
    sleep 1
done
open_gate
ip link set "cf$$a" up
# A server that cannot be reached at all is told in the time for connecting, 10 s.
ip link set "cf$$a" down
started=$(date +%s)
leaves 4 funnel 2 rebuild --from "$CONNINFO" --to "$WORK/marts" --rejects "$WORK/rejects"
check "connecting ends in 10 s" test $(($(date +%s) - started)) -le 15
ip link set "cf$$a" up
leaves 0 funnel 2 rebuild --from "$CONNINFO" --to "$WORK/marts" --rejects "$WORK/rejects"
echo "the job ended $took s after the cut"
passed
