package bunstore_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

var (
	firstNames = []string{"Ann", "Bob", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hiro", "Ines", "Jonas", "Kofi", "Lena", "Mateo", "Nora", "Omar", "Priya"}
	syllables  = []string{"ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "za", "ber", "dan", "fel", "gar", "hol", "jen", "mar", "nor", "pet", "sun"}
	bodies     = []string{"Labs", "GmbH", "Media", "Foods", "Systems", "Partners"}
)

// crowdLead makes the nth of many leads, who came evenly over a year until end.
func crowdLead(r *rand.Rand, n, of int, end time.Time, sources []string) leads.Lead {
	word := func(parts int) (s string) {
		for range parts {
			s += syllables[r.IntN(len(syllables))]
		}
		return s
	}
	at := end.Add(-365 * 24 * time.Hour / time.Duration(of) * time.Duration(of-n)).Truncate(time.Microsecond)
	lead := leads.Lead{Tenant: "acme", ID: leads.NewID(), Version: 1, CreatedAt: at, UpdatedAt: at.Add(time.Duration(r.IntN(1000)) * time.Hour), Submissions: 1}
	company := word(3)
	lead.Fields = ingest.Fields{
		FirstName: firstNames[r.IntN(len(firstNames))], LastName: word(3), Company: company + " " + bodies[r.IntN(len(bodies))],
		Phone: fmt.Sprintf("+49 30 %07d", r.IntN(1e7)),
	}
	lead.Email = fmt.Sprintf("%s.%s%d@%s.example", lead.FirstName, lead.LastName, n, company)
	lead.Metadata = ingest.Metadata{"message": []byte(`"please call me back about the offer for next spring"`)}
	lead.First = leads.Touch{At: at, SubmissionID: leads.NewID(), SourceID: sources[r.IntN(len(sources))]}
	lead.Last = lead.First
	lead.Status = []leads.Status{leads.StatusNew, leads.StatusNew, leads.StatusNew, leads.StatusContacted, leads.StatusContacted, leads.StatusQualified, leads.StatusConverted, leads.StatusClosed}[r.IntN(8)]
	if lead.Status != leads.StatusNew {
		lead.Assignee = fmt.Sprintf("person%02d", r.IntN(50))
		lead.Response = leads.Response{Assigned: at.Add(time.Hour), Contacted: at.Add(2 * time.Hour)}
	}
	value := r.IntN(101)
	lead.Score = &leads.Score{Value: value, Qualification: []leads.Qualification{leads.Cold, leads.Warm, leads.Hot}[min(2, value/40)]}
	if n%10 == 0 {
		lead.Tags = []string{fmt.Sprintf("tag%d", r.IntN(20))}
	}
	if n%1000 == 0 {
		lead.Tags = append(lead.Tags, "vip")
	}
	if n%20 == 0 {
		lead.Submissions = 3
	}
	lead.Enrichment = leads.Enrichment{"attribution.first.channel": leads.Fact{Key: "attribution.first.channel", Truth: leads.Yes, Value: []string{"paid", "organic", "referral", "direct"}[r.IntN(4)]}}
	return lead
}
