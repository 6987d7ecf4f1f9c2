-- $1: the name of a table, view or foreign table as SQL spells it. Names are looked up as they are
-- now, rows of the catalogue as the snapshot has them: a table that was renamed since is not found.
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind,
    c.relkind IN ('r', 'p', 'v') AND has_table_privilege(c.oid, 'SELECT') AS locks,
    c.relispopulated
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)
    AND c.oid::regclass::text IN (format('%I.%I', n.nspname, c.relname), quote_ident(c.relname));
