package desk_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func TestErase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	person := ingest.Fields{Email: "Erase.Me@Example.com", Phone: "+49 30 7654321", LastName: "ERASED"}
	captured, err := w.engine.Capture(ctx, ingest.Submission{Tenant: "acme", Fields: person, Metadata: ingest.Metadata{"note": []byte(`"ERASED"`)}})
	require.NoError(t, err)
	for _, f := range []ingest.Fields{{Email: "erase.me@example.com", LastName: "ERASED"}, {Phone: "0049 30 7654321", LastName: "ERASED"}} {
		_, err := w.engine.Capture(ctx, ingest.Submission{Tenant: "acme", Fields: f, Verdict: ingest.Quarantined})
		require.NoError(t, err)
	}
	_, err = w.Update(ctx, ben, captured.LeadID, desk.Patch{Note: "ERASED"})
	require.NoError(t, err)
	_, err = w.Enroll(ctx, ben, captured.LeadID, w.sequence)
	require.NoError(t, err)
	w.kill(t, captured.LeadID)
	dossier, err := w.Dossier(ctx, ada, captured.LeadID)
	require.NoError(t, err)
	require.Len(t, dossier.Enrollments, 1)
	require.Len(t, dossier.Submissions, 1)
	require.Contains(t, snapshot(t, w), "ERASED")

	require.NoError(t, w.Erase(ctx, ada, captured.LeadID))
	left := snapshot(t, w)
	require.NotContains(t, left, "ERASED")
	require.NotContains(t, left, "7654321")
	quarantined, err := w.Quarantined(ctx, rita, "", 10)
	require.NoError(t, err)
	require.Len(t, quarantined, 1, "other people's stay")
	key, err := w.follow.AddressKey(ctx, "acme", "erase.me@example.com")
	require.NoError(t, err)
	stops, err := w.store.Suppressed(ctx, "acme", key)
	require.NoError(t, err)
	require.Equal(t, sequence.ReasonErased, stops[0].Reason)
	require.NotContains(t, text(t, stops), "erase.me")
	require.Contains(t, w.actions(t), "lead.erase")
	require.ErrorIs(t, w.Erase(ctx, ada, captured.LeadID), leads.ErrNotFound)

	again := w.capture(t, "erase.me@example.com")
	require.NotEqual(t, captured.LeadID, again)
	_, err = w.Enroll(ctx, ben, again, w.sequence)
	require.ErrorIs(t, err, sequence.ErrSuppressed, "nobody writes to them again")
}

func TestRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for name, rules := range map[string]desk.RetentionRules{"negative": {Raw: -1}, "a short quarantine": {Quarantined: 29}, "a century": {Leads: 36_501}} {
		require.ErrorIs(t, w.SetRetention(ctx, ann, rules), leads.ErrInvalid, name)
	}
	n, err := w.Expire(ctx, ann)
	require.NoError(t, err)
	require.Zero(t, n, "without rules everything stays")
	require.NoError(t, w.SetRetention(ctx, ann, desk.RetentionRules{Raw: 1, Clients: 1, Quarantined: 30, Events: 60, Leads: 90}))
	w.clock.now = w.clock.now.Add(31 * 24 * time.Hour)
	n, err = w.Expire(ctx, ann)
	require.NoError(t, err)
	require.NotZero(t, n)
	x, err := w.Explain(ctx, rita, w.lead)
	require.NoError(t, err)
	require.Empty(t, x.Submissions[0].Raw)
	quarantined, err := w.Quarantined(ctx, rita, "", 10)
	require.NoError(t, err)
	require.Empty(t, quarantined)
	_, err = w.Update(ctx, ben, w.lead, desk.Patch{Status: ptr(leads.StatusClosed)})
	require.NoError(t, err)
	w.clock.now = w.clock.now.Add(91 * 24 * time.Hour)
	_, err = w.Expire(ctx, ann)
	require.NoError(t, err)
	_, err = w.Lead(ctx, rita, w.lead)
	require.ErrorIs(t, err, leads.ErrNotFound)
}

func TestStagesCountFromTheFirst(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	ctx := t.Context()
	one, two := w.capture(t, "one@example.com"), w.capture(t, "two@example.com")
	w.capture(t, "three@example.com")
	move := func(id string, to leads.Status, after time.Duration) {
		t.Helper()
		w.clock.now = w.clock.now.Add(after)
		_, err := w.Update(ctx, ben, id, desk.Patch{Status: &to})
		require.NoError(t, err)
	}
	move(one, leads.StatusContacted, time.Hour)
	move(two, leads.StatusContacted, 2*time.Hour)
	move(one, leads.StatusQualified, time.Hour)
	report, err := w.Stages(ctx, rita, desk.ReportQuery{})
	require.NoError(t, err)
	require.Equal(t, desk.StageCount{Status: leads.StatusNew, Now: 1, Entered: 3, Left: 2, Median: 3 * time.Hour}, report.Stages[0])
	require.Equal(t, desk.StageCount{Status: leads.StatusContacted, Now: 1, Entered: 2, Left: 1, Median: 3 * time.Hour}, report.Stages[1])
	require.Equal(t, 1, report.Stages[2].Entered)
}

func TestQuarantine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	released, err := w.Release(ctx, ben, w.quarantined)
	require.NoError(t, err)
	require.True(t, released.Created)
	require.ErrorIs(t, w.DeleteQuarantined(ctx, ben, w.quarantined), leads.ErrNotFound, "it is a lead's now")
	require.Contains(t, w.events(t, released.LeadID), leads.EventReleased)
	require.Contains(t, w.actions(t), "submission.release")
}

func TestSeenNamesAndPreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for range 3 {
		w.clock.now = w.clock.now.Add(time.Minute)
		_, err := w.engine.Capture(ctx, ingest.Submission{Tenant: "acme", SourceID: w.source, Metadata: ingest.Metadata{"contact_email": []byte(`"x@example.com"`), "size": []byte("3")}})
		require.NoError(t, err)
	}
	seen, err := w.SeenNames(ctx, rita, w.source)
	require.NoError(t, err)
	require.Equal(t, desk.SeenName{Name: "contact_email", Times: 3, Example: "x@example.com", Suggest: "email"}, seen[0])
	sub, err := w.PreviewMapping(ctx, rita, ingest.Source{Mappings: map[string]string{"contact_email": "email"}}, "application/json", []byte(`{"contact_email":"x@example.com"}`))
	require.NoError(t, err)
	require.Equal(t, "x@example.com", sub.Fields.Email)
	_, err = w.PreviewMapping(ctx, rita, ingest.Source{}, "application/json", []byte(`{`))
	require.ErrorIs(t, err, leads.ErrInvalid)
}

func TestTheTrailHoldsNoPersonalData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, a := range actions {
		_, _ = a.do(t.Context(), w.Desk, ann, w)
	}
	entries, err := w.store.Entries(t.Context(), "acme", "", 1000)
	require.NoError(t, err)
	for _, e := range entries {
		data, err := json.Marshal(e)
		require.NoError(t, err)
		require.NotContains(t, string(data), canary)
		require.NotContains(t, string(data), "@")
		require.NotContains(t, string(data), w.secret)
	}
	require.Greater(t, len(entries), 30)
}
