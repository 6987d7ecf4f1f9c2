#!/bin/bash
# Where an extension serves rows of a table from elsewhere, what SELECT shows is what is read. The
# extension is a small one of the tests, tests/support/elsewhere.c.
. "$(dirname "$0")/../support/lib.sh"

[ -e "$BUILD/tests/elsewhere.so" ] || skip "there are no headers of the PostgreSQL server"
start_postgres
# The server runs as another user, who may not see the build.
cp "$BUILD/tests/elsewhere.so" "$WORK/elsewhere.so"
chmod 755 "$WORK/elsewhere.so"
psql -XAtq -v ON_ERROR_STOP=1 -v library="$WORK/elsewhere.so" <<'SQL'
alter system set session_preload_libraries = :'library';
select pg_reload_conf();
create schema r;
create table r.whole (event_type text, user_id text, event_time text, event_properties text,
    uuid text, insert_id text);
insert into r.whole select 'course_lesson_started', 'u' || i, '2025-07-01 10:00:00',
    '{"course_id":1,"lesson_id":1}', 's' || i, null from generate_series(1, 900) i;
insert into r.whole select 'course_lesson_completed', 'u' || i, '2025-07-02 10:00:00',
    '{"course_id":1,"lesson_id":1}', 'c' || i, null from generate_series(1, 400) i;
-- Half of its rows are elsewhere.
create table r.half (like r.whole);
create table r.half_elsewhere (like r.whole);
insert into r.half select * from r.whole where right(user_id, 1) < '5';
insert into r.half_elsewhere select * from r.whole where right(user_id, 1) >= '5';
-- All of them are: it has no pages.
create table r.hollow (like r.whole);
create table r.hollow_elsewhere (like r.whole);
insert into r.hollow_elsewhere select * from r.whole;
-- Of one partition all are.
create table r.parted (like r.whole) partition by list (event_type);
create table r.started partition of r.parted for values in ('course_lesson_started');
create table r.completed partition of r.parted for values in ('course_lesson_completed');
insert into r.parted select * from r.whole where event_type = 'course_lesson_started';
create table r.completed_elsewhere (like r.whole);
insert into r.completed_elsewhere select * from r.whole
    where event_type = 'course_lesson_completed';
create view r.view as select * from r.half;
-- A table that is as it looks.
create table r.plain (like r.whole);
insert into r.plain select * from r.whole;
SQL
check "the server loads the extension" test \
    "$(psql -XAtqc 'select count(*) from r.half')" = 1300
check "addresses show only a part" test \
    "$(psql -XAtqc "select count(*) < 1300 from r.half where ctid >= '(0,0)'")" = t

for table in half hollow parted view plain; do
    for ranks in 1 3; do
        leaves 0 funnel "$ranks" rebuild --from "$CONNINFO" --events-table "r.$table" \
            --to "$WORK/marts" --rejects "$WORK/rejects"
        check "r.$table is read whole on $ranks ranks" grep -q '^1,2025-06-30,1,900,400,' \
            "$WORK/marts/mart_course_funnel_lessons.csv"
    done
done
passed
