CREATE TABLE :schema.course_funnel_changes (
    course_id INTEGER NOT NULL,
    cohort_week_start DATE NOT NULL,
    cell TEXT COLLATE "C" NOT NULL,
    lesson_id INTEGER NOT NULL,
    change TEXT COLLATE "C" NOT NULL,
    old_users_started INTEGER,
    new_users_started INTEGER,
    old_users_completed INTEGER,
    new_users_completed INTEGER,
    was_mature BOOLEAN,
    PRIMARY KEY (course_id, cohort_week_start, cell, lesson_id)
);

COMMENT ON TABLE :schema.course_funnel_changes IS
    'What the last run moved: one row per cell (a cohort, or a lesson of a cohort) whose counts differ between the marts that the run replaced and its own. Empty after a first run and after one with --tables marts. course_funnel_runs has the counts of each kind, beside program_version, rules_version and rejects, which may be why.';
COMMENT ON COLUMN :schema.course_funnel_changes.course_id IS
    'The course, as course_id in event_properties.';
COMMENT ON COLUMN :schema.course_funnel_changes.cohort_week_start IS
    'Monday (UTC) of the week in which the users of the cohort first started a lesson of the course.';
COMMENT ON COLUMN :schema.course_funnel_changes.cell IS
    'cohort: a row of mart_course_funnel_cohorts; lesson: one of mart_course_funnel_lessons.';
COMMENT ON COLUMN :schema.course_funnel_changes.lesson_id IS
    'The lesson; 0 where the cell is a cohort.';
COMMENT ON COLUMN :schema.course_funnel_changes.change IS
    'added: there was no such row before; removed: there is none now; changed: its counts are others.';
COMMENT ON COLUMN :schema.course_funnel_changes.old_users_started IS
    'users_started before. NULL where the cell is added.';
COMMENT ON COLUMN :schema.course_funnel_changes.new_users_started IS
    'users_started now. NULL where the cell is removed.';
COMMENT ON COLUMN :schema.course_funnel_changes.old_users_completed IS
    'users_completed before; of a cohort users_completed_course. NULL where the cell is added.';
COMMENT ON COLUMN :schema.course_funnel_changes.new_users_completed IS
    'users_completed now; of a cohort users_completed_course. NULL where the cell is removed.';
COMMENT ON COLUMN :schema.course_funnel_changes.was_mature IS
    'Whether the cohort had been watched for 28 days by as_of of the run that was replaced: such a cell was not expected to move. NULL where that run had no as_of.';
