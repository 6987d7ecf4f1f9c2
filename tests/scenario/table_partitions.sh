#!/bin/bash
# Partitioned tables show what a SELECT on them shows, and take no more locks than one.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema r;
create table r.copy (event_type text, user_id text, event_time text, event_properties text,
    uuid text, insert_id text);
insert into r.copy select 'course_lesson_started', 'u' || i, '2025-07-01 10:00:00',
    '{"course_id":1,"lesson_id":1}', 's' || i, null from generate_series(1, 100) i;
insert into r.copy select 'course_lesson_completed', 'u' || i, '2025-07-02 10:00:00',
    '{"course_id":1,"lesson_id":1}', 'c' || i, null from generate_series(1, 50) i;
create table r.parted (like r.copy) partition by list (event_type);
create table r.started partition of r.parted for values in ('course_lesson_started');
create table r.completed partition of r.parted for values in ('course_lesson_completed');
insert into r.parted select * from r.copy;
create role reader login;
grant usage on schema r to reader;
SQL
reader="host=$PGHOST dbname=postgres user=reader"
# reads COUNTS FROM TABLE ARGS...: the one lesson has the counts of users.
reads() {
    local counts=$1 from=$2 table=$3
    shift 3
    leaves 0 funnel 4 rebuild --from "$from" --events-table "$table" --to "$WORK/marts" \
        --rejects "$WORK/rejects" "$@"
    check "$table has the counts $counts" grep -q "^1,2025-06-30,1,$counts," \
        "$WORK/marts/mart_course_funnel_lessons.csv"
}

# A partition whose detachment is pending is none any more: what waits for the last reader of the
# table is cancelled, and stays half done.
reads 100,50 "$CONNINFO" r.parted
close_gate 'begin; select count(*) from r.parted;'
psql -XAtq -c "set statement_timeout = '1s'" \
    -c 'alter table r.parted detach partition r.completed concurrently' 2>/dev/null &&
    fail "the detachment was not held up"
open_gate
check "a SELECT has it no more" test "$(psql -XAtqc 'select count(*) from r.parted')" = 100
reads 100,0 "$CONNINFO" r.parted
psql -XAtqc 'alter table r.parted detach partition r.completed finalize' \
    -c "alter table r.parted attach partition r.completed for values in ('course_lesson_completed')"
reads 100,50 "$CONNINFO" r.parted

# Nor is a temporary table of another session read, though it inherits.
psql -XAtqc 'create table r.family (like r.copy); insert into r.family select * from r.copy'
close_gate "create temp table child () inherits (r.family); insert into child select * from r.copy;
    update child set user_id = 'v' || user_id; select count(*) from r.family;"
reads 100,50 "$CONNINFO" r.family
open_gate

# Many partitions on many ranks, in a server with room for few locks: rank 0 locks all of them, and
# each of the others one at a time.
psql -XAtq -c 'alter system set max_locks_per_transaction = 10' \
    -c 'alter system set max_connections = 40'
"$SOURCE/jobs/local-postgres.sh" stop "$postgres_dir" >&2
COURSE_FUNNEL_POSTGRES_FSYNC=off "$SOURCE/jobs/local-postgres.sh" start "$postgres_dir" >&2
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create table r.many (like r.copy) partition by hash (user_id);
select format('create table r.many_%s partition of r.many for values with (modulus 400, remainder %s)',
    i, i) from generate_series(0, 399) i \gexec
insert into r.many select * from r.copy;
insert into r.many select 'other', 'v' || i from generate_series(1, 8000) i;
SQL
# Another session takes all locks that there are, and gives some back: few more than partitions.
close_gate 'do $$ begin for i in 1..100000 loop
    begin perform pg_advisory_lock(i); exception when out_of_memory then exit; end;
    end loop; end $$; select count(pg_advisory_unlock(i)) from generate_series(1, 600) i;'
reads 100,50 "$CONNINFO" r.many
# Where there is no room even for that, the message says what to raise.
echo 'select count(pg_advisory_lock(i)) from generate_series(1, 400) i;' >&"$gate_in"
read -r <&"$gate_out"
leaves 4 funnel 3 rebuild --from "$CONNINFO" --events-table r.many --to "$WORK/marts" \
    --rejects "$WORK/rejects"
says 'raise max_locks_per_transaction there.'
open_gate
passed
