-- The counters against the ledger and the credits: rebuilt from nothing, every row that differs. What is counted beside
-- `n` (visits, or money) is shown as a kind of its own.

-- name: differences
WITH
-- What was appended since a moment ago is counted in a moment: it is neither here nor there yet.
ledger AS NOT MATERIALIZED (
  SELECT * FROM events WHERE seq <= (SELECT seq FROM counted)
),
visit AS (
  SELECT min(seq) AS seq FROM ledger
  WHERE kind IN ('view', 'step') AND actor = 'human' AND visitor <> 0
  GROUP BY visitor, share, iif(kind = 'step', coalesce(CAST(ref AS INTEGER), 0), 0)
),
happened AS ( -- looked up in a set; a join would read all visits for every event
  SELECT e.*, CASE WHEN e.seq IN (SELECT seq FROM visit) THEN 1 ELSE 0 END AS visit FROM ledger e
),
rebuilt AS (
  SELECT 'mechanic_days' AS counter, coalesce(mechanic, '') || '/' || day AS subject, kind, actor,
         count(*) AS n, sum(visit) AS visits
    FROM happened WHERE customer IS NOT NULL GROUP BY mechanic, day, kind, actor
  UNION ALL
  SELECT 'customer_months',
         customer || '/' || (day / 100) || '/' || coalesce(mechanic, '') || '/' || coalesce(asset, ''), kind, actor,
         count(*), sum(visit)
    FROM happened WHERE customer IS NOT NULL GROUP BY customer, day / 100, mechanic, asset, kind, actor
  UNION ALL
  SELECT 'share_months', share || '/' || (day / 100), kind, actor, count(*), sum(visit)
    FROM happened WHERE share IS NOT NULL GROUP BY share, day / 100, kind, actor
  UNION ALL
  SELECT 'step_months',
         coalesce(asset, '') || '/' || (day / 100) || '/' || coalesce(CAST(ref AS INTEGER), 0) || '/'
         || coalesce(mechanic, ''), kind, actor, count(*), sum(visit)
    FROM happened WHERE kind = 'step' GROUP BY asset, day / 100, coalesce(CAST(ref AS INTEGER), 0), mechanic, kind, actor
  UNION ALL
  SELECT 'customer_totals', customer, kind, actor, count(*), sum(visit)
    FROM happened WHERE customer IS NOT NULL GROUP BY customer, kind, actor
  UNION ALL
  SELECT 'links', customer || '/' || mechanic, 'share', '', count(*), 0 FROM shares GROUP BY customer, mechanic
  UNION ALL
  SELECT 'spread_months', (day / 100) || '/' || hop, 'lead', '', count(*), 0 FROM ledger
    WHERE kind = 'lead' AND actor = 'human' AND customer IS NOT NULL GROUP BY day / 100, hop
  UNION ALL
  SELECT 'spread_parts',
         e.customer || '/' || (e.day / 100) || '/' || coalesce(e.mechanic, '') || '/' || coalesce(e.asset, '') || '/'
         || coalesce(s.channel, '') || '/' || e.hop, 'lead', '', count(*), 0
    FROM ledger e LEFT JOIN shares s ON s.share = e.share
    WHERE e.kind = 'lead' AND e.actor = 'human' AND e.customer IS NOT NULL
    GROUP BY e.customer, e.day / 100, e.mechanic, e.asset, s.channel, e.hop
  UNION ALL
  SELECT 'conversion_months', (day / 100) || '/' || coalesce(currency, '') || '/' || attributed, kind, '', count(*),
         sum(coalesce(amount_minor, 0))
    FROM conversions WHERE withdrawn = 0 GROUP BY day / 100, currency, attributed, kind
  UNION ALL
  SELECT 'pipeline_customers', customer || '/' || currency, kind, '', sum(micro), sum(coalesce(amount_minor, 0))
    FROM credits GROUP BY customer, currency, kind
  UNION ALL
  SELECT 'pipeline_months', (day / 100) || '/' || coalesce(mechanic, '') || '/' || motion || '/' || currency,
         kind, '', sum(micro), sum(coalesce(amount_minor, 0))
    FROM credits GROUP BY day / 100, mechanic, motion, currency, kind
  UNION ALL
  SELECT 'pipeline_grades', (day / 100) || '/' || evidence || '/' || hop, kind, '', sum(micro), 0
    FROM credits GROUP BY day / 100, evidence, hop, kind
  UNION ALL
  SELECT 'pipeline_parts',
         c.customer || '/' || (c.day / 100) || '/' || coalesce(c.mechanic, '') || '/' || coalesce(c.asset, '') || '/'
         || coalesce(s.channel, '') || '/' || c.hop || '/' || c.motion || '/' || c.evidence || '/' || c.currency,
         c.kind, '', sum(c.micro), sum(coalesce(c.amount_minor, 0))
    FROM credits c LEFT JOIN shares s ON s.share = c.share
    GROUP BY c.customer, c.day / 100, c.mechanic, c.asset, s.channel, c.hop, c.motion, c.evidence, c.currency, c.kind
  UNION ALL
  -- CROSS: the ledger is read once, not once for each piece.
  SELECT 'pieces', p.id, 'first and last visit', 'human', min(e.day), max(e.day)
    FROM ledger e CROSS JOIN pieces p
    WHERE p.share = e.share AND e.kind = 'view' AND e.actor = 'human' AND e.visitor <> 0 GROUP BY p.id
),
kept AS (
  SELECT 'mechanic_days' AS counter, mechanic || '/' || day AS subject, kind, actor, n, visits FROM mechanic_days
  UNION ALL
  SELECT 'customer_months', customer || '/' || month || '/' || mechanic || '/' || asset, kind, actor, n, visits
    FROM customer_months
  UNION ALL
  SELECT 'share_months', share || '/' || month, kind, actor, n, visits FROM share_months
  UNION ALL
  SELECT 'step_months', asset || '/' || month || '/' || step || '/' || mechanic, 'step', actor, n, visits
    FROM step_months
  UNION ALL
  SELECT 'customer_totals', customer, kind, actor, n, visits FROM customer_totals
  UNION ALL
  SELECT 'links', customer || '/' || mechanic, 'share', '', n, 0 FROM links
  UNION ALL
  SELECT 'spread_months', month || '/' || hop, 'lead', '', n, 0 FROM spread_months
  UNION ALL
  SELECT 'spread_parts',
         customer || '/' || month || '/' || mechanic || '/' || asset || '/' || channel || '/' || hop, 'lead', '', n, 0
    FROM spread_parts
  UNION ALL
  SELECT 'conversion_months', month || '/' || currency || '/' || attributed, kind, '', n, amount_minor
    FROM conversion_months
  UNION ALL
  SELECT 'pipeline_customers', customer || '/' || currency, kind, '', micro, amount_minor FROM pipeline_customers
  UNION ALL
  SELECT 'pipeline_months', month || '/' || mechanic || '/' || motion || '/' || currency, kind, '', micro, amount_minor
    FROM pipeline_months
  UNION ALL
  SELECT 'pipeline_grades', month || '/' || evidence || '/' || hop, kind, '', micro, 0 FROM pipeline_grades
  UNION ALL
  SELECT 'pipeline_parts',
         customer || '/' || month || '/' || mechanic || '/' || asset || '/' || channel || '/' || hop || '/' || motion
         || '/' || evidence || '/' || currency, kind, '', micro, amount_minor FROM pipeline_parts
  UNION ALL
  SELECT 'pieces', id, 'first and last visit', 'human', first_visit_day, last_visit_day FROM pieces
    WHERE first_visit_day IS NOT NULL
)
SELECT counter, subject, kind, actor, sum(kept) AS kept, sum(rebuilt) AS rebuilt FROM (
  SELECT counter, subject, kind, actor, n AS kept, 0 AS rebuilt FROM kept
  UNION ALL
  SELECT counter, subject, iif(actor = '', 'money', 'visit'), actor, visits, 0 FROM kept
  UNION ALL
  SELECT counter, subject, kind, actor, 0, n FROM rebuilt
  UNION ALL
  SELECT counter, subject, iif(actor = '', 'money', 'visit'), actor, 0, visits FROM rebuilt
) both_ways
GROUP BY counter, subject, kind, actor HAVING sum(kept) <> sum(rebuilt)
ORDER BY counter, subject, kind, actor;
