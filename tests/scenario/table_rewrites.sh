#!/bin/bash
# A table that a role cannot lock by its name is locked when it is planned on, after the snapshot was
# taken. What is truncated, rewritten or replaced in between must not be read as if it were empty.
. "$(dirname "$0")/../support/lib.sh"

start_postgres
psql -XAtq -v ON_ERROR_STOP=1 -v "server=host=$PGHOST user=$PGUSER dbname=postgres" <<'SQL'
create extension dblink;
create schema r;
create table r.template (event_type text, user_id text, event_time text, event_properties text,
    uuid text, insert_id text);
create table r.copy (like r.template);
insert into r.copy select 'course_lesson_started', 'u' || i, '2025-07-01 10:00:00',
    '{"course_id":1,"lesson_id":1}', 's' || i, null from generate_series(1, 100) i;
insert into r.copy select 'course_lesson_completed', 'u' || i, '2025-07-02 10:00:00',
    '{"course_id":1,"lesson_id":1}', 'c' || i, null from generate_series(1, 50) i;
-- A view whose planning carries out, in another session, what is in r.action, so many times as
-- r.times says: immutable functions are called by the planner.
create table r.action (sql text, times int);
create sequence r.calls;
create function r.act() returns boolean language plpgsql immutable security definer
    set search_path = public, pg_temp as $$
declare
    action text := (select sql from r.action);
begin
    perform dblink_connect('other', current_setting('r.server'));
    if (select n <= (select times from r.action) from dblink('other', 'select nextval(''r.calls'')')
            as call (n bigint)) then
        perform dblink_exec('other', action);
    end if;
    perform dblink_disconnect('other');
    return true;
end $$;
select format('alter database postgres set r.server = %L', :'server') \gexec
create view r.first as select event_type, user_id, event_time, event_properties
    from r.template where r.act();
-- This role can lock none of its tables by name.
create role colr login;
grant usage on schema r to colr;
SQL
columns='event_type, user_id, event_time, event_properties, uuid, insert_id'
psql -XAtqc "grant select (event_type, user_id, event_time, event_properties) on r.first to colr"

# during SQL TIMES NAME ACTION ARGS...: the job reads what SQL makes of the name r.second, and ACTION
# is carried out between snapshot and lock, so many TIMES as snapshots are taken. Returns its code.
during() {
    local sql=$1 times=$2 action=$3
    shift 3
    psql -XAtq -v ON_ERROR_STOP=1 -v "action=$action" >/dev/null <<SQL || fail "no r.second"
set client_min_messages = warning;
drop table if exists r.second, r.other, r.part cascade;
$sql;
grant select ($columns) on r.second to colr;
truncate r.action;
insert into r.action values (:'action', $times);
select setval('r.calls', 1, false);
SQL
    rm -rf "$WORK/marts"
    funnel 2 rebuild --from "host=$PGHOST dbname=postgres user=colr" --events-table r.first \
        --events-table r.second --to "$WORK/marts" --rejects "$WORK/rejects" "$@"
}
refill='truncate r.second; insert into r.second select * from r.copy'
table='create table r.second (like r.copy); insert into r.second select * from r.copy'
cohort=$'course_id,cohort_week_start,users_started,users_completed_course,course_completion_rate'
cohort+=$',total_lessons\n1,2025-06-30,100,0,,1'
# whole WHAT: the marts have all 150 rows.
whole() {
    check "$1: all rows are in the marts" test \
        "$(cat "$WORK/marts/mart_course_funnel_cohorts.csv")" = "$cohort"
    check "$1: all completions too" grep -q '^1,2025-06-30,1,100,50,' \
        "$WORK/marts/mart_course_funnel_lessons.csv"
}
calls() {
    psql -XAtqc 'select last_value from r.calls'
}

leaves 0 during "$table" 0 ''
whole 'nothing happens'
leaves 0 during "$table" 1 "$refill"
check "a second snapshot was taken" test "$(calls)" -ge 2
whole 'truncated and filled again'
leaves 0 during "$table" 4 "$refill"
whole 'truncated four times'
leaves 0 during "$table" 1 'alter table r.second alter user_id type varchar(50)'
whole 'a column of another type'
leaves 0 during "create materialized view r.second as select * from r.copy where user_id < 'u5'" 1 \
    "refresh materialized view r.second"
whole_rows=$(psql -XAtqc "select count(*) from r.second where event_type like '%started'")
check "a materialized view that was refreshed is read" grep -q "^1,2025-06-30,$whole_rows,0," \
    "$WORK/marts/mart_course_funnel_cohorts.csv"
psql -XAtqc 'drop materialized view r.second'
leaves 0 during "create table r.other (like r.copy); insert into r.other select * from r.copy;
    create view r.second as select * from r.other" 1 \
    'truncate r.other; insert into r.other select * from r.copy'
whole 'a table beneath a view'
psql -XAtqc 'drop view r.second'
leaves 0 during "$table" 1 'alter table r.second rename to gone; create table r.second (like r.copy);
    insert into r.second select * from r.copy; drop table r.gone;
    grant select on r.second to colr'
whole 'another table of the name'
parts="create table r.second (like r.copy) partition by list (event_type);
    create table r.part partition of r.second for values in ('course_lesson_completed');
    create table r.other partition of r.second default; insert into r.second select * from r.copy"
leaves 0 during "$parts" 1 'truncate r.part;
    insert into r.part select * from r.copy where event_type = $$course_lesson_completed$$'
whole 'a partition'
leaves 0 during "$parts" 1 'alter table r.second detach partition r.part; drop table r.part;
    insert into r.second select * from r.copy where event_type = $$course_lesson_completed$$'
whole 'a partition that is dropped'
leaves 0 during "$parts; grant select on r.part, r.other to colr" 1 \
    'alter table r.second detach partition r.part; truncate r.part;
    insert into r.second select * from r.copy where event_type = $$course_lesson_completed$$'
whole 'a partition that is detached'

# There is an end to it.
leaves 4 during "$table" 1000 "$refill"
says 'r.second: was truncated, rewritten or replaced whenever a snapshot was taken, 5 times.'
check "nothing is published" test ! -e "$WORK/marts/mart_course_funnel_cohorts.csv"
leaves 4 during "$table" 1 'drop table r.second'
says 'r.second: there is no such table in this database'
# A role that may read the table locks it before its snapshot is taken: nothing gets between.
psql -XAtqc "alter database postgres set lock_timeout = '1s'"
leaves 4 during "$table; grant select on r.second to colr" 1 "$refill"
says 'canceling statement due to lock timeout'
passed
