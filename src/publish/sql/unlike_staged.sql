-- One row for each table that does not hold, row for row and digit for digit, what is staged for it:
-- how many staged rows it lacks, and how many others it has. Numbers are compared as texts, since
-- 0.5 and 0.50 are equal but are not published as the same.
WITH staged_cohorts AS (
    SELECT course_id, cohort_week_start, users_started, users_completed_course,
           course_completion_rate::TEXT, total_lessons
    FROM pg_temp.mart_course_funnel_cohorts
), cohorts AS (
    SELECT course_id, cohort_week_start, users_started, users_completed_course,
           course_completion_rate::TEXT, total_lessons
    FROM :schema.mart_course_funnel_cohorts
), staged_lessons AS (
    SELECT course_id, cohort_week_start, lesson_id, users_started, users_completed,
           lesson_completion_rate::TEXT, funnel_retention_rate::TEXT, avg_time_spent_sec::TEXT
    FROM pg_temp.mart_course_funnel_lessons
), lessons AS (
    SELECT course_id, cohort_week_start, lesson_id, users_started, users_completed,
           lesson_completion_rate::TEXT, funnel_retention_rate::TEXT, avg_time_spent_sec::TEXT
    FROM :schema.mart_course_funnel_lessons
), staged_matches AS (
    SELECT course_id, users, users_with_session, users_without_session
    FROM pg_temp.course_funnel_session_match
), matches AS (
    SELECT course_id, users, users_with_session, users_without_session
    FROM :schema.course_funnel_session_match
), counts (relname, lacks, has) AS (
    SELECT 'mart_course_funnel_cohorts',
           (SELECT count(*) FROM (TABLE staged_cohorts EXCEPT ALL TABLE cohorts) AS r),
           (SELECT count(*) FROM (TABLE cohorts EXCEPT ALL TABLE staged_cohorts) AS r)
    UNION ALL
    SELECT 'mart_course_funnel_lessons',
           (SELECT count(*) FROM (TABLE staged_lessons EXCEPT ALL TABLE lessons) AS r),
           (SELECT count(*) FROM (TABLE lessons EXCEPT ALL TABLE staged_lessons) AS r)
    UNION ALL
    SELECT 'course_funnel_session_match',
           (SELECT count(*) FROM (TABLE staged_matches EXCEPT ALL TABLE matches) AS r),
           (SELECT count(*) FROM (TABLE matches EXCEPT ALL TABLE staged_matches) AS r)
)
SELECT relname, lacks, has FROM counts WHERE lacks > 0 OR has > 0
