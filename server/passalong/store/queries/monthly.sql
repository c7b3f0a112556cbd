-- What the monthly review names beside the one metric. Nothing here scans the ledger or the counters of all links: each
-- query starts from an index on the month's conversions or leads, from named rows, or reads a table kept by hand.

-- name: credited
-- Opportunities of some days by customer: as many steps as the month has opportunities, found by their day.
SELECT c.customer, c.currency, sum(c.micro) AS micro, sum(coalesce(c.amount_minor, 0)) AS amount_minor
FROM conversions v CROSS JOIN credits c
WHERE c.conversion = v.id AND v.kind = 'opportunity' AND v.day BETWEEN :first_day AND :last_day
GROUP BY c.customer, c.currency;

-- name: credited_shares
-- The shares that were credited with most opportunities of some days.
SELECT c.share, sum(c.micro) AS n
FROM conversions v CROSS JOIN credits c
WHERE c.conversion = v.id AND v.kind = 'opportunity' AND v.day BETWEEN :first_day AND :last_day AND c.share IS NOT NULL
GROUP BY c.share ORDER BY n DESC, c.share LIMIT :limit;

-- name: leading_shares
-- The shares by which most of the latest leads of a span of time became known: `latest` bounds what a large month costs.
SELECT share, count(*) AS n FROM (
  SELECT share FROM leads WHERE created_at_ms >= :start_ms AND created_at_ms < :end_ms
  ORDER BY created_at_ms DESC, id DESC LIMIT :latest
) latest GROUP BY share ORDER BY n DESC, share LIMIT :limit;

-- name: tops
-- Of each of some shares (a JSON array of ids) the one that its customer sent out: up the tree, eight hops at most.
WITH RECURSIVE way (share, top, parent, steps) AS (
  SELECT s.share, s.share, s.parent, 0 FROM json_each(:shares) named JOIN shares s ON s.share = named.value
  UNION ALL
  SELECT way.share, s.share, s.parent, way.steps + 1 FROM way JOIN shares s ON s.share = way.parent WHERE way.steps < 8
)
SELECT share, top, steps FROM (
  SELECT share, top, steps, row_number() OVER (PARTITION BY share ORDER BY steps DESC) AS rank FROM way
) ranked WHERE rank = 1;

-- name: trees
-- Some shares (a JSON array of ids) with all that was passed along from them before a moment, and what people did there
-- in a month. `links` counts the share itself, `hops` how far away the farthest link is.
WITH RECURSIVE branch (top, share, depth) AS (
  SELECT s.share, s.share, 0 FROM json_each(:shares) named JOIN shares s ON s.share = named.value
  UNION ALL
  SELECT branch.top, s.share, branch.depth + 1 FROM branch JOIN shares s ON s.parent = branch.share
  WHERE branch.depth < 8 AND s.first_seen_ms < :end_ms
)
SELECT s.share, s.asset, s.customer, s.channel, count(*) AS links, max(b.depth) AS hops,
       sum(coalesce((SELECT sum(visits) FROM share_months t
                     WHERE t.share = b.share AND month = :month AND kind = 'view' AND actor = 'human'), 0)) AS visits,
       sum(coalesce((SELECT sum(n) FROM share_months t
                     WHERE t.share = b.share AND month = :month AND kind = 'lead' AND actor = 'human'), 0)) AS leads,
       sum(coalesce((SELECT sum(micro) FROM credits c
                     WHERE c.share = b.share AND kind = 'opportunity' AND day BETWEEN :first_day AND :last_day), 0)) AS micro
FROM branch b JOIN shares s ON s.share = b.top GROUP BY s.share;

-- name: leads
-- New leads of some customers (a JSON array of ids) in a month.
SELECT customer, sum(n) AS n FROM json_each(:customers) named JOIN spread_parts p ON p.customer = named.value
WHERE month = :month GROUP BY customer;

-- name: decisions
-- What was decided about mechanics. People wrote these one by one, so there are few of them.
SELECT * FROM decisions WHERE at_ms >= :start_ms AND at_ms < :end_ms
ORDER BY at_ms, id;

-- name: credited_anew
-- Why credits were worked out again, and how often.
SELECT cause, count(*) AS n FROM evaluations WHERE version > 1 AND at_ms >= :start_ms AND at_ms < :end_ms
GROUP BY cause ORDER BY n DESC, cause;
