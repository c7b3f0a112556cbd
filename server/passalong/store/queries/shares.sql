-- Shares in a list, and everything that hangs below one. Numbers come from counters, never from the ledger.

-- name: listed
-- Some shares (a JSON array of ids), newest first, each with what it brought itself.
SELECT s.*,
       coalesce((SELECT sum(visits) FROM share_months t WHERE t.share = s.share AND kind = 'view' AND actor = 'human'), 0)
         AS visits,
       coalesce((SELECT sum(n) FROM share_months t WHERE t.share = s.share AND kind = 'lead' AND actor = 'human'), 0)
         AS leads,
       (SELECT count(*) FROM credits c WHERE c.share = s.share AND c.kind = 'opportunity') AS opportunities
FROM json_each(:shares) named JOIN shares s ON s.share = named.value
ORDER BY s.first_seen_ms DESC, s.share DESC;

-- name: branches
-- How many shares were passed along from each of some (a JSON array of ids), over any number of hops.
WITH RECURSIVE branch (top, share, depth) AS (
  SELECT value, value, 0 FROM json_each(:shares)
  UNION ALL
  SELECT branch.top, s.share, branch.depth + 1
  FROM branch JOIN shares s ON s.parent = branch.share WHERE branch.depth < 8
)
SELECT top AS id, count(*) AS n FROM branch WHERE depth > 0 GROUP BY top;

-- name: below
-- What everything that was passed along from a share brought.
WITH RECURSIVE branch (share, depth) AS (
  SELECT :share, 0
  UNION ALL
  SELECT s.share, branch.depth + 1 FROM branch JOIN shares s ON s.parent = branch.share WHERE branch.depth < 8
)
SELECT count(*) AS branches,
       coalesce(sum((SELECT sum(visits) FROM share_months t
                     WHERE t.share = b.share AND kind = 'view' AND actor = 'human')), 0) AS visits,
       coalesce(sum((SELECT sum(n) FROM share_months t
                     WHERE t.share = b.share AND kind = 'lead' AND actor = 'human')), 0) AS leads,
       coalesce(sum((SELECT count(*) FROM credits c WHERE c.share = b.share AND c.kind = 'opportunity')), 0)
         AS opportunities
FROM branch b WHERE b.depth > 0;

-- name: pipeline_below
-- And the money of its opportunities, by currency.
WITH RECURSIVE branch (share, depth) AS (
  SELECT :share, 0
  UNION ALL
  SELECT s.share, branch.depth + 1 FROM branch JOIN shares s ON s.parent = branch.share WHERE branch.depth < 8
)
SELECT c.currency AS currency, sum(c.amount_minor) AS amount_minor
FROM branch b JOIN credits c ON c.share = b.share
WHERE b.depth > 0 AND c.kind = 'opportunity' AND c.currency <> '' GROUP BY c.currency ORDER BY amount_minor DESC;

-- name: pipeline_of
-- Money of opportunities credited to some shares (a JSON array of ids), by share and currency.
SELECT c.share AS id, c.currency AS currency, sum(c.amount_minor) AS amount_minor
FROM json_each(:shares) named JOIN credits c ON c.share = named.value
WHERE c.kind = 'opportunity' AND c.currency <> '' GROUP BY c.share, c.currency ORDER BY amount_minor DESC;

-- name: months
-- How a share went month by month, as far as anybody came.
SELECT month, coalesce(sum(visits) FILTER (WHERE kind = 'view'), 0) AS visits,
       coalesce(sum(n) FILTER (WHERE kind = 'lead'), 0) AS leads
FROM share_months WHERE share = :share AND actor = 'human' GROUP BY month ORDER BY month;
