package bunstore

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// The listing is a table from which leads are found: a row a lead, with the columns, words and tags that filters ask for. It follows the
// leads: whoever changes a lead does not write it, and a lead that is not listed as it is now is read itself by whoever lists. So capturing and
// settling write nothing more, and no list misses a lead.

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
