-- Keys of the staff's programs. The key itself is shown once and not stored.
CREATE TABLE access_keys (
    id           TEXT PRIMARY KEY,                                           -- names the key in lists and in the audit
    hash         BLOB NOT NULL UNIQUE,                                       -- SHA-256 of the key
    name         TEXT NOT NULL,
    roles        TEXT NOT NULL,                                              -- JSON array of inbox, content, admin
    locations    TEXT,                                                       -- JSON array of slugs; NULL: all
    created_at   TEXT NOT NULL,                                              -- UTC
    expires_at   TEXT,                                                       -- UTC; NULL: never
    last_used_on TEXT,                                                       -- date in UTC; NULL: never
    revoked_at   TEXT                                                        -- UTC
) STRICT;

-- Who of the staff did what. Never what a sender wrote. Entries are only added, and deleted after keep_until.
CREATE TABLE audit_entries (
    id         INTEGER PRIMARY KEY,
    at         TEXT NOT NULL,                                                -- UTC
    actor      TEXT NOT NULL,                                                -- key:ID, user:SUBJECT, operator, program, unknown
    actor_name TEXT,
    roles      TEXT,                                                         -- JSON array; NULL: it needs none
    action     TEXT NOT NULL,
    reference  TEXT,                                                         -- the submission's
    details    TEXT,                                                         -- in the program's own words
    request_id TEXT,                                                         -- W3C trace id; NULL: no request
    keep_until TEXT NOT NULL                                                 -- UTC
) STRICT;

CREATE INDEX audit_entries_of_reference ON audit_entries (reference, action) WHERE reference IS NOT NULL;
CREATE INDEX audit_entries_by_age ON audit_entries (keep_until);

CREATE TRIGGER audit_entries_updated BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'The audit cannot be changed.'); END;
CREATE TRIGGER audit_entries_deleted BEFORE DELETE ON audit_entries
WHEN old.keep_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN SELECT RAISE(ABORT, 'The audit is kept until keep_until.'); END;

-- What the staff do with a submission.
ALTER TABLE submissions ADD COLUMN state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'open', 'handled', 'spam'));
ALTER TABLE submissions ADD COLUMN handled_by TEXT CHECK (handled_by IN ('telephone', 'email', 'inPerson', 'other'));
ALTER TABLE submissions ADD COLUMN assignee TEXT;                            -- a name; NULL: nobody
ALTER TABLE submissions ADD COLUMN first_read_at TEXT;                       -- UTC; NULL: nobody has read it
ALTER TABLE submissions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;       -- raised by every change

UPDATE submissions
SET state = CASE
        WHEN handled_at IS NOT NULL THEN 'handled'
        WHEN quarantined_for IS NOT NULL AND released_at IS NULL THEN 'spam'
        ELSE 'new'
    END;

DROP INDEX submissions_in_quarantine;

CREATE INDEX submissions_by_state ON submissions (state, received_at, reference);
CREATE INDEX submissions_by_location ON submissions (location_id, state, received_at, reference);
CREATE INDEX submissions_by_answer ON submissions (location_id, handled_by) WHERE handled_by IS NOT NULL;
CREATE INDEX submissions_by_assignee ON submissions (assignee, received_at, reference) WHERE assignee IS NOT NULL;

-- Notes of the staff about a submission, sealed like its content.
CREATE TABLE submission_notes (
    id            TEXT PRIMARY KEY,                                          -- UUID
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    written_at    TEXT NOT NULL,                                             -- UTC
    author        TEXT NOT NULL,
    sealed        BLOB NOT NULL
) STRICT;

CREATE INDEX submission_notes_of_submission ON submission_notes (submission_id, written_at);

-- How many submissions of a location were erased.
CREATE TABLE erasure_counts (
    location_id INTEGER PRIMARY KEY REFERENCES locations (id),
    submissions INTEGER NOT NULL
) STRICT;
