-- From when on a location is closed for good. Its hours stay, so that the time before is still told.
ALTER TABLE locations ADD COLUMN closed_for_good_on TEXT;                    -- local date; NULL: it is not
