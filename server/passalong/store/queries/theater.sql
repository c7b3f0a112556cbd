-- What the theater report looks at. Everything starts from a counter, or from an index on what is asked for.

-- name: links
-- Links that were sent out first, and those of them that the vendor's own people made: they are the sharer, or the
-- customer is the vendor itself (a JSON array of ids).
SELECT (SELECT coalesce(sum(n), 0) FROM links) - (SELECT count(*) FROM shares WHERE parent IS NOT NULL) AS links,
       (SELECT count(*) FROM shares WHERE hop = 0 AND (sharer = 'staff' OR sharer GLOB 'staff:*')
          AND customer NOT IN (SELECT value FROM json_each(:customers)))
       + (SELECT coalesce(sum(n), 0) FROM links WHERE customer IN (SELECT value FROM json_each(:customers))) AS staff;

-- name: late
-- Opportunities since a day whose people saw a shared page, and those of them that had been opened a day or more before.
SELECT count(*) AS touched, count(*) FILTER (WHERE first_ms >= occurred_at_ms + 86400000) AS late FROM (
  SELECT v.occurred_at_ms, (SELECT min(at_ms) FROM touchpoints t WHERE t.conversion = v.id AND t.share IS NOT NULL) AS first_ms
  FROM conversions v WHERE v.kind = 'opportunity' AND v.day >= :since AND v.withdrawn = 0
) looked WHERE first_ms IS NOT NULL;

-- name: satisfied
-- Satisfaction signals since a time, by customer, with whether it was credited with an opportunity since a day. (Told
-- which indexes to use, since a file without statistics would be searched through by time, customer for customer.)
SELECT s.customer, s.signals, EXISTS (
  SELECT 1 FROM credits c INDEXED BY credits_by_customer
  WHERE c.customer = s.customer AND c.kind = 'opportunity' AND c.day >= :since
) AS productive
FROM (
  SELECT customer, count(*) AS signals FROM signals INDEXED BY signals_of_satisfaction
  WHERE kind GLOB 'satisfaction.*' AND occurred_at_ms >= :since_ms GROUP BY customer
) s;

-- name: kept
-- The last word on each mechanic against a verdict to kill it.
SELECT mechanic, reason FROM decisions d WHERE id = (
  SELECT max(id) FROM decisions o WHERE o.mechanic = d.mechanic AND o.kind IN ('keep', 'revise', 'revive', 'change')
    AND o.verdict ->> 'state' = 'kill');
