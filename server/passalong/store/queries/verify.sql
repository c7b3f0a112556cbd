-- The counters against the ledger: rebuilt from nothing, every row that differs.
WITH
visit AS (
  SELECT DISTINCT visitor, share, mechanic, customer, asset, day FROM events
  WHERE kind = 'view' AND actor = 'human' AND visitor <> 0
),
happened AS (
  SELECT mechanic, customer, asset, share, day, kind, actor FROM events
  UNION ALL
  SELECT mechanic, customer, asset, share, day, 'visit', 'human' FROM visit
),
rebuilt AS (
  SELECT 'mechanic_days' AS counter, coalesce(mechanic, '') || '/' || day AS subject, kind, actor, count(*) AS n
    FROM happened WHERE customer IS NOT NULL GROUP BY mechanic, day, kind, actor
  UNION ALL
  SELECT 'customer_months', customer || '/' || (day / 100) || '/' || coalesce(mechanic, ''), kind, actor, count(*)
    FROM happened WHERE customer IS NOT NULL GROUP BY customer, day / 100, mechanic, kind, actor
  UNION ALL
  SELECT 'asset_months', asset || '/' || (day / 100), kind, actor, count(*)
    FROM happened WHERE asset IS NOT NULL GROUP BY asset, day / 100, kind, actor
  UNION ALL
  SELECT 'share_totals', share, kind, actor, count(*)
    FROM happened WHERE share IS NOT NULL GROUP BY share, kind, actor
),
kept AS (
  SELECT 'mechanic_days' AS counter, mechanic || '/' || day AS subject, kind, actor, n FROM mechanic_days
  UNION ALL
  SELECT 'customer_months', customer || '/' || month || '/' || mechanic, kind, actor, n FROM customer_months
  UNION ALL
  SELECT 'asset_months', asset || '/' || month, kind, actor, n FROM asset_months
  UNION ALL
  SELECT 'share_totals', share, kind, actor, n FROM share_totals
)
SELECT counter, subject, kind, actor, sum(kept) AS kept, sum(rebuilt) AS rebuilt FROM (
  SELECT counter, subject, kind, actor, n AS kept, 0 AS rebuilt FROM kept
  UNION ALL
  SELECT counter, subject, kind, actor, 0, n FROM rebuilt
)
GROUP BY counter, subject, kind, actor HAVING sum(kept) <> sum(rebuilt)
ORDER BY counter, subject, kind, actor;
