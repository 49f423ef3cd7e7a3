package bunstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/sequence"
)

// multiply fills the tables from one lead and one enrolment: n leads, most of them with somebody responsible, each with a waiting enrolment and its
// task, of 100 sequences, a third of them ended.
func multiply(t testing.TB, s *bunstore.Store, n string) {
	t.Helper()
	id, num, bytes, far := "randomblob(16)", "value", "CAST(value AS TEXT)", "due + 86400000000 + value * 1000000"
	series := "(WITH RECURSIVE v(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM v WHERE value < " + n + ") SELECT value FROM v) AS v"
	if strings.Contains(s.Followings()["owner"], "$1") {
		id, bytes, far = "gen_random_uuid()", "value::text", "due + interval '1 day' + value * interval '1 second'"
		series = "generate_series(1, " + n + ") AS v (value)"
	}
	for _, text := range []string{
		`INSERT INTO leads_leads (tenant_id, id, version, email, first_name, last_name, phone, company, status, score, qualification, assignee,
			source_id, created_at, updated_at, doc) SELECT tenant_id, ` + id + `, version, 'p' || ` + bytes + ` || '@example' || ` + num + ` % 1000 || '.com', first_name, last_name, phone,
			company, CASE WHEN value % 3 = 0 THEN 'converted' ELSE 'new' END, score, qualification,
			CASE WHEN value % 100 = 0 THEN '' ELSE 'person' || value % 50 END, source_id, created_at, updated_at, doc FROM leads_leads, ` + series,
		`INSERT INTO leads_enrollments SELECT tenant_id, ` + id + `, ` + id + `, 'sequence' || ` + num + ` % 100, version, 'key' || ` + bytes + `,
			CASE WHEN value % 3 = 0 THEN 4 ELSE 1 END, reason, step, due, passed, zone, enrolled_by, revision, created_at, updated_at, ended_at
			FROM leads_enrollments, ` + series,
		`INSERT INTO leads_tasks SELECT tenant_id, ` + id + `, ` + id + `, kind, submission_id, payload, 1, ` + far + `, attempts, fence, lease_until,
			last_error, created_at FROM leads_tasks, ` + series + ` WHERE kind = 'step'`,
		`INSERT INTO leads_deliveries SELECT 'acme', ` + id + `, ` + id + `, ` + id + `, ` + bytes + `, 'email', '', NULL, 'sent', 1, '', '', NULL, NULL,
			'm' || ` + bytes + ` FROM ` + series,
		`INSERT INTO leads_quotas SELECT 'acme', ` + bytes + `, 1, ` + far + ` FROM (SELECT due FROM leads_tasks WHERE kind = 'step' LIMIT 1) AS d, ` + series,
		`INSERT INTO leads_consents SELECT 'acme', ` + id + `, 'key' || ` + bytes + `, NULL, '', '', '', '', NULL, NULL, NULL FROM ` + series,
	} {
		require.NoError(t, s.Exec(t.Context(), text))
	}
	if strings.Contains(id, "uuid") { // SQLite has no statistics unless somebody asks for them
		require.NoError(t, s.Exec(t.Context(), "ANALYZE"))
	}
}

// TestFollowingUsesItsIndexes holds the promise that nothing reads a whole table.
func TestFollowingUsesItsIndexes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		lead := captureOne(t, s, submission("acme", "ann@example.com")).LeadID
		e, err := s.Enroll(t.Context(), enrollment("acme", lead, today()), today())
		require.NoError(t, err)
		multiply(t, s, "20000")
		texts := s.Followings()
		for _, c := range []struct{ name, text, index string }{
			{"workload", texts["workload"], "leads_leads_open"},
			{"owner", texts["owner"], "leads_leads_company"},
			{"unassigned", texts["unassigned"], "leads_leads_open"},
			{"delivery", texts["delivery"], "leads_deliveries_message"},
			{"standing", texts["standing"], "leads_enrollments_lead"},
			{"consents", texts["consents"], "leads_consents_address"},
			{"quotas", texts["quotas"], "leads_quotas_ended"},
			{"end by address", s.Ending(sequence.EnrollmentQuery{Tenant: "acme", AddressKey: "key"}), "leads_enrollments_address"},
			{"end by lead", s.Ending(sequence.EnrollmentQuery{Tenant: "acme", LeadID: leads.NewID()}), "leads_enrollments_lead"},
			{"end by sequence", s.Ending(sequence.EnrollmentQuery{Tenant: "acme", SequenceID: "s"}), "leads_enrollments_sequence"},
			{"end one", s.Ending(sequence.EnrollmentQuery{Tenant: "acme", ID: e.ID}), "enrollments"},
			{"pending", s.Texts().Pending, "leads_tasks_waiting"},
			{"promote", s.Texts().Promote, "leads_tasks_waiting"},
		} {
			plan := planOf(t, s, c.text)
			require.Contains(t, plan, c.index, "%s:\n%s", c.name, plan)
			require.NotContains(t, plan, "SCAN leads_", "%s:\n%s", c.name, plan)
			require.NotContains(t, plan, "Seq Scan on leads_", "%s:\n%s", c.name, plan)
		}
	})
}
