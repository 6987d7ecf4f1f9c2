-- The record of the run whose rows the marts hold, as JSON; no row when nothing was published. All
-- columns that are there: an older program had fewer.
SELECT row_to_json(r) AS record
FROM (
    SELECT *
    FROM :schema.course_funnel_runs
    ORDER BY attempt_at DESC, run_id
    LIMIT 1
) AS r
