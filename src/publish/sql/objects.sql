-- $1: the schema. What is there of it: itself, as '', the objects of ours in it, and a row that tells
-- that course_funnel_runs has the columns that came later too.
SELECT '' AS name FROM pg_namespace WHERE nspname = $1
UNION ALL
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname ~ '^(mart_)?course_funnel_'
UNION ALL
SELECT 'course_funnel_runs.entry_points_digest'
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
WHERE n.nspname = $1 AND c.relname = 'course_funnel_runs'
    AND a.attname IN ('records_read', 'rejected_not_an_event', 'files_empty', 'files_left_out',
                      'rules_version', 'as_of',
                      'events_in_the_future', 'entry_points_in_other', 'users_in_other',
                      'cells_added', 'cells_removed', 'cells_changed', 'steps_digest',
                      'completion_digest', 'entry_points_digest')
HAVING count(*) = 15
