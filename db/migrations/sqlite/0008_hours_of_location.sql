-- Since when a location is closed for a time, and when somebody last made sure that its hours are right.
ALTER TABLE locations ADD COLUMN closed_from TEXT;                           -- local date; NULL: not told
ALTER TABLE locations ADD COLUMN hours_verified_at TEXT;                     -- instant
