CREATE TABLE :schema.mart_course_funnel_lessons (
    course_id INTEGER NOT NULL,
    cohort_week_start DATE NOT NULL,
    lesson_id INTEGER NOT NULL,
    users_started INTEGER NOT NULL,
    users_completed INTEGER NOT NULL,
    lesson_completion_rate NUMERIC,
    funnel_retention_rate NUMERIC,
    avg_time_spent_sec NUMERIC,
    PRIMARY KEY (course_id, cohort_week_start, lesson_id)
);

COMMENT ON TABLE :schema.mart_course_funnel_lessons IS
    'Lessons of a course by weekly cohort: one row per course, cohort week and lesson with any lesson event. Cohorts are those of mart_course_funnel_cohorts; both tables change in one transaction. mart_course_funnel_dropoff shows the drop-off between lessons.';
COMMENT ON COLUMN :schema.mart_course_funnel_lessons.course_id IS
    'The course, as course_id in event_properties.';
COMMENT ON COLUMN :schema.mart_course_funnel_lessons.cohort_week_start IS
    'Monday (UTC) of the week in which the users of the cohort first started a lesson of the course.';
COMMENT ON COLUMN :schema.mart_course_funnel_lessons.lesson_id IS
    'The lesson, as lesson_id in event_properties. Lessons follow each other in the order of this number, which may have gaps.';
COMMENT ON COLUMN :schema.mart_course_funnel_lessons.users_started IS
    'Distinct users of the cohort with a course_lesson_started of this lesson.';
COMMENT ON COLUMN :schema.mart_course_funnel_lessons.users_completed IS
    'Distinct users of the cohort with a course_lesson_completed of this lesson, with or without a start event.';
COMMENT ON COLUMN :schema.mart_course_funnel_lessons.lesson_completion_rate IS
    'users_completed / users_started, rounded half up to 6 decimals; 1 is all, 0 is nobody. NULL when nobody started the lesson.';
COMMENT ON COLUMN :schema.mart_course_funnel_lessons.funnel_retention_rate IS
    'users_started of the lesson / users_started of the cohort, rounded half up to 6 decimals; 1 is all. NULL when nobody of the cohort started.';
COMMENT ON COLUMN :schema.mart_course_funnel_lessons.avg_time_spent_sec IS
    'Mean time_spent_sec, in seconds, over the course_lesson_completed events of the cohort with a usable time, rounded half up to 3 decimals. NULL when there is no such event.';
