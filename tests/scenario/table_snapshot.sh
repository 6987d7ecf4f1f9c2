#!/bin/bash
# One snapshot for all ranks: what a busy writer does while the job reads changes nothing. How the
# sessions of the job behave.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
echo "COURSE_FUNNEL_SEED=$seed"
start_postgres
load_sample --users 400 --courses 5 --lessons 12 --events 12000 --course-share 0.5 --weeks 9 \
    --duplicates 0.03 --late 0.05 --seed "$seed"

# Ranges of pages go to whoever is free: while one rank is held up, the others read all the rest, each
# range once, and the server leaves out what is no course event.
psql -XAtq -c "alter system set log_statement = 'all'" -c "alter system set log_line_prefix = '%a: '" \
    -c 'select pg_reload_conf()' >/dev/null
copies() { grep 'COPY (SELECT ctid' "$PGHOST/log" || true; }
copy_count() { copies | wc -l; }
close_gate
funnel 3 rebuild --from "$CONNINFO" --events-table gate.one --events-table raw_amplitude.events \
    --range-bytes 64K --rejects "$WORK/rejects" --to "$WORK/free" &
job=$!
wait_until "$(psql -XAtqc "select ceil(pg_relation_size('raw_amplitude.events') / 65536.0)")" \
    copy_count
check "one rank is held up" test "$(behind_gate)" = 1
check "no range is read twice" test -z "$(copies | grep -oE "ctid >= '[^']*'" | sort | uniq -d)"
check "two ranks read" test "$(copies | grep -oE '^course-funnel rank [0-2]:' | sort -u | wc -l)" = 2
check "the server leaves out other events" test "$(copies | grep -vcF "IN ('course_lesson_started', \
'course_lesson_completed', 'course_completed')) TO STDOUT")" = 0
open_gate
job_leaves 0
same_marts "$WORK/free" "$WORK/files"
psql -XAtq -c 'alter system reset log_statement' -c 'select pg_reload_conf()' >/dev/null

start_job --to "$WORK/busy"
check "one session a rank" test "$(sessions)" = 3
check "named after its rank" test "$(psql -XAtqc "select string_agg(application_name, ','
    order by application_name) from pg_stat_activity where application_name like 'course-f%'")" = \
    "course-funnel rank 0,course-funnel rank 1,course-funnel rank 2"
# The table changes in every way that it can.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
update raw_amplitude.events set user_id = user_id || 'x' where ctid < '(40,0)';
delete from raw_amplitude.events where event_time like '%3:%';
vacuum raw_amplitude.events;
insert into raw_amplitude.events select event_type, 'new' || user_id, event_time,
    event_properties, uuid, insert_id from raw_amplitude.events limit 20000;
delete from raw_amplitude.events where user_id not like 'new%';
vacuum raw_amplitude.events;
alter table raw_amplitude.events set (autovacuum_enabled = off);
SQL
# What no snapshot keeps out is kept out by the lock.
for statement in 'truncate raw_amplitude.events' 'drop table raw_amplitude.events' \
    'cluster raw_amplitude.events using by_user' 'vacuum full raw_amplitude.events' \
    'alter table raw_amplitude.events alter column user_id type varchar(50)'; do
    check "the job keeps out: $statement" test "$(psql -XAtqc "set lock_timeout = '100ms'" \
        -c "create index if not exists by_user on raw_amplitude.events (user_id)" \
        -c "$statement" 2>&1 | grep -cE 'lock timeout')" = 1
done
open_gate
job_leaves 0
same_marts "$WORK/busy" "$WORK/files"
check "no session is left" test "$(sessions)" = 0

# Rows that come and go all the time, in small transactions with savepoints.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
truncate raw_amplitude.events;
SQL
find "$WORK/plain" -type f -print0 | sort -z | xargs -0 "$SOURCE/tests/support/export_rows.py" |
    cut -f 1-6 | psql -XAtqc 'copy raw_amplitude.events from stdin'
# Each change adds or removes rows of the same users on many pages, so that ranks with snapshots of
# their own would see a part of it.
cat >"$WORK/writer.sql" <<'SQL'
begin;
savepoint one;
insert into raw_amplitude.events select 'course_lesson_started', 'busy' || i, '2025-06-30 10:00:00',
    '{"course_id":99,"lesson_id":1,"ballast":"' || repeat('x', 1500) || '"}', null, null
    from generate_series(1, 200) i;
savepoint two;
insert into raw_amplitude.events select 'course_lesson_completed', 'busy' || i,
    '2025-06-30 10:00:00',
    '{"course_id":99,"lesson_id":1,"ballast":"' || repeat('x', 1500) || '"}', null, null
    from generate_series(1, 200) i;
release one;
commit;
select pg_sleep(0.02);
begin;
update raw_amplitude.events set insert_id = insert_id where ctid < '(3,0)';
commit;
begin;
delete from raw_amplitude.events where user_id like 'busy%' and event_type like '%started';
savepoint three;
delete from raw_amplitude.events where user_id like 'busy%';
commit;
SQL
psql -XAtqc "alter table raw_amplitude.events alter event_properties set storage plain"
(while [ ! -e "$WORK/stop" ]; do
    psql -XAtq -v ON_ERROR_STOP=1 -f "$WORK/writer.sql" -f "$WORK/writer.sql" \
        -f "$WORK/writer.sql" -f "$WORK/writer.sql" >/dev/null || exit 1
done) &
writer=$!
seen=0
for round in 1 2 3 4 5 6 7 8; do
    leaves 0 funnel 8 rebuild --from "$CONNINFO" --to "$WORK/round" --rejects "$WORK/rejects" \
        --range-bytes 8K
    if grep -q '^99,' "$WORK/round/mart_course_funnel_cohorts.csv"; then
        seen=$((seen + 1))
        check "all of a change is seen" grep -q \
            '^99,2025-06-30,1,200,200,1.000000,1.000000,$' \
            "$WORK/round/mart_course_funnel_lessons.csv"
    fi
    # The further marts tell up to when learners were watched, which the writer's rows move on.
    for mart in cohorts lessons; do
        grep -v '^99,' "$WORK/round/mart_course_funnel_$mart.csv" >"$WORK/without"
        same "$WORK/without" "$WORK/files/mart_course_funnel_$mart.csv"
    done
done
touch "$WORK/stop"
wait "$writer"
check "the writer's rows were seen" test "$seen" -gt 0

# Fewer connections than ranks.
close_gate
funnel 3 rebuild --from "$CONNINFO" "${gates[@]}" --rejects "$WORK/rejects" --to "$WORK/fewer" \
    --connections 1 &
job=$!
wait_until 1 behind_gate
check "one connection for three ranks" test "$(sessions)" = 1
open_gate
job_leaves 0
same_marts "$WORK/fewer" "$WORK/files"

# A standby serves as well.
start_standby -c max_standby_streaming_delay=0
leaves 0 funnel 3 rebuild --from "host=$standby user=$PGUSER dbname=postgres" \
    --to "$WORK/from_standby" --rejects "$WORK/rejects" --range-bytes 64K
same_marts "$WORK/from_standby" "$WORK/files"

# But it cannot be kept from following its server, and says so when it ends a reader for that.
primary=$PGHOST
export PGHOST=$standby
CONNINFO="host=$standby user=$PGUSER dbname=postgres"
start_job --to "$WORK/from_standby"
psql -XAtq -h "$primary" -c 'delete from raw_amplitude.events' -c 'vacuum raw_amplitude.events'
job_leaves 4
says 'due to conflict with recovery'
says 'set hot_standby_feedback = on'
open_gate
wait_until 0 sessions
export PGHOST=$primary
same_marts "$WORK/from_standby" "$WORK/files"
passed
