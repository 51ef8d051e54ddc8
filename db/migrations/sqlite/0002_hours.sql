-- The recurring pattern of a location from a date on. No row: its hours were never entered and are unknown.
CREATE TABLE weekly_hours (
    id          INTEGER PRIMARY KEY,
    location_id INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    valid_from  TEXT NOT NULL DEFAULT '0001-01-01',                          -- local date
    UNIQUE (location_id, valid_from)
) STRICT;

-- Local wall-clock facts, never UTC. A day without a period is closed. closes <= opens: ends on the next day;
-- 00:00 to 00:00: all day.
CREATE TABLE weekly_periods (
    weekly_hours_id INTEGER NOT NULL REFERENCES weekly_hours (id) ON DELETE CASCADE,
    day             INTEGER NOT NULL CHECK (day BETWEEN 1 AND 7),            -- ISO 8601: 1 is Monday
    opens           TEXT NOT NULL,                                           -- HH:mm
    closes          TEXT NOT NULL,                                           -- HH:mm, exclusive
    PRIMARY KEY (weekly_hours_id, day, opens),
    CHECK (opens <> closes OR opens = '00:00')
) STRICT, WITHOUT ROWID;

-- A departure from the weekly hours, of one location or, without one, of the whole clinic.
-- Without a period below it: closed all day.
CREATE TABLE hours_exceptions (
    id          INTEGER PRIMARY KEY,
    location_id INTEGER REFERENCES locations (id) ON DELETE CASCADE,
    starts_on   TEXT NOT NULL,                                               -- local date, included
    ends_on     TEXT NOT NULL,                                               -- local date, included
    yearly      INTEGER NOT NULL DEFAULT 0 CHECK (yearly IN (0, 1)),
    reason      TEXT NOT NULL,
    CHECK (starts_on <= ends_on)
) STRICT;

CREATE TABLE hours_exception_periods (
    hours_exception_id INTEGER NOT NULL REFERENCES hours_exceptions (id) ON DELETE CASCADE,
    opens              TEXT NOT NULL,
    closes             TEXT NOT NULL,
    PRIMARY KEY (hours_exception_id, opens),
    CHECK (opens <> closes OR opens = '00:00')
) STRICT, WITHOUT ROWID;
