-- One contact message, with its sender and the location they prefer.
CREATE TABLE submissions (
    id                INTEGER PRIMARY KEY,
    reference         TEXT NOT NULL UNIQUE,                                  -- what the sender is given
    location_id       INTEGER NOT NULL REFERENCES locations (id),
    name              TEXT NOT NULL,
    email             TEXT,
    telephone         TEXT,
    preferred_contact TEXT NOT NULL CHECK (preferred_contact IN ('email', 'telephone')),
    message           TEXT NOT NULL,
    consent           INTEGER NOT NULL CHECK (consent = 1),
    received_at       TEXT NOT NULL,                                         -- UTC
    CHECK (email IS NOT NULL OR telephone IS NOT NULL)
) STRICT;
