-- Exceptions by date, by day of the year and by weekday of a month, with every effect. Nothing has written the tables before.
DROP TABLE hours_exception_periods;
DROP TABLE hours_exceptions;

-- A departure from the weekly hours, of one location or, without one, of the whole clinic. One of the three rules says when.
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

CREATE INDEX hours_exceptions_of_location ON hours_exceptions (location_id);

-- The other periods, or the one that is closed.
CREATE TABLE hours_exception_periods (
    hours_exception_id INTEGER NOT NULL REFERENCES hours_exceptions (id) ON DELETE CASCADE,
    opens              TEXT NOT NULL,                                        -- HH:mm
    closes             TEXT NOT NULL,                                        -- HH:mm, exclusive
    access             TEXT NOT NULL DEFAULT 'open' CHECK (access IN ('open', 'byAppointment', 'walkIn', 'telephoneOnly')),
    note               TEXT,
    CHECK (opens <> closes OR opens = '00:00')
) STRICT;

CREATE INDEX hours_exception_periods_of_exception ON hours_exception_periods (hours_exception_id);
