-- As much is indexed as on PostgreSQL, where an index entry is limited.
ALTER TABLE {p}deliveries ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
CREATE INDEX {p}deliveries_message ON {p}deliveries (substr(message_id, 1, 255)) WHERE message_id <> '';

-- Who has how much to do, and the leads that nobody is responsible for.
CREATE INDEX {p}leads_open ON {p}leads (tenant_id, assignee, id) WHERE status <> 'converted' AND status <> 'closed';
-- Who is responsible for the people of a company.
CREATE INDEX {p}leads_domain ON {p}leads (tenant_id, lower(substr(email, instr(email, '@') + 1, 255)), id)
	WHERE assignee <> '' AND instr(email, '@') > 0;

CREATE TABLE {p}records (
	tenant_id TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
	version INTEGER NOT NULL, data BLOB, updated_at INTEGER,
	PRIMARY KEY (tenant_id, kind, id)
);

-- state: 0 pending, 1 active, 2 paused, 3 finished, 4 exited. It has row IDs: without them, and without statistics, SQLite takes the primary key
-- for cheaper than the index that names the lead, and reads all of a tenant's enrolments.
CREATE TABLE {p}enrollments (
	tenant_id TEXT NOT NULL, id BLOB NOT NULL, lead_id BLOB NOT NULL, sequence_id TEXT NOT NULL, version INTEGER NOT NULL,
	address_key TEXT NOT NULL, state INTEGER NOT NULL, reason TEXT NOT NULL, step TEXT NOT NULL, due INTEGER, passed BLOB,
	zone TEXT NOT NULL, enrolled_by TEXT NOT NULL, revision INTEGER NOT NULL, created_at INTEGER, updated_at INTEGER, ended_at INTEGER,
	PRIMARY KEY (tenant_id, id)
);
CREATE INDEX {p}enrollments_lead ON {p}enrollments (tenant_id, lead_id, sequence_id);
CREATE INDEX {p}enrollments_address ON {p}enrollments (tenant_id, address_key);
CREATE INDEX {p}enrollments_sequence ON {p}enrollments (tenant_id, sequence_id, state, id);

CREATE TABLE {p}suppressions (
	tenant_id TEXT NOT NULL, address_key TEXT NOT NULL, purpose TEXT NOT NULL,
	reason TEXT NOT NULL, note TEXT NOT NULL, at INTEGER,
	PRIMARY KEY (tenant_id, address_key, purpose)
) WITHOUT ROWID;

CREATE TABLE {p}consents (
	tenant_id TEXT NOT NULL, id BLOB NOT NULL, address_key TEXT NOT NULL, lead_id BLOB, purpose TEXT NOT NULL,
	action TEXT NOT NULL, wording TEXT NOT NULL, digest TEXT NOT NULL, source_id BLOB, submission_id BLOB, at INTEGER,
	PRIMARY KEY (tenant_id, id)
);
CREATE INDEX {p}consents_address ON {p}consents (tenant_id, address_key);

CREATE TABLE {p}quotas (
	tenant_id TEXT NOT NULL, quota_key TEXT NOT NULL, used INTEGER NOT NULL, ends_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, quota_key)
) WITHOUT ROWID;
CREATE INDEX {p}quotas_ended ON {p}quotas (ends_at);

-- A tenant's row is locked while somebody is chosen.
CREATE TABLE {p}desks (
	tenant_id TEXT NOT NULL PRIMARY KEY, state BLOB
) WITHOUT ROWID;
