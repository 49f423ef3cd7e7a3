CREATE TABLE {p}sources (
	tenant_id TEXT COLLATE "C" NOT NULL, id UUID NOT NULL, name TEXT NOT NULL, doc BYTEA NOT NULL, created_at TIMESTAMPTZ, deleted_at TIMESTAMPTZ,
	PRIMARY KEY (tenant_id, id)
);

-- A token finds the tenant, so it alone is not looked up within one.
CREATE TABLE {p}tokens (
	token TEXT COLLATE "C" NOT NULL PRIMARY KEY, tenant_id TEXT COLLATE "C" NOT NULL, source_id UUID NOT NULL
);
CREATE INDEX {p}tokens_source ON {p}tokens (tenant_id, source_id);

CREATE TABLE {p}leads (
	tenant_id TEXT COLLATE "C" NOT NULL, id UUID NOT NULL, version BIGINT NOT NULL,
	email TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL, phone TEXT NOT NULL, company TEXT NOT NULL,
	status TEXT NOT NULL, score SMALLINT, qualification TEXT NOT NULL, assignee TEXT NOT NULL, source_id UUID NOT NULL,
	created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, doc BYTEA NOT NULL,
	PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 85);

CREATE TABLE {p}identities (
	tenant_id TEXT COLLATE "C" NOT NULL, kind TEXT COLLATE "C" NOT NULL, value TEXT COLLATE "C" NOT NULL, lead_id UUID NOT NULL,
	PRIMARY KEY (tenant_id, kind, value)
) WITH (fillfactor = 90);

-- A quarantined submission has the lead of all zeroes.
CREATE TABLE {p}submissions (
	tenant_id TEXT COLLATE "C" NOT NULL, lead_id UUID NOT NULL, id UUID NOT NULL, source_id UUID NOT NULL, received_at TIMESTAMPTZ,
	digest BYTEA NOT NULL, raw BYTEA, doc BYTEA NOT NULL,
	PRIMARY KEY (tenant_id, id)
);
CREATE INDEX {p}submissions_lead ON {p}submissions (tenant_id, lead_id, id);

CREATE TABLE {p}keys (
	tenant_id TEXT COLLATE "C" NOT NULL, source_id UUID NOT NULL, idempotency_key BYTEA NOT NULL,
	submission_id UUID NOT NULL, lead_id UUID NOT NULL, digest BYTEA NOT NULL, received_at TIMESTAMPTZ,
	PRIMARY KEY (tenant_id, source_id, idempotency_key)
);

CREATE TABLE {p}events (
	tenant_id TEXT COLLATE "C" NOT NULL, lead_id UUID NOT NULL, id UUID NOT NULL, kind TEXT COLLATE "C" NOT NULL, at TIMESTAMPTZ,
	submission_id UUID, task_id UUID, data BYTEA,
	PRIMARY KEY (tenant_id, lead_id, id)
);

-- state: 0 ready, 1 waiting until it is due, 2 running, 3 dead
CREATE TABLE {p}tasks (
	tenant_id TEXT COLLATE "C" NOT NULL, lead_id UUID NOT NULL, id UUID NOT NULL, kind TEXT COLLATE "C" NOT NULL, submission_id UUID, payload BYTEA,
	state SMALLINT NOT NULL, due TIMESTAMPTZ NOT NULL, attempts INTEGER NOT NULL, fence BIGINT NOT NULL, lease_until TIMESTAMPTZ,
	last_error TEXT NOT NULL, created_at TIMESTAMPTZ,
	PRIMARY KEY (tenant_id, lead_id, id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1);
CREATE INDEX {p}tasks_ready ON {p}tasks (kind, tenant_id, due) WHERE state = 0;
CREATE INDEX {p}tasks_waiting ON {p}tasks (due) WHERE state = 1;
CREATE INDEX {p}tasks_running ON {p}tasks (lease_until) WHERE state = 2;
CREATE INDEX {p}tasks_dead ON {p}tasks (tenant_id, id) WHERE state = 3;

CREATE TABLE {p}deliveries (
	tenant_id TEXT COLLATE "C" NOT NULL, lead_id UUID NOT NULL, task_id UUID NOT NULL, id UUID NOT NULL, delivery_key TEXT COLLATE "C" NOT NULL,
	channel TEXT NOT NULL, recipient TEXT NOT NULL, body BYTEA, state TEXT NOT NULL, attempts INTEGER NOT NULL,
	provider TEXT NOT NULL, error TEXT NOT NULL, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ,
	PRIMARY KEY (tenant_id, lead_id, task_id, id)
);
CREATE UNIQUE INDEX {p}deliveries_key ON {p}deliveries (tenant_id, delivery_key);
