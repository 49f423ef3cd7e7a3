-- What lists, searches and reports are made from: a row a lead, written after the lead in the background. listed is the version that was
-- written there; a lead that is not listed as it is now is read itself. Capturing writes none of this.
ALTER TABLE {p}leads ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX {p}leads_unlisted ON {p}leads (tenant_id, id) WHERE listed < version;

-- Times are microseconds since 1970, a score of -1 is none, and words are those of the search, each behind a blank.
CREATE TABLE {p}listing (
	n INTEGER PRIMARY KEY,
	tenant_id TEXT NOT NULL, lead_id BLOB NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, score INTEGER NOT NULL,
	status TEXT NOT NULL, stage TEXT NOT NULL, qualification TEXT NOT NULL, assignee TEXT NOT NULL, source_id BLOB NOT NULL, channel TEXT NOT NULL,
	repeated INTEGER NOT NULL, assigned_at INTEGER, viewed_at INTEGER, contacted_at INTEGER, tagged INTEGER NOT NULL, words TEXT NOT NULL,
	UNIQUE (tenant_id, lead_id)
);
CREATE INDEX {p}listing_created ON {p}listing (tenant_id, created_at, lead_id, source_id, status, qualification, channel);
CREATE INDEX {p}listing_updated ON {p}listing (tenant_id, updated_at, lead_id);
CREATE INDEX {p}listing_score ON {p}listing (tenant_id, score, lead_id);
CREATE INDEX {p}listing_status ON {p}listing (tenant_id, status, created_at, lead_id);
CREATE INDEX {p}listing_stage ON {p}listing (tenant_id, stage, created_at, lead_id);
CREATE INDEX {p}listing_source ON {p}listing (tenant_id, source_id, created_at, lead_id);
CREATE INDEX {p}listing_qualification ON {p}listing (tenant_id, qualification, created_at, lead_id);
CREATE INDEX {p}listing_assignee ON {p}listing (tenant_id, assignee, created_at, lead_id);
CREATE INDEX {p}listing_unanswered ON {p}listing (tenant_id, created_at, lead_id) WHERE contacted_at IS NULL;
CREATE INDEX {p}listing_repeated ON {p}listing (tenant_id, created_at, lead_id) WHERE repeated = 1;

CREATE TABLE {p}tags (
	tenant_id TEXT NOT NULL, tag TEXT NOT NULL, created_at INTEGER NOT NULL, lead_id BLOB NOT NULL,
	PRIMARY KEY (tenant_id, tag, created_at, lead_id)
) WITHOUT ROWID;
CREATE INDEX {p}tags_lead ON {p}tags (tenant_id, lead_id);

-- Every word begins with four letters that stand for the tenant: so a search reads no other tenant's words. Prefixes of one to six letters have
-- indexes of their own. What is deleted is taken out of the index at once, not when it is merged.
CREATE VIRTUAL TABLE {p}words USING fts5(words, content='', tokenize='ascii', detail='none', columnsize=0, prefix='5 6 7 8 9 10');
INSERT INTO {p}words ({p}words, rank) VALUES ('secure-delete', 1);

-- Who is responsible for the people of a company, by what stands behind the last @. The index by the first one is left to programs of the version
-- before.
CREATE INDEX {p}leads_company ON {p}leads (tenant_id, lower(substr(email, length(rtrim(email, replace(email, '@', ''))) + 1, 255)), id)
	WHERE assignee <> '' AND instr(email, '@') > 0;

CREATE INDEX {p}submissions_source ON {p}submissions (tenant_id, source_id, id);
CREATE INDEX {p}events_status ON {p}events (tenant_id, at, id) WHERE kind = 'status';
CREATE INDEX {p}consents_lead ON {p}consents (tenant_id, lead_id) WHERE lead_id IS NOT NULL;

CREATE TABLE {p}trail (
	tenant_id TEXT NOT NULL, id BLOB NOT NULL, at INTEGER, who TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, data BLOB,
	PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
