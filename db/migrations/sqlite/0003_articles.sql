-- A health-education post. published_at decides who sees it: NULL is a draft, a later instant is scheduled.
-- html, sections and reading_minutes are made from markdown when it is written, by the renderer named beside them.
CREATE TABLE articles (
    id              INTEGER PRIMARY KEY,
    slug            TEXT NOT NULL UNIQUE,
    title           TEXT NOT NULL,
    summary         TEXT NOT NULL,
    author          TEXT,
    tags            TEXT NOT NULL,                                           -- JSON array, as in article_tags
    published_at    TEXT,                                                    -- UTC
    updated_at      TEXT NOT NULL,                                           -- UTC
    reading_minutes INTEGER NOT NULL,
    renderer        INTEGER NOT NULL,
    -- Last, since what stands behind them is reached through all of their pages.
    sections        TEXT NOT NULL,                                           -- JSON array
    markdown        TEXT NOT NULL,
    html            TEXT NOT NULL
) STRICT;

CREATE INDEX articles_newest_first ON articles (published_at DESC, slug);

CREATE TABLE article_tags (
    tag        TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, article_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX article_tags_of_article ON article_tags (article_id);
