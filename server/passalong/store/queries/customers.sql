-- What customers brought, told apart by motion, and what happened to one of them.

-- name: brought
-- By the credits as they are now, in millionths.
SELECT customer, motion, kind, currency, sum(micro) AS micro, sum(amount_minor) AS amount_minor FROM pipeline_parts
WHERE kind IN ('opportunity', 'won')
GROUP BY customer, motion, kind, currency;

-- name: brought_of
SELECT customer, motion, kind, currency, sum(micro) AS micro, sum(amount_minor) AS amount_minor FROM pipeline_parts
WHERE customer = :customer AND kind IN ('opportunity', 'won') GROUP BY customer, motion, kind, currency;

-- name: moments
-- What has a moment of its own, newest first, from below (:before_ms, :before): each source gives as many as are asked
-- for, so that none is read to its end. The share is the first one; a lead says where somebody works, never who it is.
SELECT * FROM (
  SELECT * FROM (
    SELECT first_seen_ms AS at_ms, 'share/' || share AS key, 'share' AS kind, share AS subject, asset AS title,
           channel AS detail, mechanic, CAST(NULL AS TEXT) AS motion, CAST(NULL AS BIGINT) AS micro,
           CAST(NULL AS BIGINT) AS amount_minor, CAST(NULL AS TEXT) AS currency, 1 AS count
    FROM shares WHERE customer = :customer AND channel <> 'prompt' ORDER BY first_seen_ms LIMIT 1) first_share
  UNION ALL SELECT * FROM (
    SELECT created_at_ms, 'lead/' || id, 'lead', id, coalesce(domain, ''), asset, mechanic, motion,
           CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), NULL, 1
    FROM leads WHERE customer = :customer AND created_at_ms <= :before_ms
      AND (created_at_ms, 'lead/' || id) < (:before_ms, :before)
    ORDER BY created_at_ms DESC, id DESC LIMIT :limit) came
  UNION ALL SELECT * FROM (
    -- The motion and mechanic of its largest part, where a model has divided it.
    SELECT v.occurred_at_ms, v.kind || '/' || v.id, v.kind, v.id, v.external_id, c.evidence, c.mechanic, c.motion, c.micro,
           c.amount_minor, v.currency, 1
    FROM (SELECT conversion, mechanic, motion, evidence,
                 sum(micro) OVER part AS micro, sum(amount_minor) OVER part AS amount_minor,
                 row_number() OVER (PARTITION BY conversion ORDER BY micro DESC, place) AS rank
          FROM credits WHERE customer = :customer WINDOW part AS (PARTITION BY conversion)) c
      JOIN conversions v ON v.id = c.conversion AND c.rank = 1
    WHERE (v.occurred_at_ms, v.kind || '/' || v.id) < (:before_ms, :before)
    ORDER BY v.occurred_at_ms DESC, v.kind || '/' || v.id DESC LIMIT :limit) brought
  UNION ALL SELECT * FROM (
    SELECT created_at_ms, 'play/' || id, 'play', id, title, owner, NULL, NULL, CAST(NULL AS BIGINT),
           CAST(NULL AS BIGINT), NULL, 1
    FROM plays WHERE customer = :customer AND created_at_ms <= :before_ms
      AND (created_at_ms, 'play/' || id) < (:before_ms, :before)
    ORDER BY created_at_ms DESC, id DESC LIMIT :limit) advised
  UNION ALL SELECT * FROM (
    SELECT closed_at_ms, 'play_' || state || '/' || id, 'play_' || state, id, title, coalesce(by, owner),
           NULL, NULL, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), NULL, 1
    FROM plays WHERE customer = :customer AND closed_at_ms IS NOT NULL
      AND (closed_at_ms, 'play_' || state || '/' || id) < (:before_ms, :before)
    ORDER BY closed_at_ms DESC, 'play_' || state || '/' || id DESC LIMIT :limit) acted
  UNION ALL SELECT * FROM (
    SELECT coalesce(published_at_ms, created_at_ms), 'piece/' || id, 'piece', id, title, kind, mechanic,
           NULL, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), NULL, 1
    FROM pieces WHERE customer = :customer
      AND (coalesce(published_at_ms, created_at_ms), 'piece/' || id) < (:before_ms, :before)
    ORDER BY coalesce(published_at_ms, created_at_ms) DESC, id DESC LIMIT :limit) placed
  UNION ALL SELECT * FROM (
    SELECT withdrawn_at_ms, 'piece_withdrawn/' || id, 'piece_withdrawn', id, title, kind, mechanic,
           NULL, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), NULL, 1
    FROM pieces WHERE customer = :customer AND withdrawn_at_ms IS NOT NULL
      AND (withdrawn_at_ms, 'piece_withdrawn/' || id) < (:before_ms, :before)
    ORDER BY withdrawn_at_ms DESC, id DESC LIMIT :limit) withdrew
) moments WHERE (at_ms, key) < (:before_ms, :before) ORDER BY at_ms DESC, key DESC LIMIT :limit;

-- name: prompts
-- How many prompts were shown to a customer's people, by month and mechanic: their days are not kept by customer.
SELECT month, mechanic, sum(n) AS count FROM customer_months
WHERE customer = :customer AND kind = 'prompt' AND actor = 'human' GROUP BY month, mechanic;

-- name: newest_signal
SELECT occurred_at_ms AS at_ms FROM signals WHERE customer = :customer AND occurred_at_ms <= :until_ms
ORDER BY occurred_at_ms DESC LIMIT 1;

-- name: signals_between
-- Of one day, by kind.
SELECT max(occurred_at_ms) AS at_ms, kind AS title, count(*) AS count FROM signals
WHERE customer = :customer AND occurred_at_ms >= :first_ms AND occurred_at_ms < :end_ms GROUP BY kind;

-- name: newest_invitation
SELECT at_ms FROM invitations WHERE customer = :customer AND at_ms <= :until_ms ORDER BY at_ms DESC LIMIT 1;

-- name: invitations_between
-- How many colleagues were invited on one day; who they are is nobody's business.
SELECT max(at_ms) AS at_ms, asset AS title, mechanic, count(*) AS count
FROM invitations
WHERE customer = :customer AND at_ms >= :first_ms AND at_ms < :end_ms GROUP BY mechanic, asset;
