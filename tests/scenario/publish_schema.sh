#!/usr/bin/env bash
# What publishing creates in PostgreSQL, and that the rows are those of the CSV files byte for byte.
. "$(dirname "$0")/../support/publish.sh"
start_server

columns="SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a WHERE a.attrelid = ('made.' || :'name')::regclass AND a.attnum > 0
    ORDER BY a.attnum"
columns_of() {
    sql -v name="$1" <<<"$columns" | paste -sd ' '
}

# The next transaction's number; to ask for it takes none.
next_transaction() {
    sql -c "SELECT txid_snapshot_xmax(txid_current_snapshot())"
}
sql -c "ALTER SYSTEM SET autovacuum = off" -c "SELECT pg_reload_conf()" >/dev/null
next=$(next_transaction)
run "$probe" check "$database" made
check "a check succeeds where nothing is there" "$code" 0
check "a check leaves nothing behind" \
    "$(sql -c "SELECT count(*) FROM pg_namespace WHERE nspname = 'made'")" 0
check "a check where nothing is there takes no transaction id" "$(next_transaction)" "$next"

for seed in 1 2; do
    run "$probe" publish "$database" made $seed 40
    check "seed $seed is published" "$code$err" 0
    run "$probe" publish "$work/csv" made $seed 40
    check "seed $seed is written to files" "$code$err" 0
    sql -c "\\copy (SELECT * FROM made.course_funnel_changes ORDER BY 1, 2, 3, 4) TO '$work/changes.csv' CSV HEADER"
    check "seed $seed: what changed is what the files say" \
        "$(cmp "$work/changes.csv" "$work/csv/course_funnel_changes.csv" && wc -l <"$work/changes.csv")" \
        "$([ $seed = 1 ] && echo 1 || wc -l <"$work/csv/course_funnel_changes.csv")"
    for mart in cohorts lessons; do
        keys=1,2$([ $mart = cohorts ] || echo ,3)
        sql -c "\\copy (SELECT * FROM made.mart_course_funnel_$mart ORDER BY $keys) TO '$work/$mart.csv' CSV HEADER"
        check "seed $seed: rows of $mart equal the file" \
            "$(cmp "$work/$mart.csv" "$work/csv/mart_course_funnel_$mart.csv" && echo same)" same
    done
done
next=$(next_transaction)
run "$probe" check "$database" made
check "a check where all is in place takes no transaction id" "$code $(next_transaction)" "0 $next"

check "all kinds of changes were met, mature or not, and are counted" "$(sql -c "SELECT
    count(*) FILTER (WHERE change = 'added') = max(cells_added) AND max(cells_added) > 0,
    count(*) FILTER (WHERE change = 'removed') = max(cells_removed) AND max(cells_removed) > 0,
    count(*) FILTER (WHERE change = 'changed') = max(cells_changed) AND max(cells_changed) > 0,
    bool_or(was_mature), bool_and(was_mature), count(DISTINCT cell)
    FROM made.course_funnel_changes, (SELECT * FROM made.course_funnel_runs ORDER BY attempt_at DESC LIMIT 1) AS r")" \
    "t|t|t|t|f|2"

# What the check expects is what is created.
"$probe" differences | sed -n '/^), expected_columns/,/^), /p' |
    grep -oE "\('[^()]*(TRUE|FALSE)\)" | tr -d "()' " | tr ',' '|' | sort >"$work/expected"
sql -c "SELECT c.relname, a.attnum, a.attname,
        replace(format_type(a.atttypid, a.atttypmod), ' ', ''), upper(a.attnotnull::TEXT)
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'made'::REGNAMESPACE AND c.relkind IN ('r', 'v')" | sort >"$work/created"
check "each column that the check expects is created so, and no other" \
    "$(diff "$work/expected" "$work/created" && wc -l <"$work/created")" 110

check "there are NULLs and averages among the rows" "$(sql -c "SELECT
    count(*) FILTER (WHERE avg_time_spent_sec IS NULL) > 0 AND count(avg_time_spent_sec) > 0
    AND count(*) FILTER (WHERE funnel_retention_rate IS NULL) > 0
    FROM made.mart_course_funnel_lessons")" t

# A table that an older program made is given the columns that came later, and keeps its rows.
"$probe" publish "$database" older 1 3 >/dev/null
sql -c "ALTER TABLE older.course_funnel_runs DROP records_read, DROP as_of, DROP entry_points_digest;
    DROP TABLE older.mart_course_funnel_steps, older.mart_course_funnel_completion,
        older.mart_course_funnel_entry_points, older.course_funnel_changes"
rows=$(sql -c "SELECT count(*) FROM older.course_funnel_runs")
run "$probe" check "$database" older
check "a table without the later columns passes the check" "$code$err" 0
check "which adds none" "$(sql -c "SELECT count(*) FROM pg_attribute WHERE attname = 'records_read'
    AND attrelid = 'older.course_funnel_runs'::REGCLASS")" 0
run "$probe" publish "$database" older 9 3 99999999999999999
check "publishing adds them" "$code$err" 0
check "and keeps the rows" "$(sql -c "SELECT count(*) - count(records_read) FROM older.course_funnel_runs")" \
    "$rows"
check "each later column has its comment" "$(sql -c "SELECT count(col_description(attrelid, attnum))
    FROM pg_attribute WHERE attrelid = 'older.course_funnel_runs'::REGCLASS
    AND attnum > 32")" 15
check "the further tables are there too" "$(sql -c "SELECT count(*) FROM pg_class
    WHERE relnamespace = 'older'::REGNAMESPACE AND relkind = 'r'")" 8

# Where two marts are wanted alone, a further table is emptied, and none is made.
PROBE_TABLES=marts run "$probe" publish "$database" older 4 3
check "two marts alone are published" "$code$err" 0
check "and what was of others is gone" "$(sql -c "SELECT count(*) FROM older.course_funnel_changes")" 0
check "and not said" "$(sql -c "SELECT cells_added IS NULL AND steps_digest IS NULL
    FROM older.course_funnel_runs ORDER BY attempt_at DESC LIMIT 1")" t
PROBE_TABLES=marts run "$probe" publish "$database" two 4 3
check "no further table is made" "$code$(sql -c "SELECT count(*) FROM pg_class
    WHERE relnamespace = 'two'::REGNAMESPACE AND relkind = 'r'")" 04
sql -c "CREATE DATABASE western ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
run "$probe" check "dbname=western" public
check_match "a database that cannot hold every entry point is refused" "$code $err" "--tables marts"
check_match "by its encoding" "$code $err" "the encoding LATIN1"
PROBE_TABLES=marts run "$probe" publish "dbname=western" public 4 3
check "but takes two marts" "$code$err" 0

check "columns of the cohorts mart" "$(columns_of mart_course_funnel_cohorts)" \
    "course_id|integer|t cohort_week_start|date|t users_started|integer|t users_completed_course|integer|t course_completion_rate|numeric|f total_lessons|integer|f"
check "columns of the lessons mart" "$(columns_of mart_course_funnel_lessons)" \
    "course_id|integer|t cohort_week_start|date|t lesson_id|integer|t users_started|integer|t users_completed|integer|t lesson_completion_rate|numeric|f funnel_retention_rate|numeric|f avg_time_spent_sec|numeric|f"
check "columns of the drop-off view" "$(columns_of mart_course_funnel_dropoff)" \
    "course_id|integer|f cohort_week_start|date|f lesson_id|integer|f previous_lesson_id|integer|f previous_users_started|integer|f users_started|integer|f users_dropped|integer|f drop_off_rate|numeric|f"
check "columns of the runs" "$(columns_of course_funnel_runs)" \
    "run_id|uuid|t program_version|text|t attempt_at|timestamp with time zone|t started_at|timestamp with time zone|t finished_at|timestamp with time zone|t ranks|integer|t source|text|t input_fingerprint|text|t lines_read|bigint|t other|bigint|t rejected_not_json|bigint|t rejected_no_user|bigint|t rejected_no_time|bigint|t rejected_bad_properties|bigint|t rejected_no_course|bigint|t rejected_no_lesson|bigint|t kept|bigint|t sent|bigint|t received|bigint|t folded|bigint|t duplicates|bigint|t time_unusable|bigint|t bytes_read|bigint|t cohort_rows|bigint|t lesson_rows|bigint|t first_event_time|timestamp with time zone|f last_event_time|timestamp with time zone|f cohorts_digest|text|t lessons_digest|text|t sessions_read|bigint|f users_with_session|bigint|f users_without_session|bigint|f records_read|bigint|f rejected_not_an_event|bigint|f files_empty|bigint|f files_left_out|bigint|f rules_version|integer|f as_of|timestamp with time zone|f events_in_the_future|bigint|f entry_points_in_other|bigint|f users_in_other|bigint|f cells_added|bigint|f cells_removed|bigint|f cells_changed|bigint|f steps_digest|text|f completion_digest|text|f entry_points_digest|text|f"
check "columns of the steps mart" "$(columns_of mart_course_funnel_steps)" \
    "course_id|integer|t cohort_week_start|date|t lesson_id|integer|t observed_days|integer|t users_reached|integer|t users_stopped|integer|t stop_rate|numeric|f completions_timed|bigint|t time_spent_p50_sec|numeric|f time_spent_p90_sec|numeric|f"
check "columns of the completion mart" "$(columns_of mart_course_funnel_completion)" \
    "course_id|integer|t cohort_week_start|date|t observed_days|integer|t completed_within_7d|integer|f completed_within_14d|integer|f completed_within_30d|integer|f completed_within_90d|integer|f completed_timed|integer|t completed_unordered|integer|t days_to_complete_p50|numeric|f days_to_complete_p90|numeric|f"
check "columns of the entry points" "$(columns_of mart_course_funnel_entry_points)" \
    "course_id|integer|t cohort_week_start|date|t entry_point|text|t users_started|integer|t users_completed_course|integer|t completion_rate|numeric|f"
check "columns of the changes" "$(columns_of course_funnel_changes)" \
    "course_id|integer|t cohort_week_start|date|t cell|text|t lesson_id|integer|t change|text|t old_users_started|integer|f new_users_started|integer|f old_users_completed|integer|f new_users_completed|integer|f was_mature|boolean|f"
check "texts stand in the order of their bytes" "$(sql -c "SELECT count(*) FROM pg_attribute
    WHERE attrelid IN ('made.mart_course_funnel_entry_points'::REGCLASS, 'made.course_funnel_changes'::REGCLASS)
    AND atttypid = 'text'::REGTYPE AND attcollation = 'pg_catalog.\"C\"'::REGCOLLATION")" 3
check "primary keys" "$(sql -c "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE contype = 'p' AND connamespace = 'made'::regnamespace ORDER BY 1" |
    paste -sd ';')" \
    "made.course_funnel_changes PRIMARY KEY (course_id, cohort_week_start, cell, lesson_id);made.course_funnel_runs PRIMARY KEY (run_id);made.course_funnel_session_match PRIMARY KEY (course_id);made.mart_course_funnel_cohorts PRIMARY KEY (course_id, cohort_week_start);made.mart_course_funnel_completion PRIMARY KEY (course_id, cohort_week_start);made.mart_course_funnel_entry_points PRIMARY KEY (course_id, cohort_week_start, entry_point);made.mart_course_funnel_lessons PRIMARY KEY (course_id, cohort_week_start, lesson_id);made.mart_course_funnel_steps PRIMARY KEY (course_id, cohort_week_start, lesson_id)"
check "every table and view has a comment" "$(sql -c "SELECT count(*), count(obj_description(oid))
    FROM pg_class WHERE relnamespace = 'made'::regnamespace AND relkind IN ('r', 'v')")" "9|9"
check "every column has a comment" "$(sql -c "SELECT count(*) = count(col_description(c.oid, attnum))
    FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
    WHERE relnamespace = 'made'::regnamespace AND relkind IN ('r', 'v')")" t

check "the run's record holds counts over 2^53 and a source that is UTF-8" \
    "$(sql -c "SELECT bytes_read, source, ranks, rejected_no_lesson, first_event_time AT TIME ZONE 'UTC'
        FROM made.course_funnel_runs ORDER BY attempt_at DESC LIMIT 1")" \
    "9007199254740993|made from a seed by démo ?|2|6|2025-01-01 00:00:00"
check "the record beside the files says the same" "$(python3 -c "
import json
run = json.load(open('$work/csv/course_funnel_run.json'))
print(run['bytes_read'], run['source'], run['rejected_no_lesson'], run['first_event_time'])")" \
    "9007199254740993 made from a seed by démo ? 6 2025-01-01 00:00:00.000000Z"

# The drop-off by exact fractions, half up, against the view's own arithmetic.
sql -c "\\copy (SELECT * FROM made.mart_course_funnel_dropoff ORDER BY 1, 2, 3) TO '$work/dropoff.csv' CSV HEADER"
check "the drop-off view is exact" "$(python3 - "$work" <<'PYTHON'
import csv, sys
from fractions import Fraction
from math import floor
rows, wrong, before = list(csv.DictReader(open(sys.argv[1] + "/lessons.csv"))), 0, None
for lesson, found in zip(rows, csv.DictReader(open(sys.argv[1] + "/dropoff.csv")), strict=True):
    same = before and all(before[k] == lesson[k] for k in ("course_id", "cohort_week_start"))
    now, expected = int(lesson["users_started"]), ["", "", "", ""]
    if same:
        was = int(before["users_started"])
        expected = [before["lesson_id"], str(was), str(was - now), ""]
        if was > 0:
            millionths = floor(Fraction(was - now, was) * 1000000 + Fraction(1, 2))
            sign = "-" if millionths < 0 else ""
            expected[3] = "%s%d.%06d" % (sign, abs(millionths) // 1000000, abs(millionths) % 1000000)
    names = ("previous_lesson_id", "previous_users_started", "users_dropped", "drop_off_rate")
    if [found[name] for name in names] != expected:
        wrong += 1
        print(found, expected)
    before = lesson
print("wrong:", wrong, "rows:", len(rows) > 500)
PYTHON
)" "wrong: 0 rows: True"

# Ties, which random rows hardly meet: 1/2000000 is exactly half a millionth.
sql -c "CREATE SCHEMA ties; CREATE TABLE ties.mart_course_funnel_lessons (LIKE made.mart_course_funnel_lessons);
    INSERT INTO ties.mart_course_funnel_lessons VALUES
        (1, '2025-01-06', 1, 2000000, 0), (1, '2025-01-06', 2, 1999999, 0),
        (2, '2025-01-06', 1, 2000000, 0), (2, '2025-01-06', 2, 2000001, 0),
        (3, '2025-01-06', 1, 2147483647, 0), (3, '2025-01-06', 2, 0, 0),
        (4, '2025-01-06', 1, 1, 0), (4, '2025-01-06', 2, 2147483647, 0),
        (5, '2025-01-06', 1, 0, 0), (5, '2025-01-06', 2, 3, 0)"
sed 's/:schema/ties/g' "$repository/src/publish/sql/mart_course_funnel_dropoff.sql" >"$work/view.sql"
sql -f "$work/view.sql"
check "ties go up, extremes fit" "$(sql -c "SELECT drop_off_rate FROM ties.mart_course_funnel_dropoff
    WHERE lesson_id = 2 ORDER BY course_id" | paste -sd ' ')" \
    "0.000001 0.000000 1.000000 -2147483646.000000 "

# What is the user's own survives: grants, comments, views upon the marts.
sql -c "CREATE VIEW made.mine AS SELECT course_id FROM made.mart_course_funnel_cohorts;
    COMMENT ON TABLE made.mart_course_funnel_cohorts IS 'mine';
    GRANT SELECT ON made.mart_course_funnel_cohorts TO PUBLIC"
oid=$(sql -c "SELECT 'made.mart_course_funnel_cohorts'::regclass::oid")
run "$probe" publish "$database" made 3 5
check "publishing again succeeds" "$code" 0
check "the table, its comment and its grants stay" "$(sql -c "SELECT oid = $oid,
    obj_description(oid), relacl::text LIKE '%{=r/%' OR relacl::text LIKE '%,=r/%'
    FROM pg_class WHERE oid = 'made.mart_course_funnel_cohorts'::regclass")" "t|mine|t"

# Marts without rows are published when the job says so.
run "$probe" publish "$database" made 3 0
check "empty marts can be published" "$code|$(sql -c "SELECT count(*) FROM made.mine")" "0|0"
check "and their run has no event times" "$(sql -c "SELECT first_event_time IS NULL
    FROM made.course_funnel_runs ORDER BY attempt_at DESC LIMIT 1")" t

run "$probe" publish "$database" 'odd "name'"'s" 3 5
check "a schema may have any name" "$code" 0
for name in pg_temp pg_catalog information_schema "" "$(printf 'x%.0s' {1..64})"; do
    run "$probe" check "$database" "$name"
    check "the schema '$name' is refused" "$code" 2
done
finish
