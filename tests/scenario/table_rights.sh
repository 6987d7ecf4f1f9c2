#!/bin/bash
# What a role may read, it can read through this program, whatever else it may not; and what it may
# not see is never left out in silence.
. "$(dirname "$0")/../support/lib.sh"

start_postgres
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema r;
create table r.events (event_type text, user_id text, event_time text, event_properties text,
    uuid text, insert_id text, secret text);
insert into r.events select 'course_lesson_started', 'u' || i, '2025-07-01 10:00:00',
    '{"course_id":1,"lesson_id":1}', 's' || i, null, 'x' from generate_series(1, 100) i;
insert into r.events select 'course_lesson_completed', 'u' || i, '2025-07-02 10:00:00',
    '{"course_id":1,"lesson_id":1}', 'c' || i, null, 'x' from generate_series(1, 50) i;
create role owner;
create role reader login;
grant usage, create on schema r to owner;
grant usage on schema r to reader;
SQL
reader="host=$PGHOST dbname=postgres user=reader"
columns='event_type, user_id, event_time, event_properties, uuid, insert_id'
# reads NAME ARGS...: the reader gets all 150 rows of r.NAME.
reads() {
    local name=$1
    shift
    leaves 0 funnel 3 rebuild --from "$reader" --events-table "r.$name" --to "$WORK/$name" \
        --rejects "$WORK/rejects" "$@"
    check "r.$name has all rows" grep -q '^1,2025-06-30,1,100,50,' \
        "$WORK/$name/mart_course_funnel_lessons.csv"
}
# refused CODE TEXT NAME ARGS...
refused() {
    local code=$1 text=$2 name=$3
    shift 3
    leaves "$code" funnel 2 rebuild --from "$reader" --events-table "r.$name" --to "$WORK/none" \
        --rejects "$WORK/rejects" "$@"
    says "$text"
}

# Views, where somebody has rights on columns beneath them only: they cannot be locked, but read.
psql -XAtq -v ON_ERROR_STOP=1 <<SQL
grant select ($columns) on r.events to owner;
create view r.by_owner as select $columns from r.events;
alter view r.by_owner owner to owner;
create view r.over_it as select * from r.by_owner;
grant select on r.by_owner, r.over_it to reader;
create view r.by_reader with (security_invoker) as select $columns from r.events;
grant select on r.by_reader to reader;
SQL
reads by_owner
reads over_it
refused 4 'permission denied for table events' by_reader
psql -XAtqc "grant select ($columns) on r.events to reader"
reads by_reader

# The same of a partitioned table, whose planner leaves out partitions that have no course event.
psql -XAtq -v ON_ERROR_STOP=1 <<SQL
create table r.pruned (like r.events) partition by list (event_type collate "C");
create table r.pruned_rest partition of r.pruned default;
create table r.pruned_other partition of r.pruned for values in ('other');
insert into r.pruned select * from r.events;
insert into r.pruned values ('other');
grant select ($columns) on r.pruned to reader;
SQL
check "the planner leaves one out" test "$(psql -XAtqc "explain select from r.pruned
    where event_type collate \"C\" in ('course_lesson_started')" | grep -c pruned_other)" = 0
reads pruned

# A table with parts that the role may not read by themselves is read through the whole: for want of
# a right on the part or on its schema, or since there is a policy on it, which reading the whole does
# not mind.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema hidden;
create table r.parted (like r.events) partition by list (event_type);
create table r.started partition of r.parted for values in ('course_lesson_started');
create table hidden.completed partition of r.parted for values in ('course_lesson_completed');
insert into r.parted select * from r.events;
grant select on r.parted, r.started to reader;
SQL
in_whole() {
    reads parted
    says 'r.parted: cannot be read by ranges of pages'
}
in_whole
psql -XAtqc 'grant select on hidden.completed to reader'
in_whole
psql -XAtqc 'alter table hidden.completed set schema r'
reads parted
psql -XAtqc 'alter table r.completed enable row level security'
in_whole
psql -XAtqc 'create policy none_of_them on r.completed using (false)'
in_whole
refused 4 'row-level security' completed
refused 2 'r.started: would be read twice' parted --events-table r.started
psql -XAtqc 'alter table r.completed disable row level security; create table r.child () inherits (
    r.events); alter table r.child enable row level security; grant select on r.events to reader'
reads events
psql -XAtqc 'alter table r.events enable row level security'
refused 4 'row-level security' events
passed
