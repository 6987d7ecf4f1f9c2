-- Columns that came later: for a new table, and for one that an older program made.
ALTER TABLE :schema.course_funnel_runs
    ADD COLUMN IF NOT EXISTS records_read BIGINT,
    ADD COLUMN IF NOT EXISTS rejected_not_an_event BIGINT,
    ADD COLUMN IF NOT EXISTS files_empty BIGINT,
    ADD COLUMN IF NOT EXISTS files_left_out BIGINT,
    ADD COLUMN IF NOT EXISTS rules_version INTEGER,
    ADD COLUMN IF NOT EXISTS as_of TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS events_in_the_future BIGINT,
    ADD COLUMN IF NOT EXISTS entry_points_in_other BIGINT,
    ADD COLUMN IF NOT EXISTS users_in_other BIGINT,
    ADD COLUMN IF NOT EXISTS cells_added BIGINT,
    ADD COLUMN IF NOT EXISTS cells_removed BIGINT,
    ADD COLUMN IF NOT EXISTS cells_changed BIGINT,
    ADD COLUMN IF NOT EXISTS steps_digest TEXT,
    ADD COLUMN IF NOT EXISTS completion_digest TEXT,
    ADD COLUMN IF NOT EXISTS entry_points_digest TEXT;
COMMENT ON COLUMN :schema.course_funnel_runs.records_read IS
    'Records that were read: a line is one, and one more for each further object that was read on it. Equals other + all rejected_* + kept. NULL where the program was older.';
COMMENT ON COLUMN :schema.course_funnel_runs.rejected_not_an_event IS
    'Records that name a course event type, but have no string event_type at their top level: an envelope, an array, keys in another case. NULL where the program was older.';
COMMENT ON COLUMN :schema.course_funnel_runs.files_empty IS
    'Files and entries of archives that held nothing but blanks. NULL where the program was older.';
COMMENT ON COLUMN :schema.course_funnel_runs.files_left_out IS
    'Files and entries of archives that were no export and were left out, as --leave-out-foreign asks for. NULL where the program was older.';
COMMENT ON COLUMN :schema.course_funnel_runs.rules_version IS
    'Version of the rules by which the program decodes and folds. NULL where the program was older.';
COMMENT ON COLUMN :schema.course_funnel_runs.as_of IS
    'Latest event_time among the kept events on a UTC day before the day of the run (or that of --as-of): whole days only. How long a cohort was watched is counted up to here. NULL when there was no such event, or the program was older.';
COMMENT ON COLUMN :schema.course_funnel_runs.events_in_the_future IS
    'Kept events, re-deliveries included, on UTC days after the day of the run (or that of --as-of). They count in the marts, but not for as_of. NULL where the program was older.';
COMMENT ON COLUMN :schema.course_funnel_runs.entry_points_in_other IS
    'Entry points beyond the 1,000 of a course with most users, which mart_course_funnel_entry_points counts together as (other). NULL with --tables marts.';
COMMENT ON COLUMN :schema.course_funnel_runs.users_in_other IS
    'Users of a course whose entry point is one of entry_points_in_other. NULL with --tables marts.';
COMMENT ON COLUMN :schema.course_funnel_runs.cells_added IS
    'Rows of course_funnel_changes that are added. Beside them program_version, rules_version and the counts of rejects tell whether learners or the program changed. NULL with --tables marts, and where the marts before were not those of their run.';
COMMENT ON COLUMN :schema.course_funnel_runs.cells_removed IS
    'Rows of course_funnel_changes that are removed. NULL as cells_added.';
COMMENT ON COLUMN :schema.course_funnel_runs.cells_changed IS
    'Rows of course_funnel_changes that are changed. NULL as cells_added.';
COMMENT ON COLUMN :schema.course_funnel_runs.steps_digest IS
    'As lessons_digest, of mart_course_funnel_steps. NULL with --tables marts.';
COMMENT ON COLUMN :schema.course_funnel_runs.completion_digest IS
    'As lessons_digest, of mart_course_funnel_completion. NULL with --tables marts.';
COMMENT ON COLUMN :schema.course_funnel_runs.entry_points_digest IS
    'As lessons_digest, of mart_course_funnel_entry_points. NULL with --tables marts.';
