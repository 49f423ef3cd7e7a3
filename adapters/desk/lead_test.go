package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

func TestUpdateWritesItsEvents(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		patch desk.Patch
		event leads.EventKind // "" for none
		data  string          // what its data holds
		check func(t *testing.T, l leads.Lead)
	}{
		"fields":   {desk.Patch{Fields: map[string]string{"firstName": "Anna"}}, leads.EventEdited, `{"fields":["firstName"],"by":"ben"}`, func(t *testing.T, l leads.Lead) { require.Equal(t, "Anna", l.FirstName) }},
		"metadata": {desk.Patch{Metadata: map[string]json.RawMessage{"size": json.RawMessage(` [1, 2]`)}}, leads.EventEdited, `{"fields":["size"],"by":"ben"}`, func(t *testing.T, l leads.Lead) { require.Equal(t, "[1,2]", string(l.Metadata["size"])) }},
		"status":   {desk.Patch{Status: ptr(leads.StatusQualified)}, leads.EventStatus, `"from":"new","to":"qualified","by":"ben"`, func(t *testing.T, l leads.Lead) { require.False(t, l.Response.Contacted.IsZero()) }},
		"assignee": {desk.Patch{Assignee: ptr("ada")}, leads.EventAssigned, `"to":"ada","by":"ben"`, func(t *testing.T, l leads.Lead) {
			require.Equal(t, "ada", l.Assignee)
			require.False(t, l.Response.Assigned.IsZero())
		}},
		"tags":        {desk.Patch{Tags: ptr([]string{" vip "})}, leads.EventTagged, `"to":"vip","by":"ben"`, func(t *testing.T, l leads.Lead) { require.Equal(t, []string{"vip"}, l.Tags) }},
		"note":        {desk.Patch{Note: "call back"}, leads.EventNoted, `{"text":"call back","by":"ben"}`, nil},
		"contacted":   {desk.Patch{Contacted: true}, "", "", func(t *testing.T, l leads.Lead) { require.False(t, l.Response.Contacted.IsZero()) }},
		"nothing new": {desk.Patch{Fields: map[string]string{"lastName": canary}, Status: ptr(leads.StatusNew), Assignee: ptr("")}, "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDesk(t)
			id := w.capture(t, "ann@example.com")
			lead, err := w.Update(t.Context(), ben, id, c.patch)
			require.NoError(t, err)
			if c.check != nil {
				c.check(t, lead)
			}
			events, err := w.Events(t.Context(), rita, id)
			require.NoError(t, err)
			if c.event == "" {
				require.Len(t, events, 1)
				return
			}
			require.Len(t, events, 2)
			require.Equal(t, c.event, events[1].Kind)
			require.Contains(t, string(events[1].Data), c.data)
		})
	}
}

func TestPublicInputDoesNotChangeWhatWasEdited(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	id := w.capture(t, "ann@example.com")
	_, err := w.Update(t.Context(), ben, id, desk.Patch{Fields: map[string]string{"company": "", "phone": "+49 30 1"}, Metadata: map[string]json.RawMessage{"plan": json.RawMessage(`"pro"`)}})
	require.NoError(t, err)
	_, err = w.Update(t.Context(), ben, id, desk.Patch{Fields: map[string]string{"phone": ""}})
	require.NoError(t, err)
	w.clock.now = w.clock.now.Add(time.Hour)
	_, err = w.engine.Capture(t.Context(), ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: "ann@example.com", Phone: "+49 40 2", Company: "New"}, Metadata: ingest.Metadata{"plan": []byte(`"free"`), "other": []byte("1")}})
	require.NoError(t, err)
	lead, err := w.Lead(t.Context(), rita, id)
	require.NoError(t, err)
	require.Empty(t, lead.Phone, "a person has emptied it")
	require.Equal(t, `"pro"`, string(lead.Metadata["plan"]))
	require.Equal(t, "1", string(lead.Metadata["other"]))
	require.Equal(t, "New", lead.Company, "it was blank before and was not changed")
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for name, c := range map[string]struct {
		patch   desk.Patch
		pointer string
	}{
		"an unknown field":  {desk.Patch{Fields: map[string]string{"tenant": "other"}}, "/tenant"},
		"a long email":      {desk.Patch{Fields: map[string]string{"email": strings.Repeat("a", 255)}}, "/email"},
		"NUL":               {desk.Patch{Fields: map[string]string{"lastName": "a\x00b"}}, "/lastName"},
		"no JSON":           {desk.Patch{Metadata: map[string]json.RawMessage{"a/b": json.RawMessage(`{`)}}, "/metadata/a~1b"},
		"a deep value":      {desk.Patch{Metadata: map[string]json.RawMessage{"deep": json.RawMessage(deep)}}, "/metadata/deep"},
		"a number bomb":     {desk.Patch{Metadata: map[string]json.RawMessage{"n": json.RawMessage(`1e999999`)}}, "/metadata/n"},
		"an unknown status": {desk.Patch{Status: ptr(leads.Status("won"))}, "/status"},
		"an unknown stage":  {desk.Patch{Stage: ptr("nowhere")}, "/stageId"},
		"status and stage":  {desk.Patch{Status: ptr(leads.StatusNew), Stage: ptr("new")}, "/stageId"},
		"a long assignee":   {desk.Patch{Assignee: ptr(strings.Repeat("a", 256))}, "/assignedTo"},
		"an empty tag":      {desk.Patch{AddTags: []string{"  "}}, "/tags"},
		"too many tags":     {desk.Patch{Tags: ptr(make([]string, 51))}, "/tags"},
		"a long note":       {desk.Patch{Note: strings.Repeat("a", 8193)}, "/note"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDesk(t)
			id := w.capture(t, "ann@example.com")
			_, err := w.Update(t.Context(), ben, id, c.patch)
			require.ErrorIs(t, err, leads.ErrInvalid)
			invalid, ok := errors.AsType[*desk.InvalidError](err)
			require.True(t, ok)
			require.Equal(t, c.pointer, invalid.Fields[0].Pointer)
			lead, err := w.Lead(t.Context(), rita, id)
			require.NoError(t, err)
			require.EqualValues(t, 1, lead.Version)
		})
	}
}

func TestOnlyOneOfTwoWhoChangeTheSameVersion(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	id := w.capture(t, "ann@example.com")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.Update(t.Context(), ben, id, desk.Patch{Version: 1, Note: "mine"}) })
	}
	wg.Wait()
	stale := 0
	for _, err := range errs {
		if err != nil {
			require.ErrorIs(t, err, leads.ErrStale)
			stale++
		}
	}
	require.Equal(t, len(errs)-1, stale)
}

func TestAssigningTellsThePerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to    string
		tasks int
	}{"somebody else": {"ada", 1}, "oneself": {"ben", 0}, "nobody": {"", 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDesk(t)
			id := w.capture(t, "ann@example.com")
			_, err := w.Update(t.Context(), ben, id, desk.Patch{Assignee: &c.to})
			require.NoError(t, err)
			tasks, err := w.store.Tasks(t.Context(), "acme", id)
			require.NoError(t, err)
			notices := 0
			for _, task := range tasks {
				if task.Kind == leads.TaskNotify {
					require.Contains(t, string(task.Payload), `"assigned"`)
					notices++
				}
			}
			require.Equal(t, c.tasks, notices)
		})
	}
}

func TestViewIsNotedOnceAndNotForReaders(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	id := w.capture(t, "ann@example.com")
	lead, err := w.View(t.Context(), rita, id)
	require.NoError(t, err)
	require.Zero(t, lead.Response.Viewed)
	first := w.clock.now
	_, err = w.View(t.Context(), ben, id)
	require.NoError(t, err)
	w.clock.now = first.Add(time.Hour)
	lead, err = w.View(t.Context(), ada, id)
	require.NoError(t, err)
	require.Equal(t, first, lead.Response.Viewed)
	require.EqualValues(t, 2, lead.Version)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	ctx := t.Context()
	lead, created, err := w.Create(ctx, ben, desk.NewLead{Fields: ingest.Fields{Email: "Ann@Example.com"}, Metadata: ingest.Metadata{"size": []byte("3")}, Key: "k"})
	require.NoError(t, err)
	require.True(t, created)
	again, created, err := w.Create(ctx, ben, desk.NewLead{Fields: ingest.Fields{Email: "ann@example.com", Company: "ACME"}})
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, lead.ID, again.ID)
	require.Equal(t, "ACME", again.Company)

	_, _, err = w.Create(ctx, ben, desk.NewLead{})
	require.ErrorIs(t, err, leads.ErrInvalid)
	_, _, err = w.Create(ctx, ben, desk.NewLead{Fields: ingest.Fields{Email: "a@b.de"}, SourceID: leads.NewID()})
	require.ErrorContains(t, err, "/sourceId")
	_, _, err = w.Create(ctx, ben, desk.NewLead{Fields: ingest.Fields{Email: strings.Repeat("a", 300)}, Metadata: ingest.Metadata{"n": []byte("1e999999")}})
	require.ErrorContains(t, err, "/email")
	require.ErrorContains(t, err, "/metadata/n")
	require.NotContains(t, err.Error(), "ingest")
}

func TestBulkGoesOnPastFailures(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	ctx := t.Context()
	one, two, gone := w.capture(t, "one@example.com"), w.capture(t, "two@example.com"), leads.NewID()
	report, err := w.Bulk(ctx, ben, []string{one, gone, two}, desk.Patch{Version: 7, AddTags: []string{"fair"}, Status: ptr(leads.StatusContacted)})
	require.NoError(t, err)
	require.Equal(t, 2, report.Changed)
	require.Len(t, report.Failed, 1)
	require.ErrorIs(t, report.Failed[gone], leads.ErrNotFound)
	page, err := w.Leads(ctx, rita, desk.Filter{Tag: "fair", Statuses: []leads.Status{leads.StatusContacted}})
	require.NoError(t, err)
	require.Len(t, page.Leads, 2)

	_, err = w.Update(ctx, ben, one, desk.Patch{AddTags: strings.Fields(strings.Repeat("x ", 1))})
	require.NoError(t, err)
	many := make([]string, 0, 49)
	for i := range 49 {
		many = append(many, "t"+string(rune('A'+i)))
	}
	report, err = w.Bulk(ctx, ben, []string{one, two}, desk.Patch{AddTags: many})
	require.NoError(t, err, "one has too many then, which is not the others' fault")
	require.Equal(t, 1, report.Changed)
	require.ErrorIs(t, report.Failed[one], leads.ErrInvalid)

	for name, ids := range map[string][]string{"none": {}, "too many": make([]string, desk.MaxBulk+1)} {
		_, err = w.Bulk(ctx, ben, ids, desk.Patch{Note: "x"})
		require.ErrorIs(t, err, leads.ErrInvalid, name)
	}
	_, err = w.EraseMany(ctx, ben, nil)
	require.ErrorIs(t, err, desk.ErrForbidden)
	ended, end := context.WithCancel(ctx)
	end()
	_, err = w.Bulk(ended, ben, []string{one}, desk.Patch{Note: "x"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestTagsAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Update(t.Context(), ben, w.lead, desk.Patch{Tags: ptr([]string{"b", "a"})})
	require.NoError(t, err)
	tags, err := w.Tags(t.Context(), rita)
	require.NoError(t, err)
	require.Equal(t, []string{canary, "a", "b", "followed " + canary}, tags)
}

func TestFiltersThatNoStoreCouldTake(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	for name, f := range map[string]desk.Filter{
		"NUL": {Search: "a\x00"}, "not UTF-8": {Tag: "\xff"}, "too many": {Sources: make([]string, 101)}, "long": {Assignee: strings.Repeat("a", 2001)},
		"before the first": {Offset: -1}, "a cursor of another order": {After: "score~1~x"},
	} {
		_, err := w.Leads(t.Context(), rita, f)
		require.ErrorIs(t, err, leads.ErrInvalid, name)
	}
}
