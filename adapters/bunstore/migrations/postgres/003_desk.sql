-- What lists, searches and reports are made from: a row a lead, written after the lead in the background. listed says that it was written
-- there as it is; a lead that is not is read itself. Capturing writes none of this.
ALTER TABLE {p}leads ADD COLUMN listed BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX {p}leads_unlisted ON {p}leads (tenant_id, id) WHERE NOT listed;

-- A trigger takes note of the first change after that, so that programs of the version before can write as well. An index that compares
-- versions would need none, and would cost every change of a lead an entry in each of its indexes.
CREATE FUNCTION {p}unlist() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.listed := false; RETURN NEW; END';
CREATE TRIGGER {p}unlist BEFORE UPDATE ON {p}leads FOR EACH ROW WHEN (OLD.listed AND NEW.version <> OLD.version) EXECUTE FUNCTION {p}unlist();

-- Times are microseconds since 1970, and a score of -1 is none. Every word begins with four letters that stand for the tenant: so a search reads
-- no other tenant's words.
CREATE TABLE {p}listing (
	tenant_id TEXT COLLATE "C" NOT NULL, lead_id UUID NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, score SMALLINT NOT NULL,
	status TEXT COLLATE "C" NOT NULL, stage TEXT COLLATE "C" NOT NULL, qualification TEXT COLLATE "C" NOT NULL, assignee TEXT COLLATE "C" NOT NULL,
	source_id UUID NOT NULL, channel TEXT COLLATE "C" NOT NULL,
	repeated SMALLINT NOT NULL, assigned_at BIGINT, viewed_at BIGINT, contacted_at BIGINT, tagged SMALLINT NOT NULL, words TSVECTOR NOT NULL,
	PRIMARY KEY (tenant_id, lead_id)
);
CREATE INDEX {p}listing_created ON {p}listing (tenant_id, created_at, lead_id) INCLUDE (source_id, status, qualification, channel);
CREATE INDEX {p}listing_updated ON {p}listing (tenant_id, updated_at, lead_id);
CREATE INDEX {p}listing_score ON {p}listing (tenant_id, score, lead_id);
CREATE INDEX {p}listing_status ON {p}listing (tenant_id, status, created_at, lead_id);
CREATE INDEX {p}listing_stage ON {p}listing (tenant_id, stage, created_at, lead_id);
CREATE INDEX {p}listing_source ON {p}listing (tenant_id, source_id, created_at, lead_id);
CREATE INDEX {p}listing_qualification ON {p}listing (tenant_id, qualification, created_at, lead_id);
CREATE INDEX {p}listing_assignee ON {p}listing (tenant_id, assignee, created_at, lead_id);
CREATE INDEX {p}listing_unanswered ON {p}listing (tenant_id, created_at, lead_id) WHERE contacted_at IS NULL;
CREATE INDEX {p}listing_repeated ON {p}listing (tenant_id, created_at, lead_id) WHERE repeated = 1;
CREATE INDEX {p}listing_words ON {p}listing USING gin (words);

CREATE TABLE {p}tags (
	tenant_id TEXT COLLATE "C" NOT NULL, tag TEXT COLLATE "C" NOT NULL, created_at BIGINT NOT NULL, lead_id UUID NOT NULL,
	PRIMARY KEY (tenant_id, tag, created_at, lead_id)
);
CREATE INDEX {p}tags_lead ON {p}tags (tenant_id, lead_id);

-- Who is responsible for the people of a company, by what stands behind the last @. The index by the first one is left to programs of the version
-- before.
CREATE INDEX {p}leads_company ON {p}leads (tenant_id, lower(substr(email, length(rtrim(email, replace(email, '@', ''))) + 1, 255)), id)
	WHERE assignee <> '' AND strpos(email, '@') > 0;

CREATE INDEX {p}submissions_source ON {p}submissions (tenant_id, source_id, id);
CREATE INDEX {p}events_status ON {p}events (tenant_id, at, id) WHERE kind = 'status';
CREATE INDEX {p}consents_lead ON {p}consents (tenant_id, lead_id) WHERE lead_id IS NOT NULL;

CREATE TABLE {p}trail (
	tenant_id TEXT COLLATE "C" NOT NULL, id UUID NOT NULL, at TIMESTAMPTZ, who TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, data BYTEA,
	PRIMARY KEY (tenant_id, id)
);
