-- One row: the event triggers that the server calls when publishing makes tables; else NULL.
SELECT string_agg(format('%I', evtname), ', ' ORDER BY evtname) AS names
FROM pg_event_trigger
WHERE evtenabled <> 'D' AND evtevent IN ('ddl_command_start', 'ddl_command_end')
    AND (evttags IS NULL OR evttags && '{CREATE SCHEMA,CREATE TABLE,CREATE VIEW,COMMENT,ALTER TABLE}')
