package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// The words that people and companies are made of.
var (
	firstNames = strings.Fields("Ann Bob Carla Dmitri Elena Farid Grace Hiro Ines Jonas Kofi Lena Mateo Nora Omar Priya Quentin Rosa Stefan Tomoko Uwe Vera Wanda Xavier Yara Zoe")
	syllables  = strings.Fields("ba ke li mo nu ra se ti vo za ber dan fel gar hol jen mar nor pet sun wil")
	companies  = strings.Fields("Labs GmbH Media Foods Systems Partners Logistics Studio")
	providers  = []string{"gmail.example", "outlook.example", "mail.example"}
	channels   = []string{"paid", "organic", "referral", "direct", "email"}
	// More leads are new or contacted than won.
	statuses = []leads.Status{
		leads.StatusNew, leads.StatusNew, leads.StatusNew, leads.StatusNew, leads.StatusContacted, leads.StatusContacted, leads.StatusContacted,
		leads.StatusQualified, leads.StatusConverted, leads.StatusClosed,
	}
	qualifications = []leads.Qualification{leads.Cold, leads.Warm, leads.Hot}
)

// span is how long ago the first of the leads came.
const span = 400 * 24 * time.Hour

const (
	colleagues = 50  // who leads are assigned to
	usualTags  = 20  // which a tenth of the leads have one of
	rareTag    = 997 // of so many leads one is tagged "vip"
)

func colleague(n int) string { return fmt.Sprintf("person%02d", n%colleagues) }

func usualTag(n int) string { return fmt.Sprintf("tag%02d", n%usualTags) }

// word makes one of a number of syllables.
func word(r *rand.Rand, parts int) (s string) {
	for range parts {
		s += syllables[r.IntN(len(syllables))]
	}
	return s
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// document is what of a lead bunstore keeps in no column of its own.
type document struct {
	Metadata    ingest.Metadata  `json:"metadata,omitempty"`
	First       leads.Touch      `json:"first"`
	Last        leads.Touch      `json:"last"`
	Submissions int              `json:"submissions"`
	Enrichment  leads.Enrichment `json:"enrichment,omitempty"`
	Score       *leads.Score     `json:"score,omitempty"`
	Tags        []string         `json:"tags,omitempty"`
	Response    leads.Response   `json:"response,omitzero"`
}

// somebody makes the nth of many leads, who came evenly over span until now.
func somebody(r *rand.Rand, n, of int, now time.Time, sources []string) leads.Lead {
	at := now.Add(-span / time.Duration(of) * time.Duration(of-n)).Truncate(time.Microsecond)
	company := word(r, 3)
	l := leads.Lead{
		ID: idAt(r, at).String(), Version: 1 + int64(r.IntN(5)), CreatedAt: at, UpdatedAt: earlier(at.Add(time.Duration(r.IntN(1000))*time.Hour), now),
		Submissions: 1, Status: statuses[r.IntN(len(statuses))],
		Fields: ingest.Fields{
			FirstName: firstNames[r.IntN(len(firstNames))], LastName: capital(word(r, 3)), Company: capital(company) + " " + companies[r.IntN(len(companies))],
			Phone: fmt.Sprintf("+49 30 %07d", r.IntN(1e7)),
		},
		Metadata: ingest.Metadata{
			"message": json.RawMessage(`"Please call me back about the offer for next spring; we are twelve people and would like to begin in March."`),
			"budget":  fmt.Appendf(nil, `"%d000"`, 1+r.IntN(90)),
		},
	}
	domain := company + ".example"
	if r.IntN(3) == 0 {
		domain = providers[r.IntN(len(providers))]
	}
	l.Email = strings.ToLower(fmt.Sprintf("%s.%s%d@%s", l.FirstName, l.LastName, n, domain))
	l.First = leads.Touch{
		At: at, SubmissionID: idAt(r, at).String(), SourceID: sources[r.IntN(len(sources))],
		Attribution: ingest.Attribution{UTM: ingest.UTM{Source: "google", Medium: "cpc", Campaign: "spring"}, Page: "https://www.acme.example/offer"},
	}
	l.Last = l.First
	judged(r, &l)
	worked(r, n, &l)
	return l
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// judged gives a lead what enrichment and scoring give it.
func judged(r *rand.Rand, l *leads.Lead) {
	fact := func(key, value string) leads.Fact {
		return leads.Fact{Key: key, Truth: leads.Yes, Value: value, Source: "list", At: l.CreatedAt}
	}
	l.Enrichment = leads.Enrichment{}
	for _, f := range []leads.Fact{
		fact("attribution.first.channel", channels[r.IntN(len(channels))]), fact("geo.country", "DE"), fact("email.deliverable", ""),
		fact("company.domain", l.Email[strings.IndexByte(l.Email, '@')+1:]),
	} {
		l.Enrichment[f.Key] = f
	}
	value := r.IntN(101)
	l.Score = &leads.Score{Value: value, Qualification: qualifications[min(2, value/40)], By: "rubric", Rubric: "0123456789abcdef", At: l.CreatedAt}
	for _, criterion := range []string{"Company email", "Budget", "Team", "Time"} {
		l.Score.Evidence = append(l.Score.Evidence, leads.Evidence{
			Criterion: criterion, Level: "yes", Points: value / 4, Max: 25, Reason: "what they wrote says so", Quote: "we are twelve people", By: "rule",
		})
	}
}

// worked gives a lead what people do with it.
func worked(r *rand.Rand, n int, l *leads.Lead) {
	if l.Status != leads.StatusNew {
		l.Assignee = colleague(r.IntN(colleagues))
		l.Response = leads.Response{Assigned: l.CreatedAt.Add(time.Minute), Contacted: l.CreatedAt.Add(time.Duration(r.IntN(3000)) * time.Minute)}
	}
	if r.IntN(10) == 0 {
		l.Tags = []string{usualTag(r.IntN(usualTags))}
	}
	if n%rareTag == 0 {
		l.Tags = append(l.Tags, "vip")
	}
	if r.IntN(20) == 0 {
		l.Submissions = 3
	}
}

// idAt makes a UUIDv7 of a time.
func idAt(r *rand.Rand, at time.Time) (u uuid.UUID) {
	binary.BigEndian.PutUint64(u[:8], uint64(at.UnixMilli())<<16|r.Uint64()&0xfff|0x7000)
	binary.BigEndian.PutUint64(u[8:], r.Uint64()>>2|1<<63)
	return u
}
