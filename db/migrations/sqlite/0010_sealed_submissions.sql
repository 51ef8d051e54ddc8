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
    -- A keyed hash of what was sent, where that was with an Idempotency-Key: the reference is then made of the key.
    fingerprint     BLOB,
    sealed          BLOB NOT NULL
) STRICT;

-- What a person has sent is looked for by reading all of this, 0.2 s for a million messages. Sorted by the hashes it would be
-- quicker, but each message would then touch two pages more, anywhere in the file, while its sender waits.
CREATE INDEX submissions_by_sender ON submissions (id, email_index, telephone_index);
