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
# refused CODE TEXT NAME
refused() {
    leaves "$1" funnel 2 rebuild --from "$reader" --events-table "r.$3" --to "$WORK/none" \
        --rejects "$WORK/rejects"
    says "$2"
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
passed
