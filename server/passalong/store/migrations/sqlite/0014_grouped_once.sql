-- What happened since the counters last followed is grouped once, by all that any of them asks, and not by each anew.
-- Viewers wait while the counters follow, so that is how long the slowest of them wait.

-- Empty but within that one statement. `step` and `hop` are 0 where no counter asks for them.
CREATE TABLE happened (
  share TEXT, customer TEXT, mechanic TEXT NOT NULL, asset TEXT NOT NULL, day INTEGER NOT NULL, kind TEXT NOT NULL,
  actor TEXT NOT NULL, step INTEGER NOT NULL, hop INTEGER NOT NULL, n INTEGER NOT NULL, visits INTEGER NOT NULL
);

DROP TRIGGER events_counted;
CREATE TRIGGER events_counted BEFORE UPDATE ON counted BEGIN
  INSERT OR IGNORE INTO visits
    SELECT seq, visitor, share, iif(kind = 'step', coalesce(CAST(ref AS INTEGER), 0), 0), day FROM events e
    WHERE e.seq > OLD.seq AND e.seq <= NEW.seq AND kind IN ('view', 'step') AND actor = 'human' AND visitor <> 0;
  INSERT INTO happened
    SELECT e.share, e.customer, coalesce(e.mechanic, ''), coalesce(e.asset, ''), e.day, e.kind, e.actor,
           iif(e.kind = 'step', coalesce(CAST(e.ref AS INTEGER), 0), 0) AS which, iif(e.kind = 'lead', e.hop, 0) AS far,
           count(*), count(v.seq)
    FROM events e LEFT JOIN visits v ON v.seq = e.seq WHERE e.seq > OLD.seq AND e.seq <= NEW.seq
    GROUP BY e.share, e.day, e.kind, e.actor, which, far, e.asset, e.mechanic, e.customer;
  INSERT INTO mechanic_days
    SELECT mechanic, day, kind, actor, sum(n), sum(visits) FROM happened
    WHERE customer IS NOT NULL GROUP BY mechanic, day, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO customer_months
    SELECT customer, day / 100, mechanic, asset, kind, actor, sum(n), sum(visits) FROM happened
    WHERE customer IS NOT NULL GROUP BY customer, day / 100, mechanic, asset, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO customer_totals
    SELECT customer, kind, actor, sum(n), sum(visits) FROM happened
    WHERE customer IS NOT NULL GROUP BY customer, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO share_months
    SELECT share, day / 100, kind, actor, n, visits FROM happened WHERE share IS NOT NULL
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO step_months
    SELECT asset, day / 100, step, mechanic, actor, n, visits FROM happened WHERE kind = 'step'
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO spread_parts
    SELECT day / 100, customer, mechanic, asset,
           coalesce((SELECT channel FROM shares s WHERE s.share = h.share), ''), hop, n
    FROM happened h WHERE kind = 'lead' AND actor = 'human' AND customer IS NOT NULL
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
  INSERT INTO spread_months
    SELECT day / 100, hop, n FROM happened WHERE kind = 'lead' AND actor = 'human' AND customer IS NOT NULL
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
  DELETE FROM happened;
END;
