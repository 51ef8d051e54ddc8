-- What a sender wrote is sealed before it comes here. The messages of before are moved over, sealed, at the next start, see
-- ContactStore.SealOldAsync; SQL cannot do it.
ALTER TABLE submissions RENAME TO submissions_in_clear;

-- One contact message. Only sealed has what the sender wrote.
CREATE TABLE submissions (
    id              INTEGER PRIMARY KEY,
    reference       TEXT NOT NULL UNIQUE,                                    -- what the sender is given
    location_id     INTEGER NOT NULL REFERENCES locations (id),
    received_at     TEXT NOT NULL,                                           -- UTC
    reply_by        TEXT,                                                    -- UTC; NULL: the hours are not known
    after_hours     INTEGER CHECK (after_hours IN (0, 1)),                   -- NULL: the hours are not known
    language        TEXT NOT NULL,                                           -- BCP 47, that of the answer
    quarantined_for TEXT,                                                    -- why it was caught as spam; NULL: it was not
    released_at     TEXT,                                                    -- UTC; since when it counts as a message after all
    handled_at      TEXT,                                                    -- UTC
    -- Keyed hashes of the e-mail address and the telephone number, to find what a person has sent.
    email_index     BLOB,
    telephone_index BLOB,
    -- Keyed hashes of the Idempotency-Key and of what was sent with it; NULL when there was none, or it is over.
    idempotency_key BLOB,
    fingerprint     BLOB,
    sealed          BLOB NOT NULL,
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT;

CREATE INDEX submissions_of_email ON submissions (email_index) WHERE email_index IS NOT NULL;
CREATE INDEX submissions_of_telephone ON submissions (telephone_index) WHERE telephone_index IS NOT NULL;
CREATE UNIQUE INDEX submissions_of_idempotency_key ON submissions (idempotency_key) WHERE idempotency_key IS NOT NULL;
-- By age, for keys that are over.
CREATE INDEX submissions_with_idempotency_key ON submissions (received_at) WHERE idempotency_key IS NOT NULL;
