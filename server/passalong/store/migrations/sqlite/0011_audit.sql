-- What admins did, for whoever must answer for it: ids and counts, nobody's name. `api_key` is the id of the key that
-- asked, or the way by which it was done without one (`command`, `hubspot`, `retention`); `detail` is JSON.
CREATE TABLE audit (
  id      INTEGER PRIMARY KEY,
  at_ms   INTEGER NOT NULL,
  api_key TEXT    NOT NULL,
  action  TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  detail  TEXT    NOT NULL CHECK (json_valid(detail))
);
CREATE INDEX audit_by_action ON audit (action, id);
CREATE TRIGGER audit_stands BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

-- Whether a lead's browser asked, when it filled the form, that nothing of it be sold or shared (Global Privacy Control).
ALTER TABLE leads ADD COLUMN opted_out INTEGER NOT NULL DEFAULT 0;
