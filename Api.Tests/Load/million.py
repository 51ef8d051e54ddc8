"""Fills the database with a million made-up messages, as far as their size and their indexes go; nobody can open them.

    million.py FILE
"""

import os
import random
import sqlite3
import sys

MESSAGES = 1_000_000
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

random.seed(1)


def reference():
    letters = "".join(random.choices(ALPHABET, k=12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def messages():
    for i in range(MESSAGES):
        yield (reference(), f"2025-{1 + i * 12 // MESSAGES:02}-01T00:00:00.000Z", os.urandom(16), os.urandom(16), os.urandom(400))


database = sqlite3.connect(sys.argv[1])
database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
database.executemany(
    """
    INSERT INTO submissions (reference, location_id, received_at, language, email_index, telephone_index, sealed)
    VALUES (?, (SELECT min(id) FROM locations), ?, 'en', ?, ?, ?)
    """,
    messages(),
)
database.execute(
    """
    INSERT INTO outbox (delivery_id, submission_id, channel, target, state, waiting_since)
    SELECT hex(randomblob(16)), id, 'mail', 'staff@example.com', 'delivered', received_at FROM submissions
    """
)
database.commit()
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
