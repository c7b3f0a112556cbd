-- A decision keeps what was known when it was made: the rule that stands from then on, the verdict, and what the
-- mechanic had produced (JSON, each of them).
ALTER TABLE decisions ADD COLUMN rule TEXT;
ALTER TABLE decisions ADD COLUMN verdict TEXT;
ALTER TABLE decisions ADD COLUMN produced TEXT;
-- Of a mechanic that was never changed, the rule of its launch is the present one.
UPDATE decisions SET rule = (
  SELECT json_object(
    'kind', m.body ->> 'kind', 'owner', m.body ->> 'owner', 'target_per_1000', m.body -> 'target_per_1000',
    'floor_days', m.body -> 'floor_days', 'cycle_days', 0, 'launched_at_ms', m.body -> 'launched_at_ms')
  FROM catalog m WHERE m.noun = 'mechanic' AND m.id = decisions.mechanic)
WHERE kind = 'launch' AND mechanic NOT IN (SELECT mechanic FROM decisions WHERE kind = 'change');

-- Reviews of months, as they were held: several of one month are corrections, the newest stands.
CREATE TABLE reviews (
  id        TEXT    PRIMARY KEY,
  month     INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL,
  by        TEXT    NOT NULL,
  note      TEXT    NOT NULL,
  decisions TEXT    NOT NULL CHECK (json_valid(decisions))
) WITHOUT ROWID;
CREATE INDEX reviews_by_month ON reviews (month, at_ms);
CREATE INDEX reviews_by_time ON reviews (at_ms);

-- Whether a conversion's people have said how they heard of the vendor, and whether that named a customer. Noted here,
-- because whoever said it may be erased.
ALTER TABLE conversions ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversions ADD COLUMN named INTEGER NOT NULL DEFAULT 0;
UPDATE conversions SET
  answered = heard_from IS NOT NULL OR EXISTS (
    SELECT 1 FROM contacts m JOIN leads l ON l.id = m.lead WHERE m.conversion = conversions.id AND l.heard_from <> ''),
  named = EXISTS (SELECT 1 FROM touchpoints t WHERE t.conversion = conversions.id AND t.via = 'heard_from');
CREATE INDEX conversions_answered ON conversions (day, answered, named) WHERE kind = 'opportunity' AND NOT withdrawn;
