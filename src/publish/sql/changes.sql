-- Stages the cells whose counts differ between the marts that are there and the staged ones. None
-- where no run is there yet. A cohort is mature when it was watched for 28 days behind its week.
INSERT INTO pg_temp.:table (:columns)
WITH replaced AS (
    SELECT as_of FROM :schema.course_funnel_runs ORDER BY attempt_at DESC, run_id LIMIT 1
), old AS (
    SELECT course_id, cohort_week_start, 'cohort' AS cell, 0 AS lesson_id, users_started,
           users_completed_course AS users_completed
    FROM :schema.mart_course_funnel_cohorts
    UNION ALL
    SELECT course_id, cohort_week_start, 'lesson', lesson_id, users_started, users_completed
    FROM :schema.mart_course_funnel_lessons
), new AS (
    SELECT course_id, cohort_week_start, 'cohort' AS cell, 0 AS lesson_id, users_started,
           users_completed_course AS users_completed
    FROM pg_temp.mart_course_funnel_cohorts
    UNION ALL
    SELECT course_id, cohort_week_start, 'lesson', lesson_id, users_started, users_completed
    FROM pg_temp.mart_course_funnel_lessons
)
SELECT course_id, cohort_week_start, cell, lesson_id,
       CASE WHEN old.users_started IS NULL THEN 'added'
            WHEN new.users_started IS NULL THEN 'removed'
            ELSE 'changed' END,
       old.users_started, new.users_started, old.users_completed, new.users_completed,
       replaced.as_of >= (cohort_week_start + 35)::TIMESTAMP AT TIME ZONE 'UTC'
FROM old FULL JOIN new USING (course_id, cohort_week_start, cell, lesson_id)
CROSS JOIN replaced
WHERE (old.users_started, old.users_completed) IS DISTINCT FROM (new.users_started, new.users_completed)
