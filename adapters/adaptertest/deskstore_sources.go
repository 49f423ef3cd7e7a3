package adaptertest

import (
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

const (
	saysPutSource    = "PutSource creates the source or replaces the one with its tenant and ID, with all of its tokens."
	saysPutTaken     = "It returns [leads.ErrInvalid], and changes nothing, if a token belongs to another source."
	saysListSources  = "ListSources returns the tenant's sources with their active tokens in the order in which they were put, the oldest source first by CreatedAt, deleted ones too."
	saysSourceNames  = "SourceNames returns what each source that ListSources returns is called, in that order."
	saysLastSeen     = "LastSeen is when its newest submission came, accepted or not; zero if none has."
	saysPayloads     = "Payloads returns up to limit of the newest submissions of a source, quarantined ones too, the newest first by ID."
	saysQuarantined  = "Quarantined returns up to limit quarantined submissions of the tenant, the newest first by ID, beginning behind after (\"\" for the first page)."
	saysDeleteSpam   = "DeleteQuarantined removes a quarantined submission with its idempotency key."
	saysDeleteAbsent = "ErrNotFound if there is none, or it is not quarantined any more."
)

func lookAfterContracts() []contract {
	return []contract{
		{"sources/put and listed", saysPutSource, listPut},
		{"sources/a token of another", saysPutTaken, listTaken},
		{"sources/order, tokens and deleted ones", saysListSources, listOrder},
		{"sources/names", saysSourceNames, listNames},
		{"sources/last seen", saysLastSeen, listSeen},
		{"payloads/of a source", saysPayloads, payloadsOf},
		{"quarantine/pages", saysQuarantined, quarantinePages},
		{"quarantine/deleted", saysDeleteSpam, quarantineDeleted},
		{"quarantine/nothing to delete", saysDeleteAbsent, quarantineAbsent},
	}
}

func (r *rig) listed() []desk.SourceEntry {
	r.t.Helper()
	entries, err := r.store().ListSources(r.t.Context(), r.tenant)
	if err != nil {
		r.t.Fatalf("ListSources: %v", err)
	}
	return entries
}

func listPut(r *rig) {
	f := &filler{base: r.start}
	want := r.newest(f)
	want.DeletedAt = time.Time{}
	r.put(want, "one", "two")
	listed := func(tokens ...string) {
		r.t.Helper()
		all := r.listed()
		r.same("source", all[len(all)-1].Source, want)
		r.check(len(all) == 2 && slices.Equal(all[len(all)-1].Tokens, tokens), "the sources are %+v", all)
		r.check(r.finds2("one") == slices.Contains(tokens, "one"), "the token one finds the source: %v", r.finds2("one"))
		r.check(r.finds2("three") == slices.Contains(tokens, "three"), "the token three finds the source: %v", r.finds2("three"))
	}
	listed("one", "two")
	again := r.newest(f)
	again.ID, again.CreatedAt, again.DeletedAt = want.ID, want.CreatedAt, time.Time{}
	want = again
	r.put(want, "three", "one")
	listed("three", "one")
	r.put(want)
	listed()
}

// finds2 reports whether a token finds a source.
func (r *rig) finds2(token string) bool {
	_, err := r.SourceByToken(r.t.Context(), token)
	return err == nil
}

func listTaken(r *rig) {
	other := r.as("other")
	want := []desk.SourceEntry{r.listed()[0], other.listed()[0]}
	for _, source := range []ingest.Source{
		{Tenant: r.tenant, ID: leads.NewID(), Name: "thief"}, {Tenant: "other", ID: r.source, Name: "thief"}, {Tenant: "other", ID: other.source, Name: "thief"},
	} {
		source.CreatedAt = r.start
		err := r.store().PutSource(r.t.Context(), source, "free", "token-"+r.source)
		r.fails("PutSource with another's token", err, leads.ErrInvalid)
	}
	r.same("sources", []desk.SourceEntry{r.listed()[0], other.listed()[0]}, want)
	r.check(len(r.listed()) == 1 && len(other.listed()) == 1 && !r.finds2("free"), "a refused source is stored in part")
	r.finds("token-"+r.source, r.source)
}

func listOrder(r *rig) {
	want := r.listed()
	r.as("other")
	for i, after := range []time.Duration{3, 1, 2, 4, 4} {
		source := ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: fmt.Sprint(after), CreatedAt: r.start.Add(after * time.Microsecond)}
		e := desk.SourceEntry{Source: source, Tokens: []string{fmt.Sprintf("z%d", i), fmt.Sprintf("a%d", i), fmt.Sprintf("m%d", i)}}
		if i == 2 {
			e.Source.DeletedAt, e.Tokens = r.tick(), nil
		}
		r.put(e.Source, e.Tokens...)
		want = append(want, e)
	}
	slices.SortStableFunc(want, func(a, b desk.SourceEntry) int { return a.Source.CreatedAt.Compare(b.Source.CreatedAt) })
	r.same("sources", r.listed(), want)
}

func listNames(r *rig) {
	r.as("other")
	for i, after := range []time.Duration{3, 1, 2} {
		source := ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: fmt.Sprint("source ", i), CreatedAt: r.start.Add(after * time.Microsecond)}
		if i == 2 {
			source.DeletedAt = r.tick()
		}
		r.put(source)
	}
	var want []desk.SourceName
	for _, e := range r.listed() {
		want = append(want, desk.SourceName{ID: e.Source.ID, Name: e.Source.Name, Deleted: !e.Source.DeletedAt.IsZero()})
	}
	names, err := r.store().SourceNames(r.t.Context(), r.tenant)
	r.check(err == nil && len(want) == 4, "SourceNames: %v", err)
	r.same("names", names, want)
	none, err := r.store().SourceNames(r.t.Context(), "nobody")
	r.check(err == nil && len(none) == 0, "SourceNames of nobody: %v, %v", none, err)
}

func listSeen(r *rig) {
	seen := func(want time.Time) {
		r.t.Helper()
		for _, e := range r.listed() {
			if e.Source.ID == r.source {
				r.check(e.LastSeen.Equal(want), "the source was last seen at %v, want %v", e.LastSeen, want)
			} else {
				r.check(e.LastSeen.IsZero(), "another source was seen at %v", e.LastSeen)
			}
		}
	}
	r.newSource(r.tenant)
	seen(time.Time{})
	first := r.sub("ann@example.com")
	r.one(first)
	seen(first.Received)
	spam := r.quarantined(r.sub("bob@example.com"))
	seen(spam.Received)
	late := r.sub("ann@example.com")
	late.Received = r.start.Add(-hour)
	r.one(late)
	seen(spam.Received)
	r.one(again(spam, 0))
	foreign := r.as("other")
	foreign.put(ingest.Source{Tenant: "other", ID: r.source, Name: "same ID", CreatedAt: r.start}, "same ID")
	foreign.source = r.source
	foreign.one(foreign.sub("ann@example.com"))
	seen(spam.Received)
}

func payloadsOf(r *rig) {
	of := func(source string, limit int) []ingest.Submission {
		r.t.Helper()
		subs, err := r.store().Payloads(r.t.Context(), r.tenant, source, limit)
		if err != nil {
			r.t.Fatalf("Payloads: %v", err)
		}
		return subs
	}
	r.check(len(of(r.source, 10)) == 0, "a new source has %d submissions", len(of(r.source, 10)))
	f := &filler{base: r.start}
	var want []ingest.Submission
	for i := range 5 {
		sub := f.submission(r)
		sub.Received = r.start.Add(-time.Duration(i) * hour) // the order is that of the IDs
		if i%2 == 0 {
			sub.Verdict = ingest.Quarantined
		}
		r.one(sub)
		want = append(want, sub)
	}
	first := r.source
	r.source = r.newSource(r.tenant)
	r.one(r.sub("bob@example.com"))
	other := r.as("other")
	other.one(other.sub("ann@example.com"))
	slices.Reverse(want)
	for _, limit := range []int{1, 4, 5, 6} {
		r.same(fmt.Sprintf("submissions with limit %d", limit), of(first, limit), want[:min(limit, 5)])
	}
	r.check(len(of(other.source, 10)) == 0, "another tenant's submissions are shown")
}

func quarantinePages(r *rig) {
	of := func(after string, limit int) []ingest.Submission {
		r.t.Helper()
		subs, err := r.store().Quarantined(r.t.Context(), r.tenant, after, limit)
		if err != nil {
			r.t.Fatalf("Quarantined: %v", err)
		}
		return subs
	}
	r.check(len(of("", 10)) == 0, "an empty store has %d quarantined", len(of("", 10)))
	other := r.as("other")
	f := &filler{base: r.start}
	var want []ingest.Submission
	between := ""
	for i := range 7 {
		if i == 4 {
			between = leads.NewID()
		}
		sub := f.submission(r)
		sub.Received = r.start.Add(-time.Duration(i) * hour)
		want = append(want, r.quarantined(sub))
		other.quarantined(other.sub("ann@example.com"))
		r.one(r.sub("ann@example.com"))
	}
	slices.Reverse(want)
	for _, limit := range []int{1, 3, 7, 8} {
		after, rest := "", want
		for len(rest) > 0 {
			n := min(limit, len(rest))
			r.same("quarantined", of(after, limit), rest[:n])
			after, rest = rest[n-1].ID, rest[n:]
		}
		r.check(len(of(after, limit)) == 0, "behind the last one there are %d", len(of(after, limit)))
	}
	r.same("behind an ID that none has", of(between, 2), want[3:5])
	r.release(want[0].ID)
	r.same("behind one that was released", of(want[0].ID, 10), want[1:])
	r.same("without it", of("", 10), want[1:])
}

func quarantineDeleted(r *rig) {
	kept := r.quarantined(r.sub("bob@example.com"))
	sub := r.keyed("key", "body")
	sub = r.quarantined(sub)
	if err := r.store().DeleteQuarantined(r.t.Context(), r.tenant, sub.ID); err != nil {
		r.t.Fatalf("DeleteQuarantined: %v", err)
	}
	v := r.reading("")
	r.same("quarantined", v.Quarantined, []ingest.Submission{kept})
	r.same("payloads", v.Payloads, []ingest.Submission{kept})
	r.absentMend(r.tenant, sub.ID)
	late := again(sub, time.Minute)
	late.Verdict, late.Reasons = ingest.Accepted, nil
	c := r.one(late)
	r.check(!c.Repeated && c.Created && c.SubmissionID == late.ID, "the request again is %+v", c)
}

func quarantineAbsent(r *rig) {
	accepted, sub := r.one(r.sub("bob@example.com")), r.quarantined(r.sub("ann@example.com"))
	none := func(what, tenant, id string) {
		r.t.Helper()
		r.fails("DeleteQuarantined of "+what, r.store().DeleteQuarantined(r.t.Context(), tenant, id), leads.ErrNotFound)
	}
	r.as("other")
	none("another tenant's", "other", sub.ID)
	none("what is not there", r.tenant, leads.NewID())
	before := r.state(accepted.LeadID)
	none("what was accepted", r.tenant, accepted.SubmissionID)
	r.unchanged("the lead", accepted.LeadID, before)
	c := r.release(sub.ID)
	before = r.state(c.LeadID)
	none("what was released", r.tenant, sub.ID)
	r.unchanged("the released one", c.LeadID, before)
	spam := r.quarantined(r.sub("eve@example.com"))
	if err := r.store().DeleteQuarantined(r.t.Context(), r.tenant, spam.ID); err != nil {
		r.t.Fatalf("DeleteQuarantined: %v", err)
	}
	none("what was deleted", r.tenant, spam.ID)
}
