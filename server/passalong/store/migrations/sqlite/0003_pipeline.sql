-- Attribution that can be argued about: touchpoints are kept as facts, credits follow from them and are versioned.

-- A conversion says under which rule it was credited last. `click_fault` is what was wrong with the click id, in words.
ALTER TABLE conversions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE conversions ADD COLUMN model TEXT NOT NULL DEFAULT 'origin';
ALTER TABLE conversions ADD COLUMN window_days INTEGER NOT NULL DEFAULT 180;
ALTER TABLE conversions ADD COLUMN attributed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversions ADD COLUMN heard_from TEXT;
ALTER TABLE conversions ADD COLUMN click_fault TEXT;
ALTER TABLE conversions ADD COLUMN deal TEXT;
ALTER TABLE conversions ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
UPDATE conversions SET attributed = 1 WHERE EXISTS (SELECT 1 FROM credits c WHERE c.conversion = conversions.id);
CREATE INDEX conversions_by_domain ON conversions (company_domain, occurred_at_ms) WHERE company_domain IS NOT NULL;
CREATE INDEX conversions_by_deal ON conversions (deal) WHERE deal IS NOT NULL;
CREATE INDEX conversions_by_time ON conversions (occurred_at_ms, id);

-- Every trace from a conversion to a share, whatever model or window is asked about.
CREATE TABLE touchpoints (
  conversion TEXT    NOT NULL REFERENCES conversions (id),
  place      INTEGER NOT NULL,
  via        TEXT    NOT NULL,
  customer   TEXT    NOT NULL,
  at_ms      INTEGER NOT NULL,
  share      TEXT,
  mechanic   TEXT,
  asset      TEXT,
  sharer     TEXT,
  hop        INTEGER NOT NULL,
  lead       TEXT,
  contact    INTEGER NOT NULL,
  contacts   INTEGER NOT NULL,
  detail     TEXT    NOT NULL,
  by_way_of  TEXT,
  motion     TEXT    NOT NULL,
  PRIMARY KEY (conversion, place)
) WITHOUT ROWID;
CREATE INDEX touchpoints_by_lead ON touchpoints (lead) WHERE lead IS NOT NULL;
CREATE INDEX touchpoints_by_sharer ON touchpoints (sharer) WHERE sharer IS NOT NULL;
-- Of what was credited before touchpoints were kept, the credited one is known.
INSERT INTO touchpoints
  SELECT c.conversion, c.place,
         CASE c.evidence WHEN 'declared' THEN 'heard_from' WHEN 'inferred' THEN 'domain'
           ELSE iif(c.lead IN (SELECT lead FROM contacts m WHERE m.conversion = v.id), 'contact', 'click') END,
         c.customer,
         coalesce((SELECT min(e.at_ms) FROM events e WHERE e.lead = c.lead AND e.share = c.share), v.occurred_at_ms),
         c.share, c.mechanic, c.asset, c.sharer, c.hop, c.lead,
         coalesce((SELECT min(place) FROM contacts m WHERE m.conversion = v.id AND m.lead = c.lead), 0),
         coalesce((SELECT max(place) FROM contacts m WHERE m.conversion = v.id), 0), '', NULL, c.motion
  FROM credits c JOIN conversions v ON v.id = c.conversion;

-- All contacts of a deal, known here or not. An address is kept as a keyed hash alone, so that whoever fills a gate
-- later is recognised; `lead` is who it is.
CREATE TABLE all_contacts (
  conversion TEXT    NOT NULL REFERENCES conversions (id),
  place      INTEGER NOT NULL,
  address    TEXT,
  domain     TEXT,
  lead       TEXT,
  PRIMARY KEY (conversion, place)
) WITHOUT ROWID;
INSERT INTO all_contacts SELECT conversion, place, NULL, NULL, lead FROM contacts;
DROP TABLE contacts;
ALTER TABLE all_contacts RENAME TO contacts;
CREATE INDEX contacts_by_address ON contacts (address) WHERE address IS NOT NULL;
CREATE INDEX contacts_by_lead ON contacts (lead) WHERE lead IS NOT NULL;
CREATE INDEX contacts_by_domain ON contacts (domain) WHERE domain IS NOT NULL;
INSERT INTO meta VALUES ('address_key', hex(randomblob(32)));

-- Every version of a conversion's credits, the present one included, as it stood.
CREATE TABLE evaluations (
  conversion   TEXT    NOT NULL REFERENCES conversions (id),
  version      INTEGER NOT NULL,
  at_ms        INTEGER NOT NULL,
  cause        TEXT    NOT NULL,
  model        TEXT    NOT NULL,
  window_days  INTEGER NOT NULL,
  amount_minor INTEGER,
  currency     TEXT,
  unattributed_reason TEXT,
  credits      TEXT    NOT NULL,
  PRIMARY KEY (conversion, version)
) WITHOUT ROWID;

CREATE INDEX evaluations_again ON evaluations (at_ms) WHERE version > 1;

-- An admin's word over the evidence: dated, reasoned, never edited. The newest stands; `customer` NULL says nobody's,
-- `withdrawn` that the evidence speaks again.
CREATE TABLE overrides (
  id         INTEGER PRIMARY KEY,
  conversion TEXT    NOT NULL REFERENCES conversions (id),
  at_ms      INTEGER NOT NULL,
  by         TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  customer   TEXT,
  mechanic   TEXT,
  withdrawn  INTEGER NOT NULL
);
CREATE INDEX overrides_by_conversion ON overrides (conversion, id);

-- The present credits, with what the counters below need of their conversion.
CREATE TABLE dated_credits (
  conversion   TEXT    NOT NULL REFERENCES conversions (id),
  place        INTEGER NOT NULL,
  kind         TEXT    NOT NULL,
  day          INTEGER NOT NULL,
  currency     TEXT    NOT NULL,
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

-- Counters of the pipeline, in millionths of a conversion and minor units of a currency ('' where none was reported).
-- `pipeline_parts` holds every slice; the others are the bounded sums that are asked for most.
CREATE TABLE pipeline_parts (
  kind TEXT NOT NULL, month INTEGER NOT NULL, customer TEXT NOT NULL, mechanic TEXT NOT NULL, asset TEXT NOT NULL,
  channel TEXT NOT NULL, hop INTEGER NOT NULL, motion TEXT NOT NULL, evidence TEXT NOT NULL, currency TEXT NOT NULL,
  micro INTEGER NOT NULL, amount_minor INTEGER NOT NULL,
  PRIMARY KEY (customer, month, kind, mechanic, asset, channel, hop, motion, evidence, currency)
) WITHOUT ROWID;
CREATE INDEX pipeline_parts_by_asset ON pipeline_parts (asset, month);
CREATE INDEX pipeline_parts_by_channel ON pipeline_parts (channel, month);
CREATE TABLE pipeline_months (
  kind TEXT NOT NULL, month INTEGER NOT NULL, mechanic TEXT NOT NULL, motion TEXT NOT NULL, currency TEXT NOT NULL,
  micro INTEGER NOT NULL, amount_minor INTEGER NOT NULL,
  PRIMARY KEY (kind, month, mechanic, motion, currency)
) WITHOUT ROWID;
CREATE TABLE pipeline_grades (
  kind TEXT NOT NULL, month INTEGER NOT NULL, evidence TEXT NOT NULL, hop INTEGER NOT NULL, micro INTEGER NOT NULL,
  PRIMARY KEY (kind, month, evidence, hop)
) WITHOUT ROWID;
CREATE TABLE pipeline_customers (
  customer TEXT NOT NULL, kind TEXT NOT NULL, currency TEXT NOT NULL, micro INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,
  PRIMARY KEY (customer, kind, currency)
) WITHOUT ROWID;
CREATE TABLE conversion_months (
  kind TEXT NOT NULL, month INTEGER NOT NULL, currency TEXT NOT NULL, attributed INTEGER NOT NULL,
  n INTEGER NOT NULL, amount_minor INTEGER NOT NULL,
  PRIMARY KEY (kind, month, currency, attributed)
) WITHOUT ROWID;

CREATE TRIGGER credits_given AFTER INSERT ON dated_credits BEGIN
  INSERT INTO pipeline_parts VALUES (
    NEW.kind, NEW.day / 100, NEW.customer, coalesce(NEW.mechanic, ''), coalesce(NEW.asset, ''),
    coalesce((SELECT channel FROM shares WHERE share = NEW.share), ''), NEW.hop, NEW.motion, NEW.evidence, NEW.currency,
    NEW.micro, coalesce(NEW.amount_minor, 0))
    ON CONFLICT DO UPDATE SET micro = micro + excluded.micro, amount_minor = amount_minor + excluded.amount_minor;
  INSERT INTO pipeline_months VALUES (
    NEW.kind, NEW.day / 100, coalesce(NEW.mechanic, ''), NEW.motion, NEW.currency, NEW.micro,
    coalesce(NEW.amount_minor, 0))
    ON CONFLICT DO UPDATE SET micro = micro + excluded.micro, amount_minor = amount_minor + excluded.amount_minor;
  INSERT INTO pipeline_grades VALUES (NEW.kind, NEW.day / 100, NEW.evidence, NEW.hop, NEW.micro)
    ON CONFLICT DO UPDATE SET micro = micro + excluded.micro;
  INSERT INTO pipeline_customers VALUES (
    NEW.customer, NEW.kind, NEW.currency, NEW.micro, coalesce(NEW.amount_minor, 0))
    ON CONFLICT DO UPDATE SET micro = micro + excluded.micro, amount_minor = amount_minor + excluded.amount_minor;
END;
CREATE TRIGGER credits_taken AFTER DELETE ON dated_credits BEGIN
  INSERT INTO pipeline_parts VALUES (
    OLD.kind, OLD.day / 100, OLD.customer, coalesce(OLD.mechanic, ''), coalesce(OLD.asset, ''),
    coalesce((SELECT channel FROM shares WHERE share = OLD.share), ''), OLD.hop, OLD.motion, OLD.evidence, OLD.currency,
    -OLD.micro, -coalesce(OLD.amount_minor, 0))
    ON CONFLICT DO UPDATE SET micro = micro + excluded.micro, amount_minor = amount_minor + excluded.amount_minor;
  INSERT INTO pipeline_months VALUES (
    OLD.kind, OLD.day / 100, coalesce(OLD.mechanic, ''), OLD.motion, OLD.currency, -OLD.micro,
    -coalesce(OLD.amount_minor, 0))
    ON CONFLICT DO UPDATE SET micro = micro + excluded.micro, amount_minor = amount_minor + excluded.amount_minor;
  INSERT INTO pipeline_grades VALUES (OLD.kind, OLD.day / 100, OLD.evidence, OLD.hop, -OLD.micro)
    ON CONFLICT DO UPDATE SET micro = micro + excluded.micro;
  INSERT INTO pipeline_customers VALUES (
    OLD.customer, OLD.kind, OLD.currency, -OLD.micro, -coalesce(OLD.amount_minor, 0))
    ON CONFLICT DO UPDATE SET micro = micro + excluded.micro, amount_minor = amount_minor + excluded.amount_minor;
END;
CREATE TRIGGER conversions_known AFTER INSERT ON conversions BEGIN
  INSERT INTO conversion_months VALUES (
    NEW.kind, NEW.day / 100, coalesce(NEW.currency, ''), NEW.attributed, 1, coalesce(NEW.amount_minor, 0))
    ON CONFLICT DO UPDATE SET n = n + 1, amount_minor = amount_minor + excluded.amount_minor;
END;
CREATE TRIGGER conversions_revised AFTER UPDATE ON conversions BEGIN
  INSERT INTO conversion_months
    SELECT OLD.kind, OLD.day / 100, coalesce(OLD.currency, ''), OLD.attributed, -1, -coalesce(OLD.amount_minor, 0)
    WHERE NOT OLD.withdrawn
    ON CONFLICT DO UPDATE SET n = n - 1, amount_minor = amount_minor + excluded.amount_minor;
  INSERT INTO conversion_months
    SELECT NEW.kind, NEW.day / 100, coalesce(NEW.currency, ''), NEW.attributed, 1, coalesce(NEW.amount_minor, 0)
    WHERE NOT NEW.withdrawn
    ON CONFLICT DO UPDATE SET n = n + 1, amount_minor = amount_minor + excluded.amount_minor;
END;
INSERT INTO conversion_months
  SELECT kind, day / 100, coalesce(currency, ''), attributed, count(*), sum(coalesce(amount_minor, 0)) FROM conversions
  GROUP BY day / 100, kind, coalesce(currency, ''), attributed;
INSERT INTO dated_credits
  SELECT c.conversion, c.place, v.kind, v.day, coalesce(v.currency, ''), c.customer, c.mechanic, c.share, c.asset,
         c.sharer, c.hop, c.lead, c.micro, c.amount_minor, c.evidence, c.motion, c.why
  FROM credits c JOIN conversions v ON v.id = c.conversion;
INSERT INTO evaluations
  SELECT v.id, 1, v.recorded_at_ms, 'recorded', 'origin', 180, v.amount_minor, v.currency, v.unattributed_reason,
         (SELECT json_group_array(json_object(
            'customer', c.customer, 'mechanic', c.mechanic, 'share', c.share, 'asset', c.asset, 'sharer', c.sharer,
            'hop', c.hop, 'lead', c.lead, 'micro', c.micro, 'amount_minor', c.amount_minor, 'evidence', c.evidence,
            'motion', c.motion, 'why', c.why)) FROM credits c WHERE c.conversion = v.id)
  FROM conversions v;
DROP TABLE credits;
ALTER TABLE dated_credits RENAME TO credits;
CREATE INDEX credits_by_customer ON credits (customer, mechanic, kind, day);
CREATE INDEX credits_by_day ON credits (kind, day);
CREATE INDEX credits_by_mechanic ON credits (mechanic, kind, day);
CREATE INDEX credits_by_share ON credits (share, kind) WHERE share IS NOT NULL;
CREATE INDEX credits_by_lead ON credits (lead) WHERE lead IS NOT NULL;

-- What one customer did over all time, and how many links there are of each mechanic and customer: lists read these.
CREATE TABLE customer_totals (
  customer TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, n INTEGER NOT NULL, visits INTEGER NOT NULL,
  PRIMARY KEY (customer, kind, actor)
) WITHOUT ROWID;
INSERT INTO customer_totals
  SELECT customer, kind, actor, sum(n), sum(visits) FROM customer_months GROUP BY customer, kind, actor;
CREATE TABLE links (
  customer TEXT NOT NULL, mechanic TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (customer, mechanic)
) WITHOUT ROWID;
INSERT INTO links SELECT customer, mechanic, count(*) FROM shares GROUP BY customer, mechanic;
CREATE TRIGGER shares_seen AFTER INSERT ON shares BEGIN
  INSERT INTO links VALUES (NEW.customer, NEW.mechanic, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- How far leads had travelled, by month: of every slice, and as a bounded sum.
CREATE TABLE spread_parts (
  month INTEGER NOT NULL, customer TEXT NOT NULL, mechanic TEXT NOT NULL, asset TEXT NOT NULL, channel TEXT NOT NULL,
  hop INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (customer, month, mechanic, asset, channel, hop)
) WITHOUT ROWID;
CREATE INDEX spread_parts_by_asset ON spread_parts (asset, month);
CREATE INDEX spread_parts_by_channel ON spread_parts (channel, month);
CREATE TABLE spread_months (
  month INTEGER NOT NULL, hop INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (month, hop)
) WITHOUT ROWID;
INSERT INTO spread_parts
  SELECT e.day / 100, e.customer, coalesce(e.mechanic, ''), coalesce(e.asset, ''), coalesce(s.channel, ''), e.hop, count(*)
  FROM events e LEFT JOIN shares s ON s.share = e.share
  WHERE e.kind = 'lead' AND e.actor = 'human' AND e.customer IS NOT NULL
  GROUP BY e.day / 100, e.customer, coalesce(e.mechanic, ''), coalesce(e.asset, ''), coalesce(s.channel, ''), e.hop;
INSERT INTO spread_months SELECT month, hop, sum(n) FROM spread_parts GROUP BY month, hop;

DROP TRIGGER events_counted;
CREATE TRIGGER events_counted BEFORE UPDATE ON counted BEGIN
  INSERT OR IGNORE INTO visits
    SELECT seq, visitor, share, iif(kind = 'step', coalesce(CAST(ref AS INTEGER), 0), 0), day FROM events
    WHERE seq > (SELECT seq FROM counted) AND kind IN ('view', 'step') AND actor = 'human' AND visitor <> 0;
  INSERT INTO mechanic_days
    SELECT coalesce(mechanic, ''), day, kind, actor, count(*), sum(visit) FROM uncounted
    WHERE customer IS NOT NULL GROUP BY mechanic, day, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO customer_months
    SELECT customer, day / 100, coalesce(mechanic, ''), coalesce(asset, ''), kind, actor, count(*), sum(visit)
    FROM uncounted WHERE customer IS NOT NULL GROUP BY customer, day / 100, mechanic, asset, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO customer_totals
    SELECT customer, kind, actor, count(*), sum(visit) FROM uncounted
    WHERE customer IS NOT NULL GROUP BY customer, kind, actor
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO share_months
    SELECT share, day / 100, kind, actor, 1, visit FROM uncounted
    WHERE share IS NOT NULL -- too many shares for grouping to pay
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO step_months
    SELECT coalesce(asset, ''), day / 100, coalesce(CAST(ref AS INTEGER), 0), coalesce(mechanic, ''), actor, 1, visit
    FROM uncounted
    WHERE kind = 'step'
    ON CONFLICT DO UPDATE SET n = n + excluded.n, visits = visits + excluded.visits;
  INSERT INTO spread_parts
    SELECT e.day / 100, e.customer, coalesce(e.mechanic, ''), coalesce(e.asset, ''),
           coalesce((SELECT channel FROM shares s WHERE s.share = e.share), ''), e.hop, 1
    FROM events e
    WHERE e.seq > (SELECT seq FROM counted) AND e.kind = 'lead' AND e.actor = 'human' AND e.customer IS NOT NULL
    ON CONFLICT DO UPDATE SET n = n + 1;
  INSERT INTO spread_months
    SELECT day / 100, hop, 1 FROM events
    WHERE seq > (SELECT seq FROM counted) AND kind = 'lead' AND actor = 'human' AND customer IS NOT NULL
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- Jobs for the world outside, committed with what caused them. One waits for each subject of a destination at most,
-- and one may be on its way; `endpoint` tells webhooks apart. `reason` is the last refusal, in the refuser's words.
CREATE TABLE outbox (
  id            TEXT    PRIMARY KEY,
  destination   TEXT    NOT NULL,
  endpoint      TEXT    NOT NULL DEFAULT '',
  topic         TEXT    NOT NULL,
  subject       TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'skipped')),
  attempts      INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL,
  due_at_ms     INTEGER NOT NULL,
  done_at_ms    INTEGER,
  reason        TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX outbox_waiting ON outbox (destination, endpoint, topic, subject) WHERE state = 'pending';
CREATE INDEX outbox_due ON outbox (destination, endpoint, due_at_ms) WHERE state = 'pending';
CREATE INDEX outbox_queue ON outbox (destination, endpoint, topic, created_at_ms, id) WHERE state = 'pending';
CREATE INDEX outbox_by_time ON outbox (created_at_ms, id);
CREATE INDEX outbox_by_subject ON outbox (subject);
CREATE INDEX outbox_undone ON outbox (destination, state) WHERE state IN ('pending', 'sending', 'failed');

-- Why a whole destination waits: a lost connection, a refused key.
CREATE TABLE pauses (
  destination TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,
  reason TEXT NOT NULL
) WITHOUT ROWID;
-- Which process may carry jobs now.
CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;

-- Which contact of the CRM a lead is, and whether it still says there what was written.
CREATE TABLE crm_contacts (
  lead TEXT PRIMARY KEY, contact TEXT NOT NULL, synced_at_ms INTEGER NOT NULL, checked_at_ms INTEGER NOT NULL, drift TEXT,
  touched INTEGER NOT NULL  -- whether its first touch is ours, and not one that stood there before
) WITHOUT ROWID;
CREATE INDEX crm_contacts_by_contact ON crm_contacts (contact);
-- Every deal that the CRM knows, attributed or not.
CREATE TABLE deals (
  id             TEXT    PRIMARY KEY,
  name           TEXT    NOT NULL,
  stage          TEXT    NOT NULL,
  amount_minor   INTEGER,
  currency       TEXT,
  created_at_ms  INTEGER NOT NULL,
  closed_at_ms   INTEGER,
  modified_at_ms INTEGER NOT NULL,
  contacts       INTEGER NOT NULL,
  domains        TEXT    NOT NULL,
  told           TEXT,  -- the credit as it was last written back to the deal
  drift          TEXT
) WITHOUT ROWID;
-- Notices of the CRM that were taken already.
CREATE TABLE notices (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX notices_by_time ON notices (at_ms);
