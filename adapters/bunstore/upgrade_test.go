package bunstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// TestUpgradeFromTheFirstStep fills a database as the first step made it, and goes on with this version.
func TestUpgradeFromTheFirstStep(t *testing.T) {
	addresses(t, func(t *testing.T, address string) {
		old := openAt(t, address)
		require.NoError(t, old.MigrateTo(t.Context(), 1))
		src := source("acme")
		require.NoError(t, old.PutSource(t.Context(), src, "token"))
		ids := make([]string, 3)
		for i := range ids {
			ids[i] = captureOne(t, old, submission("acme", fmt.Sprintf("p%d@Example.COM", i))).LeadID
		}
		task := claim(t, old, 1)[0]
		hex := strings.ReplaceAll(task.LeadID+"|"+task.ID, "-", "")
		lead, id, _ := strings.Cut(hex, "|")
		literal := func(hex string) string {
			if strings.HasPrefix(address, "/") {
				return "X'" + hex + "'"
			}
			return "'" + hex + "'"
		}
		require.NoError(t, old.Exec(t.Context(), `INSERT INTO leads_deliveries (tenant_id, lead_id, task_id, id, delivery_key, channel, recipient, body,
			state, attempts, provider, error, created_at, updated_at) VALUES ('acme', `+literal(lead)+`, `+literal(id)+`, `+literal(id)+`,
			'key', 'email', 'ann@example.com', NULL, 'begun', 1, '', '', NULL, NULL)`))
		require.NoError(t, old.Exec(t.Context(), `UPDATE leads_leads SET assignee = 'ann' WHERE id = `+literal(strings.ReplaceAll(ids[0], "-", ""))))

		s := openAt(t, address)
		got, err := s.Lead(t.Context(), "acme", ids[0])
		require.NoError(t, err)
		require.Equal(t, "ann", got.Assignee)
		require.Zero(t, got.Response)
		known, err := s.SourceByToken(t.Context(), "token")
		require.NoError(t, err)
		require.Equal(t, src.ID, known.ID)
		require.False(t, known.Trusted)

		ds, err := s.Deliveries(t.Context(), "acme", task.LeadID)
		require.NoError(t, err)
		require.Len(t, ds, 1)
		require.Empty(t, ds[0].MessageID)
		require.NoError(t, s.ConfirmDelivery(t.Context(), "acme", "key", leads.Receipt{ID: "r1"}))
		require.NoError(t, s.Settle(t.Context(), task, leads.Outcome{Change: func(l *leads.Lead) { l.Response.Viewed = l.CreatedAt }}))
		require.Len(t, claim(t, s, 10), 2, "the tasks of before are worked on")

		// What is new works on what is old.
		var book notify.Book
		_, err = s.Route(t.Context(), "acme", ids[1], func(b notify.Book) (notify.Decision, error) {
			book = b
			return notify.Decision{Assign: leads.Change{To: b.Owner}}, nil
		})
		require.NoError(t, err)
		require.Equal(t, "ann", book.Owner, "an address that was stored before is found by its domain")
		require.Equal(t, map[string]int{"ann": 1}, book.Open)
		rest, err := s.Unassigned(t.Context(), "acme", 10)
		require.NoError(t, err)
		require.Len(t, rest, 1)
		_, err = s.Enroll(t.Context(), enrollment("acme", ids[2], time.Time{}), time.Time{})
		require.NoError(t, err)
		ended, err := s.EndEnrollments(t.Context(), sequence.EnrollmentQuery{Tenant: "acme"}, sequence.ReasonReply, time.Now())
		require.NoError(t, err)
		require.Len(t, ended, 1)

		// A process of the version before still runs beside it.
		captureOne(t, old, submission("acme", "late@example.com"))
		rest, err = s.Unassigned(t.Context(), "acme", 10)
		require.NoError(t, err)
		require.Len(t, rest, 2)
	})
}
