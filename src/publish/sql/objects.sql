-- $1: the schema. What is there of it: itself, as '', and the objects of ours in it, one a row.
SELECT '' AS name FROM pg_namespace WHERE nspname = $1
UNION ALL
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname ~ '^(mart_)?course_funnel_'
