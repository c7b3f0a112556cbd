-- Mechanics over time, from their counters by day and from the index of credits by mechanic and day. (Asked in an order
-- of its own, and told so: a file without statistics would be read from its other end.)

-- name: visits_by_week
-- Of some mechanics (a JSON array of keys), week by week (a JSON array of [first, last]).
SELECT named.value AS mechanic, week.key AS week, sum(d.visits) AS visits
FROM json_each(:mechanics) named CROSS JOIN json_each(:weeks) week CROSS JOIN mechanic_days d
WHERE d.mechanic = named.value AND d.kind = 'view' AND d.actor = 'human'
  AND d.day BETWEEN CAST(week.value ->> 0 AS BIGINT) AND CAST(week.value ->> 1 AS BIGINT)
GROUP BY named.value, week.key;

-- name: credits_by_week
SELECT named.value AS mechanic, week.key AS week, sum(c.micro) AS micro
FROM json_each(:mechanics) named CROSS JOIN json_each(:weeks) week CROSS JOIN credits c INDEXED BY credits_by_mechanic
WHERE c.mechanic = named.value AND c.kind = 'opportunity'
  AND c.day BETWEEN CAST(week.value ->> 0 AS BIGINT) AND CAST(week.value ->> 1 AS BIGINT)
GROUP BY named.value, week.key;

-- name: visits_by_day
SELECT day, visits FROM mechanic_days
WHERE mechanic = :mechanic AND day BETWEEN :first AND :last AND kind = 'view' AND actor = 'human';

-- name: credits_by_day
-- What is credited to a mechanic, in millionths of an opportunity.
SELECT day, sum(micro) AS micro FROM credits INDEXED BY credits_by_mechanic
WHERE mechanic = :mechanic AND kind = 'opportunity' AND day BETWEEN :first AND :last GROUP BY day;

-- name: answers_by_day
-- How the buyers of opportunities said they had heard.
SELECT day, count(*) AS opportunities, sum(answered) AS answered, sum(named) AS named
FROM conversions INDEXED BY conversions_answered
WHERE kind = 'opportunity' AND day BETWEEN :first AND :last AND withdrawn = 0 GROUP BY day;
