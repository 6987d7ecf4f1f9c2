#!/bin/bash
# What goes wrong while a table is read: a clear message, the right exit code, within a stated time,
# and the target stays as it was.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
load_sample --users 100 --courses 3 --lessons 8 --events 3000 --course-share 0.5 --weeks 5 --seed 1
target=$WORK/marts
leaves 0 funnel 1 rebuild --from "$CONNINFO" --to "$target" --rejects "$WORK/rejects"
cp -r "$target" "$WORK/before"
untouched() {
    checks=$((checks + 1))
    diff -r "$target" "$WORK/before" >/dev/null || fail "the target was touched"
}

# refuse CODE TEXT ARGS...: the run ends at once with the code and says the text.
refuse() {
    local code=$1 text=$2 started
    shift 2
    started=$(date +%s)
    leaves "$code" funnel 2 rebuild --to "$target" --rejects "$WORK/rejects" "$@"
    check "it takes no longer than 10 s" test $(($(date +%s) - started)) -le 10
    says "$text"
    untouched
}

# What is found before anything is read.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema bad;
create table bad.moment (event_type text, user_id text, event_time bigint, event_properties json);
create table bad.short (event_type text, user_id text, event_properties json);
create table bad.policy (like raw_amplitude.events);
alter table bad.policy enable row level security;
create sequence bad.counter;
create materialized view bad.unfilled as select * from raw_amplitude.events with no data;
create view bad.over_unfilled as select * from bad.unfilled;
create view bad.broken as select *, 1 / (length(event_type) * 0) as b from raw_amplitude.events;
create role nobody login;
create role somebody login;
grant usage on schema bad, raw_amplitude to somebody;
grant select on bad.policy to somebody;
SQL
nobody="host=$PGHOST dbname=postgres user=nobody"
somebody="host=$PGHOST dbname=postgres user=somebody"
refuse 4 'raw.events: there is no such table in this database' --from "$CONNINFO" \
    --events-table raw.events
refuse 2 'The name of the table events lacks its schema' --from "$CONNINFO" --events-table events
refuse 4 'syntax' --from "$CONNINFO" --events-table 'a.b; drop table c'
refuse 4 'bad.counter: is no table, view or foreign table' --from "$CONNINFO" \
    --events-table bad.counter
# Its file is empty, and has no pages that could be read.
refuse 4 'bad.unfilled: is a materialized view that holds nothing yet. Let its owner REFRESH it.' \
    --from "$CONNINFO" --events-table raw_amplitude.events --events-table bad.unfilled
refuse 4 'materialized view "unfilled" has not been populated' --from "$CONNINFO" \
    --events-table bad.over_unfilled
refuse 4 'bad.moment: the column "event_time" for event_time is of type int8, where timestamptz' \
    --from "$CONNINFO" --events-table bad.moment
refuse 4 'bad.short: there is no column for event_time. It has event_type, user_id, event_prop' \
    --from "$CONNINFO" --events-table bad.short
refuse 4 'there is no column "nobody" for user_id' --from "$CONNINFO" --column user_id=nobody
refuse 4 'permission denied for schema raw_amplitude' --from "$nobody"
refuse 4 'the column "event_type" may not be read by this role. Let the owner GRANT' --from "$somebody" \
    --events-table raw_amplitude.events
refuse 4 'row-level security' --from "$somebody" --events-table bad.policy
refuse 4 'No connection to PostgreSQL' --from "host=$WORK dbname=postgres user=postgres"
refuse 4 'database "nowhere" does not exist' --from "host=$PGHOST user=$PGUSER dbname=nowhere"
refuse 2 'raw_amplitude.events: would be read twice, as it is named twice' --from "$CONNINFO" \
    --events-table raw_amplitude.events --events-table '"raw_amplitude" . events'
refuse 2 'raw_amplitude.events: would be read twice' --from "$CONNINFO" --from "$CONNINFO port=5432"
psql -XAtqc 'create table bad.all (like raw_amplitude.events) partition by list (event_type)' \
    -c 'create table bad.part partition of bad.all default'
refuse 2 'bad.part: would be read twice' --from "$CONNINFO" --events-table bad.part \
    --events-table bad.all
refuse 2 'given with a password in it' --from "$CONNINFO password=tell-nobody"
check "the password is not repeated" test "$(grep -c tell-nobody "$WORK/stderr")" = 0
refuse 2 'given with a password in it' --from "postgres://$PGUSER:tell-nobody@localhost/postgres"
check "the password is not repeated" test "$(grep -c tell-nobody "$WORK/stderr")" = 0
psql -XAtq -c 'begin; lock table raw_amplitude.events; select pg_sleep(7)' >/dev/null &
refuse 4 'Locking raw_amplitude.events: PostgreSQL: canceling statement due to lock timeout' \
    --from "$CONNINFO"
wait $!
psql -XAtq -c 'alter system set max_connections = 60' -c \
    "alter role somebody connection limit 1" -c 'grant select on raw_amplitude.events to somebody'
refuse 4 'too many connections for role "somebody"' --from "$somebody"
psql -XAtqc 'revoke execute on function pg_current_wal_insert_lsn() from public'
leaves 0 funnel 3 rebuild --from "$somebody" --to "$WORK/one" --rejects "$WORK/rejects" \
    --connections 1
same_marts "$WORK/one" "$WORK/files"

# While it is read.
refuse 4 'Reading bad.broken: PostgreSQL: division by zero' --from "$CONNINFO" \
    --events-table bad.broken --column uuid=b

# A row that is too long is named, by its address where it has one.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create table bad.long (like raw_amplitude.events);
insert into bad.long (event_type) select 'other' from generate_series(1, 1000);
insert into bad.long (event_type, user_id) values ('course_completed', repeat('x', 2000));
create view bad.long_view as select * from bad.long;
SQL
refuse 4 "bad.long: the row with ctid '$(psql -XAtqc "select ctid from bad.long
    where user_id is not null")' is longer than 1024 bytes; --max-line-bytes" \
    --from "$CONNINFO" --events-table bad.long --max-line-bytes 1024
refuse 4 'bad.long_view: row 1 is longer than 1024 bytes' \
    --from "$CONNINFO" --events-table bad.long_view --max-line-bytes 1024

# A statement on a range of pages may run for as long as it is allowed to: here a row takes 2 s.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create type bad.kind as enum ('course_completed');
create function bad.slow_text(bad.kind) returns text language plpgsql as $$
begin
    perform pg_sleep(2);
    return 'course_completed';
end $$;
create cast (bad.kind as text) with function bad.slow_text(bad.kind);
create table bad.slow (event_type bad.kind, user_id text, event_time text, event_properties text);
insert into bad.slow values ('course_completed', 'u', '2025-07-01', '{}');
SQL
refuse 4 'Reading bad.slow: PostgreSQL: canceling statement due to statement timeout' \
    --from "$CONNINFO" --events-table bad.slow --statement-timeout 1
says '(--statement-timeout raises the limit)'

# after ACTION CODE TEXT: carried out when every rank waits at the gate.
after() {
    local action=$1 code=$2 text=$3 started
    start_job --to "$target"
    started=$(date +%s)
    eval "$action"
    job_leaves "$code"
    check "it takes no longer than 15 s" test $(($(date +%s) - started)) -le 15
    [ -z "$text" ] || says "$text"
    open_gate
    wait_until 0 sessions
    untouched
}
one="(select pid from pg_stat_activity where application_name = 'course-funnel rank"
after "psql -XAtqc \"select pg_terminate_backend(pid) from $one 1') x\" >/dev/null" 4 \
    'terminating connection due to administrator command'
after "psql -XAtqc \"select pg_cancel_backend(pid) from $one 2') x\" >/dev/null" 4 \
    'canceling statement due to user request'
after "psql -XAtqc \"select pg_terminate_backend(pid) from $one 0') x\" >/dev/null" 4 \
    'terminating connection due to administrator command'
after "kill -9 \$(psql -XAtqc \"select pid from $one 1') x\")" 4 'Reading gate.'
restart() {
    "$SOURCE/jobs/local-postgres.sh" crash "$postgres_dir" >&2
    COURSE_FUNNEL_POSTGRES_FSYNC=off "$SOURCE/jobs/local-postgres.sh" start "$postgres_dir" >&2
}
after restart 4 'Reading gate.'

# Rank 0 holds the locks on all tables. When it has nothing left to read and its session ends, what
# other ranks read after that may have been truncated.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create function gate.passes(key int) returns boolean language plpgsql volatile set lock_timeout = 0
as $$
begin
    perform pg_advisory_xact_lock_shared(key);
    return true;
end $$;
create view gate.seven as select event_type, user_id, event_time, event_properties
    from raw_amplitude.events where gate.passes(7);
create view gate.eight as select event_type, user_id, event_time, event_properties
    from raw_amplitude.events where gate.passes(8);
SQL
idle_in_rank_0() {
    psql -XAtqc "select count(*) from $one 0' and state = 'idle in transaction') x"
}
close_gate 'select pg_advisory_lock(7), pg_advisory_lock(8);'
funnel 2 rebuild --from "$CONNINFO" --events-table gate.seven --events-table gate.eight \
    --to "$target" --rejects "$WORK/rejects" &
job=$!
wait_until 2 behind_gate
echo "select count(pg_advisory_unlock(objid::bigint)) from pg_locks where not granted and pid in $one 0');" \
    >&"$gate_in"
read -r <&"$gate_out"
wait_until 1 idle_in_rank_0
psql -XAtqc "select pg_terminate_backend(pid) from $one 0') x" >/dev/null
open_gate
job_leaves 4
says 'Holding the locks until all was read: PostgreSQL: terminating connection'
untouched

# A job that is stopped, or dies, leaves no session that works on: the server looks every 5 s.
# below PID NAME: the processes of that name that PID started, itself or through others.
below() {
    local child
    for child in $(pgrep -P "$1"); do
        [ "$(cat "/proc/$child/comm")" != "$2" ] || echo "$child"
        below "$child" "$2"
    done
}
after 'kill -TERM $(below "$job" mpirun)' 1 ''
after 'kill -USR1 $(below "$job" mpirun)' 75 'Stopped on request'
after 'kill -KILL $(below "$job" course-funnel | head -n 1)' 137 ''

# A statement that takes too long, here a view that says nothing, ends the run in S + 15 s.
close_gate
started=$(date +%s)
leaves 4 funnel 2 rebuild --from "$CONNINFO" "${gates[@]}" --to "$target" \
    --rejects "$WORK/rejects" --statement-timeout 1
says 'the PostgreSQL server did not answer in time'
check "in the stated time" test $(($(date +%s) - started)) -le 25
open_gate
wait_until 0 sessions
untouched
passed
