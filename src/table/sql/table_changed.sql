-- A table that this transaction has locked and that lies in another file than its snapshot knows:
-- it was truncated or rewritten in between, and shows the snapshot no rows. (Functions of the kind
-- of pg_relation_filenode tell what is so now.) Tables of the system have the number 0 here.
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND c.relkind IN ('r', 'm') AND c.relfilenode <> 0
    AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
LIMIT 1;
