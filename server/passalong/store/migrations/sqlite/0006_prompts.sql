-- Prompts in the vendor's product: who was invited, and what was dismissed. Prompts themselves are signed and have no row.

-- Invitations to colleagues. The addresses are other people's: `address` and `inviter` are there for a letter that is
-- still to be sent (since `waits_ms`) and '' from then on; `address_key` is a keyed hash, NULL once nothing depends on it any more.
CREATE TABLE invitations (
  id          TEXT    PRIMARY KEY,
  share       TEXT    NOT NULL,
  customer    TEXT    NOT NULL,
  mechanic    TEXT    NOT NULL,
  asset       TEXT    NOT NULL,
  inviter     TEXT    NOT NULL,
  language    TEXT    NOT NULL,
  address     TEXT    NOT NULL,
  address_key TEXT,
  at_ms       INTEGER NOT NULL,
  waits_ms    INTEGER,
  sent_at_ms  INTEGER
) WITHOUT ROWID;
CREATE INDEX invitations_by_customer ON invitations (customer, at_ms);
CREATE INDEX invitations_by_address ON invitations (address_key, at_ms) WHERE address_key IS NOT NULL;
CREATE INDEX invitations_by_share ON invitations (share);
CREATE INDEX invitations_waiting ON invitations (waits_ms) WHERE waits_ms IS NOT NULL;

-- Until when a prompt stays away, and how often it was sent away. Without a member it is the whole customer's memory.
CREATE TABLE dismissals (
  customer TEXT NOT NULL, kind TEXT NOT NULL, member TEXT NOT NULL, times INTEGER NOT NULL, until_ms INTEGER NOT NULL,
  PRIMARY KEY (customer, kind, member)
) WITHOUT ROWID;
