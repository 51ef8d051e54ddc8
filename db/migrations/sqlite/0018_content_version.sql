-- Counts the changes of content. Every instance keeps content in memory and reads this number every second to see whether it is
-- still the newest. Triggers count, so that no write can forget it: neither the program's nor an operator's own SQL.
-- A migration that makes one of these tables anew must make its triggers anew.
CREATE TABLE content_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;

INSERT INTO content_version (id, version) VALUES (1, 1);

CREATE TRIGGER locations_inserted AFTER INSERT ON locations BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER locations_updated AFTER UPDATE ON locations BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER locations_deleted AFTER DELETE ON locations BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER weekly_hours_inserted AFTER INSERT ON weekly_hours BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER weekly_hours_updated AFTER UPDATE ON weekly_hours BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER weekly_hours_deleted AFTER DELETE ON weekly_hours BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER weekly_periods_inserted AFTER INSERT ON weekly_periods BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER weekly_periods_updated AFTER UPDATE ON weekly_periods BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER weekly_periods_deleted AFTER DELETE ON weekly_periods BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER hours_exceptions_inserted AFTER INSERT ON hours_exceptions BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER hours_exceptions_updated AFTER UPDATE ON hours_exceptions BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER hours_exceptions_deleted AFTER DELETE ON hours_exceptions BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER hours_exception_periods_inserted AFTER INSERT ON hours_exception_periods BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER hours_exception_periods_updated AFTER UPDATE ON hours_exception_periods BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER hours_exception_periods_deleted AFTER DELETE ON hours_exception_periods BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER articles_inserted AFTER INSERT ON articles BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER articles_updated AFTER UPDATE ON articles BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER articles_deleted AFTER DELETE ON articles BEGIN UPDATE content_version SET version = version + 1; END;

CREATE TRIGGER article_tags_inserted AFTER INSERT ON article_tags BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER article_tags_updated AFTER UPDATE ON article_tags BEGIN UPDATE content_version SET version = version + 1; END;
CREATE TRIGGER article_tags_deleted AFTER DELETE ON article_tags BEGIN UPDATE content_version SET version = version + 1; END;
