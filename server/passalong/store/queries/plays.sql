-- Plays and what followed them. What came after is told beside a play; that it came of it is nowhere claimed.

-- name: counts
-- Plays of each rule, by kind and state, and to how many customers.
SELECT rule, kind, state, count(*) AS n FROM plays GROUP BY rule, kind, state;

-- name: customers_of_rules
SELECT rule AS name, count(DISTINCT customer) AS n FROM plays GROUP BY rule;

-- name: customers_of_kinds
SELECT kind AS name, count(DISTINCT customer) AS n FROM plays GROUP BY kind;

-- name: kept_back
SELECT rule, reason, times FROM held_back;

-- name: followed_rules
-- Credits of opportunities to a customer within so long after a play of a rule was done for it, or a little before.
SELECT p.rule AS name, p.customer, c.conversion, c.place, c.currency, c.micro, coalesce(c.amount_minor, 0),
       p.closed_at_ms, v.occurred_at_ms
FROM plays p JOIN credits c ON c.customer = p.customer AND c.kind = 'opportunity'
  JOIN conversions v ON v.id = c.conversion
WHERE p.state = 'done' AND v.withdrawn = 0
  AND v.occurred_at_ms > p.closed_at_ms - :spare_ms AND v.occurred_at_ms <= p.closed_at_ms + :within_ms;

-- name: followed_kinds
-- The same by kind of play.
SELECT p.kind AS name, p.customer, c.conversion, c.place, c.currency, c.micro, coalesce(c.amount_minor, 0),
       p.closed_at_ms, v.occurred_at_ms
FROM plays p JOIN credits c ON c.customer = p.customer AND c.kind = 'opportunity'
  JOIN conversions v ON v.id = c.conversion
WHERE p.state = 'done' AND v.withdrawn = 0
  AND v.occurred_at_ms > p.closed_at_ms - :spare_ms AND v.occurred_at_ms <= p.closed_at_ms + :within_ms;
