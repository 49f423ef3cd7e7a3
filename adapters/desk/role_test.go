package desk_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

// action is one method of the desk, called with what is the user's tenant's in the world w, or with another tenant's.
type action struct {
	name   string
	role   desk.Role // the least that may
	object bool      // it is about one thing, which is absent for another tenant
	do     func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error)
}

// none is for methods that answer nothing.
func none(err error) (any, error) { return nil, err }

// actions are all the methods of a Desk that take a User.
var actions = []action{
	{"Leads", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.Leads(ctx, u, desk.Filter{Tenant: "acme"})
	}},
	{"Count", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		n, err := d.Count(ctx, u, desk.Filter{Tenant: "acme"}, 10)
		return map[bool]string{true: canary}[n > 0], err
	}},
	{"Changed", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Changed(ctx, u, w.clock.now.AddDate(-1, 0, 0), 9)
	}},
	{"Lead", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Lead(ctx, u, w.lead)
	}},
	{"View", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.View(ctx, u, w.lead)
	}},
	{"Explain", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Explain(ctx, u, w.lead)
	}},
	{"Events", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Events(ctx, u, w.lead)
	}},
	{"Deliveries", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Deliveries(ctx, u, w.lead)
	}},
	{"Create", desk.Member, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		lead, _, err := d.Create(ctx, u, desk.NewLead{Fields: ingest.Fields{Email: "ann@example.com"}})
		return lead, err
	}},
	{"Update", desk.Member, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Update(ctx, u, w.lead, desk.Patch{Note: "x"})
	}},
	{"Bulk", desk.Member, false, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return changed(d.Bulk(ctx, u, []string{w.lead}, desk.Patch{Note: "x"}))
	}},
	{"Replay", desk.Member, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.Replay(ctx, u, w.task))
	}},

	{"Sources", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) { return d.Sources(ctx, u) }},
	{"AllSources", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.AllSources(ctx, u)
	}},
	{"SourceNames", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.SourceNames(ctx, u)
	}},
	{"Source", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Source(ctx, u, w.source)
	}},
	{"CreateSource", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.CreateSource(ctx, u, ingest.Source{Tenant: "acme", Name: "x"})
	}},
	{"UpdateSource", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.UpdateSource(ctx, u, ingest.Source{Tenant: "acme", ID: w.source, Name: "x"})
	}},
	{"ChangeSource", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.ChangeSource(ctx, u, w.source, 0, func(s *ingest.Source) { s.Tenant = "acme" })
	}},
	{"RotateToken", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.RotateToken(ctx, u, w.source, true)
	}},
	{"SeenNames", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.SeenNames(ctx, u, w.source)
	}},
	{"Payloads", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Payloads(ctx, u, w.source, 5)
	}},
	{"PreviewMapping", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.PreviewMapping(ctx, u, ingest.Source{Name: "x"}, "application/json", []byte(`{"email":"a@example.com"}`))
	}},

	{"Pipelines", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.Pipelines(ctx, u)
	}},
	{"Pipeline", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Pipeline(ctx, u, w.pipeline)
	}},
	{"CreatePipeline", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.CreatePipeline(ctx, u, desk.Pipeline{Name: "x", Stages: []desk.Stage{{Name: "x"}}})
	}},
	{"UpdatePipeline", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.UpdatePipeline(ctx, u, desk.Pipeline{ID: w.pipeline, Name: "x", Stages: []desk.Stage{{Name: "x"}}})
	}},

	{"Keys", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) { return d.Keys(ctx, u) }},
	{"Key", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Key(ctx, u, w.key)
	}},
	{"CreateKey", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		k, _, err := d.CreateKey(ctx, u, desk.Key{Label: "x", Scope: desk.ScopeRead})
		return k, err
	}},
	{"EnsureKey", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.EnsureKey(ctx, u, desk.Key{Label: "x", Scope: desk.ScopeRead}, "a-secret-of-the-host-0123456789-"+u.ID))
	}},
	{"UpdateKey", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.UpdateKey(ctx, u, w.key, ptr("x"), nil)
	}},
	{"PatchKey", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.PatchKey(ctx, u, w.key, desk.KeyPatch{Label: ptr("x")})
	}},

	{"Sequences", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.Sequences(ctx, u)
	}},
	{"Sequence", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Sequence(ctx, u, w.sequence)
	}},
	{"Funnel", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Funnel(ctx, u, w.sequence)
	}},
	{"SaveSequence", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.SaveSequence(ctx, u, sequence.Definition{ID: "saved-" + u.ID, Name: "x", Steps: []sequence.Step{{ID: "a", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 1}}}}})
	}},
	{"PauseSequence", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.PauseSequence(ctx, u, w.sequence, true))
	}},
	{"PauseSequences", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.PauseSequences(ctx, u)
	}},
	{"ResumeSequences", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.ResumeSequences(ctx, u)
	}},
	{"Standstill", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.Standstill(ctx, u)
	}},
	{"Enrollments", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Enrollments(ctx, u, sequence.EnrollmentQuery{Tenant: "acme", LeadID: w.lead})
	}},
	{"PauseEnrollment", desk.Member, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.PauseEnrollment(ctx, u, w.enrollment))
	}},
	{"ResumeEnrollment", desk.Member, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.ResumeEnrollment(ctx, u, w.enrollment))
	}},
	{"ExitEnrollment", desk.Member, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.ExitEnrollment(ctx, u, w.enrollment))
	}},
	{"Enroll", desk.Member, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Enroll(ctx, u, w.lead, w.sequence)
	}},
	{"Suppressions", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		found, err := d.Suppressions(ctx, u, "", "", 10)
		return map[bool]string{true: canary}[len(found) > 0], err
	}},
	{"Suppress", desk.Member, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.Suppress(ctx, u, "x@example.com", ""))
	}},
	{"Unsuppress", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.Unsuppress(ctx, u, "stop@example.com", "marketing"))
	}},

	{"Quarantined", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.Quarantined(ctx, u, "", 10)
	}},
	{"Queue", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		found, err := d.Queue(ctx, u)
		return map[bool]string{true: canary}[len(found) > 0], err
	}},
	{"DeadTasks", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		found, err := d.DeadTasks(ctx, u, "", 10)
		return map[bool]string{true: canary}[len(found) > 0], err
	}},
	{"Trail", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		found, err := d.Trail(ctx, u, "", 100)
		for _, e := range found {
			if e.Tenant != u.Tenant {
				return canary, err
			}
		}
		return nil, err
	}},
	{"Check", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) { return d.Check(ctx, u) }},
	{"LeadsByDay", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		found, err := d.LeadsByDay(ctx, u, desk.ReportQuery{Tenant: "acme"})
		return map[bool]string{true: canary}[len(found) > 0], err
	}},
	{"Stages", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		found, err := d.Stages(ctx, u, desk.ReportQuery{Tenant: "acme"})
		return map[bool]string{true: canary}[strings.Contains(leadsIn(found), "1")], err
	}},
	{"Responses", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		found, err := d.Responses(ctx, u, desk.ReportQuery{Tenant: "acme"})
		return map[bool]string{true: canary}[len(found) > 0], err
	}},
	{"Tags", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) { return d.Tags(ctx, u) }},
	{"HandOut", desk.Member, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) { return d.HandOut(ctx, u) }},
	{"CountTags", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.CountTags(ctx, u)
	}},
	{"Views", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) { return d.Views(ctx, u) }},
	{"SaveView", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.SaveView(ctx, u, desk.SavedView{Name: "x", Query: "x"}))
	}},
	{"Setting", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		var v string
		err := d.Setting(ctx, u, "rubric", &v)
		return v, err
	}},
	{"SetSetting", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.SetSetting(ctx, u, "rubric", "x"))
	}},
	{"Retention", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.Retention(ctx, u)
	}},
	{"SetRetention", desk.Owner, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.SetRetention(ctx, u, desk.RetentionRules{Leads: 1, Quarantined: 30}))
	}},
	{"LastExpiry", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.LastExpiry(ctx, u)
	}},
	{"Expire", desk.Owner, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) { return d.Expire(ctx, u) }},
	{"BeginOnce", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		kept, _, err := d.BeginOnce(ctx, u, "key", "digest")
		return kept, err
	}},
	{"Each", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		var all []leads.Lead
		_, err := d.Each(ctx, u, desk.Filter{Tenant: "acme"}, func(l leads.Lead) error { all = append(all, l); return nil })
		return all, err
	}},
	{"ExportCSV", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		var b strings.Builder
		_, err := d.ExportCSV(ctx, u, desk.Filter{Tenant: "acme"}, &b, false)
		return b.String(), err
	}},
	{"Import", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.Import(ctx, u, io.Reader(strings.NewReader("email\nimp@example.com\n")), nil)
	}},
	{"Dossier", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Dossier(ctx, u, w.lead)
	}},
	{"SetPreferences", desk.Reader, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.SetPreferences(ctx, u, notify.Person{ID: u.ID, Email: u.ID + "@acme.example"}))
	}},
	{"SetShare", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.SetShare(ctx, u, notify.Person{ID: "ben", Email: "ben@acme.example"}))
	}},
	{"SetRubric", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.SetRubric(ctx, u, score.DefaultRubric()))
	}},
	{"Webhooks", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) { return d.Webhooks(ctx, u) }},
	{"Webhook", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Webhook(ctx, u, w.webhook)
	}},
	{"CreateWebhook", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.CreateWebhook(ctx, u, desk.Webhook{Tenant: "acme", URL: "https://x.example"})
	}},
	{"UpdateWebhook", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.UpdateWebhook(ctx, u, desk.Webhook{Tenant: "acme", ID: w.webhook, URL: "https://x.example"})
	}},
	{"RotateWebhook", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.RotateWebhook(ctx, u, w.webhook)
	}},

	{"SetShadow", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.SetShadow(ctx, u, score.DefaultRubric()))
	}},
	{"Shadow", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.Shadow(ctx, u)
	}},
	{"JudgeShadow", desk.Reader, true, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.JudgeShadow(ctx, u, score.DefaultRubric())
	}},
	{"AdoptShadow", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return d.AdoptShadow(ctx, u, candidate().Hash())
	}},

	// What takes things away comes last.
	{"StopShadow", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, _ *world) (any, error) {
		return none(d.StopShadow(ctx, u))
	}},
	{"DeleteWebhook", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.DeleteWebhook(ctx, u, w.webhook))
	}},
	{"DeleteKey", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.DeleteKey(ctx, u, w.key))
	}},
	{"DeletePipeline", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.DeletePipeline(ctx, u, w.pipeline))
	}},
	{"DeleteSequence", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.DeleteSequence(ctx, u, w.sequence))
	}},
	{"Block", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Block(ctx, u, desk.BlockRequest{SubmissionID: w.quarantined, What: ingest.BlockDomain, Everywhere: true})
	}},
	{"Release", desk.Member, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return d.Release(ctx, u, w.quarantined)
	}},
	{"DeleteQuarantined", desk.Member, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.DeleteQuarantined(ctx, u, w.quarantined))
	}},
	{"DeleteSource", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.DeleteSource(ctx, u, w.source))
	}},
	{"DeleteSourceVersion", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.DeleteSourceVersion(ctx, u, w.source, 0))
	}},
	{"EraseMany", desk.Admin, false, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return changed(d.EraseMany(ctx, u, []string{w.lead}))
	}},
	{"Erase", desk.Admin, true, func(ctx context.Context, d *desk.Desk, u desk.User, w *world) (any, error) {
		return none(d.Erase(ctx, u, w.lead))
	}},
}

func leadsIn(r desk.StageReport) string {
	for _, s := range r.Stages {
		if s.Now+s.Entered > 0 {
			return "1"
		}
	}
	return ""
}

// changed answers the canary when leads were changed.
func changed(r desk.BulkReport, err error) (any, error) {
	return map[bool]string{true: canary}[r.Changed > 0], err
}

func TestRoles(t *testing.T) {
	t.Parallel()
	users := []desk.User{{Tenant: "acme", ID: "nobody"}, rita, ben, ada, ann}
	for _, a := range actions {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			for _, u := range users {
				w := newWorld(t)
				before := snapshot(t, w)
				_, err := a.do(t.Context(), w.Desk, u, w)
				if u.Role.May(a.role) {
					require.NotErrorIs(t, err, desk.ErrForbidden, "%s may", u.Role)
					require.NotErrorIs(t, err, leads.ErrNotFound, "it is there for %s", u.Role)
					continue
				}
				require.ErrorIs(t, err, desk.ErrForbidden, "%q may not", u.Role)
				require.Equal(t, before, snapshot(t, w), "%q has changed something", u.Role)
			}
			w := newWorld(t)
			_, err := a.do(t.Context(), w.Desk, desk.User{ID: "x", Role: desk.Owner}, w)
			require.ErrorIs(t, err, desk.ErrForbidden, "without a tenant")
			_, err = a.do(t.Context(), w.Desk, desk.User{Tenant: "leads.directory", ID: "x", Role: desk.Owner}, w)
			require.ErrorIs(t, err, desk.ErrForbidden, "in the tenant of our own records")
		})
	}
}

func TestTenants(t *testing.T) {
	t.Parallel()
	for _, a := range actions {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before := snapshot(t, w)
			answer, err := a.do(t.Context(), w.Desk, eve, w)
			if a.object {
				require.ErrorIs(t, err, leads.ErrNotFound)
			}
			require.NotContains(t, text(t, answer), canary)
			if err != nil {
				require.NotContains(t, err.Error(), canary)
			}
			require.Equal(t, before, snapshot(t, w), "it has changed what is acme's")
		})
	}
}

// snapshot is everything of acme that a user can see.
func snapshot(t *testing.T, w *world) string {
	t.Helper()
	ctx := t.Context()
	var all []any
	collect := func(v any, err error) {
		require.NoError(t, err)
		all = append(all, v)
	}
	page, err := w.store.FindLeads(ctx, desk.Filter{Tenant: "acme", Limit: 1000})
	collect(page, err)
	for _, lead := range page.Leads {
		events, err := w.store.Events(ctx, "acme", lead.ID)
		collect(events, err)
		tasks, err := w.store.Tasks(ctx, "acme", lead.ID)
		collect(tasks, err)
	}
	sources, err := w.store.ListSources(ctx, "acme")
	collect(sources, err)
	quarantined, err := w.store.Quarantined(ctx, "acme", "", 100)
	collect(quarantined, err)
	trail, err := w.store.Entries(ctx, "acme", "", 1000)
	collect(trail, err)
	enrollments, err := w.store.Enrollments(ctx, sequence.EnrollmentQuery{Tenant: "acme"})
	collect(enrollments, err)
	suppressions, err := w.store.Suppressions(ctx, "acme", "", "", 100)
	collect(suppressions, err)
	for _, kind := range []string{"desk.key", "desk.pipeline", "desk.setting", "desk.source", "desk.tags", "desk.once", "sequence"} {
		records, err := w.store.Records(ctx, "acme", kind, "", 1000)
		collect(records, err)
	}
	collect(w.hooks.Webhooks(ctx, "acme"))
	return text(t, all)
}

func TestEveryMethodIsInTheTable(t *testing.T) {
	t.Parallel()
	listed := make(map[string]desk.Role)
	for _, a := range actions {
		listed[a.name] = a.role
	}
	said := documentedRoles(t)
	user := reflect.TypeFor[desk.User]()
	for m := range reflect.TypeFor[*desk.Desk]().Methods() {
		if m.Type.NumIn() < 3 || m.Type.In(2) != user || m.Name == "EndOnce" || m.Name == "ForgetOnce" { // those two end what BeginOnce has begun
			continue
		}
		require.Contains(t, listed, m.Name, "it is not in the table of roles and tenants")
		require.Equal(t, listed[m.Name], said[m.Name], "what the comment of %s says", m.Name)
	}
}

// documentedRoles reads for whom a method is from its comment.
func documentedRoles(t *testing.T) map[string]desk.Role {
	t.Helper()
	roles := make(map[string]desk.Role)
	method := regexp.MustCompile(`(?m)((?:^//.*\n)+)func \(d \*Desk\) (\w+)\(`)
	audience := regexp.MustCompile(`For (reader|member|admin|owner)s[.;]`)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range method.FindAllStringSubmatch(string(source), -1) {
			if a := audience.FindStringSubmatch(strings.ReplaceAll(m[1], "\n// ", " ")); a != nil {
				roles[m[2]] = desk.Role(a[1])
			}
		}
	}
	return roles
}
