-- What most filters ask for, in one number that every index carries: so a filter is held against the rows of another one's index without a look at
-- the rows themselves. Bits 0 to 2 are the status, 3 and 4 the qualification, 5 is set for more than one submission, 6 for one whom somebody has got in touch
-- with, 7 for one for whom somebody is responsible; from bit 8 on stands the score, one higher than it is. 0 is any other status or qualification.
ALTER TABLE {p}listing ADD COLUMN facets INTEGER NOT NULL GENERATED ALWAYS AS (
	CASE status WHEN 'new' THEN 1 WHEN 'contacted' THEN 2 WHEN 'qualified' THEN 3 WHEN 'converted' THEN 4 WHEN 'closed' THEN 5 ELSE 0 END
	+ CASE qualification WHEN 'cold' THEN 8 WHEN 'warm' THEN 16 WHEN 'hot' THEN 24 ELSE 0 END
	+ CASE WHEN repeated = 1 THEN 32 ELSE 0 END + CASE WHEN contacted_at IS NULL THEN 0 ELSE 64 END + CASE WHEN assignee = '' THEN 0 ELSE 128 END
	+ (score + 1) * 256) VIRTUAL;

DROP INDEX {p}listing_created;
CREATE INDEX {p}listing_created ON {p}listing (tenant_id, created_at, lead_id, facets, assignee, source_id, channel);
DROP INDEX {p}listing_updated;
CREATE INDEX {p}listing_updated ON {p}listing (tenant_id, updated_at, lead_id, facets, stage);
DROP INDEX {p}listing_score;
CREATE INDEX {p}listing_score ON {p}listing (tenant_id, score, lead_id, facets);
DROP INDEX {p}listing_status;
CREATE INDEX {p}listing_status ON {p}listing (tenant_id, status, created_at, lead_id, facets, assignee, source_id);
DROP INDEX {p}listing_stage;
CREATE INDEX {p}listing_stage ON {p}listing (tenant_id, stage, created_at, lead_id, facets, assignee, source_id);
DROP INDEX {p}listing_source;
CREATE INDEX {p}listing_source ON {p}listing (tenant_id, source_id, created_at, lead_id, facets, assignee);
DROP INDEX {p}listing_qualification;
CREATE INDEX {p}listing_qualification ON {p}listing (tenant_id, qualification, created_at, lead_id, facets, assignee, source_id);
DROP INDEX {p}listing_assignee;
CREATE INDEX {p}listing_assignee ON {p}listing (tenant_id, assignee, created_at, lead_id, facets, source_id);
DROP INDEX {p}listing_unanswered;
CREATE INDEX {p}listing_unanswered ON {p}listing (tenant_id, created_at, lead_id, facets, assignee, source_id, contacted_at) WHERE contacted_at IS NULL;
DROP INDEX {p}listing_repeated;
CREATE INDEX {p}listing_repeated ON {p}listing (tenant_id, created_at, lead_id, facets, assignee, source_id, repeated) WHERE repeated = 1;
-- A column of the board: the last changed first.
CREATE INDEX {p}listing_staged ON {p}listing (tenant_id, stage, updated_at, lead_id, facets, assignee);

-- How many leads came in each hour since 1970, by what reports count them by. The kind is the name of a column, and "" counts all.
CREATE TABLE {p}hours (
	tenant_id TEXT NOT NULL, kind TEXT NOT NULL, hour INTEGER NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, kind, hour, value)
) WITHOUT ROWID;

CREATE TRIGGER {p}listing_came AFTER INSERT ON {p}listing BEGIN
	INSERT INTO {p}hours (tenant_id, kind, hour, value, n) VALUES
		(NEW.tenant_id, '', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, '', 1),
		(NEW.tenant_id, 'source_id', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, lower(hex(NEW.source_id)), 1),
		(NEW.tenant_id, 'channel', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, NEW.channel, 1),
		(NEW.tenant_id, 'qualification', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, NEW.qualification, 1),
		(NEW.tenant_id, 'status', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, NEW.status, 1)
		ON CONFLICT (tenant_id, kind, hour, value) DO UPDATE SET n = n + excluded.n; END;

CREATE TRIGGER {p}listing_changed AFTER UPDATE OF source_id, channel, qualification, status ON {p}listing
	WHEN OLD.source_id <> NEW.source_id OR OLD.channel <> NEW.channel OR OLD.qualification <> NEW.qualification OR OLD.status <> NEW.status BEGIN
	INSERT INTO {p}hours (tenant_id, kind, hour, value, n) VALUES
		(OLD.tenant_id, 'source_id', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, lower(hex(OLD.source_id)), -1),
		(NEW.tenant_id, 'source_id', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, lower(hex(NEW.source_id)), 1),
		(OLD.tenant_id, 'channel', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, OLD.channel, -1),
		(NEW.tenant_id, 'channel', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, NEW.channel, 1),
		(OLD.tenant_id, 'qualification', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, OLD.qualification, -1),
		(NEW.tenant_id, 'qualification', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, NEW.qualification, 1),
		(OLD.tenant_id, 'status', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, OLD.status, -1),
		(NEW.tenant_id, 'status', (NEW.created_at - (NEW.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, NEW.status, 1)
		ON CONFLICT (tenant_id, kind, hour, value) DO UPDATE SET n = n + excluded.n; END;

CREATE TRIGGER {p}listing_went AFTER DELETE ON {p}listing BEGIN
	INSERT INTO {p}hours (tenant_id, kind, hour, value, n) VALUES
		(OLD.tenant_id, '', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, '', -1),
		(OLD.tenant_id, 'source_id', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, lower(hex(OLD.source_id)), -1),
		(OLD.tenant_id, 'channel', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, OLD.channel, -1),
		(OLD.tenant_id, 'qualification', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, OLD.qualification, -1),
		(OLD.tenant_id, 'status', (OLD.created_at - (OLD.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000, OLD.status, -1)
		ON CONFLICT (tenant_id, kind, hour, value) DO UPDATE SET n = n + excluded.n; END;

INSERT INTO {p}hours (tenant_id, kind, hour, value, n)
	SELECT l.tenant_id, k.kind, (l.created_at - (l.created_at % 3600000000 + 3600000000) % 3600000000) / 3600000000,
		CASE k.kind WHEN '' THEN '' WHEN 'source_id' THEN lower(hex(l.source_id)) WHEN 'channel' THEN l.channel WHEN 'qualification' THEN l.qualification ELSE l.status END,
		count(*)
	FROM {p}listing AS l CROSS JOIN (SELECT '' AS kind UNION ALL VALUES ('source_id'), ('channel'), ('qualification'), ('status')) AS k
	GROUP BY 1, 2, 3, 4;
