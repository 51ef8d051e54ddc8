-- Full text of articles; rowid is the article's id. Porter stemming, diacritics folded.
CREATE VIRTUAL TABLE article_search USING fts5 (
    title, summary, body,
    tokenize = 'porter unicode61 remove_diacritics 2',
    prefix = '1 2 3'
);

-- Every word that an article has or had, unstemmed, lower case, without diacritics. A word that is still being typed is
-- completed from here, because the index above knows stems only: "medicati" is a prefix of medication, not of "medic".
CREATE TABLE article_words (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
