-- What came of a customer's sharing, by share and month, from the counters alone. A share that nobody passed along to
-- the customer (a root) stands for everything that was passed along from it. Numbers leave here as they are; what may
-- be told of them is domain/receipt.py's to say, for each part before any sum is made. An invitation's link is one
-- person's, so it is told of in the sum alone; an upgrade is nobody's sharing.

-- name: roots
SELECT * FROM shares
WHERE customer = :customer AND parent IS NULL AND channel <> 'prompt'
  AND NOT EXISTS (SELECT 1 FROM invitations i WHERE i.share = shares.share) AND ((first_seen_ms, share) < (
  SELECT first_seen_ms, share FROM shares WHERE share = :before AND customer = :customer
) OR :before IS NULL)
ORDER BY first_seen_ms DESC, share DESC LIMIT :limit;

-- name: root
SELECT * FROM shares WHERE share = :share AND customer = :customer AND parent IS NULL
  AND channel <> 'prompt' AND NOT EXISTS (SELECT 1 FROM invitations i WHERE i.share = shares.share);

-- name: months
-- Of each root between two, inclusive: visits, leads and opportunities a month.
WITH RECURSIVE branch (root, share, depth) AS (
  SELECT share, share, 0 FROM shares
  WHERE customer = :customer AND parent IS NULL
    AND (first_seen_ms, share) BETWEEN (:first_ms, :first) AND (:last_ms, :last)
  UNION ALL
  SELECT b.root, s.share, b.depth + 1 FROM shares s JOIN branch b ON s.parent = b.share WHERE b.depth < 8
)
SELECT b.root AS share, t.month AS month, t.kind AS kind,
       sum(CASE t.kind WHEN 'view' THEN t.visits ELSE t.n END) AS n
FROM branch b JOIN share_months t ON t.share = b.share
WHERE t.kind IN ('view', 'lead') AND t.actor = 'human'
GROUP BY b.root, t.month, t.kind
UNION ALL
SELECT b.root, c.day / 100, c.kind, count(*) FROM branch b JOIN credits c ON c.share = b.share
WHERE c.kind = 'opportunity' GROUP BY b.root, c.day / 100, c.kind;

-- name: hops
-- Of each root between two, inclusive: how many links were made at each hop from it.
WITH RECURSIVE branch (root, share, depth) AS (
  SELECT share, share, 0 FROM shares
  WHERE customer = :customer AND parent IS NULL
    AND (first_seen_ms, share) BETWEEN (:first_ms, :first) AND (:last_ms, :last)
  UNION ALL
  SELECT b.root, s.share, b.depth + 1 FROM shares s JOIN branch b ON s.parent = b.share WHERE b.depth < 8
)
SELECT root AS share, depth AS hop, count(*) AS n FROM branch WHERE depth > 0 GROUP BY root, depth ORDER BY root, depth;

-- name: everything
-- Over all roots: how often a root has the same number in a month, so that a few rows stand for thousands of shares.
WITH RECURSIVE branch (root, share, depth) AS (
  SELECT share, share, 0 FROM shares WHERE customer = :customer AND parent IS NULL AND channel <> 'prompt'
  UNION ALL
  SELECT b.root, s.share, b.depth + 1 FROM shares s JOIN branch b ON s.parent = b.share WHERE b.depth < 8
),
part AS (
  SELECT t.month AS month, t.kind AS kind, sum(CASE t.kind WHEN 'view' THEN t.visits ELSE t.n END) AS n
  FROM branch b JOIN share_months t ON t.share = b.share
  WHERE t.kind IN ('view', 'lead') AND t.actor = 'human'
  GROUP BY b.root, t.month, t.kind
  UNION ALL
  SELECT c.day / 100, c.kind, count(*) FROM branch b JOIN credits c ON c.share = b.share
  WHERE c.kind = 'opportunity' GROUP BY b.root, c.day / 100, c.kind
)
SELECT month = :month AS now, kind, n, count(*) AS parts FROM part GROUP BY month = :month, kind, n;
