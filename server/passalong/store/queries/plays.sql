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
-- Opportunities credited to a customer within so long after a play of a rule was done for it, each once a rule.
SELECT name, customer, currency, sum(micro) AS micro, sum(amount_minor) AS amount_minor FROM (
  SELECT DISTINCT p.rule AS name, p.customer, c.conversion, c.place, c.micro, c.currency,
         coalesce(c.amount_minor, 0) AS amount_minor
  FROM plays p JOIN credits c ON c.customer = p.customer AND c.kind = 'opportunity'
    JOIN conversions v ON v.id = c.conversion
  WHERE p.state = 'done' AND v.withdrawn = 0
    AND v.occurred_at_ms > p.closed_at_ms AND v.occurred_at_ms <= p.closed_at_ms + :within_ms
) GROUP BY name, customer, currency;

-- name: followed_kinds
-- The same, each once a kind of play.
SELECT name, customer, currency, sum(micro) AS micro, sum(amount_minor) AS amount_minor FROM (
  SELECT DISTINCT p.kind AS name, p.customer, c.conversion, c.place, c.micro, c.currency,
         coalesce(c.amount_minor, 0) AS amount_minor
  FROM plays p JOIN credits c ON c.customer = p.customer AND c.kind = 'opportunity'
    JOIN conversions v ON v.id = c.conversion
  WHERE p.state = 'done' AND v.withdrawn = 0
    AND v.occurred_at_ms > p.closed_at_ms AND v.occurred_at_ms <= p.closed_at_ms + :within_ms
) GROUP BY name, customer, currency;
