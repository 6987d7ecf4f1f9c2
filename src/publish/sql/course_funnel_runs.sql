CREATE TABLE :schema.course_funnel_runs (
    run_id UUID PRIMARY KEY,
    program_version TEXT NOT NULL,
    attempt_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL,
    ranks INTEGER NOT NULL,
    source TEXT NOT NULL,
    input_fingerprint TEXT NOT NULL,
    lines_read BIGINT NOT NULL,
    other BIGINT NOT NULL,
    rejected_not_json BIGINT NOT NULL,
    rejected_no_user BIGINT NOT NULL,
    rejected_no_time BIGINT NOT NULL,
    rejected_bad_properties BIGINT NOT NULL,
    rejected_no_course BIGINT NOT NULL,
    rejected_no_lesson BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    received BIGINT NOT NULL,
    folded BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    time_unusable BIGINT NOT NULL,
    bytes_read BIGINT NOT NULL,
    cohort_rows BIGINT NOT NULL,
    lesson_rows BIGINT NOT NULL,
    first_event_time TIMESTAMPTZ,
    last_event_time TIMESTAMPTZ,
    cohorts_digest TEXT NOT NULL,
    lessons_digest TEXT NOT NULL,
    sessions_read BIGINT,
    users_with_session BIGINT,
    users_without_session BIGINT
);

COMMENT ON TABLE :schema.course_funnel_runs IS
    'Runs of course-funnel that were published here, one row each. The marts hold the rows of the run with the latest attempt_at; its row came in the same transaction as theirs.';
COMMENT ON COLUMN :schema.course_funnel_runs.run_id IS
    'The run, a random UUID; kept when the run goes on after an interruption.';
COMMENT ON COLUMN :schema.course_funnel_runs.program_version IS
    'Version of the program that published.';
COMMENT ON COLUMN :schema.course_funnel_runs.attempt_at IS
    'When the run had found its sources and taken their snapshots, by the clock of this server; a resumed run keeps the time of its first attempt. A run that began before the latest one here may not publish.';
COMMENT ON COLUMN :schema.course_funnel_runs.started_at IS
    'When the run began, by the clock of the machine that ran it.';
COMMENT ON COLUMN :schema.course_funnel_runs.finished_at IS
    'When the marts were ready to be published, by the clock of the machine that ran it.';
COMMENT ON COLUMN :schema.course_funnel_runs.ranks IS
    'MPI processes at the time of publishing.';
COMMENT ON COLUMN :schema.course_funnel_runs.source IS
    'What the events were read from, without passwords.';
COMMENT ON COLUMN :schema.course_funnel_runs.input_fingerprint IS
    'Digest over the list of inputs; the same inputs give the same digest.';
COMMENT ON COLUMN :schema.course_funnel_runs.lines_read IS
    'Lines (or rows of a table) that were read.';
COMMENT ON COLUMN :schema.course_funnel_runs.other IS
    'Records that are no course event and were passed over.';
COMMENT ON COLUMN :schema.course_funnel_runs.rejected_not_json IS
    'Lines that name a course event type, but are not one whole JSON text.';
COMMENT ON COLUMN :schema.course_funnel_runs.rejected_no_user IS
    'Course events whose user_id is missing, empty or neither a well-formed string nor an integer.';
COMMENT ON COLUMN :schema.course_funnel_runs.rejected_no_time IS
    'Course events whose event_time is missing or not a time.';
COMMENT ON COLUMN :schema.course_funnel_runs.rejected_bad_properties IS
    'Course events whose event_properties is neither a JSON object nor a string that holds one.';
COMMENT ON COLUMN :schema.course_funnel_runs.rejected_no_course IS
    'Course events whose course_id is missing or not an integer.';
COMMENT ON COLUMN :schema.course_funnel_runs.rejected_no_lesson IS
    'Lesson events whose lesson_id is missing or not an integer.';
COMMENT ON COLUMN :schema.course_funnel_runs.kept IS
    'Course events that went to the marts.';
COMMENT ON COLUMN :schema.course_funnel_runs.sent IS
    'Course events handed to the process that owns the user; equals kept.';
COMMENT ON COLUMN :schema.course_funnel_runs.received IS
    'Course events that arrived there; equals kept.';
COMMENT ON COLUMN :schema.course_funnel_runs.folded IS
    'Course events taken into the users'' state, duplicates included; equals kept.';
COMMENT ON COLUMN :schema.course_funnel_runs.duplicates IS
    'Of folded: lesson completions that came again and were left out of the average time.';
COMMENT ON COLUMN :schema.course_funnel_runs.time_unusable IS
    'Of folded, duplicates left out: lesson completions without a usable time_spent_sec, left out of the average time.';
COMMENT ON COLUMN :schema.course_funnel_runs.bytes_read IS
    'Bytes of text that were read, after decompression.';
COMMENT ON COLUMN :schema.course_funnel_runs.cohort_rows IS
    'Rows published to mart_course_funnel_cohorts.';
COMMENT ON COLUMN :schema.course_funnel_runs.lesson_rows IS
    'Rows published to mart_course_funnel_lessons.';
COMMENT ON COLUMN :schema.course_funnel_runs.first_event_time IS
    'Earliest event_time among the kept events. NULL when there were none.';
COMMENT ON COLUMN :schema.course_funnel_runs.last_event_time IS
    'Latest event_time among the kept events: the marts are complete up to here. NULL when there were none.';
COMMENT ON COLUMN :schema.course_funnel_runs.cohorts_digest IS
    'XXH3 digest (128 bits, hexadecimal) of mart_course_funnel_cohorts as CSV, header line included, in the order of its key.';
COMMENT ON COLUMN :schema.course_funnel_runs.lessons_digest IS
    'XXH3 digest (128 bits, hexadecimal) of mart_course_funnel_lessons as CSV, header line included, in the order of its key.';
COMMENT ON COLUMN :schema.course_funnel_runs.sessions_read IS
    'Rows with a profile_id that were read of a table of sessions. NULL where none was read.';
COMMENT ON COLUMN :schema.course_funnel_runs.users_with_session IS
    'Distinct users with course events whose user_id is the profile_id of a session. NULL where no sessions were read.';
COMMENT ON COLUMN :schema.course_funnel_runs.users_without_session IS
    'Distinct users with course events whose user_id is no profile_id. NULL where no sessions were read.';
