-- When acknowledgements were written for an address, as a keyed hash of it. The number is at most the limit per day, so
-- that the key of a row enforces the limit, also between instances that write at the same time.
CREATE TABLE numbered_acknowledgements (
    address    BLOB NOT NULL,
    number     INTEGER NOT NULL,
    written_at TEXT NOT NULL,                                                -- UTC
    PRIMARY KEY (address, number)
) STRICT, WITHOUT ROWID;

INSERT INTO numbered_acknowledgements (address, number, written_at)
SELECT address, row_number() OVER (PARTITION BY address ORDER BY written_at DESC), written_at
FROM acknowledged_addresses;

DROP TABLE acknowledged_addresses;
ALTER TABLE numbered_acknowledgements RENAME TO acknowledged_addresses;
