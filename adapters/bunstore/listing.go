package bunstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// The listing is a table from which leads are found: a row a lead, with the columns, words and tags that filters ask for. It follows the
// leads: whoever changes a lead does not write it, and a lead that is not listed as it is now is read itself by whoever lists. So capturing and
// settling cost nothing more, and no list misses a lead.
const (
	listEvery = 500 * time.Millisecond
	// listBatch is how many leads are listed in one transaction, which others may wait for. Where thousands wait to be listed, as after an upgrade,
	// it is longBatch: that writes far fewer pages.
	listBatch = 100
	longBatch = 500
	// A list reads up to fewUnlisted leads itself. While there are more, it helps to list them, for up to helping; after that it reads up to
	// manyUnlisted itself, and helps on while there are more than those.
	fewUnlisted  = 500
	manyUnlisted = 20_000
	helping      = 2 * time.Second
)

// maxIndexed bounds a text in an index, in bytes: PostgreSQL takes no more than a third of a page for an entry.
const maxIndexed = 255

// indexed is a text as it stands in an index: as it is, or what is as good to tell it from others.
func indexed(s string) string {
	if len(s) <= maxIndexed && storable(s) {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "\u0001" + hex.EncodeToString(sum[:])
}

// maxWord bounds a word of the listing, in bytes. Of a search 200 bytes count, so that no word it asks for is longer.
const maxWord = 600

func shortened(word string) string {
	if len(word) > maxWord {
		word = strings.ToValidUTF8(word[:maxWord], "")
	}
	return word
}

// wordsOf are the words by which the lead is found, each behind a blank.
func wordsOf(lead leads.Lead) string {
	var b strings.Builder
	for _, word := range desk.SearchWords(lead) {
		b.WriteByte(' ')
		b.WriteString(shortened(word))
	}
	return b.String()
}

// tenantCode is what every word of a tenant begins with in the index. Tenants of one code see each other's words, and leave them out by
// the tenant of the row.
func tenantCode(tenant string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	sum := sha256.Sum256([]byte(tenant))
	code := make([]byte, 4)
	for i := range code {
		code[i] = letters[sum[i]%32]
	}
	return string(code)
}

// coded are words with the code of their tenant.
func coded(code, words string) string { return strings.ReplaceAll(words, " ", " "+code) }

// listingRow is a lead in the listing.
type listingRow struct {
	tenant                                        string
	lead, source                                  uid
	version, created, updated, score              int64
	status, stage, qualification, assignee, words string
	channel                                       string
	repeated                                      int64
	assigned, viewed, contacted                   *int64
	tags                                          []string
}

func rowOfListing(id uid, lead leads.Lead) *listingRow {
	r := &listingRow{
		tenant: lead.Tenant, lead: id, version: lead.Version, score: -1,
		created: lead.CreatedAt.UnixMicro(), updated: lead.UpdatedAt.UnixMicro(),
		status: indexed(string(lead.Status)), stage: indexed(cmp.Or(lead.Stage, string(lead.Status))), assignee: indexed(lead.Assignee),
		channel: indexed(lead.Enrichment.Value(channelFact)), words: wordsOf(lead),
		assigned: microsOf(lead.Response.Assigned), viewed: microsOf(lead.Response.Viewed), contacted: microsOf(lead.Response.Contacted),
	}
	r.source, _ = parseID(lead.First.SourceID)
	if lead.Score != nil {
		r.score, r.qualification = int64(lead.Score.Value), indexed(string(lead.Score.Qualification))
	}
	if lead.Submissions > 1 {
		r.repeated = 1
	}
	known := make(map[string]bool, len(lead.Tags))
	for _, tag := range lead.Tags {
		if tag = indexed(tag); !known[tag] {
			known[tag] = true
			r.tags = append(r.tags, tag)
		}
	}
	return r
}

// channelFact is the fact that leads are counted by under desk.ByChannel.
const channelFact = "attribution.first.channel"

func microsOf(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.UnixMicro()
	return &n
}

func timeOf(micros *int64) time.Time {
	if micros == nil {
		return time.Time{}
	}
	return time.UnixMicro(*micros).UTC()
}

// listingColumns are those of a row, but for the words, which each database keeps in its own way.
const listingColumns = `tenant_id, lead_id, created_at, updated_at, score, status, stage, qualification, assignee, source_id, channel,
	repeated, assigned_at, viewed_at, contacted_at, tagged`

// place is where an unlisted lead was found, behind which the next ones are.
type place struct {
	tenant string
	lead   uid
}

// listSome lists up to a batch of the leads found by a query and returns how many there were, and the last one.
func (s *Store) listSome(ctx context.Context, text string, args ...any) (n int, last place, err error) {
	err = s.engine.write(ctx, func(ctx context.Context, t tx) error {
		var rows []*listingRow
		err := t.query(ctx, text, args, func(scan scanFunc) error {
			var r leadRow
			if err := r.scan(scan); err != nil {
				return err
			}
			rows = append(rows, r.listing())
			return nil
		})
		n = len(rows)
		if err != nil || n == 0 {
			return err
		}
		last = place{rows[n-1].tenant, rows[n-1].lead}
		return s.engine.list(ctx, t, rows)
	})
	return n, last, err
}

// listing is the lead's row in the listing. One whose document cannot be read is listed by its columns, so that it does not keep others from
// being listed.
func (r *leadRow) listing() *listingRow {
	lead, err := r.lead()
	if err != nil {
		bare := *r
		bare.Doc = []byte("{}")
		lead, _ = bare.lead()
	}
	return rowOfListing(r.ID, lead)
}

// listAll lists leads, tenant after tenant, until none is left. What fails is left for the next time.
func (s *Store) listAll(ctx context.Context) {
	if s.ready(ctx) != nil {
		return
	}
	at, batch := place{}, listBatch
	for listed := 0; ctx.Err() == nil; {
		began := time.Now()
		n, last, err := s.listSome(ctx, s.engine.statements().unlistedBehind, at.tenant, s.engine.id(at.lead), batch)
		if err != nil || n < batch {
			return
		}
		at = last
		if listed += n; listed > 1000 {
			batch = longBatch
		}
		pause(ctx, time.Since(began)/2) // whoever captures comes first
	}
}

// unlisted returns the tenant's leads that are not listed as they are, by ID, and helps to list them while there are many.
func (s *Store) unlisted(ctx context.Context, tenant string) (map[uid]leads.Lead, error) {
	for until, most := today().Add(helping), s.few; ; {
		if today().After(until) {
			most = manyUnlisted
		}
		found, err := s.readUnlisted(ctx, tenant, most)
		if err != nil || len(found) <= most {
			return found, err
		}
		for listed := 0; listed < len(found); listed += longBatch {
			if n, _, err := s.listSome(ctx, s.engine.statements().unlistedOf, tenant, longBatch); err != nil || n == 0 {
				break // somebody else lists them
			}
		}
	}
}

// readUnlisted reads up to most and one more.
func (s *Store) readUnlisted(ctx context.Context, tenant string, most int) (map[uid]leads.Lead, error) {
	var found map[uid]leads.Lead
	err := s.read(ctx, "unlisted leads", s.engine.statements().readUnlisted, validTenant(tenant), []any{tenant, most + 1}, func(scan scanFunc) error {
		var r leadRow
		if err := r.scan(scan); err != nil {
			return err
		}
		if found == nil {
			found = make(map[uid]leads.Lead)
		}
		lead, err := r.lead()
		found[r.ID] = lead
		return err
	})
	return found, err
}
