-- $1: our run, $2: when it had seen nothing yet. One row: the digests of our run if it is published
-- (else NULL), whether the further marts were too, and the latest attempt that may have seen more (else NULL) with its run.
SELECT ours.cohorts_digest, ours.lessons_digest, newer.attempt_at AS newer_at,
       newer.run_id AS newer_run_id, ours.steps_digest IS NOT NULL AS further
FROM (SELECT 1) AS one
LEFT JOIN :schema.course_funnel_runs AS ours ON ours.run_id = $1::UUID
LEFT JOIN LATERAL (
    SELECT r.attempt_at, r.run_id
    FROM :schema.course_funnel_runs AS r
    WHERE r.attempt_at > $2::TIMESTAMPTZ AND r.run_id <> $1::UUID
    ORDER BY r.attempt_at DESC
    LIMIT 1
) AS newer ON TRUE
