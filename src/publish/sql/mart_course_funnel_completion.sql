CREATE TABLE :schema.mart_course_funnel_completion (
    course_id INTEGER NOT NULL,
    cohort_week_start DATE NOT NULL,
    observed_days INTEGER NOT NULL,
    completed_within_7d INTEGER,
    completed_within_14d INTEGER,
    completed_within_30d INTEGER,
    completed_within_90d INTEGER,
    completed_timed INTEGER NOT NULL,
    completed_unordered INTEGER NOT NULL,
    days_to_complete_p50 NUMERIC,
    days_to_complete_p90 NUMERIC,
    PRIMARY KEY (course_id, cohort_week_start)
);

COMMENT ON TABLE :schema.mart_course_funnel_completion IS
    'How long users took to complete a course: the rows of mart_course_funnel_cohorts. Changes with it in one transaction. Empty after a run with --tables marts.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.course_id IS
    'The course, as course_id in event_properties.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.cohort_week_start IS
    'Monday (UTC) of the week in which the users of the cohort first started a lesson of the course.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.observed_days IS
    'Whole days (24 hours, rounded down) from the Monday after the week of the cohort, 00:00 UTC, to as_of of the run (course_funnel_runs); not below 0. So long its last learner has been watched at least. From 28 on the cohort is mature.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.completed_within_7d IS
    'Users of the cohort whose first course_completed came at most 7 times 24 hours after their first course_lesson_started. NULL while observed_days is below 7. Late uploads may still raise it.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.completed_within_14d IS
    'Users of the cohort whose first course_completed came at most 14 times 24 hours after their first course_lesson_started. NULL while observed_days is below 14. Late uploads may still raise it.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.completed_within_30d IS
    'Users of the cohort whose first course_completed came at most 30 times 24 hours after their first course_lesson_started. NULL while observed_days is below 30. Late uploads may still raise it.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.completed_within_90d IS
    'Users of the cohort whose first course_completed came at most 90 times 24 hours after their first course_lesson_started. NULL while observed_days is below 90. Late uploads may still raise it.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.completed_timed IS
    'Users of the cohort who completed the course, not before their first course_lesson_started.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.completed_unordered IS
    'Users of the cohort who completed the course without a start, or before it. With completed_timed they are users_completed_course.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.days_to_complete_p50 IS
    'Median of the days from first start to first completion, over completed_timed (nearest rank), rounded half up to 3 decimals. Of those who completed, not of all learners. NULL when completed_timed is 0, and while observed_days is below 28: those who are quick come first.';
COMMENT ON COLUMN :schema.mart_course_funnel_completion.days_to_complete_p90 IS
    '90th percentile of the days from first start to first completion, over completed_timed (nearest rank), rounded half up to 3 decimals. Of those who completed, not of all learners. NULL when completed_timed is 0, and while observed_days is below 28: those who are quick come first.';
