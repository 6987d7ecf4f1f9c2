-- A row when the table does not hold, row for row and digit for digit, what is staged for it: how
-- many staged rows it lacks, and how many others it has. Numbers are compared as texts, since 0.5
-- and 0.50 are equal but are not published as the same.
WITH staged AS (
    SELECT :texts FROM pg_temp.:table
), published AS (
    SELECT :texts FROM :schema.:table
), counts AS (
    SELECT (SELECT count(*) FROM (TABLE staged EXCEPT ALL TABLE published) AS r) AS lacks,
           (SELECT count(*) FROM (TABLE published EXCEPT ALL TABLE staged) AS r) AS has
)
SELECT lacks, has FROM counts WHERE lacks > 0 OR has > 0
