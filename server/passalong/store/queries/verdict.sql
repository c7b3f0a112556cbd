-- What a verdict is made from. Counters alone, but for the answers, of which there is one an opportunity.

-- name: visits
-- Visits of some mechanics (a JSON array of {key, launched, ripe, away}) since their launch, and those of them up to the
-- day `ripe`. Days inside of which a mechanic was `away` do not count. (Asked mechanic by mechanic, and told so: a file
-- without statistics would be read from its other end.)
WITH asked AS MATERIALIZED (
  SELECT value ->> 'key' AS mechanic, CAST(value ->> 'launched' AS BIGINT) AS launched,
         CAST(value ->> 'ripe' AS BIGINT) AS ripe, value ->> 'away' AS away
  FROM json_each(:mechanics)
)
SELECT a.mechanic, sum(d.visits) AS visits, sum(d.visits) FILTER (WHERE d.day <= a.ripe) AS ripe
FROM asked a CROSS JOIN mechanic_days d
WHERE d.mechanic = a.mechanic AND d.day >= a.launched AND d.kind = 'view' AND d.actor = 'human' AND NOT EXISTS (
  SELECT 1 FROM json_each(a.away) span
  WHERE d.day > CAST(span.value ->> 0 AS BIGINT) AND d.day < CAST(span.value ->> 1 AS BIGINT))
GROUP BY a.mechanic;

-- name: opportunities
-- What is credited to them since their launch, in millionths of an opportunity: whole months, and the rest of the first.
WITH asked AS MATERIALIZED (
  SELECT value ->> 'key' AS mechanic, CAST(value ->> 'launched' AS BIGINT) AS launched FROM json_each(:mechanics)
)
SELECT mechanic, sum(micro) AS micro FROM (
  SELECT p.mechanic, p.micro FROM asked a
  CROSS JOIN pipeline_months p WHERE p.kind = 'opportunity' AND p.month > a.launched / 100 AND p.mechanic = a.mechanic
  UNION ALL
  SELECT c.mechanic, c.micro FROM asked a
  CROSS JOIN credits c INDEXED BY credits_by_mechanic
  WHERE c.mechanic = a.mechanic AND c.kind = 'opportunity' AND c.day BETWEEN a.launched AND a.launched / 100 * 100 + 99
) credited GROUP BY mechanic;

-- name: latest
-- The day of the last opportunity of some mechanics (a JSON array of {key}).
SELECT named.value ->> 'key' AS mechanic, (
  SELECT max(day) FROM credits c WHERE c.mechanic = named.value ->> 'key' AND c.kind = 'opportunity'
) AS day
FROM json_each(:mechanics) named;

-- name: answers
-- How the buyers of opportunities of some days said they had heard: to the vendor with the conversion, or at a gate.
SELECT count(*) AS opportunities,
       coalesce(sum(v.answered), 0) AS answered, coalesce(sum(v.named), 0) AS named,
       max(v.day) FILTER (WHERE v.named = 1) AS latest
FROM conversions v INDEXED BY conversions_answered
WHERE v.kind = 'opportunity' AND v.day BETWEEN :first AND :last AND v.withdrawn = 0;
