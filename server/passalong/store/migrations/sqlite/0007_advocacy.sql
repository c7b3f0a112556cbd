-- Pieces of advocacy. `page`, `checked_at_ms` and `page_why` say what the last look at the public page found; the days
-- are those of the first and the newest visit by the piece's own link.
CREATE TABLE pieces (
  id              TEXT    PRIMARY KEY,
  customer        TEXT    NOT NULL,
  kind            TEXT    NOT NULL,
  title           TEXT    NOT NULL,
  public_url      TEXT,
  mechanic        TEXT    NOT NULL,
  asset           TEXT    NOT NULL,
  share           TEXT    NOT NULL UNIQUE,
  slug            TEXT,
  play            TEXT,
  published_at_ms INTEGER,
  created_at_ms   INTEGER NOT NULL,
  withdrawn_at_ms INTEGER,
  page            TEXT    NOT NULL,
  checked_at_ms   INTEGER,
  page_why        TEXT,
  by_utm          INTEGER NOT NULL DEFAULT 0,  -- whether what was found leads to the vendor's own pages
  first_visit_day INTEGER,
  last_visit_day  INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX pieces_by_page ON pieces (customer, public_url) WHERE public_url IS NOT NULL;
CREATE UNIQUE INDEX pieces_without_page ON pieces (customer, kind, title) WHERE public_url IS NULL;
CREATE INDEX pieces_by_time ON pieces (created_at_ms, id);

-- The days of visits follow the ledger within the statement that appends, as counters do.
CREATE TRIGGER pieces_visited AFTER UPDATE ON counted WHEN EXISTS (SELECT 1 FROM pieces) BEGIN
  UPDATE pieces SET
    first_visit_day = min(coalesce(first_visit_day, came.first), came.first),
    last_visit_day = max(coalesce(last_visit_day, came.last), came.last)
  FROM (
    SELECT share, min(day) AS first, max(day) AS last FROM events
    WHERE seq > OLD.seq AND seq <= NEW.seq AND kind = 'view' AND actor = 'human' AND visitor <> 0 GROUP BY share
  ) AS came WHERE came.share = pieces.share;
END;
