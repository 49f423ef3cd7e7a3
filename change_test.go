package leads_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

func TestChangesOfALead(t *testing.T) {
	t.Parallel()
	lead := leads.Lead{Tenant: "acme", ID: leads.NewID(), Status: leads.StatusNew, Tags: []string{"trial"}}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		do   func(at time.Time) (leads.Event, bool)
		kind leads.EventKind // "" when nothing changes
		data leads.Change
	}{
		{func(at time.Time) (leads.Event, bool) { return lead.Assign(leads.Change{}, at) }, "", leads.Change{}},
		{func(at time.Time) (leads.Event, bool) { return lead.Assign(leads.Change{To: "ann", By: "routing"}, at) }, leads.EventAssigned, leads.Change{To: "ann", By: "routing"}},
		{func(at time.Time) (leads.Event, bool) { return lead.Assign(leads.Change{To: "ann"}, at) }, "", leads.Change{}},
		{func(at time.Time) (leads.Event, bool) { return lead.Assign(leads.Change{To: "bob"}, at) }, leads.EventAssigned, leads.Change{From: "ann", To: "bob"}},
		{func(at time.Time) (leads.Event, bool) { return lead.SetStatus(leads.Change{To: "new"}, at) }, "", leads.Change{}},
		{func(at time.Time) (leads.Event, bool) { return lead.SetStatus(leads.Change{To: "contacted"}, at) }, leads.EventStatus, leads.Change{From: "new", To: "contacted"}},
		{func(at time.Time) (leads.Event, bool) { return lead.SetStatus(leads.Change{To: "qualified"}, at) }, leads.EventStatus, leads.Change{From: "contacted", To: "qualified"}},
		{func(at time.Time) (leads.Event, bool) { return lead.Tag(leads.Change{To: "trial"}, at) }, "", leads.Change{}},
		{func(at time.Time) (leads.Event, bool) { return lead.Tag(leads.Change{From: "trial", To: "won"}, at) }, leads.EventTagged, leads.Change{From: "trial", To: "won"}},
		{func(at time.Time) (leads.Event, bool) { return lead.Tag(leads.Change{From: "absent"}, at) }, "", leads.Change{}},
	} {
		now := at.Add(time.Duration(i) * time.Minute)
		event, changed := step.do(now)
		require.Equal(t, step.kind != "", changed, "step %d", i)
		if !changed {
			require.Equal(t, leads.Event{}, event)
			continue
		}
		var data leads.Change
		require.NoError(t, json.Unmarshal(event.Data, &data))
		require.Equal(t, step.data, data)
		require.Equal(t, step.kind, event.Kind)
		require.Equal(t, []any{"acme", lead.ID, now}, []any{event.Tenant, event.LeadID, event.At})
		require.Equal(t, now, lead.UpdatedAt)
	}
	require.Equal(t, leads.Response{Assigned: at.Add(time.Minute), Contacted: at.Add(5 * time.Minute)}, lead.Response, "the first times stay")
	require.Equal(t, []string{"won"}, lead.Tags)
}

func TestClosingIsNotGettingInTouch(t *testing.T) {
	t.Parallel()
	lead := leads.Lead{Status: leads.StatusNew}
	_, changed := lead.SetStatus(leads.Change{To: "closed"}, time.Now())
	require.True(t, changed)
	require.Zero(t, lead.Response.Contacted)
}

func TestEditingALead(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	metadata := ingest.Metadata{"seats": json.RawMessage("40"), "role": json.RawMessage(`"CTO"`)}
	lead := leads.Lead{Fields: ingest.Fields{Email: "ann@acme.com", Company: "Acme"}, Metadata: metadata, Edited: []string{"role"}}
	_, changed := lead.Edit(map[string]string{"company": "Acme", "unknown": "x"}, map[string]json.RawMessage{"seats": json.RawMessage("40"), "absent": nil}, "ann", at)
	require.False(t, changed)
	event, changed := lead.Edit(map[string]string{"company": "", "phone": "+49 30 1"},
		map[string]json.RawMessage{"seats": json.RawMessage("50"), "role": nil, "team": json.RawMessage(`["x"]`)}, "ann", at)
	require.True(t, changed)
	require.Equal(t, ingest.Fields{Email: "ann@acme.com", Phone: "+49 30 1"}, lead.Fields)
	require.Equal(t, ingest.Metadata{"seats": json.RawMessage("50"), "team": json.RawMessage(`["x"]`)}, lead.Metadata)
	require.Equal(t, []string{"role", "phone", "company", "seats", "team"}, lead.Edited)
	require.JSONEq(t, `{"fields":["phone","company","role","seats","team"],"by":"ann"}`, string(event.Data))
	require.Equal(t, "40", string(metadata["seats"]), "what was read before stays as it is")

	folded := leads.Fold(leads.Lead{Tenant: "acme", ID: leads.NewID(), Version: 1, Fields: lead.Fields, Metadata: lead.Metadata, Edited: lead.Edited},
		ingest.Submission{Fields: ingest.Fields{Email: "ann@acme.com", Company: "Evil"}, Metadata: ingest.Metadata{"seats": json.RawMessage("1")}, Received: at})
	require.Equal(t, "", folded.Lead.Company, "a person has blanked it")
	require.Equal(t, "50", string(folded.Lead.Metadata["seats"]))
}

func TestANoteIsAnEvent(t *testing.T) {
	t.Parallel()
	lead := leads.Lead{Tenant: "acme", ID: leads.NewID()}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	event := lead.Say(leads.Note{Text: "called", By: "ann"}, at)
	require.Equal(t, leads.Event{Tenant: "acme", ID: event.ID, LeadID: lead.ID, Kind: leads.EventNoted, At: at, Data: json.RawMessage(`{"text":"called","by":"ann"}`)}, event)
}
