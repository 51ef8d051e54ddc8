-- Something was erased after the write-ahead log was last emptied, so traces of it may be left there. A row is deleted once the log has
-- been emptied.
CREATE TABLE owed_log_truncations (
    id        INTEGER PRIMARY KEY,
    erased_at TEXT NOT NULL                                                  -- UTC
) STRICT;
