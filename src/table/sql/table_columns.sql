-- $1: oid of a table. Its columns, with the type that a domain stands on.
WITH RECURSIVE base (attnum, oid) AS (
    SELECT attnum, atttypid FROM pg_attribute
    WHERE attrelid = $1::OID AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT b.attnum, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.oid WHERE t.typtype = 'd'
)
SELECT a.attname, t.typname, t.typcategory,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS readable
FROM base b
JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
JOIN pg_attribute a ON a.attrelid = $1::OID AND a.attnum = b.attnum
ORDER BY a.attnum;
