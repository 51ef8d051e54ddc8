-- A place where patients are seen. What is unknown is NULL.
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
    reopens_on             TEXT,                                             -- local date
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) STRICT;
