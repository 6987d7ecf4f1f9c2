-- $1: the schema; $2: whether the further tables are wanted. Compares the objects in it with what
-- they are to be, which is what the other files create; of the marts :tables and :table_columns say it. Nothing is written for that, not even a
-- transaction id is taken: who reads from the same server could not come back to a snapshot. One row
-- per difference, as text; an object that is missing is no difference, since publishing creates it,
-- nor is a column that course_funnel_runs was given later, but the right to do so must be there.
WITH RECURSIVE expected (relname, kind, key, is_further) AS (
    VALUES
        :tables,
        ('mart_course_funnel_dropoff', 'v', NULL, FALSE),
        ('course_funnel_runs', 'r', 'run_id', FALSE)
), expected_columns (relname, attnum, attname, type, not_null) AS (
    VALUES
        :table_columns,
        ('mart_course_funnel_dropoff', 1, 'course_id', 'integer', FALSE),
        ('mart_course_funnel_dropoff', 2, 'cohort_week_start', 'date', FALSE),
        ('mart_course_funnel_dropoff', 3, 'lesson_id', 'integer', FALSE),
        ('mart_course_funnel_dropoff', 4, 'previous_lesson_id', 'integer', FALSE),
        ('mart_course_funnel_dropoff', 5, 'previous_users_started', 'integer', FALSE),
        ('mart_course_funnel_dropoff', 6, 'users_started', 'integer', FALSE),
        ('mart_course_funnel_dropoff', 7, 'users_dropped', 'integer', FALSE),
        ('mart_course_funnel_dropoff', 8, 'drop_off_rate', 'numeric', FALSE),
        ('course_funnel_runs', 1, 'run_id', 'uuid', TRUE),
        ('course_funnel_runs', 2, 'program_version', 'text', TRUE),
        ('course_funnel_runs', 3, 'attempt_at', 'timestamp with time zone', TRUE),
        ('course_funnel_runs', 4, 'started_at', 'timestamp with time zone', TRUE),
        ('course_funnel_runs', 5, 'finished_at', 'timestamp with time zone', TRUE),
        ('course_funnel_runs', 6, 'ranks', 'integer', TRUE),
        ('course_funnel_runs', 7, 'source', 'text', TRUE),
        ('course_funnel_runs', 8, 'input_fingerprint', 'text', TRUE),
        ('course_funnel_runs', 9, 'lines_read', 'bigint', TRUE),
        ('course_funnel_runs', 10, 'other', 'bigint', TRUE),
        ('course_funnel_runs', 11, 'rejected_not_json', 'bigint', TRUE),
        ('course_funnel_runs', 12, 'rejected_no_user', 'bigint', TRUE),
        ('course_funnel_runs', 13, 'rejected_no_time', 'bigint', TRUE),
        ('course_funnel_runs', 14, 'rejected_bad_properties', 'bigint', TRUE),
        ('course_funnel_runs', 15, 'rejected_no_course', 'bigint', TRUE),
        ('course_funnel_runs', 16, 'rejected_no_lesson', 'bigint', TRUE),
        ('course_funnel_runs', 17, 'kept', 'bigint', TRUE),
        ('course_funnel_runs', 18, 'sent', 'bigint', TRUE),
        ('course_funnel_runs', 19, 'received', 'bigint', TRUE),
        ('course_funnel_runs', 20, 'folded', 'bigint', TRUE),
        ('course_funnel_runs', 21, 'duplicates', 'bigint', TRUE),
        ('course_funnel_runs', 22, 'time_unusable', 'bigint', TRUE),
        ('course_funnel_runs', 23, 'bytes_read', 'bigint', TRUE),
        ('course_funnel_runs', 24, 'cohort_rows', 'bigint', TRUE),
        ('course_funnel_runs', 25, 'lesson_rows', 'bigint', TRUE),
        ('course_funnel_runs', 26, 'first_event_time', 'timestamp with time zone', FALSE),
        ('course_funnel_runs', 27, 'last_event_time', 'timestamp with time zone', FALSE),
        ('course_funnel_runs', 28, 'cohorts_digest', 'text', TRUE),
        ('course_funnel_runs', 29, 'lessons_digest', 'text', TRUE),
        ('course_funnel_runs', 30, 'sessions_read', 'bigint', FALSE),
        ('course_funnel_runs', 31, 'users_with_session', 'bigint', FALSE),
        ('course_funnel_runs', 32, 'users_without_session', 'bigint', FALSE),
        ('course_funnel_runs', 33, 'records_read', 'bigint', FALSE),
        ('course_funnel_runs', 34, 'rejected_not_an_event', 'bigint', FALSE),
        ('course_funnel_runs', 35, 'files_empty', 'bigint', FALSE),
        ('course_funnel_runs', 36, 'files_left_out', 'bigint', FALSE),
        ('course_funnel_runs', 37, 'rules_version', 'integer', FALSE),
        ('course_funnel_runs', 38, 'as_of', 'timestamp with time zone', FALSE),
        ('course_funnel_runs', 39, 'events_in_the_future', 'bigint', FALSE),
        ('course_funnel_runs', 40, 'entry_points_in_other', 'bigint', FALSE),
        ('course_funnel_runs', 41, 'users_in_other', 'bigint', FALSE),
        ('course_funnel_runs', 42, 'cells_added', 'bigint', FALSE),
        ('course_funnel_runs', 43, 'cells_removed', 'bigint', FALSE),
        ('course_funnel_runs', 44, 'cells_changed', 'bigint', FALSE),
        ('course_funnel_runs', 45, 'steps_digest', 'text', FALSE),
        ('course_funnel_runs', 46, 'completion_digest', 'text', FALSE),
        ('course_funnel_runs', 47, 'entry_points_digest', 'text', FALSE)
), pairs AS (
    SELECT e.relname, e.key, e.is_further, f.oid AS found_oid, f.relkind AS found_kind,
           e.kind = 'v' AS is_view,
           CASE WHEN e.kind = 'v' THEN f.relkind = 'v' ELSE f.relkind IN ('r', 'p') END AS fits,
           pg_has_role(f.relowner, 'USAGE') AS may_add
    FROM expected AS e
    LEFT JOIN pg_namespace AS n ON n.nspname = $1
    LEFT JOIN pg_class AS f ON f.relnamespace = n.oid AND f.relname = e.relname
), columns AS (
    SELECT p.relname, p.is_view, e.attnum, e.attname, e.type AS expected_type,
           e.not_null AS expected_not_null, format_type(f.atttypid, f.atttypmod) AS found_type,
           (f.atttypid, f.atttypmod) IS DISTINCT FROM (e.type::REGTYPE::OID, -1) AS is_other_type,
           f.attnotnull AS found_not_null, f.attgenerated <> '' OR f.attidentity = 'a' AS computed,
           p.relname = 'course_funnel_runs' AND e.attnum > 32 AS is_later, p.may_add,
           f.attcollation
    FROM pairs AS p
    JOIN expected_columns AS e ON e.relname = p.relname
    LEFT JOIN pg_attribute AS f
        ON f.attrelid = p.found_oid AND f.attname = e.attname AND f.attnum > 0
       AND NOT f.attisdropped
    WHERE p.fits
), keys AS (
    SELECT p.relname, p.key AS expected_key,
           (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
            FROM pg_index AS i
            CROSS JOIN LATERAL unnest(i.indkey::INT2[]) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE i.indrelid = p.found_oid AND i.indisprimary AND k.place <= i.indnkeyatts)
               AS found_key
    FROM pairs AS p
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
    SELECT '', 0, format('the role %I may not create temporary tables (it lacks TEMPORARY on the database %I)',
                         current_user, current_database())
    WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
    UNION ALL
    SELECT '', 0, format('schema %I: the role %I lacks USAGE on it', $1, current_user)
    FROM pg_namespace WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'USAGE')
    UNION ALL
    SELECT '', 0, format('schema %I: the role %I lacks CREATE on it, and objects are missing', $1,
                         current_user)
    FROM pg_namespace WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'CREATE')
      AND EXISTS (SELECT FROM pairs WHERE found_oid IS NULL AND ($2::BOOLEAN OR NOT is_further))
    UNION ALL
    SELECT '', 0, format('the database %I has the encoding %s, which cannot hold every entry point; a database with UTF8 can, and --tables marts does without',
                         datname, pg_encoding_to_char(encoding))
    FROM pg_database
    WHERE datname = current_database() AND $2::BOOLEAN AND pg_encoding_to_char(encoding) <> 'UTF8'
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
    FROM columns WHERE found_type IS NULL AND NOT is_later
    UNION ALL
    SELECT relname, 999,
           format('%s lacks the column%s %s. The role %I may not add %s; let the owner run: ALTER TABLE %I.%s %s',
                  relname, CASE WHEN count(*) > 1 THEN 's' END,
                  string_agg(attname, ', ' ORDER BY attnum), current_user,
                  CASE WHEN count(*) > 1 THEN 'them' ELSE 'it' END, $1, relname,
                  string_agg(format('ADD COLUMN %s %s', attname, upper(expected_type)), ', '
                             ORDER BY attnum))
    FROM columns WHERE found_type IS NULL AND is_later AND NOT may_add
    GROUP BY relname
    UNION ALL
    SELECT relname, attnum, format('%s.%s is of type %s, expected is %s', relname, attname,
                                   found_type, expected_type)
    FROM columns WHERE found_type IS NOT NULL AND is_other_type
    UNION ALL
    SELECT relname, attnum, format('%s.%s is not COLLATE "C", in whose order its rows stand',
                                   relname, attname)
    FROM columns
    WHERE expected_type = 'text' AND found_type = 'text' AND relname <> 'course_funnel_runs'
      AND attcollation <> (SELECT oid FROM pg_collation
                           WHERE collname = 'C' AND collnamespace = 'pg_catalog'::REGNAMESPACE)
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
    SELECT relname, 3000, format('%s has the primary key (%s), expected is (%s)', relname,
                                 coalesce(found_key, 'none'), expected_key)
    FROM keys WHERE found_key IS DISTINCT FROM expected_key
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
