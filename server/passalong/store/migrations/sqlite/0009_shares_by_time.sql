-- The list of all shares, newest first. Whatever it is narrowed by stands in the index, so that the search for a rare
-- word reads a part of the table in order, and not all of it in none.
CREATE INDEX shares_by_time ON shares (
  first_seen_ms, share, customer, mechanic, asset, channel, sharer, expires_at_s
);
