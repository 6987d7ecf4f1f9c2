CREATE TABLE :schema.mart_course_funnel_steps (
    course_id INTEGER NOT NULL,
    cohort_week_start DATE NOT NULL,
    lesson_id INTEGER NOT NULL,
    observed_days INTEGER NOT NULL,
    users_reached INTEGER NOT NULL,
    users_stopped INTEGER NOT NULL,
    stop_rate NUMERIC,
    completions_timed BIGINT NOT NULL,
    time_spent_p50_sec NUMERIC,
    time_spent_p90_sec NUMERIC,
    PRIMARY KEY (course_id, cohort_week_start, lesson_id)
);

COMMENT ON TABLE :schema.mart_course_funnel_steps IS
    'How far users went, lesson by lesson: the rows of mart_course_funnel_lessons. Changes with it in one transaction. Empty after a run with --tables marts.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.course_id IS
    'The course, as course_id in event_properties.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.cohort_week_start IS
    'Monday (UTC) of the week in which the users of the cohort first started a lesson of the course.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.lesson_id IS
    'The lesson, as lesson_id in event_properties.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.observed_days IS
    'Whole days (24 hours, rounded down) from the Monday after the week of the cohort, 00:00 UTC, to as_of of the run (course_funnel_runs); not below 0. So long its last learner has been watched at least. From 28 on the cohort is mature.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.users_reached IS
    'Distinct users of the cohort with a start or completion of this or any later lesson, by lesson_id. Only falls from lesson to lesson. Reached is not seen: who skips a lesson has reached it.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.users_stopped IS
    'Of them, those with no event of a later lesson who did not complete the course (so far).';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.stop_rate IS
    'users_stopped / users_reached, rounded half up to 6 decimals; 1 is all. NULL on the highest lesson of the cohort, behind which nobody could go on, and while observed_days is below 28.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.completions_timed IS
    'course_lesson_completed events of the cohort with a usable time_spent_sec, re-deliveries once: what the percentiles and avg_time_spent_sec are over. Events, not users.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.time_spent_p50_sec IS
    'Median time_spent_sec over completions_timed (nearest rank: a value that occurred, the lower of two in the middle), rounded half up to 3 decimals. NULL when there is none.';
COMMENT ON COLUMN :schema.mart_course_funnel_steps.time_spent_p90_sec IS
    '90th percentile of time_spent_sec over completions_timed (nearest rank), rounded half up to 3 decimals. NULL when there is none.';
