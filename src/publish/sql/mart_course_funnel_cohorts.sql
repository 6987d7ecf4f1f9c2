CREATE TABLE :schema.mart_course_funnel_cohorts (
    course_id INTEGER NOT NULL,
    cohort_week_start DATE NOT NULL,
    users_started INTEGER NOT NULL,
    users_completed_course INTEGER NOT NULL,
    course_completion_rate NUMERIC,
    total_lessons INTEGER,
    PRIMARY KEY (course_id, cohort_week_start)
);

COMMENT ON TABLE :schema.mart_course_funnel_cohorts IS
    'Course completion by weekly cohort: one row per course and cohort week with any user. A user is in the cohort of the UTC week of the first course_lesson_started in the course (of the first course event where there is no start). Rebuilt whole by each run of course-funnel; course_funnel_runs tells by which.';
COMMENT ON COLUMN :schema.mart_course_funnel_cohorts.course_id IS
    'The course, as course_id in event_properties.';
COMMENT ON COLUMN :schema.mart_course_funnel_cohorts.cohort_week_start IS
    'Monday (UTC) of the week in which the users of the cohort first started a lesson of the course.';
COMMENT ON COLUMN :schema.mart_course_funnel_cohorts.users_started IS
    'Distinct users of the cohort with a course_lesson_started in the course. 0 where all completed without a start event.';
COMMENT ON COLUMN :schema.mart_course_funnel_cohorts.users_completed_course IS
    'Distinct users of the cohort with a course_completed, with or without a start event.';
COMMENT ON COLUMN :schema.mart_course_funnel_cohorts.course_completion_rate IS
    'users_completed_course / users_started, rounded half up to 6 decimals; 1 is all. May exceed 1 where users completed without a start event. NULL when nobody completed the course or nobody started.';
COMMENT ON COLUMN :schema.mart_course_funnel_cohorts.total_lessons IS
    'Highest lesson_id that any user of the cohort completed. NULL when no lesson was completed.';
