-- The request as it was printed, redacted, so that what has changed since can be told field by field.
ALTER TABLE printed ADD COLUMN approval TEXT;
ALTER TABLE printed ADD COLUMN holes TEXT;
