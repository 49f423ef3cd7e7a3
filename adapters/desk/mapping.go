package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/openleads/leads/ingest"
)

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

// PreviewMapping shows what a source with the given settings would make of a body, without storing anything. For readers.
func (d *Desk) PreviewMapping(ctx context.Context, u User, s ingest.Source, contentType string, body []byte) (ingest.Submission, error) {
	if err := may(u, Reader); err != nil {
		return ingest.Submission{}, err
	}
	s.Tenant = u.Tenant
	return preview(ctx, s, contentType, body, d.now())
}
