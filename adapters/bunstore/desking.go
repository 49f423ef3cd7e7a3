package bunstore

// desking are the statements of a desk that stay the same; see [statements].
type desking struct {
	unlistedBehind, unlistedOf, readUnlisted string

	sources, sourceNames           string
	tokens, lastSeen               string
	payloads, quarantined, dropKey string

	queue, deadTasks  string
	addEntry, entries string

	hours, moves, responses string

	submissionsOf                          string
	holdEnrollments, holdTasksOf           string
	dropIdentity                           string
	erased                                 []string // what is removed of a lead, with tenant and lead as arguments
	dropBodies                             string
	oldRaw, dropRaw, oldClients, setSubDoc string
	oldTouches, oldEvents, dropEvent       string
	oldQuarantined, oldest                 string
}

const submissionColumns = `tenant_id, lead_id, id, source_id, received_at, digest, raw, doc`

const entryColumns = `tenant_id, id, at, who, action, object, data`

func newDesking(text func(string) string) desking {
	d := desking{
		unlistedBehind: text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE {unlisted} AND (tenant_id, id) > (?1, ?2) ORDER BY tenant_id, id LIMIT ?3 {skip}`),
		unlistedOf:     text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE tenant_id = ?1 AND {unlisted} ORDER BY id LIMIT ?2 {skip}`),
		readUnlisted:   text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE tenant_id = ?1 AND {unlisted} ORDER BY id LIMIT ?2`),

		sources:     text(`SELECT tenant_id, id, name, doc, created_at, deleted_at FROM {p}sources WHERE tenant_id = ?1 ORDER BY created_at, id`),
		sourceNames: text(`SELECT id, name, deleted_at IS NOT NULL FROM {p}sources WHERE tenant_id = ?1 ORDER BY created_at, id`),
		tokens:      text(`SELECT source_id, token FROM {p}tokens WHERE tenant_id = ?1 ORDER BY source_id, token`),
		// The newest by ID are the newest to a second or so.
		lastSeen: text(`SELECT max(received_at) FROM (SELECT received_at FROM {p}submissions WHERE tenant_id = ?1 AND source_id = ?2 ORDER BY id DESC LIMIT 50) AS s`),
		payloads: text(`SELECT ` + submissionColumns + ` FROM {p}submissions WHERE tenant_id = ?1 AND source_id = ?2 ORDER BY id DESC LIMIT ?3`),
		quarantined: text(`SELECT ` + submissionColumns + ` FROM {p}submissions WHERE tenant_id = ?1 AND lead_id = ?2 AND id < ?3
			ORDER BY id DESC LIMIT ?4`),
		dropKey: text(`DELETE FROM {p}keys WHERE tenant_id = ?1 AND source_id = ?2 AND idempotency_key = ?3 AND submission_id = ?4`),

		queue: text(`SELECT kind, state, CASE WHEN state = 3 THEN 0 WHEN state = 2 THEN CASE WHEN lease_until <= {now:2} THEN 1 ELSE 0 END
				WHEN due <= {now:2} THEN 1 ELSE 0 END AS claimable, count(*), min(due)
			FROM {p}tasks WHERE tenant_id = ?1 GROUP BY 1, 2, 3`),
		deadTasks: text(`SELECT ` + taskColumns + ` FROM {p}tasks WHERE tenant_id = ?1 AND state = 3 AND id < ?2 ORDER BY id DESC LIMIT ?3`),

		addEntry: text(`INSERT INTO {p}trail (` + entryColumns + `) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING`),
		entries:  text(`SELECT ` + entryColumns + ` FROM {p}trail WHERE tenant_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3`),

		// Each by itself: so both are read off an end of the index.
		hours: text(`SELECT (SELECT min(hour) FROM {p}hours WHERE tenant_id = ?1 AND kind = ''), (SELECT max(hour) FROM {p}hours WHERE tenant_id = ?1 AND kind = '')`),
		moves: text(`SELECT tenant_id, lead_id, id, kind, at, submission_id, task_id, data FROM {p}events
			WHERE tenant_id = ?1 AND kind = 'status' AND at >= ?2 AND at < ?3 ORDER BY at, id LIMIT ?4`),
		responses: text(`SELECT lead_id, assignee, created_at, assigned_at, viewed_at, contacted_at FROM {p}listing
			WHERE tenant_id = ?1 AND created_at >= ?2 AND created_at < ?3 ORDER BY created_at DESC, lead_id DESC LIMIT ?4`),

		submissionsOf:   text(`SELECT source_id, id, digest, doc FROM {p}submissions WHERE tenant_id = ?1 AND lead_id = ?2`),
		holdEnrollments: text(`SELECT 1 FROM {p}enrollments WHERE tenant_id = ?1 AND lead_id = ?2 ORDER BY {sort}id {lock}`),
		holdTasksOf:     text(`SELECT 1 FROM {p}tasks WHERE tenant_id = ?1 AND lead_id = ?2 ORDER BY id {lock}`),
		dropBodies:      text(`UPDATE {p}deliveries SET body = NULL WHERE tenant_id = ?1 AND lead_id = ?2 AND body IS NOT NULL`),
		dropIdentity:    text(`DELETE FROM {p}identities WHERE tenant_id = ?1 AND kind = ?2 AND value = ?3 AND lead_id = ?4`),
		oldRaw: text(`SELECT id FROM {p}submissions WHERE tenant_id = ?1 AND id > ?2 AND received_at < ?3 AND raw IS NOT NULL AND length(raw) > 0
			ORDER BY id LIMIT ?4`),
		dropRaw: text(`UPDATE {p}submissions SET raw = NULL WHERE tenant_id = ?1 AND id = ?2`),
		oldClients: text(`SELECT ` + submissionColumns + ` FROM {p}submissions WHERE tenant_id = ?1 AND id > ?2 AND received_at < ?3
			AND ({doc has ?5} OR {doc has ?6}) ORDER BY id LIMIT ?4`),
		setSubDoc: text(`UPDATE {p}submissions SET doc = ?3 WHERE tenant_id = ?1 AND id = ?2`),
		oldTouches: text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE tenant_id = ?1 AND id > ?2 AND created_at < ?3
			AND ({doc has ?5} OR {doc has ?6}) ORDER BY id LIMIT ?4`),
		oldEvents:      text(`SELECT lead_id, id FROM {p}events WHERE tenant_id = ?1 AND (lead_id, id) > (?2, ?5) AND at < ?3 ORDER BY lead_id, id LIMIT ?4`),
		dropEvent:      text(`DELETE FROM {p}events WHERE tenant_id = ?1 AND lead_id = ?2 AND id = ?3`),
		oldQuarantined: text(`SELECT id FROM {p}submissions WHERE tenant_id = ?1 AND lead_id = ?2 AND received_at < ?3 ORDER BY {sort}id LIMIT ?4`),
		oldest:         text(`SELECT lead_id FROM {p}listing WHERE tenant_id = ?1 AND status IN ('converted', 'closed') AND updated_at < ?2 LIMIT ?3`),
	}
	for _, table := range []string{"tasks", "deliveries", "enrollments", "events", "submissions"} {
		d.erased = append(d.erased, text(`DELETE FROM {p}`+table+` WHERE tenant_id = ?1 AND lead_id = ?2`))
	}
	d.erased = append(d.erased,
		text(`UPDATE {p}consents SET lead_id = NULL, address_key = '' WHERE tenant_id = ?1 AND lead_id = ?2`),
		text(`DELETE FROM {p}leads WHERE tenant_id = ?1 AND id = ?2`))
	return d
}
