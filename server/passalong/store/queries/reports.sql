-- Reports read counters and conversions, never the ledger itself.

-- name: months
-- Opportunities a month: all that are known, and those that carry a customer's name.
SELECT day / 100 AS month,
       count(*) AS opportunities,
       sum(EXISTS (SELECT 1 FROM credits c WHERE c.conversion = conversions.id)) AS attributed
FROM conversions
WHERE kind = 'opportunity' AND day / 100 BETWEEN :first AND :last
GROUP BY day / 100;

-- name: pipeline_by_source
-- Money of opportunities a month by mechanic, motion and currency; mechanic NULL is known by declaration or not at all.
SELECT v.day / 100 AS month,
       c.mechanic AS mechanic,
       c.motion AS motion,
       v.currency AS currency,
       count(DISTINCT v.id) AS opportunities,
       sum(CASE WHEN c.conversion IS NULL THEN v.amount_minor ELSE c.amount_minor END) AS amount_minor,
       c.conversion IS NOT NULL AS attributed
FROM conversions v LEFT JOIN credits c ON c.conversion = v.id
WHERE v.kind = 'opportunity' AND v.day / 100 BETWEEN :first AND :last
GROUP BY v.day / 100, c.mechanic, c.motion, v.currency, c.conversion IS NOT NULL
ORDER BY v.day / 100, amount_minor DESC;

-- name: funnel
-- What people and integrators did between two days, as far as it carries a customer's name.
SELECT kind, sum(n) AS n, sum(visits) AS visits FROM mechanic_days
WHERE day BETWEEN :first_day AND :last_day AND actor IN ('human', 'system')
GROUP BY kind;

-- name: mechanic_counts
SELECT mechanic AS id, kind, actor, sum(n) AS n, sum(visits) AS visits FROM mechanic_days GROUP BY mechanic, kind, actor;

-- name: mechanic_pipeline
SELECT c.mechanic AS id, v.currency AS currency, sum(c.amount_minor) AS amount_minor
FROM credits c JOIN conversions v ON v.id = c.conversion
WHERE v.kind = 'opportunity' AND c.mechanic IS NOT NULL AND v.currency IS NOT NULL
GROUP BY c.mechanic, v.currency ORDER BY amount_minor DESC;

-- name: mechanic_links
SELECT mechanic AS id, count(*) AS shares, count(DISTINCT customer) AS customers FROM shares GROUP BY mechanic;

-- name: customer_counts
SELECT customer AS id, kind, actor, sum(n) AS n, sum(visits) AS visits FROM customer_months GROUP BY customer, kind, actor;

-- name: customer_pipeline
SELECT c.customer AS id, v.currency AS currency, sum(c.amount_minor) AS amount_minor
FROM credits c JOIN conversions v ON v.id = c.conversion
WHERE v.kind = 'opportunity' AND v.currency IS NOT NULL
GROUP BY c.customer, v.currency ORDER BY amount_minor DESC;

-- name: customer_links
SELECT customer AS id, count(*) AS shares FROM shares GROUP BY customer;

-- name: shares_of_customer
SELECT s.*,
       coalesce((SELECT sum(visits) FROM share_months t WHERE t.share = s.share AND kind = 'view' AND actor = 'human'), 0)
         AS visits,
       coalesce((SELECT sum(n) FROM share_months t WHERE t.share = s.share AND kind = 'lead' AND actor = 'human'), 0)
         AS leads,
       coalesce((SELECT sum(n) FROM share_months t WHERE t.share = s.share AND kind = 'opportunity'), 0)
         AS opportunities
FROM shares s WHERE s.customer = :customer ORDER BY s.first_seen_ms DESC LIMIT :limit;

-- name: branch
-- A share and everything passed along from it, root first, breadth first, with what each brought.
WITH RECURSIVE branch (share, depth) AS (
  SELECT share, 0 FROM shares WHERE share = :share
  UNION ALL
  SELECT s.share, branch.depth + 1 FROM shares s JOIN branch ON s.parent = branch.share WHERE branch.depth < 8
),
node AS (
  SELECT s.*, b.depth FROM branch b JOIN shares s ON s.share = b.share
  WHERE (b.depth, s.first_seen_ms, s.share) > (:depth, :first_seen_ms, :after)
  ORDER BY b.depth, s.first_seen_ms, s.share LIMIT :limit
)
SELECT n.*,
       (SELECT count(*) FROM shares c WHERE c.parent = n.share) AS children,
       coalesce((SELECT sum(visits) FROM share_months t WHERE t.share = n.share AND kind = 'view' AND actor = 'human'), 0)
         AS visits,
       coalesce((SELECT sum(n) FROM share_months t WHERE t.share = n.share AND kind = 'lead' AND actor = 'human'), 0)
         AS leads,
       coalesce((SELECT sum(n) FROM share_months t WHERE t.share = n.share AND kind = 'opportunity'), 0)
         AS opportunities
FROM node n ORDER BY n.depth, n.first_seen_ms, n.share;

-- name: shares_pipeline
-- Money of opportunities credited to some shares (a JSON array of ids), by share and currency.
SELECT c.share AS id, v.currency AS currency, sum(c.amount_minor) AS amount_minor
FROM json_each(:shares) named JOIN credits c ON c.share = named.value JOIN conversions v ON v.id = c.conversion
WHERE v.kind = 'opportunity' AND v.currency IS NOT NULL
GROUP BY c.share, v.currency ORDER BY amount_minor DESC;

-- name: branch_shares
WITH RECURSIVE branch (share, depth) AS (
  SELECT share, 0 FROM shares WHERE share = :share
  UNION ALL
  SELECT s.share, branch.depth + 1 FROM shares s JOIN branch ON s.parent = branch.share WHERE branch.depth < 8
)
SELECT share FROM branch;

-- name: steps
-- How far people came through a walkthrough: views and people a day, by step.
SELECT step, sum(n) AS views, sum(visits) AS visits FROM step_months
WHERE asset = :asset AND actor = 'human' AND (:mechanic IS NULL OR mechanic = :mechanic)
GROUP BY step ORDER BY step;

-- name: share
SELECT * FROM shares WHERE share = :share;

-- name: export_opportunities
SELECT v.external_id, v.kind, v.occurred_at_ms, v.amount_minor, v.currency, v.company_domain, v.unattributed_reason,
       c.customer, c.mechanic, c.share, c.sharer, c.hop, c.micro, c.amount_minor AS credited_minor, c.evidence,
       c.motion, c.why
FROM conversions v LEFT JOIN credits c ON c.conversion = v.id
WHERE v.occurred_at_ms >= :since_ms ORDER BY v.occurred_at_ms, v.id, c.place;
