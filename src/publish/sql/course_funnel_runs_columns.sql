-- Columns that came later: for a new table, and for one that an older program made.
ALTER TABLE :schema.course_funnel_runs
    ADD COLUMN IF NOT EXISTS records_read BIGINT,
    ADD COLUMN IF NOT EXISTS rejected_not_an_event BIGINT,
    ADD COLUMN IF NOT EXISTS files_empty BIGINT,
    ADD COLUMN IF NOT EXISTS files_left_out BIGINT,
    ADD COLUMN IF NOT EXISTS rules_version INTEGER;
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
