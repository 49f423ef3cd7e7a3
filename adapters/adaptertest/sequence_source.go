package adaptertest

import (
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	saysSeqLead   = "Lead returns one lead, or [leads.ErrNotFound]."
	saysSource    = "Source returns a source of the tenant, a deleted one too, or [leads.ErrNotFound]."
	saysSeqBadIDs = "What is asked for by a malformed ID is absent."
	saysSeqEnded  = "a method whose context has ended returns an error and changes nothing."
)

func seqSourceContracts() []contract {
	return []contract{
		{"source/every field", saysSource, seqSourceFields},
		{"source/deleted", saysSource, seqSourceDeleted},
		{"source/absent", saysSource, seqSourceAbsent},
		{"source/malformed IDs", saysSeqBadIDs, seqSourceBadIDs},
		{"source/ended context", saysSeqEnded, seqSourceEnded},
		{"source/memory", saysMemory, seqSourceMemory},
		{"lead/found and absent", saysSeqLead, seqLead},
	}
}

func (r *rig) sourceOf(id string) ingest.Source {
	r.t.Helper()
	source, err := r.sequences().Source(r.t.Context(), r.tenant, id)
	if err != nil {
		r.t.Fatalf("Source: %v", err)
	}
	return source
}

// newest is a source with every field set but the one that deletes it.
func (r *rig) newest(f *filler) ingest.Source {
	source := filled[ingest.Source](f)
	source.Tenant, source.DeletedAt = r.tenant, time.Time{}
	return source
}

func seqSourceFields(r *rig) {
	f := &filler{base: r.start}
	for _, token := range []string{"a", "b"} {
		want := r.newest(f)
		r.put(want, token)
		r.same("source", r.sourceOf(want.ID), want)
		want.Name, want.Trusted, want.Consent = "another", false, ingest.Consent{}
		r.put(want, token)
		r.same("replaced", r.sourceOf(want.ID), want)
	}
}

func seqSourceDeleted(r *rig) {
	want := r.newest(&filler{base: r.start})
	want.DeletedAt = r.tick()
	r.put(want)
	r.same("deleted", r.sourceOf(want.ID), want)
}

func (r *rig) noSource(tenant, id string) {
	r.t.Helper()
	_, err := r.sequences().Source(r.t.Context(), tenant, id)
	r.fails("Source("+shown(id)+")", err, leads.ErrNotFound)
}

func seqSourceAbsent(r *rig) {
	other := r.as("other")
	r.noSource("other", r.source)
	r.noSource(r.tenant, other.source)
	r.noSource("", r.source)
	r.noSource(r.tenant, leads.NewID())
}

func seqSourceBadIDs(r *rig) {
	for _, id := range badIDs() {
		r.noSource(r.tenant, id)
	}
}

func seqSourceEnded(r *rig) {
	_, err := r.sequences().Source(ended(r.t), r.tenant, r.source)
	r.check(err != nil, "Source with an ended context returned no error")
}

func seqSourceMemory(r *rig) {
	want := r.newest(&filler{base: r.start})
	r.put(want, "token")
	before := flatten(want)
	scribble(r.sourceOf(want.ID))
	for _, d := range differences(flatten(r.sourceOf(want.ID)), before, nil) {
		r.t.Errorf("the source was changed from outside: %s", d)
	}
}

func seqLead(r *rig) {
	id := r.person("ann@example.com")
	lead, err := r.sequences().Lead(r.t.Context(), r.tenant, id)
	r.check(err == nil && lead.Email == "ann@example.com", "Lead: %+v, %v", lead, err)
	_, err = r.sequences().Lead(r.t.Context(), "other", id)
	r.fails("Lead of another tenant", err, leads.ErrNotFound)
}
