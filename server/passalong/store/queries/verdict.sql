-- What a verdict is made from. Counters alone, but for the answers, of which there is one an opportunity.

-- name: visits
-- Visits of some mechanics (a JSON array of {key, launched, ripe, away}) since their launch, and those of them up to the
-- day `ripe`. Days inside of which a mechanic was `away` do not count.
SELECT named.value ->> 'key' AS mechanic, sum(d.visits) AS visits,
       sum(d.visits) FILTER (WHERE d.day <= named.value ->> 'ripe') AS ripe
FROM json_each(:mechanics) named
JOIN mechanic_days d ON d.mechanic = named.value ->> 'key' AND d.day >= named.value ->> 'launched'
WHERE d.kind = 'view' AND d.actor = 'human' AND NOT EXISTS (
  SELECT 1 FROM json_each(named.value, '$.away') away WHERE d.day > away.value ->> 0 AND d.day < away.value ->> 1)
GROUP BY 1;

-- name: opportunities
-- What is credited to them since their launch, in millionths of an opportunity: whole months, and the rest of the first.
SELECT mechanic, sum(micro) AS micro FROM (
  SELECT p.mechanic, p.micro FROM json_each(:mechanics) named
  JOIN pipeline_months p ON p.kind = 'opportunity' AND p.month > (named.value ->> 'launched') / 100
    AND p.mechanic = named.value ->> 'key'
  UNION ALL
  SELECT c.mechanic, c.micro FROM json_each(:mechanics) named
  JOIN credits c ON c.mechanic = named.value ->> 'key' AND c.kind = 'opportunity'
    AND c.day BETWEEN named.value ->> 'launched' AND (named.value ->> 'launched') / 100 * 100 + 99
) GROUP BY mechanic;

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
       max(v.day) FILTER (WHERE v.named) AS latest
FROM conversions v
WHERE v.kind = 'opportunity' AND v.day BETWEEN :first AND :last AND NOT v.withdrawn;
