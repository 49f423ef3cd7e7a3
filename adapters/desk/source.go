package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// Source is a source as people see it. Its token is public by nature: it stands in the page of the form.
type Source struct {
	ingest.Source
	Tokens   []string // the newest first; several while one is being replaced
	URL      string   // where to post to with the newest token
	LastSeen time.Time
}

// Deleted reports whether the source takes nothing any more. Its leads stay.
func (s Source) Deleted() bool { return !s.DeletedAt.IsZero() }

// Sources returns the tenant's sources, the oldest first, without the deleted ones. For readers.
func (d *Desk) Sources(ctx context.Context, u User) ([]Source, error) {
	all, err := d.AllSources(ctx, u)
	return slices.DeleteFunc(all, Source.Deleted), err
}

// AllSources returns the tenant's sources, deleted ones too: leads that came through one still name it. For readers.
func (d *Desk) AllSources(ctx context.Context, u User) ([]Source, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	entries, err := d.store.ListSources(ctx, u.Tenant)
	if err != nil {
		return nil, wrap("sources", err)
	}
	found := make([]Source, 0, len(entries))
	for _, e := range entries {
		found = append(found, d.shown(e))
	}
	return found, nil
}

func (d *Desk) shown(e SourceEntry) Source {
	s := Source{Source: e.Source, Tokens: e.Tokens, LastSeen: e.LastSeen}
	if len(e.Tokens) > 0 && !s.Deleted() {
		s.URL = strings.TrimSuffix(d.cfg.BaseURL, "/") + "/api/webhooks/" + e.Tokens[0]
	}
	return s
}

// Source returns one source that is not deleted. For readers.
func (d *Desk) Source(ctx context.Context, u User, id string) (Source, error) {
	s, err := d.source(ctx, u, id)
	if err == nil && s.Deleted() {
		return Source{}, leads.ErrNotFound
	}
	return s, err
}

func (d *Desk) source(ctx context.Context, u User, id string) (Source, error) {
	all, err := d.AllSources(ctx, u)
	if err != nil {
		return Source{}, err
	}
	if i := slices.IndexFunc(all, func(s Source) bool { return s.ID == id }); i >= 0 {
		return all[i], nil
	}
	return Source{}, leads.ErrNotFound
}

// CreateSource makes a source with a new token. For admins.
func (d *Desk) CreateSource(ctx context.Context, u User, s ingest.Source) (Source, error) {
	if err := may(u, Admin); err != nil {
		return Source{}, err
	}
	s.ID, s.Tenant, s.CreatedAt, s.DeletedAt = leads.NewID(), u.Tenant, d.now(), time.Time{}
	return d.putSource(ctx, u, "source.create", s, []string{ingest.NewToken()})
}

// UpdateSource replaces the settings of a source; its tokens stay. For admins.
func (d *Desk) UpdateSource(ctx context.Context, u User, s ingest.Source) (Source, error) {
	return d.changeSource(ctx, u, "source.update", s.ID, func(old *Source) {
		s.Tenant, s.CreatedAt, s.DeletedAt = old.Tenant, old.CreatedAt, old.DeletedAt
		old.Source = s
	})
}

// DeleteSource has a source take nothing any more. Its leads stay, and name it. For admins.
func (d *Desk) DeleteSource(ctx context.Context, u User, id string) error {
	_, err := d.changeSource(ctx, u, "source.delete", id, func(s *Source) { s.DeletedAt, s.Tokens = d.now(), nil })
	return err
}

// RotateToken gives a source a new token. The former one goes on to be taken if keep is set, so that forms can be changed one after
// the other; without it all former ones end at once. For admins.
func (d *Desk) RotateToken(ctx context.Context, u User, id string, keep bool) (Source, error) {
	return d.changeSource(ctx, u, "source.rotate", id, func(s *Source) {
		former := s.Tokens
		s.Tokens = []string{ingest.NewToken()}
		if keep && len(former) > 0 {
			s.Tokens = append(s.Tokens, former[0])
		}
	})
}

func (d *Desk) changeSource(ctx context.Context, u User, action, id string, change func(*Source)) (Source, error) {
	if err := may(u, Admin); err != nil {
		return Source{}, err
	}
	s, err := d.Source(ctx, u, id)
	if err != nil {
		return Source{}, err
	}
	change(&s)
	return d.putSource(ctx, u, action, s.Source, s.Tokens)
}

func (d *Desk) putSource(ctx context.Context, u User, action string, s ingest.Source, tokens []string) (Source, error) {
	var c check
	c.that(strings.TrimSpace(s.Name) != "" && len(s.Name) <= 255 && storable(s.Name), "/name", "1 to 255 bytes")
	if err := c.err(); err != nil {
		return Source{}, err
	}
	if err := s.Validate(); err != nil {
		return Source{}, invalid("", "%v", err)
	}
	if err := d.store.PutSource(ctx, s, tokens...); err != nil {
		return Source{}, wrap("put source", err)
	}
	d.audit(ctx, u, action, s.ID, nil)
	return d.shown(SourceEntry{Source: s, Tokens: tokens}), nil
}

// SeenName is an incoming name that a source's newest submissions had.
type SeenName struct {
	Name    string
	Times   int
	Example string // one value, cut to 80 characters
	// Suggest is the known field that it looks like, "fullName", or "".
	Suggest string
	Mapped  string // what the source makes of it already, or ""
}

// payloads is how many submissions SeenNames looks at.
const payloads = 50

// SeenNames lists what the newest submissions of a source hold beside the known fields, the most frequent first. For readers.
func (d *Desk) SeenNames(ctx context.Context, u User, sourceID string) ([]SeenName, error) {
	s, err := d.Source(ctx, u, sourceID)
	if err != nil {
		return nil, err
	}
	subs, err := d.store.Payloads(ctx, u.Tenant, sourceID, payloads)
	if err != nil {
		return nil, wrap("payloads", err)
	}
	seen := make(map[string]*SeenName)
	for _, sub := range subs {
		for name := range sub.Metadata {
			n := seen[name]
			if n == nil {
				n = &SeenName{Name: name, Example: cut(sub.Metadata.Text(name), 80), Suggest: Suggest(name), Mapped: s.Mappings[name]}
				seen[name] = n
			}
			n.Times++
		}
	}
	found := make([]SeenName, 0, len(seen))
	for _, n := range slices.SortedFunc(maps.Values(seen), func(a, b *SeenName) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), strings.Compare(a.Name, b.Name))
	}) {
		found = append(found, *n)
	}
	return found, nil
}

// Payloads returns the newest submissions of a source, quarantined ones too, at most 50. For readers.
func (d *Desk) Payloads(ctx context.Context, u User, sourceID string, limit int) ([]ingest.Submission, error) {
	if _, err := d.source(ctx, u, sourceID); err != nil {
		return nil, err
	}
	return d.store.Payloads(ctx, u.Tenant, sourceID, min(max(limit, 1), payloads))
}

// likely are words in names that tell a known field, the most telling first.
var likely = []struct{ field, words string }{
	{"email", "email e-mail mail correo courriel"},
	{"phone", "phone tel telephone mobile cell telefon handy telefono téléphone celular whatsapp"},
	{"firstName", "firstname first_name first-name vorname prenom prénom given_name givenname nombre"},
	{"lastName", "lastname last_name last-name nachname surname family_name familyname apellido apellidos"},
	{"fullName", "name fullname full_name full-name your-name yourname"},
	{"company", "company organisation organization firma empresa entreprise business employer"},
}

// Suggest returns the known field, or "fullName", that a name looks like, or "".
func Suggest(name string) string {
	lower := strings.ToLower(name)
	words := strings.FieldsFunc(lower, func(r rune) bool { return strings.ContainsRune("_-. []", r) })
	for _, l := range likely {
		for _, w := range strings.Fields(l.words) {
			if lower == w || slices.Contains(words, w) {
				return l.field
			}
		}
	}
	return ""
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// Quarantined returns quarantined submissions, the newest first. For readers.
func (d *Desk) Quarantined(ctx context.Context, u User, after string, limit int) ([]ingest.Submission, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	return d.store.Quarantined(ctx, u.Tenant, after, limit)
}

// Release takes a quarantined submission in after all: the whole line runs for it. For members.
func (d *Desk) Release(ctx context.Context, u User, submissionID string) (leads.Captured, error) {
	if err := may(u, Member); err != nil {
		return leads.Captured{}, err
	}
	captured, err := d.cfg.Engine.Release(ctx, u.Tenant, submissionID)
	if err == nil {
		d.audit(ctx, u, "submission.release", submissionID, nil)
	}
	return captured, err
}

// DeleteQuarantined removes a quarantined submission for good. For members.
func (d *Desk) DeleteQuarantined(ctx context.Context, u User, submissionID string) error {
	if err := may(u, Member); err != nil {
		return err
	}
	err := d.store.DeleteQuarantined(ctx, u.Tenant, submissionID)
	if err == nil {
		d.audit(ctx, u, "submission.delete", submissionID, nil)
	}
	return err
}

// PreviewMapping shows what a source with the given settings would make of a body, without storing anything. For readers.
func (d *Desk) PreviewMapping(ctx context.Context, u User, s ingest.Source, contentType string, body []byte) (ingest.Submission, error) {
	if err := may(u, Reader); err != nil {
		return ingest.Submission{}, err
	}
	s.Tenant = u.Tenant
	sub, err := preview(ctx, s, contentType, body, d.now())
	if err != nil {
		return ingest.Submission{}, invalid("/payload", "%v", err)
	}
	return sub, nil
}
