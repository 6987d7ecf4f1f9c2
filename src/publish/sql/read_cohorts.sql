COPY (
    SELECT course_id, cohort_week_start, users_started, users_completed_course,
           course_completion_rate, total_lessons
    FROM :schema.mart_course_funnel_cohorts
    ORDER BY course_id, cohort_week_start
) TO STDOUT (FORMAT csv)
