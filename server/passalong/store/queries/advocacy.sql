-- Pieces of advocacy and what came of them: of a piece's own link, and of all that was passed along from it.

-- name: pieces
-- Newest first. A visit since the day `proven` proves that the link is placed, so such a piece is tracked whatever its
-- page said last.
SELECT * FROM pieces
WHERE (customer = :customer OR :customer IS NULL) AND (kind = :kind OR :kind IS NULL)
  AND (iif(last_visit_day >= :proven, 'tracked', page) = :tracking OR :tracking IS NULL)
  AND (:withdrawn = 1 OR withdrawn_at_ms IS NULL)
  AND ((created_at_ms, id) < (:before_ms, :before) OR :before_ms IS NULL)
ORDER BY created_at_ms DESC, id DESC LIMIT :limit;

-- name: piece_counts
-- What people did, of some pieces (a JSON array of ids).
WITH RECURSIVE tree (piece, share, depth) AS (
  SELECT p.id, p.share, 0 FROM json_each(:ids) named JOIN pieces p ON p.id = named.value
  UNION ALL
  SELECT tree.piece, s.share, tree.depth + 1 FROM shares s JOIN tree ON s.parent = tree.share WHERE tree.depth < 8
)
SELECT piece AS id,
       coalesce(sum(visits) FILTER (WHERE kind = 'view'), 0) AS visits,
       coalesce(sum(n) FILTER (WHERE kind = 'lead'), 0) AS leads,
       coalesce(sum(n) FILTER (WHERE kind = 'click'), 0) AS clicks
FROM tree JOIN share_months t ON t.share = tree.share WHERE actor = 'human' GROUP BY piece;

-- name: piece_credits
-- Opportunities in millionths and their money, by piece and currency ('' where none was reported).
WITH RECURSIVE tree (piece, share, depth) AS (
  SELECT p.id, p.share, 0 FROM json_each(:ids) named JOIN pieces p ON p.id = named.value
  UNION ALL
  SELECT tree.piece, s.share, tree.depth + 1 FROM shares s JOIN tree ON s.parent = tree.share WHERE tree.depth < 8
)
SELECT piece AS id, currency, sum(micro) AS micro, sum(coalesce(amount_minor, 0)) AS amount_minor
FROM tree JOIN credits c ON c.share = tree.share AND c.kind = 'opportunity'
GROUP BY piece, currency ORDER BY amount_minor DESC;

-- name: lines
-- Every piece that stands, oldest first, in one look: whether it is tracked, and who came by its link.
WITH RECURSIVE tree (piece, share, depth) AS (
  SELECT id, share, 0 FROM pieces WHERE withdrawn_at_ms IS NULL
  UNION ALL
  SELECT tree.piece, s.share, tree.depth + 1 FROM shares s JOIN tree ON s.parent = tree.share WHERE tree.depth < 8
),
came AS (
  SELECT piece, sum(visits) AS visits FROM tree JOIN share_months t ON t.share = tree.share
  WHERE kind = 'view' AND actor = 'human' GROUP BY piece
)
SELECT p.id, p.customer, p.mechanic, p.kind, p.title, p.created_at_ms, p.published_at_ms,
       iif(p.last_visit_day >= :proven, 'tracked', p.page) AS tracking, p.by_utm, coalesce(came.visits, 0) AS visits
FROM pieces p LEFT JOIN came ON came.piece = p.id WHERE p.withdrawn_at_ms IS NULL ORDER BY p.created_at_ms, p.id;
