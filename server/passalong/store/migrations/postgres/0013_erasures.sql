-- Who has asked to be erased: by a keyed hash of the address, and by the lead if there is one. `by_mail` says that a
-- letter asks the person to confirm it; without, an admin sees to it. `address` waits for that letter alone, and only
-- of somebody who is no lead: it is '' otherwise.
CREATE TABLE erasures (
  id          TEXT   PRIMARY KEY,
  address_key TEXT   NOT NULL UNIQUE,
  lead        TEXT,
  asked_at_ms BIGINT NOT NULL,
  by_mail     BIGINT NOT NULL,
  language    TEXT   NOT NULL,
  address     TEXT   NOT NULL
);
