-- What a verdict is made from. Counters alone, but for the answers, of which there is one an opportunity.

-- name: visits
-- Visits of some mechanics (a JSON array of {key, ripe}), and those of them up to the day `ripe`.
SELECT named.value ->> 'key' AS mechanic, sum(d.visits) AS visits,
       sum(d.visits) FILTER (WHERE d.day <= named.value ->> 'ripe') AS ripe
FROM json_each(:mechanics) named JOIN mechanic_days d ON d.mechanic = named.value ->> 'key'
WHERE d.kind = 'view' AND d.actor = 'human' GROUP BY 1;

-- name: opportunities
-- What is credited to mechanics, in millionths of an opportunity.
SELECT mechanic, sum(micro) AS micro FROM pipeline_months WHERE kind = 'opportunity' GROUP BY mechanic;

-- name: latest
-- The day of the last opportunity of some mechanics (a JSON array of {key}).
SELECT named.value ->> 'key' AS mechanic, (
  SELECT max(day) FROM credits c WHERE c.mechanic = named.value ->> 'key' AND c.kind = 'opportunity'
) AS day
FROM json_each(:mechanics) named;

-- name: answers
-- How the buyers of opportunities of some days said they had heard: to the vendor with the conversion, or at a gate.
SELECT count(*) AS opportunities,
       coalesce(sum(v.heard_from IS NOT NULL OR EXISTS (
         SELECT 1 FROM contacts m JOIN leads l ON l.id = m.lead WHERE m.conversion = v.id AND l.heard_from <> '')), 0)
         AS answered,
       count(t.conversion) AS named, max(v.day) FILTER (WHERE t.conversion IS NOT NULL) AS latest
FROM conversions v
LEFT JOIN touchpoints t ON t.conversion = v.id AND t.via = 'heard_from' -- one answer, so one row at most
WHERE v.kind = 'opportunity' AND v.day BETWEEN :first AND :last AND NOT v.withdrawn;
