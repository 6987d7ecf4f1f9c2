-- The staged rows of one table into the target.
INSERT INTO :schema.:table (:columns)
SELECT :columns
FROM pg_temp.:table
ORDER BY :key
