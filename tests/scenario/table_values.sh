#!/bin/bash
# Values that tables hold and files do not, what is rejected of a table, and how it is found again.
. "$(dirname "$0")/../support/lib.sh"

start_postgres
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
set timezone = 'UTC';
create schema v;
-- The good: what stands in a json column and PostgreSQL has no text for, all types of columns.
create table v.good (event_type text, user_id bigint, event_time timestamptz, event_properties json,
    uuid bigint);
insert into v.good values
    ('course_lesson_started', 1, '2025-07-01 23:30:00-05', '{"course_id":1,"lesson_id":1}', 1),
    ('course_lesson_started', 2, '2025-07-07 00:30+05:45',
     '{"a\u0000":"\u0000","course_id":"1","lesson_id":1.0}', 2),
    ('course_lesson_completed', 1, '2025-07-02', '{"x":"\ud800","lesson_id":7,"course_id":3,
        "course_id":1,"lesson_id":1,"time_spent_sec":10.5}', 3),
    ('course_lesson_completed', 1, '2025-07-02', '{"course_id":1,"lesson_id":1,
        "time_spent_sec":"10.5"}', 3),
    ('course_lesson_completed', 2, '2025-07-08',
        '"{\"course_id\":1,\"lesson_id\":1,\"time_spent_sec\":21}"', 3),
    ('course_completed', -5, '2025-07-02', '{"course_id":-1,"x":"\udc00\ud800"}', null),
    ('Course_Completed', 1, '2025-07-02', '{"course_id":1}', null),
    ('course_completed ', 1, '2025-07-02', '{"course_id":1}', null),
    ('signed_up: course_completed', 1, '2025-07-02', '{"course_id":1}', null),
    (null, 1, '2025-07-02', '{"course_id":1}', null);
-- The bad: a reject each, and one row that is good.
create table v.bad (event_type text, user_id text, event_time timestamptz, event_properties text,
    "$insert_id" text);
insert into v.bad values
    ('course_completed', null, '2025-07-02', '{"course_id":1}', 'no_user'),
    ('course_completed', '', '2025-07-02', '{"course_id":1}', 'no_user'),
    ('course_completed', ' ', '2025-07-02', '{"course_id":1}', 'good'),
    ('course_completed', 'é"\', null, '{"course_id":1}', 'no_time'),
    ('course_completed', 'u', 'infinity', '{"course_id":1}', 'no_time'),
    ('course_completed', 'u', '-infinity', '{"course_id":1}', 'no_time'),
    ('course_completed', 'u', '0044-03-15 BC', '{"course_id":1}', 'no_time'),
    ('course_completed', 'u', '10000-01-01', '{"course_id":1}', 'no_time'),
    ('course_completed', 'u', '2025-07-02', '', 'bad_properties'),
    ('course_completed', 'u', '2025-07-02', '{"course_id":1', 'bad_properties'),
    ('course_completed', 'u', '2025-07-02', '[]', 'bad_properties'),
    ('course_completed', 'u', '2025-07-02', '"x"', 'bad_properties'),
    ('course_completed', 'u', '2025-07-02', null, 'no_course'),
    ('course_completed', 'u', '2025-07-02', 'null', 'no_course'),
    ('course_completed', 'u', '2025-07-02', '{"course_id":2147483648}', 'no_course'),
    ('course_lesson_started', 'u', '2025-07-02', '{"course_id":1}', 'no_lesson');
-- Users of types that are no text: the marts know them by their text.
create table v.uuids (event_type text, user_id uuid, event_time timestamp, event_properties jsonb);
insert into v.uuids values
    ('course_completed', '0F8FAD5B-D9CB-469F-A165-70867728950E', '2025-07-02', '{"course_id":1}'),
    ('course_completed', '0f8fad5bd9cb469fa16570867728950e', '2025-07-03', '{"course_id":1}'),
    ('course_completed', null, '2025-07-03', '{"course_id":1}');
create table v.integers (event_type varchar(30), user_id integer, event_time varchar(30),
    event_properties jsonb);
insert into v.integers values
    ('course_completed', -2147483648, '2025-07-02 00:00:00', '{"course_id":1}'),
    ('course_completed', 7, '2025-07-02 00:00:00', '{"course_id":1}'),
    ('course_completed', 7, '2025-07-09 00:00:00', '{"course_id":1}');
-- A number has one text, with however many zeros behind the point it was given.
create table v.numbers (event_type text, user_id numeric, event_time timestamp,
    event_properties jsonb, insert_id numeric);
insert into v.numbers select 'course_lesson_completed', number, '2025-07-02',
    '{"course_id":1,"lesson_id":1,"time_spent_sec":5}', id
    from (values (1, 7), (1.0, 7.00), (1.000, 7.000), (100, null), (1e2, null), (100.00, null),
        (0.10, null), (.1, null), (0.0, null), (-0.00, null), (-2.50, null), (-2.5, null),
        ('NaN', null), ('NaN'::numeric, null)) as given (number, id);
create view v.bad_view as select * from v.bad order by "$insert_id", user_id;
-- Of whole events in json, as a loader leaves them: lines of a file, whatever they hold.
create table v.record (_airbyte_data json);
insert into v.record values
    ('{"event_type":"course_completed","user_id":"r","event_time":"2025-07-02 00:00:00",
        "event_properties":{"course_id":5},"other":"\u0000\ud800"}'),
    ('{"event_type":"other","user_properties":{"last":"course_completed"}}'),
    ('{"event_type":"other"}'),
    ('{"event_type":"course_completed","user_id":5.5,"event_time":"2025-07-02 00:00:00",
        "event_properties":{"course_id":5}}');
create table v.shapes as select *, record::jsonb as _airbyte_data from (values
    ('{"event_type":"course_completed","user_id":17,"event_time":"2025-07-02 00:00:00 UTC",
        "event_properties":{"course_id":5}}'),
    ('{"event_type":"course_completed","user_id":"17","event_time":"2025-07-02 00:00:00 +0000",
        "event_properties":{"course_id":5}}'),
    ('{"event_type":"other","user_properties":{"last":"course_completed"}}'),
    ('{"data":{"event_type":"course_completed"}}'),
    ('{"EVENT_TYPE":"course_completed"}'),
    ('{"event_type":null,"name":"course_lesson_started"}'),
    ('[{"event_type":"course_completed"},{"event_type":"course_completed"}]'),
    ('"{\"event_type\":\"course_completed\"}"'),
    ('{"data":{}}'), ('null')) as made (record);
create table v.joined (record text);
insert into v.joined select string_agg(record, ' ' order by record desc) from v.shapes
    where record like '{%';
SQL
read_table() { # read_table NAME ARGS...
    local name=$1
    shift
    leaves 0 funnel 2 rebuild --from "$CONNINFO" --events-table "v.$name" --to "$WORK/$name" \
        --rejects "$WORK/$name.rejects" --max-reject-share 1 "$@"
    counts "$WORK/$name/course_funnel_run.json" >"$WORK/$name.counts"
}
counted() { # counted NAME COUNT NUMBER
    check "$1: $2 is $3" grep -qx "$2,$3" "$WORK/$1.counts"
}

read_table good
counted good lines_read 6
counted good other 0
counted good kept 6
counted good duplicates 1
check "no reject" test ! -s "$WORK/good.rejects"
cat >"$WORK/cohorts" <<'CSV'
course_id,cohort_week_start,users_started,users_completed_course,course_completion_rate,total_lessons
-1,2025-06-30,0,1,,
1,2025-06-30,2,0,,1
CSV
same "$WORK/good/mart_course_funnel_cohorts.csv" "$WORK/cohorts"
cat >"$WORK/lessons" <<'CSV'
course_id,cohort_week_start,lesson_id,users_started,users_completed,lesson_completion_rate,funnel_retention_rate,avg_time_spent_sec
1,2025-06-30,1,2,2,1.000000,1.000000,15.750
CSV
same "$WORK/good/mart_course_funnel_lessons.csv" "$WORK/lessons"

# Each reject has its reason, and its offset leads to the row.
read_table bad
counted bad lines_read 16
counted bad kept 1
check "15 rejects" test "$(wc -l <"$WORK/bad.rejects")" = 15
python3 - "$WORK/bad.rejects" >"$WORK/found" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    reject = json.loads(line)
    row = json.loads(reject["text"])
    assert reject["source"] == "v.bad", reject
    assert list(row) == ["event_type", "user_id", "event_time", "event_properties", "uuid",
                         "insert_id"], row
    assert row["insert_id"] == reject["reason"], (reject, row)
    at = reject["offset"]
    print(f"({at >> 16},{at & 65535})", *row.values())
PY
psql -XAtq -c "set timezone = 'UTC'" -c "select concat_ws(' ', ctid, event_type,
    coalesce(user_id, 'None'), case when isfinite(event_time)
        then to_char(event_time, 'YYYY-MM-DD HH24:MI:SS.US') ||
            case when event_time < '0001-01-01' then 'Z BC' else 'Z' end
        else coalesce(event_time::text, 'None') end,
    coalesce(event_properties, 'None'), 'None', \"\$insert_id\") from v.bad
    where \"\$insert_id\" <> 'good' order by ctid" \
    >"$WORK/rows"
same "$WORK/found" "$WORK/rows"

read_table bad_view
counted bad_view kept 1
check "where there is no address, rows are counted" test "$(python3 -c '
import json, sys
print(*(json.loads(line)["offset"] for line in open(sys.argv[1])))' "$WORK/bad_view.rejects")" = \
    "1 2 3 4 6 7 8 9 10 11 12 13 14 15 16"

for name in uuids integers; do
    read_table "$name"
    says "v.$name: has neither a uuid nor an insert id"
done
counted uuids kept 2
counted uuids no_user 1
check "one user of a uuid" grep -qx '1,2025-06-30,0,1,,' "$WORK/uuids/mart_course_funnel_cohorts.csv"
counted integers kept 3
check "two users of integers" grep -qx '1,2025-06-30,0,2,,' \
    "$WORK/integers/mart_course_funnel_cohorts.csv"

# 1, 100, 0.1, 0, -2.5 and NaN; and the first was delivered three times.
read_table numbers
check "a number is one user, however it is written" grep -qx '1,2025-06-30,1,0,6,,,5.000' \
    "$WORK/numbers/mart_course_funnel_lessons.csv"
counted numbers duplicates 2

read_table record
counted record lines_read 3
counted record other 1
counted record kept 1
counted record no_user 1

# What is no event at its top level is a reject of a table too, in jsonb as in text; a row weighs 1.
read_table shapes
counted shapes kept 2
counted shapes other 0
counted shapes not_an_event 5
read_table shapes --column record=record
counted shapes kept 2
counted shapes other 1
counted shapes not_an_event 5
check "one user of digits" grep -qx '5,2025-06-30,0,1,,' \
    "$WORK/shapes/mart_course_funnel_cohorts.csv"
leaves 7 funnel 2 rebuild --from "$CONNINFO" --events-table v.shapes --to "$WORK/none" \
    --rejects "$WORK/none.rejects"
says "5 of 7 course events were rejected"
says "--column record=COLUMN"
says "  5 not_an_event, the first in v.shapes at ctid '(0,"

# Objects that follow each other in one text are records, as on a line.
read_table joined --column record=record
counted joined lines_read 1
counted joined records_read 7
counted joined kept 2
counted joined not_an_event 3

# How the sessions are set, told by a view that they read.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create view v.settings as select 'course_completed' as event_type, null as user_id,
    null as event_time, (select string_agg(name || '=' || current_setting(name), ' ' order by name)
        from unnest(array['application_name', 'client_connection_check_interval', 'jit',
        'idle_in_transaction_session_timeout', 'lock_timeout', 'row_security',
        'statement_timeout', 'transaction_isolation', 'transaction_read_only']) as name)
    as event_properties;
SQL
leaves 7 funnel 1 rebuild --from "$CONNINFO" --events-table v.settings --to "$WORK/none" \
    --rejects "$WORK/settings"
check "the sessions are set as jobs/README.md says" grep -qF "application_name=course-funnel rank 0 \
client_connection_check_interval=5s idle_in_transaction_session_timeout=0 jit=off lock_timeout=5s \
row_security=off statement_timeout=0 transaction_isolation=repeatable read \
transaction_read_only=on" "$WORK/settings"

passed
