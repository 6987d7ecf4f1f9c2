#!/bin/bash
# A proxy cuts silent connections. Those that hold the snapshot while files are read are kept alive,
# and one that is lost ends the run at once.
. "$(dirname "$0")/../support/checkpoint.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
load_sample --users 200 --courses 3 --lessons 8 --events 20000 --course-share 0.3 --weeks 5 --seed 1
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema raw_funnelfox;
create table raw_funnelfox.sessions as select distinct user_id as profile_id
    from raw_amplitude.events where user_id is not null;
SQL
from=(rebuild --from "$WORK/plain" --from "$CONNINFO" --rejects "$WORK/rejects" --to "$WORK/marts")
leaves 0 funnel 2 "${from[@]}"
mv "$WORK/marts" "$WORK/straight"

proxy=
stop_proxy() { [ -z "$proxy" ] || kill "$proxy" || true; }
before_cleaning=stop_proxy
mkdir "$WORK/proxy"
begin_proxy() { # begin_proxy SECONDS
    rm -f "$WORK/proxy/.s.PGSQL.5432" "$WORK/proxy.log"
    python3 "$SOURCE/tests/support/idle_proxy.py" "$PGHOST/.s.PGSQL.5432" \
        "$WORK/proxy/.s.PGSQL.5432" "$1" >"$WORK/proxy.log" &
    proxy=$!
    until grep -qs ready "$WORK/proxy.log"; do sleep 0.05; done
}
cuts() { grep -c cut "$WORK/proxy.log" || true; }
end_proxy() {
    kill "$proxy"
    wait "$proxy" 2>/dev/null || true
    proxy=
}

# Files go first, and their rounds take some seconds.
from[4]="host=$WORK/proxy user=$PGUSER dbname=postgres"
export COURSE_FUNNEL_FAULT='ingest.round:1+:*:wait'
slowly=$COURSE_FUNNEL_FAULT_NUMBERS,fault.wait_us=150000
export COURSE_FUNNEL_FAULT_NUMBERS=$slowly,table.silent_ms=60000
begin_proxy 2
leaves 4 funnel 2 "${from[@]}"
check "such silent connections are cut" test "$(cuts)" -ge 1
check "the run says what was lost" grep -q 'PostgreSQL: .*server closed the connection' "$WORK/stderr"
wait_until 0 sessions
export COURSE_FUNNEL_FAULT_NUMBERS=$slowly,table.silent_ms=500
leaves 0 funnel 2 "${from[@]}"
check "none is cut" test "$(cuts)" -le 2
same_marts "$WORK/marts" "$WORK/straight"
same "$WORK/marts/course_funnel_session_match.csv" "$WORK/straight/course_funnel_session_match.csv"
wait_until 0 sessions

# Lost while files are read: the run does not read on.
export COURSE_FUNNEL_FAULT_NUMBERS=$slowly,fault.wait_us=2000000,table.silent_ms=500
funnel 2 "${from[@]}" &
job=$!
wait_until 2 sessions
sleep 1
end_proxy
begun=$SECONDS
job_leaves 4
check "it ends at once, not in $((SECONDS - begun)) s" test $((SECONDS - begun)) -le 8
says 'Keeping the snapshot while files are read: PostgreSQL: '
wait_until 0 sessions
passed
