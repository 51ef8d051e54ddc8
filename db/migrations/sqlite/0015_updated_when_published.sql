-- A scheduled article was said to have changed last when it was written, which is before it was published.
UPDATE articles SET updated_at = published_at WHERE updated_at < published_at;
