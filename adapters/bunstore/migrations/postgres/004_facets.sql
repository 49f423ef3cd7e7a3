-- What most filters ask for, in one number that every index carries: so a filter is held against the rows of another one's index without a look at
-- the rows themselves. Bits 0 to 2 are the status, 3 and 4 the qualification, 5 is set for more than one submission, 6 for one whom somebody has got in touch
-- with, 7 for one for whom somebody is responsible; from bit 8 on stands the score, one higher than it is. 0 is any other status or qualification.
ALTER TABLE {p}listing ADD COLUMN facets INTEGER NOT NULL GENERATED ALWAYS AS (
	CASE status WHEN 'new' THEN 1 WHEN 'contacted' THEN 2 WHEN 'qualified' THEN 3 WHEN 'converted' THEN 4 WHEN 'closed' THEN 5 ELSE 0 END
	+ CASE qualification WHEN 'cold' THEN 8 WHEN 'warm' THEN 16 WHEN 'hot' THEN 24 ELSE 0 END
	+ CASE WHEN repeated = 1 THEN 32 ELSE 0 END + CASE WHEN contacted_at IS NULL THEN 0 ELSE 64 END + CASE WHEN assignee = '' THEN 0 ELSE 128 END
	+ (score::integer + 1) * 256) STORED;

DROP INDEX {p}listing_created;
CREATE INDEX {p}listing_created ON {p}listing (tenant_id, created_at, lead_id) INCLUDE (facets, assignee, source_id, channel);
DROP INDEX {p}listing_updated;
CREATE INDEX {p}listing_updated ON {p}listing (tenant_id, updated_at, lead_id) INCLUDE (facets, stage);
DROP INDEX {p}listing_score;
CREATE INDEX {p}listing_score ON {p}listing (tenant_id, score, lead_id) INCLUDE (facets);
DROP INDEX {p}listing_status;
CREATE INDEX {p}listing_status ON {p}listing (tenant_id, status, created_at, lead_id) INCLUDE (facets, assignee, source_id);
DROP INDEX {p}listing_stage;
CREATE INDEX {p}listing_stage ON {p}listing (tenant_id, stage, created_at, lead_id) INCLUDE (facets, assignee, source_id);
DROP INDEX {p}listing_source;
CREATE INDEX {p}listing_source ON {p}listing (tenant_id, source_id, created_at, lead_id) INCLUDE (facets, assignee);
DROP INDEX {p}listing_qualification;
CREATE INDEX {p}listing_qualification ON {p}listing (tenant_id, qualification, created_at, lead_id) INCLUDE (facets, assignee, source_id);
DROP INDEX {p}listing_assignee;
CREATE INDEX {p}listing_assignee ON {p}listing (tenant_id, assignee, created_at, lead_id) INCLUDE (facets, source_id);
DROP INDEX {p}listing_unanswered;
CREATE INDEX {p}listing_unanswered ON {p}listing (tenant_id, created_at, lead_id) INCLUDE (facets, assignee, source_id, contacted_at) WHERE contacted_at IS NULL;
DROP INDEX {p}listing_repeated;
CREATE INDEX {p}listing_repeated ON {p}listing (tenant_id, created_at, lead_id) INCLUDE (facets, assignee, source_id, repeated) WHERE repeated = 1;
-- A column of the board: the last changed first.
CREATE INDEX {p}listing_staged ON {p}listing (tenant_id, stage, updated_at, lead_id) INCLUDE (facets, assignee);

-- How many leads came in each hour since 1970, by what reports count them by. The kind is the name of a column, and "" counts all.
CREATE TABLE {p}hours (
	tenant_id TEXT COLLATE "C" NOT NULL, kind TEXT COLLATE "C" NOT NULL, hour BIGINT NOT NULL, value TEXT COLLATE "C" NOT NULL, n BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, kind, hour, value)
) WITH (fillfactor = 70);

-- The rows of a statement are added up before they are counted.
CREATE FUNCTION {p}count_listing() RETURNS trigger LANGUAGE plpgsql AS '
	BEGIN
		IF TG_OP = ''INSERT'' THEN
			INSERT INTO {p}hours AS h (tenant_id, kind, hour, value, n)
			SELECT l.tenant_id, k.kind, floor(l.created_at / 3600000000.0)::bigint, k.value, count(*) FROM came AS l CROSS JOIN LATERAL
				(VALUES ('''', ''''), (''source_id'', replace(l.source_id::text, ''-'', '''')), (''channel'', l.channel), (''qualification'', l.qualification), (''status'', l.status))
				AS k (kind, value)
			GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
			ON CONFLICT (tenant_id, kind, hour, value) DO UPDATE SET n = h.n + excluded.n; ELSIF TG_OP = ''DELETE'' THEN
			INSERT INTO {p}hours AS h (tenant_id, kind, hour, value, n)
			SELECT l.tenant_id, k.kind, floor(l.created_at / 3600000000.0)::bigint, k.value, -count(*) FROM went AS l CROSS JOIN LATERAL
				(VALUES ('''', ''''), (''source_id'', replace(l.source_id::text, ''-'', '''')), (''channel'', l.channel), (''qualification'', l.qualification), (''status'', l.status))
				AS k (kind, value)
			GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
			ON CONFLICT (tenant_id, kind, hour, value) DO UPDATE SET n = h.n + excluded.n; ELSE
			INSERT INTO {p}hours AS h (tenant_id, kind, hour, value, n)
			SELECT l.tenant_id, k.kind, floor(l.created_at / 3600000000.0)::bigint, k.value, sum(l.by) FROM (SELECT tenant_id, created_at, source_id, channel, qualification, status, 1 AS by FROM came UNION ALL SELECT tenant_id, created_at, source_id, channel, qualification, status, -1 FROM went) AS l CROSS JOIN LATERAL
				(VALUES ('''', ''''), (''source_id'', replace(l.source_id::text, ''-'', '''')), (''channel'', l.channel), (''qualification'', l.qualification), (''status'', l.status))
				AS k (kind, value)
			GROUP BY 1, 2, 3, 4 HAVING sum(l.by) <> 0 ORDER BY 1, 2, 3, 4
			ON CONFLICT (tenant_id, kind, hour, value) DO UPDATE SET n = h.n + excluded.n; END IF; RETURN NULL; END';
CREATE TRIGGER {p}listing_came AFTER INSERT ON {p}listing REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION {p}count_listing();
CREATE TRIGGER {p}listing_changed AFTER UPDATE ON {p}listing REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION {p}count_listing();
CREATE TRIGGER {p}listing_went AFTER DELETE ON {p}listing REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION {p}count_listing();

INSERT INTO {p}hours (tenant_id, kind, hour, value, n)
	SELECT l.tenant_id, k.kind, floor(l.created_at / 3600000000.0)::bigint, k.value, count(*) FROM {p}listing AS l CROSS JOIN LATERAL
		(VALUES ('', ''), ('source_id', replace(l.source_id::text, '-', '')), ('channel', l.channel), ('qualification', l.qualification), ('status', l.status)) AS k (kind, value)
	GROUP BY 1, 2, 3, 4;
