-- A table for rows on their way into the target. It ends with the transaction: the session may go to
-- somebody else then.
CREATE TEMPORARY TABLE :table (:definitions) ON COMMIT DROP
