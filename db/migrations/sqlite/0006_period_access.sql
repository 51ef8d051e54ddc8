-- How patients are seen during a period, and what else is to be known of it. Periods may overlap, so they have no key.
CREATE TABLE periods_with_access (
    weekly_hours_id INTEGER NOT NULL REFERENCES weekly_hours (id) ON DELETE CASCADE,
    day             INTEGER NOT NULL CHECK (day BETWEEN 1 AND 7),            -- ISO 8601: 1 is Monday
    opens           TEXT NOT NULL,                                           -- HH:mm
    closes          TEXT NOT NULL,                                           -- HH:mm, exclusive
    access          TEXT NOT NULL DEFAULT 'open' CHECK (access IN ('open', 'byAppointment', 'walkIn', 'telephoneOnly')),
    note            TEXT,
    CHECK (opens <> closes OR opens = '00:00')
) STRICT;

INSERT INTO periods_with_access (weekly_hours_id, day, opens, closes)
SELECT weekly_hours_id, day, opens, closes FROM weekly_periods;

DROP TABLE weekly_periods;
ALTER TABLE periods_with_access RENAME TO weekly_periods;
CREATE INDEX weekly_periods_of_hours ON weekly_periods (weekly_hours_id);
