-- One row about the run whose rows the marts hold; none when nothing was published.
SELECT run_id, (extract(epoch FROM attempt_at) * 1000000)::BIGINT AS attempt_us,
       (extract(epoch FROM finished_at) * 1000000)::BIGINT AS finished_us,
       (extract(epoch FROM first_event_time) * 1000000)::BIGINT AS first_event_us,
       (extract(epoch FROM last_event_time) * 1000000)::BIGINT AS last_event_us,
       cohorts_digest, lessons_digest, cohort_rows, lesson_rows
FROM :schema.course_funnel_runs
ORDER BY attempt_at DESC, run_id
LIMIT 1
