-- $1: the schema. What is there of it: itself, as '', the objects of ours in it, and a row that tells
-- that course_funnel_runs has the columns that came later too.
SELECT '' AS name FROM pg_namespace WHERE nspname = $1
UNION ALL
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname ~ '^(mart_)?course_funnel_'
UNION ALL
SELECT 'course_funnel_runs.rules_version'
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
WHERE n.nspname = $1 AND c.relname = 'course_funnel_runs'
    AND a.attname IN ('records_read', 'rejected_not_an_event', 'files_empty', 'files_left_out',
                      'rules_version')
HAVING count(*) = 5
