CREATE TABLE {p}sources (
	tenant_id TEXT NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, doc BLOB NOT NULL, created_at INTEGER, deleted_at INTEGER,
	PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

-- A token finds the tenant, so it alone is not looked up within one.
CREATE TABLE {p}tokens (
	token TEXT NOT NULL PRIMARY KEY, tenant_id TEXT NOT NULL, source_id BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX {p}tokens_source ON {p}tokens (tenant_id, source_id);

CREATE TABLE {p}leads (
	tenant_id TEXT NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL,
	email TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL, phone TEXT NOT NULL, company TEXT NOT NULL,
	status TEXT NOT NULL, score INTEGER, qualification TEXT NOT NULL, assignee TEXT NOT NULL, source_id BLOB NOT NULL,
	created_at INTEGER, updated_at INTEGER, doc BLOB NOT NULL,
	PRIMARY KEY (tenant_id, id)
);

CREATE TABLE {p}identities (
	tenant_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, lead_id BLOB NOT NULL,
	PRIMARY KEY (tenant_id, kind, value)
) WITHOUT ROWID;

-- A quarantined submission has the lead of all zeroes.
CREATE TABLE {p}submissions (
	tenant_id TEXT NOT NULL, lead_id BLOB NOT NULL, id BLOB NOT NULL, source_id BLOB NOT NULL, received_at INTEGER,
	digest BLOB NOT NULL, raw BLOB, doc BLOB NOT NULL,
	PRIMARY KEY (tenant_id, id)
);
CREATE INDEX {p}submissions_lead ON {p}submissions (tenant_id, lead_id, id);

CREATE TABLE {p}keys (
	tenant_id TEXT NOT NULL, source_id BLOB NOT NULL, idempotency_key BLOB NOT NULL,
	submission_id BLOB NOT NULL, lead_id BLOB NOT NULL, digest BLOB NOT NULL, received_at INTEGER,
	PRIMARY KEY (tenant_id, source_id, idempotency_key)
) WITHOUT ROWID;

CREATE TABLE {p}events (
	tenant_id TEXT NOT NULL, lead_id BLOB NOT NULL, id BLOB NOT NULL, kind TEXT NOT NULL, at INTEGER,
	submission_id BLOB, task_id BLOB, data BLOB,
	PRIMARY KEY (tenant_id, lead_id, id)
) WITHOUT ROWID;

-- state: 0 ready, 1 waiting until it is due, 2 running, 3 dead
CREATE TABLE {p}tasks (
	tenant_id TEXT NOT NULL, lead_id BLOB NOT NULL, id BLOB NOT NULL, kind TEXT NOT NULL, submission_id BLOB, payload BLOB,
	state INTEGER NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL, fence INTEGER NOT NULL, lease_until INTEGER,
	last_error TEXT NOT NULL, created_at INTEGER,
	PRIMARY KEY (tenant_id, lead_id, id)
) WITHOUT ROWID;
CREATE INDEX {p}tasks_ready ON {p}tasks (kind, tenant_id, due) WHERE state = 0;
CREATE INDEX {p}tasks_waiting ON {p}tasks (due) WHERE state = 1;
CREATE INDEX {p}tasks_running ON {p}tasks (lease_until) WHERE state = 2;
CREATE INDEX {p}tasks_dead ON {p}tasks (tenant_id, id) WHERE state = 3;

CREATE TABLE {p}deliveries (
	tenant_id TEXT NOT NULL, lead_id BLOB NOT NULL, task_id BLOB NOT NULL, id BLOB NOT NULL, delivery_key TEXT NOT NULL,
	channel TEXT NOT NULL, recipient TEXT NOT NULL, body BLOB, state TEXT NOT NULL, attempts INTEGER NOT NULL,
	provider TEXT NOT NULL, error TEXT NOT NULL, created_at INTEGER, updated_at INTEGER,
	PRIMARY KEY (tenant_id, lead_id, task_id, id)
);
CREATE UNIQUE INDEX {p}deliveries_key ON {p}deliveries (tenant_id, delivery_key);
