-- Truth is written as 0 or 1 in every statement, so the index of what counts has it in the same words.
DROP INDEX conversions_answered;
CREATE INDEX conversions_answered ON conversions (day, answered, named) WHERE kind = 'opportunity' AND withdrawn = 0;
