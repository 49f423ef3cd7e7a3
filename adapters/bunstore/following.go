package bunstore

// following are the statements of telling the team and following up; see [statements].
type following struct {
	source                        string
	record, putRecord, addRecord  string
	records, dropRecord           string
	deliveryOf, confirm           string
	desk, addDesk, setDesk        string
	workload, owner, unassigned   string
	holdLead, standing            string
	enrollment, putEnrollment     string
	putTask, dropTask             string
	suppress, suppressed, release string
	suppressions                  string
	addConsent, consents          string
	dropQuotas                    string // made by the engine: the rows are found by what is quickest there
}

const enrollmentColumns = `tenant_id, id, lead_id, sequence_id, version, address_key, state, reason, step, due, passed, zone, enrolled_by,
	revision, created_at, updated_at, ended_at`

const suppressionColumns = `tenant_id, address_key, purpose, reason, note, at`

const consentColumns = `tenant_id, id, address_key, lead_id, purpose, action, wording, digest, source_id, submission_id, at`

// openLead is what the index of the leads that there is work on says of them. A query must say the same in the same words.
const openLead = `status <> 'converted' AND status <> 'closed'`

func newFollowing(text func(string) string) following {
	return following{
		source: text(`SELECT tenant_id, id, name, doc, created_at, deleted_at FROM {p}sources WHERE tenant_id = ?1 AND id = ?2`),

		record: text(`SELECT tenant_id, kind, id, version, data, updated_at FROM {p}records WHERE tenant_id = ?1 AND kind = ?2 AND id = ?3`),
		addRecord: text(`INSERT INTO {p}records (tenant_id, kind, id, version, data, updated_at) VALUES (?1, ?2, ?3, 1, ?4, {now:5})
			ON CONFLICT DO NOTHING RETURNING updated_at`),
		putRecord: text(`UPDATE {p}records SET version = version + 1, data = ?4, updated_at = {now:5}
			WHERE tenant_id = ?1 AND kind = ?2 AND id = ?3 AND version = ?6 RETURNING updated_at`),
		records: text(`SELECT tenant_id, kind, id, version, data, updated_at FROM {p}records
			WHERE tenant_id = ?1 AND kind = ?2 AND id > ?3 ORDER BY id LIMIT ?4`),
		dropRecord: text(`DELETE FROM {p}records WHERE tenant_id = ?1 AND kind = ?2 AND id = ?3`),

		deliveryOf: text(`SELECT ` + deliveryColumns + ` FROM {p}deliveries
			WHERE message_id = ?1 AND message_id <> '' AND substr(message_id, 1, 255) = substr(?1, 1, 255) ORDER BY created_at LIMIT 1`),
		confirm: text(`UPDATE {p}deliveries SET state = 'sent', provider = CASE WHEN ?3 = '' THEN provider ELSE ?3 END, error = '',
			body = CASE WHEN lead_id = ?5 THEN NULL ELSE body END, updated_at = {now:4}
			WHERE tenant_id = ?1 AND delivery_key = ?2 AND state IN ('begun', 'ambiguous')`),

		desk: text(`SELECT state FROM {p}desks WHERE tenant_id = ?1 {lock}`),
		// DO UPDATE locks the row when somebody else has just made it.
		addDesk: text(`INSERT INTO {p}desks (tenant_id) VALUES (?1) ON CONFLICT (tenant_id) DO UPDATE SET tenant_id = excluded.tenant_id RETURNING state`),
		setDesk: text(`UPDATE {p}desks SET state = ?2 WHERE tenant_id = ?1`),
		// From person to person, and each one's leads by the index: in one go, PostgreSQL may choose to read the table.
		workload: text(`WITH RECURSIVE people (person) AS (
				SELECT (SELECT min(assignee) FROM {p}leads WHERE tenant_id = ?1 AND assignee > '' AND ` + openLead + `)
				UNION ALL
				SELECT (SELECT min(assignee) FROM {p}leads WHERE tenant_id = ?1 AND assignee > people.person AND ` + openLead + `)
				FROM people WHERE person IS NOT NULL)
			SELECT person, (SELECT count(*) FROM {p}leads WHERE tenant_id = ?1 AND assignee = person AND ` + openLead + `)
			FROM people WHERE person IS NOT NULL`),
		owner: text(`SELECT assignee FROM {p}leads WHERE tenant_id = ?1 AND lower(substr(email, length(rtrim(email, replace(email, '@', ''))) + 1, 255)) = lower(substr(?2, 1, 255))
			AND assignee <> '' AND {find}(email, '@') > 0 AND id <> ?3 ORDER BY id DESC LIMIT 1`),
		unassigned: text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE tenant_id = ?1 AND assignee = '' AND ` + openLead + ` ORDER BY id LIMIT ?2`),

		holdLead: text(`SELECT 1 FROM {p}leads WHERE tenant_id = ?1 AND id = ?2 {lock}`),
		standing: text(`SELECT 1 FROM {p}enrollments WHERE tenant_id = ?1 AND lead_id = ?2 AND sequence_id = ?3
			AND (state < 3 OR ?4 OR ended_at >= ?5) LIMIT 1`),
		enrollment: text(`SELECT ` + enrollmentColumns + ` FROM {p}enrollments WHERE tenant_id = ?1 AND id = ?2`),
		putEnrollment: text(`UPDATE {p}enrollments SET version = ?6, address_key = ?7, state = ?8, reason = ?9, step = ?10, due = ?11, passed = ?12,
				zone = ?13, enrolled_by = ?14, revision = revision + 1, created_at = ?15, updated_at = ?16, ended_at = ?17
			WHERE tenant_id = ?1 AND id = ?2 AND lead_id = ?3 AND sequence_id = ?4 AND revision = ?5`),
		putTask: text(`INSERT INTO {p}tasks AS t (` + taskColumns + `) VALUES (?1, ?2, ?3, ?4, NULL, NULL, ?5, {now:6}, 0, ?7, NULL, '', ?8)
			ON CONFLICT (tenant_id, lead_id, id) DO UPDATE SET state = excluded.state, due = excluded.due, lease_until = NULL WHERE t.state < 2`),
		dropTask: text(`DELETE FROM {p}tasks WHERE tenant_id = ?1 AND lead_id = ?2 AND id = ?3`),

		suppress:   text(`INSERT INTO {p}suppressions (` + suppressionColumns + `) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING`),
		suppressed: text(`SELECT ` + suppressionColumns + ` FROM {p}suppressions WHERE tenant_id = ?1 AND address_key = ?2 ORDER BY at, purpose`),
		release:    text(`DELETE FROM {p}suppressions WHERE tenant_id = ?1 AND address_key = ?2 AND purpose = ?3`),
		suppressions: text(`SELECT ` + suppressionColumns + ` FROM {p}suppressions WHERE tenant_id = ?1 AND (address_key, purpose) > (?2, ?3)
			ORDER BY address_key, purpose LIMIT ?4`),
		addConsent: text(`INSERT INTO {p}consents (` + consentColumns + `) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING`),
		consents:   text(`SELECT ` + consentColumns + ` FROM {p}consents WHERE tenant_id = ?1 AND address_key = ?2 ORDER BY at, id`),
	}
}
