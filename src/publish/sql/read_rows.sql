-- The rows of one table as CSV text.
COPY (
    SELECT :columns
    FROM :schema.:table
    ORDER BY :key
) TO STDOUT (FORMAT csv)
