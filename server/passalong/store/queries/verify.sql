-- The counters against the ledger: rebuilt from nothing, every row that differs. Visits are shown as a kind of their own.
WITH
visit AS (
  SELECT min(seq) AS seq FROM events
  WHERE kind IN ('view', 'step') AND actor = 'human' AND visitor <> 0
  GROUP BY visitor, share, iif(kind = 'step', coalesce(CAST(ref AS INTEGER), 0), 0)
),
happened AS (
  SELECT e.*, v.seq IS NOT NULL AS visit FROM events e LEFT JOIN visit v ON v.seq = e.seq
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
)
SELECT counter, subject, kind, actor, sum(kept) AS kept, sum(rebuilt) AS rebuilt FROM (
  SELECT counter, subject, kind, actor, n AS kept, 0 AS rebuilt FROM kept
  UNION ALL
  SELECT counter, subject, 'visit', actor, visits, 0 FROM kept
  UNION ALL
  SELECT counter, subject, kind, actor, 0, n FROM rebuilt
  UNION ALL
  SELECT counter, subject, 'visit', actor, 0, visits FROM rebuilt
)
GROUP BY counter, subject, kind, actor HAVING sum(kept) <> sum(rebuilt)
ORDER BY counter, subject, kind, actor;
