-- Whoever delivers claims a delivery first, so that several processes on one database deliver each one once. A claim that is not
-- renewed ends by itself: after a crash the delivery comes later, and is not lost.
ALTER TABLE outbox ADD COLUMN claimed_by TEXT;                               -- names the claim; NULL: nobody delivers it now
ALTER TABLE outbox ADD COLUMN claimed_until TEXT NOT NULL DEFAULT '';        -- UTC

-- When acknowledgements were written for an address, as a keyed hash of it, so that one address gets only so many. Kept for a day.
CREATE TABLE acknowledged_addresses (
    address    BLOB NOT NULL,
    written_at TEXT NOT NULL                                                 -- UTC
) STRICT;

CREATE INDEX acknowledged_addresses_by_address ON acknowledged_addresses (address, written_at);

-- Submissions that came with an Idempotency-Key and were erased, so that a repetition is not stored again. Keyed hashes stand for the
-- reference and for what was sent. All but the first two columns is NULL once the key has expired.
CREATE TABLE erased_submissions (
    reference_hash   BLOB PRIMARY KEY,
    received_at      TEXT NOT NULL,                                          -- UTC
    fingerprint_hash BLOB,
    location_id      INTEGER REFERENCES locations (id),
    reply_by         TEXT,                                                   -- UTC
    after_hours      INTEGER CHECK (after_hours IN (0, 1)),
    language         TEXT
) STRICT, WITHOUT ROWID;

-- What is set aside as spam is counted for the staff.
CREATE INDEX submissions_in_quarantine ON submissions (id) WHERE quarantined_for IS NOT NULL AND released_at IS NULL;
