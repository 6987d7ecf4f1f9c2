#!/bin/bash
# The network between job and server is cut while a table is read: the job ends within the time that
# jobs/README.md states, the server forgets its sessions, and the target stays as it was.
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

# A publication waits for a lock in the midst of its transaction, while a job reads; then the network
# is cut for both. The target says how soon a dead link is noticed.
probe=$BUILD/tests/publish_probe
target="$CONNINFO connect_timeout=2 tcp_user_timeout=3000 keepalives_idle=1 keepalives_interval=1"
target="$target keepalives_count=2"
publish() {
    timeout -k 10 120 ip netns exec "$space" "$probe" publish "$target" public "$@" \
        >"$WORK/publish.stdout" 2>"$WORK/publish.stderr"
}
published() {
    psql -XAtqc "select md5((select string_agg(t::text, ',' order by t::text)
        from mart_course_funnel_cohorts t) || (select string_agg(t::text, ',' order by t::text)
        from mart_course_funnel_lessons t)), (select count(*) from course_funnel_runs)"
}
publishers() {
    psql -XAtqc "select count(*) from pg_stat_activity where application_name = 'course-funnel'
        and $1"
}
publisher_waits() { publishers "wait_event_type = 'Lock'"; }
leaves 0 publish 1 50
published >"$WORK/published"
start_job --to "$WORK/marts"
PGAPPNAME=holder psql -XAtqc 'begin; lock table mart_course_funnel_lessons; select pg_sleep(60)' \
    >/dev/null 2>&1 &
holders() {
    psql -XAtqc "select count(*) from pg_stat_activity where application_name = 'holder'
        and wait_event = 'PgSleep'"
}
wait_until 1 holders
publish 2 50 &
publisher=$!
wait_until 1 publisher_waits
started=$(date +%s)
ip link set "cf$$a" down
psql -XAtqc "select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'holder'" >/dev/null

code=0
wait "$publisher" || code=$?
publisher_took=$(($(date +%s) - started))
check "a target that is out of reach ends in 5, not $code" test "$code" = 5
check "in some 25 s with such limits, not in $publisher_took" test "$publisher_took" -le 40
check "it says so" grep -qE 'did not answer in time|No connection to PostgreSQL' \
    "$WORK/publish.stderr"
published >"$WORK/published.now"
check "the old marts are there" cmp "$WORK/published" "$WORK/published.now"

job_leaves 4
took=$(($(date +%s) - started))
check "the job ends in 25 s or so, not in $took" test "$took" -le 40
says 'Reading gate.'
check "the target is as it was" diff -r "$WORK/marts" "$WORK/before"
# The server drops who is out of reach, and with them the locks that keep others out.
left_there() { echo $(($(sessions) + $(publishers true))); }
tries=0
until [ "$(left_there)" = 0 ]; do
    tries=$((tries + 1))
    check "the server forgets its sessions" test "$tries" -lt 20
    sleep 1
done
forgot=$(($(date +%s) - started))
open_gate
ip link set "cf$$a" up
reachable() {
    ip netns exec "$space" psql -XAtq -d "$CONNINFO" -c 'select 1' 2>"$WORK/psql.err" || true
}
wait_until 1 reachable
leaves 0 publish 2 50
published >"$WORK/published.now"
check "the new marts are there, once" grep -q '|2$' "$WORK/published.now"
check "and are others" test "$(cut -d '|' -f 1 "$WORK/published")" != \
    "$(cut -d '|' -f 1 "$WORK/published.now")"
ip link set "cf$$a" down
# A server that cannot be reached at all is told in the time for connecting, 10 s.
started=$(date +%s)
leaves 4 funnel 2 rebuild --from "$CONNINFO" --to "$WORK/marts" --rejects "$WORK/rejects"
check "connecting ends in 10 s" test $(($(date +%s) - started)) -le 15
ip link set "cf$$a" up
leaves 0 funnel 2 rebuild --from "$CONNINFO" --to "$WORK/marts" --rejects "$WORK/rejects"
echo "after the cut the job ended in $took s, the publication in $publisher_took s, and the last session"
echo "at the server in $forgot s"
passed
