-- Signals in, plays out. A signal names a customer by its id and nobody of its people.

-- Appended in the order of arrival; an external id is stored once.
CREATE TABLE signals (
  seq            INTEGER PRIMARY KEY,
  external_id    TEXT    NOT NULL,
  customer       TEXT    NOT NULL,
  kind           TEXT    NOT NULL,
  value          REAL,
  occurred_at_ms INTEGER NOT NULL,
  recorded_at_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX signals_by_name ON signals (external_id);
-- Holds all that rules look at, so that they never read the table. By time before kind: what arrives in order is then
-- written beside what came last of its customer, and a million signals touch few pages.
CREATE INDEX signals_by_customer ON signals (customer, occurred_at_ms, kind, value);
-- Whoever is heard of is looked at soon, once however much is heard: what comes within half a second is looked at
-- together. Marked in the statement that stores, so that nothing is heard in vain; usually the mark is there already,
-- and asking for it first costs less than an insert that is refused.
CREATE TRIGGER signals_heard AFTER INSERT ON signals WHEN NOT EXISTS (
  SELECT 1 FROM outbox INDEXED BY outbox_waiting
  WHERE destination = 'plays' AND endpoint = '' AND topic = 'look' AND subject = NEW.customer AND state = 'pending')
BEGIN
  INSERT INTO outbox (id, destination, endpoint, topic, subject, state, created_at_ms, due_at_ms)
    VALUES (printf('look-%016x', NEW.seq), 'plays', '', 'look', NEW.customer, 'pending', NEW.recorded_at_ms,
            NEW.recorded_at_ms + 500);
END;

-- Next best actions. `closed_at_ms` is when it was done, dismissed or let go; `result` is what somebody said of it.
CREATE TABLE plays (
  id            TEXT    PRIMARY KEY,
  customer      TEXT    NOT NULL,
  rule          TEXT    NOT NULL,
  kind          TEXT    NOT NULL,
  title         TEXT    NOT NULL,
  owner         TEXT    NOT NULL,
  why           TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('open', 'done', 'dismissed', 'expired')),
  closed_at_ms  INTEGER,
  result        TEXT,
  note          TEXT,
  by            TEXT
) WITHOUT ROWID;
-- However many processes look at a customer, one play of a kind is open.
CREATE UNIQUE INDEX plays_open ON plays (customer, kind) WHERE state = 'open';
CREATE INDEX plays_expiring ON plays (expires_at_ms) WHERE state = 'open';
CREATE INDEX plays_by_customer ON plays (customer, created_at_ms, id);
CREATE INDEX plays_by_rule ON plays (rule, state);
CREATE INDEX plays_by_time ON plays (created_at_ms, id);

-- Which rules hold of a customer since when, so that what begins is told apart from what goes on.
CREATE TABLE occasions (
  customer TEXT NOT NULL, rule TEXT NOT NULL, since_ms INTEGER NOT NULL, PRIMARY KEY (customer, rule)
) WITHOUT ROWID;
-- How many occasions of a rule found a customer who was to be left alone, by what kept the play back.
CREATE TABLE held_back (
  rule TEXT NOT NULL, reason TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (rule, reason)
) WITHOUT ROWID;
