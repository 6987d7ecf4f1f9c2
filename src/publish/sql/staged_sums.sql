-- One row about what was copied to the staging tables: rows and sums of both, and how many rows
-- break a rule that holds between them.
SELECT
    (SELECT count(*) FROM pg_temp.mart_course_funnel_cohorts) AS cohort_rows,
    (SELECT coalesce(sum(users_started), 0) FROM pg_temp.mart_course_funnel_cohorts) AS cohort_starts,
    (SELECT coalesce(sum(users_completed_course), 0) FROM pg_temp.mart_course_funnel_cohorts) AS cohort_completions,
    (SELECT count(*) FROM pg_temp.mart_course_funnel_lessons) AS lesson_rows,
    (SELECT coalesce(sum(users_started), 0) FROM pg_temp.mart_course_funnel_lessons) AS lesson_starts,
    (SELECT coalesce(sum(users_completed), 0) FROM pg_temp.mart_course_funnel_lessons) AS lesson_completions,
    (SELECT count(*) FROM pg_temp.mart_course_funnel_cohorts
     WHERE extract(isodow FROM cohort_week_start) <> 1) AS not_a_monday,
    (SELECT count(*) FROM pg_temp.mart_course_funnel_lessons AS l
     LEFT JOIN pg_temp.mart_course_funnel_cohorts AS c USING (course_id, cohort_week_start)
     WHERE c.course_id IS NULL OR l.users_started > c.users_started) AS too_many_users,
    (SELECT count(*) FROM pg_temp.mart_course_funnel_cohorts AS c
     LEFT JOIN pg_temp.mart_course_funnel_lessons AS l
         ON l.course_id = c.course_id AND l.cohort_week_start = c.cohort_week_start
        AND l.lesson_id = c.total_lessons AND l.users_completed > 0
     WHERE c.total_lessons IS NOT NULL AND l.lesson_id IS NULL) AS no_such_lesson
