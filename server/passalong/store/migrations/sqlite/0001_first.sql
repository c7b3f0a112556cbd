-- Times are Unix milliseconds (_ms); a day is a reporting day like 20261121, a month like 202611.

-- What is read from memory by every process: brands, customers, assets, mechanics, API keys, revocations.
-- `generation` grows with each change; processes poll it and fetch the rows that are newer than theirs.
CREATE TABLE catalog (
  noun          TEXT    NOT NULL,
  id            TEXT    NOT NULL,
  body          TEXT    NOT NULL CHECK (json_valid(body)),
  generation    INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (noun, id)
) WITHOUT ROWID;
CREATE INDEX catalog_by_generation ON catalog (generation);

CREATE TABLE generation (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL);
INSERT INTO generation VALUES (1, 0);

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- The dated history of a mechanic.
CREATE TABLE decisions (
  id       INTEGER PRIMARY KEY,
  mechanic TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  at_ms    INTEGER NOT NULL,
  by       TEXT    NOT NULL,
  reason   TEXT    NOT NULL,
  fallback TEXT
);
CREATE INDEX decisions_by_mechanic ON decisions (mechanic, id);

-- A share appears with its first event: whoever holds a signing key mints without asking.
CREATE TABLE shares (
  share         TEXT    PRIMARY KEY,
  asset         TEXT    NOT NULL,
  customer      TEXT    NOT NULL,
  mechanic      TEXT    NOT NULL,
  channel       TEXT    NOT NULL,
  sharer        TEXT,
  parent        TEXT,
  hop           INTEGER NOT NULL,
  expires_at_s  INTEGER,
  nonce         TEXT    NOT NULL,
  first_seen_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX shares_by_customer ON shares (customer, first_seen_ms);
CREATE INDEX shares_by_mechanic ON shares (mechanic, customer);
CREATE INDEX shares_by_parent ON shares (parent) WHERE parent IS NOT NULL;

-- The ledger. No foreign keys here: each would cost a look-up per event, and the writer checks them all
-- against the catalog in memory first. `last` is 1 on the last event of an INSERT: counting waits for it.
CREATE TABLE events (
  seq      INTEGER PRIMARY KEY,
  at_ms    INTEGER NOT NULL,
  day      INTEGER NOT NULL,
  kind     TEXT    NOT NULL,
  actor    TEXT    NOT NULL,
  share    TEXT,
  customer TEXT,
  mechanic TEXT,
  asset    TEXT,
  hop      INTEGER NOT NULL,
  visitor  INTEGER NOT NULL,
  lead     TEXT,
  ref      TEXT,
  last     INTEGER NOT NULL
);
CREATE INDEX events_by_lead ON events (lead, seq) WHERE lead IS NOT NULL;

CREATE TRIGGER events_stand BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- The counters: bounded marginals of the ledger. `n` counts events; `visits` those of them that were the first view
-- of a share by a visitor on a day. A mechanic of '' stands for what a customer is named for by declaration alone.
CREATE TABLE mechanic_days (
  mechanic TEXT NOT NULL, day INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
  n INTEGER NOT NULL, visits INTEGER NOT NULL,
  PRIMARY KEY (mechanic, day, kind, actor)
) WITHOUT ROWID;
CREATE TABLE customer_months (
  customer TEXT NOT NULL, month INTEGER NOT NULL, mechanic TEXT NOT NULL, asset TEXT NOT NULL,
  kind TEXT NOT NULL, actor TEXT NOT NULL, n INTEGER NOT NULL, visits INTEGER NOT NULL,
  PRIMARY KEY (customer, month, mechanic, asset, kind, actor)
) WITHOUT ROWID;
CREATE TABLE share_totals (
  share TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, n INTEGER NOT NULL, visits INTEGER NOT NULL,
  PRIMARY KEY (share, kind, actor)
) WITHOUT ROWID;

-- Who has been counted as a visit today, and by which event. The hashes change daily, so two days of rows are enough.
CREATE TABLE visits (
  seq INTEGER PRIMARY KEY, visitor INTEGER NOT NULL, share TEXT NOT NULL, day INTEGER NOT NULL,
  UNIQUE (visitor, share)
);

-- Up to which event the counters say what the ledger says. Moves in the very statement that appends, and what it
-- moves over is counted. (Two triggers, because SQLite sets a trigger's frame up for every row: the first is tiny.)
CREATE TABLE counted (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
INSERT INTO counted VALUES (1, 0);

CREATE VIEW uncounted AS
SELECT e.*, EXISTS (SELECT 1 FROM visits v WHERE v.seq = e.seq) AS visit
FROM events e WHERE e.seq > (SELECT seq FROM counted);

CREATE TRIGGER events_appended AFTER INSERT ON events WHEN NEW.last BEGIN
  UPDATE counted SET seq = NEW.seq;
END;
CREATE TRIGGER events_counted BEFORE UPDATE ON counted BEGIN
  INSERT OR IGNORE INTO visits
    SELECT seq, visitor, share, day FROM events
    WHERE seq > (SELECT seq FROM counted) AND kind = 'view' AND actor = 'human' AND visitor <> 0;
  INSERT INTO mechanic_days
    SELECT coalesce(mechanic, ''), day, kind, actor, count(*), sum(visit) FROM uncounted
    WHERE customer IS NOT NULL GROUP BY mechanic, day, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO customer_months
    SELECT customer, day / 100, coalesce(mechanic, ''), coalesce(asset, ''), kind, actor, count(*), sum(visit)
    FROM uncounted WHERE customer IS NOT NULL GROUP BY customer, day / 100, mechanic, asset, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO share_totals
    SELECT share, kind, actor, 1, visit FROM uncounted WHERE share IS NOT NULL -- too many shares for grouping to pay
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
END;

-- The daily salts of the visitor hashes, shared by all processes, deleted after two days.
CREATE TABLE salts (day INTEGER PRIMARY KEY, salt BLOB NOT NULL);

-- The one home of personal data. Erasure empties a row and leaves its id and its ties.
CREATE TABLE leads (
  id              TEXT    PRIMARY KEY,
  email           TEXT    NOT NULL,
  email_key       TEXT    UNIQUE,
  domain          TEXT,
  name            TEXT    NOT NULL,
  company         TEXT    NOT NULL,
  role            TEXT    NOT NULL,
  heard_from      TEXT    NOT NULL,
  extra           TEXT    NOT NULL,
  share           TEXT    NOT NULL,
  customer        TEXT    NOT NULL,
  mechanic        TEXT    NOT NULL,
  asset           TEXT    NOT NULL,
  hop             INTEGER NOT NULL,
  parent          TEXT,
  motion          TEXT    NOT NULL,
  consent_text    TEXT,
  consent_version TEXT,
  consent_at_ms   INTEGER,
  suspect         INTEGER NOT NULL,
  sample          INTEGER NOT NULL,
  created_at_ms   INTEGER NOT NULL,
  erased_at_ms    INTEGER
) WITHOUT ROWID;
CREATE INDEX leads_by_time ON leads (created_at_ms, id);
CREATE INDEX leads_by_customer ON leads (customer, created_at_ms);
CREATE INDEX leads_by_domain ON leads (domain, created_at_ms) WHERE domain IS NOT NULL;

CREATE TABLE conversions (
  id             TEXT    PRIMARY KEY,
  external_id    TEXT    NOT NULL,
  kind           TEXT    NOT NULL,
  digest         TEXT    NOT NULL,  -- of the report, to tell a retry from a contradiction
  occurred_at_ms INTEGER NOT NULL,
  day            INTEGER NOT NULL,
  amount_minor   INTEGER,
  currency       TEXT,
  company_domain TEXT,
  unattributed_reason TEXT,
  sample         INTEGER NOT NULL,
  recorded_at_ms INTEGER NOT NULL,
  UNIQUE (external_id, kind)
) WITHOUT ROWID;
CREATE INDEX conversions_by_day ON conversions (kind, day);

CREATE TABLE credits (
  conversion   TEXT    NOT NULL REFERENCES conversions (id),
  place        INTEGER NOT NULL,
  customer     TEXT    NOT NULL,
  mechanic     TEXT,
  share        TEXT,
  asset        TEXT,
  sharer       TEXT,
  hop          INTEGER NOT NULL,
  lead         TEXT,
  micro        INTEGER NOT NULL,
  amount_minor INTEGER,
  evidence     TEXT    NOT NULL,
  motion       TEXT    NOT NULL,
  why          TEXT    NOT NULL,
  PRIMARY KEY (conversion, place)
) WITHOUT ROWID;
CREATE INDEX credits_by_customer ON credits (customer);
CREATE INDEX credits_by_mechanic ON credits (mechanic);
CREATE INDEX credits_by_lead ON credits (lead) WHERE lead IS NOT NULL;

-- Which leads a deal's contacts are. Addresses that belong to no lead are not kept.
CREATE TABLE contacts (
  conversion TEXT    NOT NULL REFERENCES conversions (id),
  place      INTEGER NOT NULL,
  lead       TEXT    NOT NULL,
  PRIMARY KEY (conversion, place)
) WITHOUT ROWID;

-- Answers to posts that carried an Idempotency-Key.
CREATE TABLE idempotency (
  api_key TEXT NOT NULL, name TEXT NOT NULL,
  digest TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (api_key, name)
) WITHOUT ROWID;
