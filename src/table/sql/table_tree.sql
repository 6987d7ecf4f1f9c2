-- $1: oid of a table that was planned on. It and all that inherit from it, partitions among them,
-- but for partitioned tables, which hold no rows themselves, and for what SELECT leaves out too:
-- temporary tables of other sessions, and partitions whose detachment is pending (known from
-- version 14 on). By pages can be read what is a heap of this server and whose addresses (ctid,
-- attribute -1) this role may see. by_itself: whether it can be read so, where no policy hides
-- rows that reading the whole shows. is_locked: whether planning has locked it, and by this name;
-- else it was detached, dropped or renamed since the snapshot was taken.
WITH RECURSIVE tree (oid) AS (
    SELECT $1::OID
    UNION
    SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
        AND to_jsonb(i) ->> 'inhdetachpending' IS DISTINCT FROM 'true'
)
SELECT format('%I.%I', n.nspname, c.relname) AS name,
    c.relkind IN ('r', 'm') AND m.amname = 'heap'
        AND has_column_privilege(c.oid, -1::SMALLINT, 'SELECT') AS by_page,
    pg_relation_size(c.oid) AS bytes, c.oid = $1::OID OR has_table_privilege(c.oid, 'SELECT')
        AND has_schema_privilege(n.oid, 'USAGE') AND NOT row_security_active(c.oid) AS by_itself,
    format('%s/%s/%s', c.oid, pg_relation_filenode(c.oid), current_database()) AS identity,
    pg_relation_filenode(c.oid) AS storage, pg_stat_get_tuples_inserted(c.oid) AS inserted,
    pg_stat_get_tuples_updated(c.oid) AS updated, pg_stat_get_tuples_deleted(c.oid) AS deleted,
    pg_stat_get_vacuum_count(c.oid) + pg_stat_get_autovacuum_count(c.oid) AS vacuums,
    c.oid::regclass::text IN (format('%I.%I', n.nspname, c.relname), quote_ident(c.relname))
        AND c.oid IN (SELECT relation FROM pg_locks
            WHERE locktype = 'relation' AND pid = pg_backend_pid()
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        AS is_locked
FROM tree t
JOIN pg_class c ON c.oid = t.oid AND c.relkind <> 'p'
    AND (c.relpersistence <> 't' OR c.oid = $1::OID)
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am m ON m.oid = c.relam
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C";
