-- What the theater report asks for, without reading all links or all signals.
CREATE INDEX shares_of_staff ON shares (customer) WHERE hop = 0 AND (sharer = 'staff' OR sharer GLOB 'staff:*');
CREATE INDEX signals_of_satisfaction ON signals (occurred_at_ms, customer) WHERE kind GLOB 'satisfaction.*';
