-- Challenges of the contact form that have served their purpose, so that none does so twice. Kept until they have expired.
CREATE TABLE redeemed_challenges (
    digest     BLOB PRIMARY KEY,
    expires_at TEXT NOT NULL                                                 -- UTC
) STRICT, WITHOUT ROWID;
