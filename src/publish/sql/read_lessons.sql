COPY (
    SELECT course_id, cohort_week_start, lesson_id, users_started, users_completed,
           lesson_completion_rate, funnel_retention_rate, avg_time_spent_sec
    FROM :schema.mart_course_funnel_lessons
    ORDER BY course_id, cohort_week_start, lesson_id
) TO STDOUT (FORMAT csv)
