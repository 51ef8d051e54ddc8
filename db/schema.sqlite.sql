-- The schema as it is now. Written by the schema command; a test compares it with a new database.

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

CREATE TABLE "acknowledged_addresses" (
    address    BLOB NOT NULL,
    number     INTEGER NOT NULL,
    written_at TEXT NOT NULL,                                                -- UTC
    PRIMARY KEY (address, number)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE article_search USING fts5 (
    title, summary, body,
    tokenize = 'porter unicode61 remove_diacritics 2',
    prefix = '1 2 3'
);

CREATE TABLE article_tags (
    tag        TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, article_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER article_tags_deleted AFTER DELETE ON article_tags BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER article_tags_inserted AFTER INSERT ON article_tags BEGIN UPDATE content_version SET version = version + 1; END;

CREATE INDEX article_tags_of_article ON article_tags (article_id);

CREATE TRIGGER article_tags_updated AFTER UPDATE ON article_tags BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TABLE article_words (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE articles (
    id              INTEGER PRIMARY KEY,
    slug            TEXT NOT NULL UNIQUE,
    title           TEXT NOT NULL,
    summary         TEXT NOT NULL,
    author          TEXT,
    tags            TEXT NOT NULL,                                           -- JSON array, as in article_tags
    published_at    TEXT,                                                    -- UTC
    updated_at      TEXT NOT NULL,                                           -- UTC
    reading_minutes INTEGER NOT NULL,
    renderer        INTEGER NOT NULL,
    -- Last, since what stands behind them is reached through all of their pages.
    sections        TEXT NOT NULL,                                           -- JSON array
    markdown        TEXT NOT NULL,
    html            TEXT NOT NULL
) STRICT;

CREATE TRIGGER articles_deleted AFTER DELETE ON articles BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER articles_inserted AFTER INSERT ON articles BEGIN UPDATE content_version SET version = version + 1; END;

CREATE INDEX articles_newest_first ON articles (published_at DESC, slug);

CREATE TRIGGER articles_updated AFTER UPDATE ON articles BEGIN UPDATE content_version SET version = version + 1; END;

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

CREATE INDEX audit_entries_by_age ON audit_entries (keep_until);

CREATE TRIGGER audit_entries_deleted BEFORE DELETE ON audit_entries
WHEN old.keep_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN SELECT RAISE(ABORT, 'The audit is kept until keep_until.'); END;

CREATE INDEX audit_entries_of_reference ON audit_entries (reference, action) WHERE reference IS NOT NULL;

CREATE TRIGGER audit_entries_updated BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'The audit cannot be changed.'); END;

CREATE TABLE content_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE disabled_webhooks (
    name        TEXT PRIMARY KEY,
    disabled_at TEXT NOT NULL                                                -- UTC
) STRICT;

CREATE TABLE erased_submissions (
    reference_hash   BLOB PRIMARY KEY,
    received_at      TEXT NOT NULL,                                          -- UTC
    fingerprint_hash BLOB,
    location_id      INTEGER REFERENCES locations (id),
    reply_by         TEXT,                                                   -- UTC
    after_hours      INTEGER CHECK (after_hours IN (0, 1)),
    language         TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE erasure_counts (
    location_id INTEGER PRIMARY KEY REFERENCES locations (id),
    submissions INTEGER NOT NULL
) STRICT;

CREATE TABLE hours_exception_periods (
    hours_exception_id INTEGER NOT NULL REFERENCES hours_exceptions (id) ON DELETE CASCADE,
    opens              TEXT NOT NULL,                                        -- HH:mm
    closes             TEXT NOT NULL,                                        -- HH:mm, exclusive
    access             TEXT NOT NULL DEFAULT 'open' CHECK (access IN ('open', 'byAppointment', 'walkIn', 'telephoneOnly')),
    note               TEXT,
    CHECK (opens <> closes OR opens = '00:00')
) STRICT;

CREATE TRIGGER hours_exception_periods_deleted AFTER DELETE ON hours_exception_periods BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER hours_exception_periods_inserted AFTER INSERT ON hours_exception_periods BEGIN UPDATE content_version SET version = version + 1; END;

CREATE INDEX hours_exception_periods_of_exception ON hours_exception_periods (hours_exception_id);

CREATE TRIGGER hours_exception_periods_updated AFTER UPDATE ON hours_exception_periods BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TABLE hours_exceptions (
    id          INTEGER PRIMARY KEY,
    location_id INTEGER REFERENCES locations (id) ON DELETE CASCADE,
    starts_on   TEXT,                                                        -- local date, included
    ends_on     TEXT,                                                        -- local date, included
    yearly_from TEXT,                                                        -- MM-dd, included
    yearly_to   TEXT,                                                        -- MM-dd, included; before yearly_from: next year
    month       INTEGER CHECK (month BETWEEN 1 AND 12),
    weekday     INTEGER CHECK (weekday BETWEEN 1 AND 7),                     -- ISO 8601: 1 is Monday
    nth         INTEGER CHECK (nth IN (1, 2, 3, 4, 5, -1)),                  -- -1: the last
    effect      TEXT NOT NULL CHECK (effect IN ('closed', 'periods', 'closedPart', 'asUsual')),
    reason      TEXT NOT NULL,
    CHECK (starts_on <= ends_on),
    CHECK ((starts_on IS NULL) = (ends_on IS NULL)),
    CHECK ((yearly_from IS NULL) = (yearly_to IS NULL)),
    CHECK ((month IS NULL) = (weekday IS NULL) AND (month IS NULL) = (nth IS NULL)),
    CHECK ((starts_on IS NOT NULL) + (yearly_from IS NOT NULL) + (month IS NOT NULL) = 1)
) STRICT;

CREATE TRIGGER hours_exceptions_deleted AFTER DELETE ON hours_exceptions BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER hours_exceptions_inserted AFTER INSERT ON hours_exceptions BEGIN UPDATE content_version SET version = version + 1; END;

CREATE INDEX hours_exceptions_of_location ON hours_exceptions (location_id);

CREATE TRIGGER hours_exceptions_updated AFTER UPDATE ON hours_exceptions BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TABLE locations (
    id                     INTEGER PRIMARY KEY,
    slug                   TEXT NOT NULL UNIQUE,
    name                   TEXT NOT NULL,
    street_address         TEXT,
    locality               TEXT,
    region                 TEXT,
    postal_code            TEXT,
    country                TEXT,                                             -- ISO 3166-1 alpha-2
    telephone              TEXT,                                             -- E.164
    email                  TEXT,
    latitude               REAL CHECK (latitude BETWEEN -90 AND 90),         -- WGS 84
    longitude              REAL CHECK (longitude BETWEEN -180 AND 180),
    time_zone              TEXT NOT NULL,                                    -- IANA name
    access                 TEXT,                                             -- JSON array of byAppointment, walkIn
    accepting_new_patients INTEGER CHECK (accepting_new_patients IN (0, 1)),
    telehealth             INTEGER CHECK (telehealth IN (0, 1)),
    languages              TEXT,                                             -- JSON array of BCP 47 tags
    accessibility_notes    TEXT,
    temporarily_closed     INTEGER NOT NULL DEFAULT 0 CHECK (temporarily_closed IN (0, 1)),
    closure_reason         TEXT,
    reopens_on             TEXT, closed_from TEXT, hours_verified_at TEXT, closed_for_good_on TEXT,                                             -- local date
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) STRICT;

CREATE TRIGGER locations_deleted AFTER DELETE ON locations BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER locations_inserted AFTER INSERT ON locations BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER locations_updated AFTER UPDATE ON locations BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TABLE outbox (
    id            INTEGER PRIMARY KEY,
    delivery_id   TEXT NOT NULL,                                             -- UUIDv7; the same at every attempt
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    channel       TEXT NOT NULL CHECK (channel IN ('mail', 'acknowledgement', 'webhook')),
    target        TEXT NOT NULL,                                             -- mail: a recipient of the clinic's; webhook: its name; acknowledgement: ''
    state         TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts      INTEGER NOT NULL DEFAULT 0,                                -- made so far
    waiting_since TEXT NOT NULL,                                             -- UTC; since when it waits, or waited, to be delivered
    due_at        TEXT NOT NULL DEFAULT '',                                  -- UTC; of the next attempt. '': at once, whatever the clock says
    tried_at      TEXT,                                                      -- UTC; of the last attempt. NULL: there was none
    fault         TEXT                                                       -- why the last attempt failed, in the program's own words
, claimed_by TEXT, claimed_until TEXT NOT NULL DEFAULT '', trace_parent TEXT) STRICT;

CREATE INDEX outbox_failed ON outbox (channel) WHERE state = 'failed';

CREATE INDEX outbox_of_submission ON outbox (submission_id);

CREATE INDEX outbox_waiting ON outbox (channel, due_at, waiting_since) WHERE state = 'waiting';

CREATE TABLE owed_log_truncations (
    id        INTEGER PRIMARY KEY,
    erased_at TEXT NOT NULL                                                  -- UTC
) STRICT;

CREATE TABLE redeemed_challenges (
    digest     BLOB PRIMARY KEY,
    expires_at TEXT NOT NULL                                                 -- UTC
) STRICT, WITHOUT ROWID;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE submission_notes (
    id            TEXT PRIMARY KEY,                                          -- UUID
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    written_at    TEXT NOT NULL,                                             -- UTC
    author        TEXT NOT NULL,
    sealed        BLOB NOT NULL
) STRICT;

CREATE INDEX submission_notes_of_submission ON submission_notes (submission_id, written_at);

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
, state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'open', 'handled', 'spam')), handled_by TEXT CHECK (handled_by IN ('telephone', 'email', 'inPerson', 'other')), assignee TEXT, first_read_at TEXT, version INTEGER NOT NULL DEFAULT 1) STRICT;

CREATE INDEX submissions_by_answer ON submissions (location_id, handled_by) WHERE handled_by IS NOT NULL;

CREATE INDEX submissions_by_assignee ON submissions (assignee, received_at, reference) WHERE assignee IS NOT NULL;

CREATE INDEX submissions_by_location ON submissions (location_id, state, received_at, reference);

CREATE INDEX submissions_by_sender ON submissions (id, email_index, telephone_index);

CREATE INDEX submissions_by_state ON submissions (state, received_at, reference);

CREATE TABLE "submissions_in_clear" (
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

CREATE TABLE weekly_hours (
    id          INTEGER PRIMARY KEY,
    location_id INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    valid_from  TEXT NOT NULL DEFAULT '0001-01-01',                          -- local date
    UNIQUE (location_id, valid_from)
) STRICT;

CREATE TRIGGER weekly_hours_deleted AFTER DELETE ON weekly_hours BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER weekly_hours_inserted AFTER INSERT ON weekly_hours BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER weekly_hours_updated AFTER UPDATE ON weekly_hours BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TABLE "weekly_periods" (
    weekly_hours_id INTEGER NOT NULL REFERENCES weekly_hours (id) ON DELETE CASCADE,
    day             INTEGER NOT NULL CHECK (day BETWEEN 1 AND 7),            -- ISO 8601: 1 is Monday
    opens           TEXT NOT NULL,                                           -- HH:mm
    closes          TEXT NOT NULL,                                           -- HH:mm, exclusive
    access          TEXT NOT NULL DEFAULT 'open' CHECK (access IN ('open', 'byAppointment', 'walkIn', 'telephoneOnly')),
    note            TEXT,
    CHECK (opens <> closes OR opens = '00:00')
) STRICT;

CREATE TRIGGER weekly_periods_deleted AFTER DELETE ON weekly_periods BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER weekly_periods_inserted AFTER INSERT ON weekly_periods BEGIN UPDATE content_version SET version = version + 1; END;

CREATE INDEX weekly_periods_of_hours ON weekly_periods (weekly_hours_id);

CREATE TRIGGER weekly_periods_updated AFTER UPDATE ON weekly_periods BEGIN UPDATE content_version SET version = version + 1; END;
