INSERT INTO :schema.mart_course_funnel_lessons
    (course_id, cohort_week_start, lesson_id, users_started, users_completed,
     lesson_completion_rate, funnel_retention_rate, avg_time_spent_sec)
SELECT course_id, cohort_week_start, lesson_id, users_started, users_completed,
       lesson_completion_rate, funnel_retention_rate, avg_time_spent_sec
FROM pg_temp.mart_course_funnel_lessons
ORDER BY course_id, cohort_week_start, lesson_id
