-- What must still be delivered about a submission: written with it, in the same commit.
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
) STRICT;

CREATE INDEX outbox_of_submission ON outbox (submission_id);
CREATE INDEX outbox_waiting ON outbox (channel, due_at, waiting_since) WHERE state = 'waiting';
CREATE INDEX outbox_failed ON outbox (channel) WHERE state = 'failed';

-- Webhooks whose receiver has said that it is gone (410); called no more until somebody says so.
CREATE TABLE disabled_webhooks (
    name        TEXT PRIMARY KEY,
    disabled_at TEXT NOT NULL                                                -- UTC
) STRICT;
