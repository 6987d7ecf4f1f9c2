-- $1: the schema. Compares the objects in it with those of the same names among this session's
-- temporary ones, which are as they should be. One row per difference, as text; an object that is
-- missing is no difference, since publishing creates it, but the right to do so must be there.
WITH RECURSIVE expected AS (
    SELECT c.oid, c.relname, c.relkind
    FROM pg_class AS c
    WHERE c.relnamespace = pg_my_temp_schema()
      AND c.relname IN ('mart_course_funnel_cohorts', 'mart_course_funnel_lessons',
                        'mart_course_funnel_dropoff', 'course_funnel_session_match',
                        'course_funnel_runs')
), pairs AS (
    SELECT e.relname, e.oid AS expected_oid, f.oid AS found_oid, f.relkind AS found_kind,
           e.relkind = 'v' AS is_view,
           CASE WHEN e.relkind = 'v' THEN f.relkind = 'v' ELSE f.relkind IN ('r', 'p') END AS fits
    FROM expected AS e
    LEFT JOIN pg_namespace AS n ON n.nspname = $1
    LEFT JOIN pg_class AS f ON f.relnamespace = n.oid AND f.relname = e.relname
), columns AS (
    SELECT p.relname, p.is_view, e.attnum, e.attname,
           format_type(e.atttypid, e.atttypmod) AS expected_type, e.attnotnull AS expected_not_null,
           format_type(f.atttypid, f.atttypmod) AS found_type, f.attnotnull AS found_not_null,
           f.attgenerated <> '' OR f.attidentity = 'a' AS computed
    FROM pairs AS p
    JOIN pg_attribute AS e ON e.attrelid = p.expected_oid AND e.attnum > 0 AND NOT e.attisdropped
    LEFT JOIN pg_attribute AS f
        ON f.attrelid = p.found_oid AND f.attname = e.attname AND f.attnum > 0
       AND NOT f.attisdropped
    WHERE p.fits
), keys AS (
    SELECT p.relname, p.expected_oid, p.found_oid, o.oid AS owner,
           (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
            FROM pg_index AS i
            CROSS JOIN LATERAL unnest(i.indkey::INT2[]) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE i.indrelid = o.oid AND i.indisprimary AND k.place <= i.indnkeyatts) AS key
    FROM pairs AS p
    CROSS JOIN LATERAL (VALUES (p.expected_oid), (p.found_oid)) AS o (oid)
    WHERE p.fits AND NOT p.is_view
), replaced (relname, mart_oid, mart_kind, oid) AS (
    -- The tables whose rows each run replaces, with what belongs to them: partitions, or tables
    -- that inherit from them.
    SELECT relname, found_oid, found_kind, found_oid
    FROM pairs WHERE fits AND NOT is_view AND relname <> 'course_funnel_runs'
    UNION
    SELECT r.relname, r.mart_oid, r.mart_kind, i.inhrelid
    FROM replaced AS r
    JOIN pg_inherits AS i ON i.inhparent = r.oid
), differences AS (
    SELECT '' AS relname, 0 AS place,
           format('schema %I does not exist, and the role %I may not create it (it lacks CREATE on the database %I)',
                  $1, current_user, current_database()) AS difference
    WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)
      AND NOT has_database_privilege(current_database(), 'CREATE')
    UNION ALL
    SELECT '', 0, format('schema %I: the role %I lacks USAGE on it', $1, current_user)
    FROM pg_namespace WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'USAGE')
    UNION ALL
    SELECT '', 0, format('schema %I: the role %I lacks CREATE on it, and objects are missing', $1,
                         current_user)
    FROM pg_namespace WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'CREATE')
      AND EXISTS (SELECT FROM pairs WHERE found_oid IS NULL)
    UNION ALL
    SELECT relname, 0, format('%s is a %s, expected is a %s', relname,
                              CASE found_kind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table'
                                  WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                                  WHEN 'f' THEN 'foreign table' WHEN 'i' THEN 'index'
                                  WHEN 'S' THEN 'sequence' ELSE 'type' END,
                              CASE WHEN is_view THEN 'view' ELSE 'table' END)
    FROM pairs WHERE found_oid IS NOT NULL AND NOT fits
    UNION ALL
    SELECT relname, attnum, format('%s lacks the column %s %s', relname, attname, expected_type)
    FROM columns WHERE found_type IS NULL
    UNION ALL
    SELECT relname, attnum, format('%s.%s is of type %s, expected is %s', relname, attname,
                                   found_type, expected_type)
    FROM columns WHERE found_type <> expected_type
    UNION ALL
    SELECT relname, attnum, format('%s.%s is NOT NULL, but has to take NULL', relname, attname)
    FROM columns WHERE NOT is_view AND found_not_null AND NOT expected_not_null
    UNION ALL
    SELECT relname, attnum, format('%s.%s is computed by the server, but has to take values',
                                   relname, attname)
    FROM columns WHERE computed
    UNION ALL
    SELECT p.relname, 1000 + a.attnum,
           format('%s has a column %s that nothing fills: NOT NULL without a default', p.relname,
                  a.attname)
    FROM pairs AS p
    JOIN pg_attribute AS a ON a.attrelid = p.found_oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE p.fits AND NOT p.is_view AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
      AND NOT EXISTS (SELECT FROM columns AS c
                      WHERE c.relname = p.relname AND c.attname = a.attname)
    UNION ALL
    SELECT e.relname, 3000, format('%s has the primary key (%s), expected is (%s)', e.relname,
                                   coalesce(f.key, 'none'), e.key)
    FROM keys AS e
    JOIN keys AS f ON f.relname = e.relname AND f.owner = f.found_oid
    WHERE e.owner = e.expected_oid AND f.key IS DISTINCT FROM e.key
    UNION ALL
    SELECT p.relname, 3001, format('%s: the role %I lacks the right to %s', p.relname,
                                   current_user, r.name)
    FROM pairs AS p
    CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('DELETE')) AS r (name)
    WHERE p.fits AND NOT p.is_view AND NOT has_table_privilege(p.found_oid, r.name)
      AND NOT (r.name = 'DELETE' AND p.relname = 'course_funnel_runs')
    UNION ALL
    SELECT relname, 3002, format('%s has row security, which hides rows from the role %I', relname,
                                 current_user)
    FROM pairs WHERE fits AND NOT is_view AND row_security_active(found_oid)
    UNION ALL
    SELECT relname, 3003, format('%s: the table %s inherits from it, so that its rows would be taken for those of the run',
                                 relname, oid::REGCLASS)
    FROM replaced WHERE mart_kind = 'r' AND oid <> mart_oid
    UNION ALL
    -- PostgreSQL keeps a constraint for each pair of partitions too; the one of the user is enough.
    SELECT r.relname, 3004, format('%s: the foreign key %I of %s points at it, whose rows each run deletes',
                                   r.relname, k.conname, k.conrelid::REGCLASS)
    FROM replaced AS r
    JOIN pg_constraint AS k ON k.confrelid = r.oid AND k.contype = 'f'
    WHERE NOT EXISTS (SELECT FROM pg_constraint AS p
                      JOIN replaced AS o ON o.oid = p.confrelid AND o.relname = r.relname
                      WHERE p.oid = k.conparentid AND p.contype = 'f')
)
SELECT difference FROM differences ORDER BY relname, place, difference
