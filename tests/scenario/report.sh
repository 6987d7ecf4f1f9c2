#!/usr/bin/env bash
# What the report shows, letter by letter, out of files and out of PostgreSQL.
. "$(dirname "$0")/../support/publish.sh"

mkdir "$work/marts"
cat >"$work/marts/mart_course_funnel_cohorts.csv" <<'CSV'
course_id,cohort_week_start,users_started,users_completed_course,course_completion_rate,total_lessons
7,2025-06-02,1,0,,
9,2025-06-02,1200,300,0.250000,4
9,2025-06-09,800,0,,2
9,2025-06-16,0,2,,
CSV
cat >"$work/marts/mart_course_funnel_lessons.csv" <<'CSV'
course_id,cohort_week_start,lesson_id,users_started,users_completed,lesson_completion_rate,funnel_retention_rate,avg_time_spent_sec
7,2025-06-02,1,1,0,0.000000,1.000000,
9,2025-06-02,1,1200,1000,0.833333,1.000000,61.499
9,2025-06-02,2,900,450,0.500000,0.750000,3725.500
9,2025-06-02,4,600,600,1.000000,0.500000,
9,2025-06-09,1,800,500,0.625000,1.000000,121.500
9,2025-06-09,2,400,100,0.250000,0.500000,
9,2025-06-09,3,500,0,0.000000,0.625000,
CSV

cat >"$work/all" <<'TEXT'
Courses

course  cohorts  first week   last week  started  completed    rate
     9        3  2025-06-02  2025-06-16    2,000        302  15.0 %
     7        1  2025-06-02  2025-06-02        1          0       -

Course 9, weekly cohorts

   week of  started  completed    rate  lessons up to
2025-06-02    1,200        300  25.0 %              4
2025-06-09      800          0       -              2

1 further week with 0 started, 2 completed

Course 9, lessons, all cohorts together

lesson  started  completed     rate  avg time*  dropped  drop-off
     1    2,000      1,500   75.0 %    0:01:21        -         -
     2    1,300        550   42.3 %    1:02:06      700    35.0 %  ##
     3      500          0    0.0 %          -      800    61.5 %  ### biggest
     4      600        600  100.0 %          -     -100   -20.0 %

* the mean of the cohorts' means, weighted by users who completed

Most users are lost before lesson 3: 800 of 1,300 (61.5 %).

By users who started and completed, and the mean time: the run published two
marts alone (--tables marts), or its program was older.
TEXT
LC_ALL=C run "$probe" report --from "$work/marts"
check "all courses, then the biggest" "$code$err$(diff "$work/out" "$work/all")" 0
check "no line is longer than 80" "$(grep -E '.{81}' "$work/out" || true)" ""

cat >"$work/one" <<'TEXT'
Course 9, weekly cohorts: the newest 1 of 2

   week of  started  completed  rate  lessons up to
2025-06-09      800          0     -              2

1 further week with 0 started, 2 completed

Course 9, lessons, cohort of the week of 2025-06-02

lesson  started  completed     rate  avg time  dropped  drop-off
     1    1,200      1,000   83.3 %   0:01:01        -         -
     2      900        450   50.0 %   1:02:06      300    25.0 %  █ biggest
     4      600        600  100.0 %         -      300    33.3 %  ██

Most users are lost before lesson 2: 300 of 1,200 (25.0 %).

By users who started and completed, and the mean time: the run published two
marts alone (--tables marts), or its program was older.
TEXT
LC_ALL=C.UTF-8 run "$probe" report --from "$work/marts" --course 9 --cohort 2025-06-02 --cohorts 1
check "one course, one cohort, blocks for UTF-8" "$code$err$(diff "$work/out" "$work/one")" 0

run "$probe" report --from "$work/marts" --course 9 --cohort 2025-06-16
check_match "a cohort without lessons" "$out" "No lesson was started or completed."

# Many weeks without a start are no screen full of zeros, and hide none that has some.
mkdir "$work/imported"
sed 1q "$work/marts/mart_course_funnel_lessons.csv" >"$work/imported/mart_course_funnel_lessons.csv"
python3 - >"$work/imported/mart_course_funnel_cohorts.csv" <<'PYTHON'
import datetime
print("course_id,cohort_week_start,users_started,users_completed_course,course_completion_rate,"
      "total_lessons")
for week in range(60):
    day = datetime.date(2024, 1, 1) + datetime.timedelta(weeks=week)
    started = 5 if week < 12 else 0
    print(f"3,{day},{started},{30 * (1 - started // 5)},{'0.000000' if started else ''},")
for week in range(2):
    day = datetime.date(2024, 1, 1) + datetime.timedelta(weeks=week)
    print(f"4,{day},0,7,,")
PYTHON
run "$probe" report --from "$work/imported" --course 3 --cohorts 2
check "the newest with starts, and the others in a line" "$(sed -n 1,5p "$work/out")" \
    "Course 3, weekly cohorts: the newest 2 of 12

   week of  started  completed  rate  lessons up to
2024-03-11        5          0     -              -
2024-03-18        5          0     -              -"
check_match "in a line" "$out" "48 further weeks with 0 started, 1,440 completed"
run "$probe" report --from "$work/imported" --course 4
check "no starts at all" "$(sed -n 1,4p "$work/out")" "Course 4, weekly cohorts

2 weeks with 0 started, 14 completed"
# Large numbers make columns move together, not lines longer.
sed -E 's/,([1-9][0-9]+0),([0-9]+),/,\10000,\20000,/' "$work/marts/mart_course_funnel_lessons.csv" >"$work/large"
mv "$work/large" "$work/marts/mart_course_funnel_lessons.csv"
run "$probe" report --from "$work/marts" --course 9
check_match "there are large numbers" "$out" "20,000,000"
check "no line is longer than 80" "$(grep -E '.{81}' "$work/out" || true)" ""
sed -i 1q "$work"/marts/*.csv
run "$probe" report --from "$work/marts"
check "empty marts" "$code$out" "0The marts are empty."

# {arguments, exit code, message}
while IFS='|' read -r arguments expected message; do
    # shellcheck disable=SC2086
    run "$probe" report $arguments
    check "report $arguments: code" "$code" "$expected"
    check_match "report $arguments: message" "$err" "$message"
    check "report $arguments: nothing shown" "$out" ""
done <<TEXT
|2|--from TARGET is missing
--from|2|--from takes a value
--from $work/marts --course|2|--course takes a value
--from $work/marts --course 1.5|2|--course takes a whole number, not "1.5"
--from $work/marts --course 2147483648|2|--course takes a whole number
--from $work/marts --course 9|2|There is no course 9 in the marts
--from $work/marts --cohort 2025-06-03|2|2025-06-03 is none
--from $work/marts --cohort 2025-06-31|2|--cohort takes a date such as 2025-06-30
--from $work/marts --cohorts 0|2|--cohorts takes a whole number from 1
--from $work/marts --colour|2|There is no option "--colour"
--from $work/marts more|2|"more" belongs to no option
--from $work/marts --html $work/page.html|5|has the two marts alone, and the page needs
--from $work/marts --html $work/page.html --course 9|2|--html shows all courses
--from $work/nothing|5|mart_course_funnel_cohorts.csv: No such file or directory
--from postgresql://me:secret@h/d|2|password
TEXT
run "$probe" report --help
check "help succeeds" "$code$err" 0
for option in from schema course cohort cohorts mean html names help; do
    check_match "help tells of --$option" "$out" "  --$option "
done
"$probe" report --help >/dev/full 2>"$work/err" && code=0 || code=$?
check "output that cannot be written is no success" "$code" 5

# The same marts, out of both kinds of target.
start_server
"$probe" publish "$work/csv" shop 5 30 >/dev/null
"$probe" publish "$database" shop 5 30 >/dev/null
run "$probe" report --from "$database" --schema shop
check "out of PostgreSQL" "$code$err" 0
grep -v '^Run' "$work/out" >"$work/left"
run "$probe" report --from "$work/csv"
check "out of files" "$code$err" 0
check "a first run has nothing that it is compared with" "$(grep -c 'Since the last run' "$work/out" || true)" 0
check "the same" "$(grep -v '^Run' "$work/out" | diff - "$work/left" && wc -l <"$work/left" | grep -c '[0-9][0-9]')" 1
check_match "the run and its events are named" "$out" "finished 2025-07-01 16:35 UTC; events of 2025-01-01 to 2025-07-01"
sql -c "UPDATE shop.mart_course_funnel_lessons SET users_started = 0 WHERE course_id = 1"
run "$probe" report --from "$database" --schema shop
check_match "rows that were changed by hand are noticed" "$err" "not those that the record of run"
run "$probe" report --from "$database" --schema empty
check "a schema without marts" "$code" 5
check_match "is named" "$err" 'The schema "empty" of this database holds no marts'
finish
