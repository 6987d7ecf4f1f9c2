-- $1: oid of a table. It and all that inherit from it, partitions among them, but for partitioned
-- tables, which hold no rows themselves. By pages can be read what is a heap of this server
-- and whose addresses (ctid, attribute -1) this role may see.
WITH RECURSIVE tree (oid) AS (
    SELECT $1::OID
    UNION
    SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
)
SELECT format('%I.%I', n.nspname, c.relname), c.relkind IN ('r', 'm') AND m.amname = 'heap'
        AND has_column_privilege(c.oid, -1::SMALLINT, 'SELECT'),
    pg_relation_size(c.oid), has_table_privilege(c.oid, 'SELECT') OR c.oid = $1::OID,
    format('%s/%s/%s', c.oid, pg_relation_filenode(c.oid), current_database()),
    pg_relation_filenode(c.oid), pg_stat_get_tuples_inserted(c.oid),
    pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid),
    pg_stat_get_vacuum_count(c.oid) + pg_stat_get_autovacuum_count(c.oid)
FROM tree t
JOIN pg_class c ON c.oid = t.oid AND c.relkind <> 'p'
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am m ON m.oid = c.relam
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C";
