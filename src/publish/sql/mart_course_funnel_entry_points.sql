CREATE TABLE :schema.mart_course_funnel_entry_points (
    course_id INTEGER NOT NULL,
    cohort_week_start DATE NOT NULL,
    entry_point TEXT COLLATE "C" NOT NULL,
    users_started INTEGER NOT NULL,
    users_completed_course INTEGER NOT NULL,
    completion_rate NUMERIC,
    PRIMARY KEY (course_id, cohort_week_start, entry_point)
);

COMMENT ON TABLE :schema.mart_course_funnel_entry_points IS
    'From where users came to a course: one row per course, cohort week and entry_point with any user. A user counts once, with the entry_point of the first course_lesson_started. The sums over entry points are mart_course_funnel_cohorts, which changes in the same transaction. Empty after a run with --tables marts.';
COMMENT ON COLUMN :schema.mart_course_funnel_entry_points.course_id IS
    'The course, as course_id in event_properties.';
COMMENT ON COLUMN :schema.mart_course_funnel_entry_points.cohort_week_start IS
    'Monday (UTC) of the week in which the users of the cohort first started a lesson of the course.';
COMMENT ON COLUMN :schema.mart_course_funnel_entry_points.entry_point IS
    'entry_point in event_properties of the first lesson start, up to 256 bytes. (none): started without a text; (no start): completed without a start; (other): not among the 1,000 of the course with most users.';
COMMENT ON COLUMN :schema.mart_course_funnel_entry_points.users_started IS
    'Distinct users with a course_lesson_started in the course.';
COMMENT ON COLUMN :schema.mart_course_funnel_entry_points.users_completed_course IS
    'Distinct users with a course_completed, with or without a start event.';
COMMENT ON COLUMN :schema.mart_course_funnel_entry_points.completion_rate IS
    'users_completed_course / users_started, rounded half up to 6 decimals; 1 is all, 0 is nobody. NULL when nobody started.';
