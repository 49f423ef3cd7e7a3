-- Only the part that an index entry can hold is indexed: a Message-ID and an address are as long as they are.
ALTER TABLE {p}deliveries ADD COLUMN message_id TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX {p}deliveries_message ON {p}deliveries (substr(message_id, 1, 255)) WHERE message_id <> '';

-- Who has how much to do, and the leads that nobody is responsible for.
CREATE INDEX {p}leads_open ON {p}leads (tenant_id, assignee, id) WHERE status <> 'converted' AND status <> 'closed';
-- Who is responsible for the people of a company.
CREATE INDEX {p}leads_domain ON {p}leads (tenant_id, lower(substr(email, strpos(email, '@') + 1, 255)), id)
	WHERE assignee <> '' AND strpos(email, '@') > 0;

CREATE TABLE {p}records (
	tenant_id TEXT COLLATE "C" NOT NULL, kind TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL,
	version BIGINT NOT NULL, data BYTEA, updated_at TIMESTAMPTZ,
	PRIMARY KEY (tenant_id, kind, id)
);

-- state: 0 pending, 1 active, 2 paused, 3 finished, 4 exited
CREATE TABLE {p}enrollments (
	tenant_id TEXT COLLATE "C" NOT NULL, id UUID NOT NULL, lead_id UUID NOT NULL, sequence_id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL,
	address_key TEXT COLLATE "C" NOT NULL, state SMALLINT NOT NULL, reason TEXT NOT NULL, step TEXT NOT NULL, due TIMESTAMPTZ, passed BYTEA,
	zone TEXT NOT NULL, enrolled_by TEXT NOT NULL, revision BIGINT NOT NULL, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, ended_at TIMESTAMPTZ,
	PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX {p}enrollments_lead ON {p}enrollments (tenant_id, lead_id, sequence_id);
CREATE INDEX {p}enrollments_address ON {p}enrollments (tenant_id, address_key);
CREATE INDEX {p}enrollments_sequence ON {p}enrollments (tenant_id, sequence_id, state, id);

CREATE TABLE {p}suppressions (
	tenant_id TEXT COLLATE "C" NOT NULL, address_key TEXT COLLATE "C" NOT NULL, purpose TEXT COLLATE "C" NOT NULL,
	reason TEXT NOT NULL, note TEXT NOT NULL, at TIMESTAMPTZ,
	PRIMARY KEY (tenant_id, address_key, purpose)
);

CREATE TABLE {p}consents (
	tenant_id TEXT COLLATE "C" NOT NULL, id UUID NOT NULL, address_key TEXT COLLATE "C" NOT NULL, lead_id UUID, purpose TEXT NOT NULL,
	action TEXT NOT NULL, wording TEXT NOT NULL, digest TEXT NOT NULL, source_id UUID, submission_id UUID, at TIMESTAMPTZ,
	PRIMARY KEY (tenant_id, id)
);
CREATE INDEX {p}consents_address ON {p}consents (tenant_id, address_key);

CREATE TABLE {p}quotas (
	tenant_id TEXT COLLATE "C" NOT NULL, quota_key TEXT COLLATE "C" NOT NULL, used BIGINT NOT NULL, ends_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (tenant_id, quota_key)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1);
CREATE INDEX {p}quotas_ended ON {p}quotas (ends_at);

-- A tenant's row is locked while somebody is chosen.
CREATE TABLE {p}desks (
	tenant_id TEXT COLLATE "C" NOT NULL PRIMARY KEY, state BYTEA
) WITH (fillfactor = 50);
