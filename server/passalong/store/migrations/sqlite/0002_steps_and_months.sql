-- Steps of walkthroughs are counted, and shares by month, so that whoever shares can be told what came of it and when.

DROP TRIGGER events_counted;
DROP VIEW uncounted;

-- Of a walkthrough each step is visited for itself; `step` is 0 for the page as a whole.
CREATE TABLE visits_of_steps (
  seq INTEGER PRIMARY KEY, visitor INTEGER NOT NULL, share TEXT NOT NULL, step INTEGER NOT NULL, day INTEGER NOT NULL,
  UNIQUE (visitor, share, step)
);
INSERT INTO visits_of_steps SELECT seq, visitor, share, 0, day FROM visits;
DROP TABLE visits;
ALTER TABLE visits_of_steps RENAME TO visits;

CREATE TABLE share_months (
  share TEXT NOT NULL, month INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
  n INTEGER NOT NULL, visits INTEGER NOT NULL,
  PRIMARY KEY (share, month, kind, actor)
) WITHOUT ROWID;
INSERT INTO share_months
  SELECT e.share, e.day / 100, e.kind, e.actor, count(*), sum(e.seq IN (
    SELECT min(seq) FROM events WHERE kind = 'view' AND actor = 'human' AND visitor <> 0 GROUP BY visitor, share
  )) -- a set that is looked up; joined, it would be read through for every event
  FROM events e WHERE e.share IS NOT NULL GROUP BY e.share, e.day / 100, e.kind, e.actor;
DROP TABLE share_totals;

CREATE TABLE step_months (
  asset TEXT NOT NULL, month INTEGER NOT NULL, step INTEGER NOT NULL, mechanic TEXT NOT NULL, actor TEXT NOT NULL,
  n INTEGER NOT NULL, visits INTEGER NOT NULL,
  PRIMARY KEY (asset, month, step, mechanic, actor)
) WITHOUT ROWID;

CREATE VIEW uncounted AS
SELECT e.*, EXISTS (SELECT 1 FROM visits v WHERE v.seq = e.seq) AS visit
FROM events e WHERE e.seq > (SELECT seq FROM counted);

CREATE TRIGGER events_counted BEFORE UPDATE ON counted BEGIN
  INSERT OR IGNORE INTO visits
    SELECT seq, visitor, share, iif(kind = 'step', coalesce(CAST(ref AS INTEGER), 0), 0), day FROM events
    WHERE seq > (SELECT seq FROM counted) AND kind IN ('view', 'step') AND actor = 'human' AND visitor <> 0;
  INSERT INTO mechanic_days
    SELECT coalesce(mechanic, ''), day, kind, actor, count(*), sum(visit) FROM uncounted
    WHERE customer IS NOT NULL GROUP BY mechanic, day, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO customer_months
    SELECT customer, day / 100, coalesce(mechanic, ''), coalesce(asset, ''), kind, actor, count(*), sum(visit)
    FROM uncounted WHERE customer IS NOT NULL GROUP BY customer, day / 100, mechanic, asset, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO share_months
    SELECT share, day / 100, kind, actor, 1, visit FROM uncounted
    WHERE share IS NOT NULL -- too many shares for grouping to pay
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO step_months
    SELECT coalesce(asset, ''), day / 100, coalesce(CAST(ref AS INTEGER), 0), coalesce(mechanic, ''), actor, 1, visit
    FROM uncounted
    WHERE kind = 'step'
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
END;

CREATE INDEX credits_by_share ON credits (share) WHERE share IS NOT NULL;
