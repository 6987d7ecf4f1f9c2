#!/bin/bash
# A proxy cuts silent connections. Tables are read before files, and their sessions end then. Where
# users are matched with sessions after that, the connections are kept alive, while a checkpoint is
# written too; and one that is lost ends the run at once.
. "$(dirname "$0")/../support/checkpoint.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
load_sample --users 200 --courses 3 --lessons 8 --events 5000 --course-share 1 --weeks 5 --seed 1
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema raw_funnelfox;
create table raw_funnelfox.sessions as select distinct user_id as profile_id
    from raw_amplitude.events where user_id is not null;
SQL
run=(rebuild --from "$WORK/plain" --rejects "$WORK/rejects" --to "$WORK/marts")
matched=(--sessions-table raw_funnelfox.sessions)
leaves 0 funnel 2 "${run[@]}" --from "$CONNINFO" "${matched[@]}"
mv "$WORK/marts" "$WORK/straight"
as_before() {
    same_marts "$WORK/marts" "$WORK/straight"
    wait_until 0 sessions
}

proxy=
stop_proxy() { [ -z "$proxy" ] || kill "$proxy" || true; }
before_cleaning=stop_proxy
mkdir "$WORK/proxy"
python3 "$SOURCE/tests/support/idle_proxy.py" "$PGHOST/.s.PGSQL.5432" \
    "$WORK/proxy/.s.PGSQL.5432" 1.5 >"$WORK/proxy.log" &
proxy=$!
until grep -qs ready "$WORK/proxy.log"; do sleep 0.05; done
cut() { grep -c cut "$WORK/proxy.log" || true; }
run+=(--from "host=$WORK/proxy user=$PGUSER dbname=postgres")

# The rounds of the files, and those of the table, take longer than the proxy waits.
export COURSE_FUNNEL_FAULT='ingest.round:1+:*:wait'
slowly=$COURSE_FUNNEL_FAULT_NUMBERS
export COURSE_FUNNEL_FAULT_NUMBERS=$slowly,table.silent_ms=60000
funnel 2 "${run[@]}" --sessions-table none &
job=$!
wait_until 2 sessions
wait_until 0 sessions
begun=$(date +%s%N)
job_leaves 0
check "the files took long" test $(($(date +%s%N) - begun)) -ge 2000000000
check "none is cut" test "$(cut)" = 0
as_before

# The session stays for the match, and would be cut.
leaves 4 funnel 2 "${run[@]}" "${matched[@]}"
check "such silent connections are cut" test "$(cut)" = 2
check "it is said what was lost" grep -q 'PostgreSQL: server closed the connection' "$WORK/stderr"
wait_until 0 sessions

# A checkpoint is longer in the writing than the proxy waits, with rows of the table under way.
export COURSE_FUNNEL_FAULT_NUMBERS=$slowly,table.silent_ms=300
COURSE_FUNNEL_FAULT=$COURSE_FUNNEL_FAULT,checkpoint.write:1:0:pause leaves 0 funnel 2 "${run[@]}" \
    "${matched[@]}" --checkpoint "$WORK/checkpoint" --checkpoint-interval 0.3
check "a checkpoint took long" \
    grep -q 'checkpoint generation-0001-000001: .* MB in [2-9]' "$WORK/stderr"
check "none is cut" test "$(cut)" = 2
as_before
same "$WORK/marts/course_funnel_session_match.csv" "$WORK/straight/course_funnel_session_match.csv"

# Lost while files are read: the run does not read on.
COURSE_FUNNEL_FAULT_NUMBERS=$slowly,table.silent_ms=300,fault.wait_us=500000
funnel 2 "${run[@]}" "${matched[@]}" &
job=$!
wait_until 2 sessions
sleep 1
kill "$proxy"
wait "$proxy" 2>/dev/null || true
proxy=
begun=$SECONDS
job_leaves 4
check "it ends at once, not in $((SECONDS - begun)) s" test $((SECONDS - begun)) -le 5
check "it is said what was lost" grep -q 'error: .*: PostgreSQL: ' "$WORK/stderr"
wait_until 0 sessions
passed
