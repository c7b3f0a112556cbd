-- Reports read counters and conversions, never the ledger itself.

-- name: mechanic_counts
-- What people did, by mechanic.
SELECT mechanic AS id,
       sum(n) FILTER (WHERE kind = 'view' AND actor = 'human') AS views,
       sum(visits) FILTER (WHERE kind <> 'step') AS visits,
       sum(n) FILTER (WHERE kind <> 'step' AND actor IN ('bot', 'unfurler')) AS bots,
       sum(n) FILTER (WHERE kind = 'lead' AND actor = 'human') AS leads,
       sum(n) FILTER (WHERE kind = 'click' AND actor = 'human') AS clicks,
       sum(n) FILTER (WHERE kind = 'afterlife' AND actor = 'human') AS afterlife,
       sum(n) FILTER (WHERE kind = 'prompt' AND actor = 'human') AS prompts
FROM mechanic_days GROUP BY mechanic;

-- name: mechanic_credits
-- What came of it, by the credits as they are now, in millionths.
SELECT mechanic AS id,
       sum(micro) FILTER (WHERE kind = 'signup') AS signups,
       sum(micro) FILTER (WHERE kind = 'opportunity') AS opportunities,
       sum(micro) FILTER (WHERE kind = 'won') AS won
FROM pipeline_months WHERE mechanic <> '' GROUP BY mechanic;

-- name: mechanic_pipeline
SELECT mechanic AS id, currency, sum(amount_minor) AS amount_minor FROM pipeline_months
WHERE kind = 'opportunity' AND mechanic <> '' AND currency <> '' GROUP BY mechanic, currency HAVING sum(micro) <> 0
ORDER BY sum(amount_minor) DESC;

-- name: mechanic_links
SELECT mechanic AS id, sum(n) AS shares, count(*) AS customers FROM links GROUP BY mechanic;

-- name: customer_counts
-- The same of some customers (a JSON array of ids).
SELECT customer AS id,
       sum(n) FILTER (WHERE kind = 'view' AND actor = 'human') AS views,
       sum(visits) FILTER (WHERE kind <> 'step') AS visits,
       sum(n) FILTER (WHERE kind <> 'step' AND actor IN ('bot', 'unfurler')) AS bots,
       sum(n) FILTER (WHERE kind = 'lead' AND actor = 'human') AS leads,
       sum(n) FILTER (WHERE kind = 'click' AND actor = 'human') AS clicks,
       sum(n) FILTER (WHERE kind = 'afterlife' AND actor = 'human') AS afterlife,
       sum(n) FILTER (WHERE kind = 'prompt' AND actor = 'human') AS prompts
FROM json_each(:ids) named JOIN customer_totals t ON t.customer = named.value GROUP BY customer;

-- name: customer_credits
SELECT customer AS id,
       sum(micro) FILTER (WHERE kind = 'signup') AS signups,
       sum(micro) FILTER (WHERE kind = 'opportunity') AS opportunities,
       sum(micro) FILTER (WHERE kind = 'won') AS won
FROM json_each(:ids) named JOIN pipeline_customers t ON t.customer = named.value GROUP BY customer;

-- name: customer_pipeline
SELECT customer AS id, currency, amount_minor
FROM json_each(:ids) named JOIN pipeline_customers t ON t.customer = named.value
WHERE kind = 'opportunity' AND currency <> '' AND micro <> 0 ORDER BY amount_minor DESC;

-- name: customer_links
SELECT customer AS id, sum(n) AS shares FROM json_each(:ids) named JOIN links t ON t.customer = named.value
GROUP BY customer;

-- name: shares_of_customer
SELECT s.*,
       coalesce((SELECT sum(visits) FROM share_months t WHERE t.share = s.share AND kind = 'view' AND actor = 'human'), 0)
         AS visits,
       coalesce((SELECT sum(n) FROM share_months t WHERE t.share = s.share AND kind = 'lead' AND actor = 'human'), 0)
         AS leads,
       (SELECT count(*) FROM credits c WHERE c.share = s.share AND c.kind = 'opportunity') AS opportunities
FROM shares s WHERE s.customer = :customer AND s.channel <> 'prompt' -- an upgrade's leads to no page
ORDER BY s.first_seen_ms DESC LIMIT :limit;

-- name: branch
-- A share and everything passed along from it, root first, breadth first, with what each brought.
WITH RECURSIVE branch (share, depth) AS (
  SELECT share, 0 FROM shares WHERE share = :share
  UNION ALL
  SELECT s.share, branch.depth + 1 FROM shares s JOIN branch ON s.parent = branch.share WHERE branch.depth < :deepest
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
       (SELECT count(*) FROM credits c WHERE c.share = n.share AND c.kind = 'opportunity') AS opportunities
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
WHERE asset = :asset AND actor = 'human' AND (mechanic = :mechanic OR :mechanic IS NULL)
GROUP BY step ORDER BY step;

-- name: share
SELECT * FROM shares WHERE share = :share;

-- name: export_opportunities
SELECT v.external_id, v.kind, v.occurred_at_ms, v.amount_minor, v.currency, v.company_domain, v.unattributed_reason,
       v.version, v.model, v.withdrawn,
       c.customer, c.mechanic, c.share, c.sharer, c.hop, c.micro, c.amount_minor AS credited_minor, c.evidence,
       c.motion, c.why
FROM conversions v LEFT JOIN credits c ON c.conversion = v.id
WHERE v.occurred_at_ms >= :since_ms ORDER BY v.occurred_at_ms, v.id, c.place;
