package adaptertest

import (
	"errors"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	saysActive = "SourceByToken returns the active source that the token belongs to."
	saysNone   = "It returns ErrNotFound, and nothing else, when there is authoritatively none: a failed look-up must return another error, so that the sender is told to come back."
)

func sourceContracts() []contract {
	return []contract{
		{"sources/found by each of its tokens", saysActive, sourceFound},
		{"sources/every field comes back", "It stores what it is given:", sourceFields},
		{"sources/tokens rotate", saysActive, sourceRotation},
		{"sources/a token stays with its source", saysActive, sourceTokenTaken},
		{"sources/no such token", saysNone, sourceUnknown},
		{"sources/deleted", "A deleted source is found by no token.", sourceDeleted},
		{"sources/failed look-up", saysNone, sourceFailure},
		{"sources/concurrent", "It is called on every request and may be called concurrently.", sourceConcurrent},
	}
}

func (r *rig) put(source ingest.Source, tokens ...string) {
	r.t.Helper()
	if err := r.PutSource(r.t.Context(), source, tokens...); err != nil {
		r.t.Fatalf("PutSource: %v", err)
	}
}

// finds checks which source a token finds; "" means none.
func (r *rig) finds(token, id string) {
	r.t.Helper()
	source, err := r.SourceByToken(r.t.Context(), token)
	switch {
	case id == "":
		r.fails("SourceByToken("+shown(token)+")", err, ingest.ErrNotFound)
	case err != nil:
		r.t.Errorf("SourceByToken(%s): %v", token, err)
	case source.ID != id:
		r.t.Errorf("SourceByToken(%s) found source %s, want %s", token, source.ID, id)
	}
}

func sourceFound(r *rig) {
	one := ingest.Source{Tenant: "acme", ID: leads.NewID(), Name: "one", CreatedAt: r.start}
	two := ingest.Source{Tenant: "acme", ID: leads.NewID(), Name: "two", CreatedAt: r.start}
	far := ingest.Source{Tenant: "other", ID: one.ID, Name: "far", CreatedAt: r.start}
	r.put(one, "one-a", "one-b")
	r.put(two, "two-a")
	r.put(far, "far-a")
	r.finds("one-a", one.ID)
	r.finds("one-b", one.ID)
	r.finds("two-a", two.ID)
	source, err := r.SourceByToken(r.t.Context(), "far-a")
	r.check(err == nil && source.Tenant == "other" && source.Name == "far", "the other tenant's source is %+v, %v", source, err)
}

func sourceFields(r *rig) {
	f := &filler{base: r.start}
	for _, name := range []string{"created", "replaced"} {
		source := filled[ingest.Source](f)
		source.Tenant, source.ID, source.DeletedAt = r.tenant, r.source, time.Time{}
		r.put(source, "token")
		got, err := r.SourceByToken(r.t.Context(), "token")
		r.check(err == nil, "SourceByToken: %v", err)
		r.same(name, got, source)
	}
	bare := ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: "bare", CreatedAt: r.start}
	r.put(bare, "bare")
	got, err := r.SourceByToken(r.t.Context(), "bare")
	r.check(err == nil, "SourceByToken: %v", err)
	r.same("bare", got, bare)
}

func sourceRotation(r *rig) {
	source := ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: "form", CreatedAt: r.start}
	r.put(source, "old", "both")
	r.put(source, "both", "new")
	r.finds("old", "")
	r.finds("both", source.ID)
	r.finds("new", source.ID)
	r.put(source)
	r.finds("both", "")
	r.put(source, "old")
	r.finds("old", source.ID)
}

func sourceTokenTaken(r *rig) {
	owner := ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: "owner", CreatedAt: r.start}
	thief := ingest.Source{Tenant: "thief", ID: leads.NewID(), Name: "thief", CreatedAt: r.start}
	r.put(owner, "token")
	r.put(thief, "mine")
	err := r.PutSource(r.t.Context(), thief, "new", "token")
	r.check(err != nil, "PutSource gave a token to a second source")
	r.finds("token", owner.ID)
	r.finds("mine", thief.ID)
	r.finds("new", "")
}

func sourceUnknown(r *rig) {
	r.put(ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: "form", CreatedAt: r.start}, "Token")
	for _, token := range append(hostile(), "", "token", "TOKEN", "Token ", " Token", "Toke", "Token\x00", "\x00", "\xff", "T%", "Toke_", strings.Repeat("t", 1<<20)) {
		r.finds(token, "")
	}
}

func sourceDeleted(r *rig) {
	source := ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: "form", CreatedAt: r.start}
	r.put(source, "token")
	source.DeletedAt = r.tick()
	r.put(source, "token")
	r.finds("token", "")
	source.DeletedAt = time.Time{}
	r.put(source, "token")
	r.finds("token", source.ID)
}

func sourceFailure(r *rig) {
	_, err := r.SourceByToken(ended(r.t), "token-"+r.source)
	r.check(err != nil && !errors.Is(err, ingest.ErrNotFound), "a look-up with an ended context returned %v", err)
}

func sourceConcurrent(r *rig) {
	source := ingest.Source{Tenant: r.tenant, ID: leads.NewID(), Name: "form", CreatedAt: r.start}
	r.put(source, "a", "b")
	r.together(16, func(i int) error {
		if i == 0 {
			return r.PutSource(r.t.Context(), source, "b", "c")
		}
		_, err := r.SourceByToken(r.t.Context(), "b")
		return err
	})
	r.finds("a", "")
}
