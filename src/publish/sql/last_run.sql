-- The record of the run whose rows the marts hold, as JSON; no row when nothing was published.
SELECT row_to_json(r) AS record
FROM (
    SELECT run_id, attempt_at, finished_at, first_event_time, last_event_time, cohorts_digest,
           lessons_digest, cohort_rows, lesson_rows
    FROM :schema.course_funnel_runs
    ORDER BY attempt_at DESC, run_id
    LIMIT 1
) AS r
