-- The one metric and what stands beside it. Counters alone: a year of ten million events is a few hundred rows.

-- name: known
-- Every opportunity that is known, with whether it carries a customer's name, and its money.
SELECT month, attributed, currency, n, amount_minor FROM conversion_months
WHERE kind = 'opportunity' AND month BETWEEN :first AND :last AND n <> 0;

-- name: attributed
-- Conversions of each kind in a month that carry a customer's name.
SELECT kind, sum(n) AS n FROM conversion_months WHERE month = :month AND attributed = 1
  AND kind IN ('signup', 'trial', 'opportunity', 'won', 'lost') GROUP BY kind;

-- name: sources
-- What opportunities are credited to, in millionths of one.
SELECT month, mechanic, motion, currency, micro, amount_minor FROM pipeline_months
WHERE kind = 'opportunity' AND month BETWEEN :first AND :last AND micro <> 0
ORDER BY month, amount_minor DESC, mechanic, motion, currency;

-- name: grades
-- By how sure that is, and how far the link had travelled.
SELECT month, evidence, hop, micro FROM pipeline_grades
WHERE kind = 'opportunity' AND month BETWEEN :first AND :last AND micro <> 0;

-- name: won
-- Money of what was won by some mechanics (a JSON array of keys).
SELECT month, currency, sum(amount_minor) AS amount_minor FROM pipeline_months
WHERE kind = 'won' AND month BETWEEN :first AND :last AND currency <> ''
  AND mechanic IN (SELECT value FROM json_each(:mechanics))
GROUP BY month, currency;

-- name: parts_of_customers
-- All of it at once, of some customers (a JSON array of ids).
SELECT month, kind, mechanic, hop, motion, evidence, currency, sum(micro) AS micro, sum(amount_minor) AS amount_minor
FROM json_each(:customers) named JOIN pipeline_parts p ON p.customer = named.value
WHERE month BETWEEN :first AND :last
  AND (asset = :asset OR :asset IS NULL) AND (channel = :channel OR :channel IS NULL)
GROUP BY month, kind, mechanic, hop, motion, evidence, currency HAVING sum(micro) <> 0;

-- name: parts_of_asset
SELECT month, kind, mechanic, hop, motion, evidence, currency, sum(micro) AS micro, sum(amount_minor) AS amount_minor
FROM pipeline_parts WHERE asset = :asset AND month BETWEEN :first AND :last
  AND (channel = :channel OR :channel IS NULL)
GROUP BY month, kind, mechanic, hop, motion, evidence, currency HAVING sum(micro) <> 0;

-- name: parts_of_channel
SELECT month, kind, mechanic, hop, motion, evidence, currency, sum(micro) AS micro, sum(amount_minor) AS amount_minor
FROM pipeline_parts WHERE channel = :channel AND month BETWEEN :first AND :last
GROUP BY month, kind, mechanic, hop, motion, evidence, currency HAVING sum(micro) <> 0;

-- name: spread
-- How far new leads had travelled.
SELECT month, hop, n FROM spread_months WHERE month BETWEEN :first AND :last;

-- name: spread_of_customers
SELECT month, hop, sum(n) AS n FROM json_each(:customers) named JOIN spread_parts p ON p.customer = named.value
WHERE month BETWEEN :first AND :last
  AND (asset = :asset OR :asset IS NULL) AND (channel = :channel OR :channel IS NULL) GROUP BY month, hop;

-- name: spread_of_asset
SELECT month, hop, sum(n) AS n FROM spread_parts WHERE asset = :asset AND month BETWEEN :first AND :last
  AND (channel = :channel OR :channel IS NULL) GROUP BY month, hop;

-- name: spread_of_channel
SELECT month, hop, sum(n) AS n FROM spread_parts WHERE channel = :channel AND month BETWEEN :first AND :last
GROUP BY month, hop;

-- name: funnel
-- What people did between two days, as far as it carries a customer's name: a few rows of each mechanic (a JSON array).
SELECT kind, sum(n) AS n, sum(visits) AS visits
FROM json_each(:mechanics) named JOIN mechanic_days d ON d.mechanic = named.value
WHERE day BETWEEN :first_day AND :last_day AND actor = 'human' GROUP BY kind;

-- name: firsts
-- The day of the first opportunity credited to each of some mechanics (a JSON array of keys), by the same slices.
SELECT named.value AS mechanic, (
  SELECT min(c.day) FROM credits c LEFT JOIN shares s ON s.share = c.share
  WHERE c.mechanic = named.value AND c.kind = 'opportunity'
    AND (c.customer IN (SELECT value FROM json_each(:customers)) OR :customers IS NULL)
    AND (c.asset = :asset OR :asset IS NULL) AND (s.channel = :channel OR :channel IS NULL)
) AS day
FROM json_each(:mechanics) named;

-- name: first
SELECT named.value AS mechanic, (
  SELECT min(day) FROM credits c WHERE c.mechanic = named.value AND c.kind = 'opportunity'
) AS day
FROM json_each(:mechanics) named;
