-- One row about what was copied to the staging tables: rows and sums of both, and how many rows
-- break a rule that holds between them.
SELECT
    (SELECT count(*) FROM pg_temp.mart_course_funnel_cohorts),
    (SELECT coalesce(sum(users_started), 0) FROM pg_temp.mart_course_funnel_cohorts),
    (SELECT coalesce(sum(users_completed_course), 0) FROM pg_temp.mart_course_funnel_cohorts),
    (SELECT count(*) FROM pg_temp.mart_course_funnel_lessons),
    (SELECT coalesce(sum(users_started), 0) FROM pg_temp.mart_course_funnel_lessons),
    (SELECT coalesce(sum(users_completed), 0) FROM pg_temp.mart_course_funnel_lessons),
    (SELECT count(*) FROM pg_temp.mart_course_funnel_cohorts
     WHERE extract(isodow FROM cohort_week_start) <> 1),
    (SELECT count(*) FROM pg_temp.mart_course_funnel_lessons AS l
     LEFT JOIN pg_temp.mart_course_funnel_cohorts AS c USING (course_id, cohort_week_start)
     WHERE c.course_id IS NULL OR l.users_started > c.users_started),
    (SELECT count(*) FROM pg_temp.mart_course_funnel_cohorts AS c
     LEFT JOIN pg_temp.mart_course_funnel_lessons AS l
         ON l.course_id = c.course_id AND l.cohort_week_start = c.cohort_week_start
        AND l.lesson_id = c.total_lessons AND l.users_completed > 0
     WHERE c.total_lessons IS NOT NULL AND l.lesson_id IS NULL)
