package bunstore_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

// crowdSize is how many leads the store has: LEADS_BENCH_LEADS, or 20,000.
func crowdSize() int {
	if n, err := strconv.Atoi(os.Getenv("LEADS_BENCH_LEADS")); err == nil && n > 0 {
		return n
	}
	return 20_000
}

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
	lead.Enrichment = leads.Enrichment{"attribution.first.channel": leads.Fact{Key: "attribution.first.channel", Value: []string{"paid", "organic", "referral", "direct"}[r.IntN(4)]}}
	return lead
}

// crowd fills the store with n listed leads.
func crowd(b *testing.B, s *bunstore.Store, n int, sources []string) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	end := today()
	require.NoError(b, s.Migrate(context.Background()))
	require.NoError(b, s.Hurry(context.Background()))
	began := time.Now()
	for done := 0; done < n; {
		batch := make([]leads.Lead, min(5000, n-done))
		for i := range batch {
			batch[i] = crowdLead(r, done+i, n, end, sources)
		}
		require.NoError(b, s.PutLeads(context.Background(), batch))
		done += len(batch)
	}
	stored := time.Now()
	require.NoError(b, s.ListQuickly(context.Background()))
	b.Logf("%d leads: stored in %v, listed in %v", n, stored.Sub(began).Round(time.Second), time.Since(stored).Round(time.Second))
	require.NoError(b, s.Analyze(context.Background()))
}

// BenchmarkDesk asks a store of many leads what a desk asks, and tells the median and the 95th percentile. LEADS_BENCH_LEADS=1000000 makes it a
// million.
func BenchmarkDesk(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			s := db.open(b)
			sources := make([]string, 10)
			for i := range sources {
				src := source("acme")
				require.NoError(b, s.PutSource(context.Background(), src, src.ID))
				sources[i] = src.ID
			}
			crowd(b, s, crowdSize(), sources)
			for _, ask := range asks(s, sources) {
				b.Run(ask.name, func(b *testing.B) { percentiles(b, ask.do) })
			}
			b.Run("export", func(b *testing.B) { export(b, s) })
		})
	}
}

type ask struct {
	name string
	do   func(i int) error
}

// asks are what a desk asks. Words, people and tags are different ones each time.
func asks(s *bunstore.Store, sources []string) []ask {
	ctx := context.Background()
	find := func(f func(i int) desk.Filter) func(i int) error {
		return func(i int) error {
			filter := f(i)
			filter.Tenant = "acme"
			_, err := s.FindLeads(ctx, filter)
			return err
		}
	}
	count := func(f func(i int) desk.Filter) func(i int) error {
		return func(i int) error {
			filter := f(i)
			filter.Tenant = "acme"
			_, err := s.CountLeads(ctx, filter, 10_000)
			return err
		}
	}
	pick := func(i int, parts int) (text string) {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		for range parts {
			text += syllables[r.IntN(len(syllables))]
		}
		return text
	}
	filters := []struct {
		name string
		make func(i int) desk.Filter
	}{
		{"all", func(int) desk.Filter { return desk.Filter{} }},
		{"status", func(i int) desk.Filter {
			return desk.Filter{Statuses: []leads.Status{[]leads.Status{leads.StatusNew, leads.StatusContacted, leads.StatusQualified, leads.StatusConverted, leads.StatusClosed}[i%5]}}
		}},
		{"stage", func(i int) desk.Filter { return desk.Filter{Stages: []string{[]string{"new", "closed", "lab"}[i%3]}} }},
		{"source", func(i int) desk.Filter { return desk.Filter{Sources: sources[i%10 : i%10+1]} }},
		{"qualification", func(i int) desk.Filter {
			return desk.Filter{Qualifications: []leads.Qualification{[]leads.Qualification{leads.Hot, leads.Warm, leads.Cold}[i%3]}}
		}},
		{"min score", func(i int) desk.Filter { return desk.Filter{MinScore: 1 + i%100} }},
		{"assignee", func(i int) desk.Filter { return desk.Filter{Assignee: fmt.Sprintf("person%02d", i%50)} }},
		{"unassigned", func(int) desk.Filter { return desk.Filter{Unassigned: true} }},
		{"unanswered", func(int) desk.Filter { return desk.Filter{Unanswered: true} }},
		{"tag", func(i int) desk.Filter { return desk.Filter{Tag: fmt.Sprintf("tag%d", i%20)} }},
		{"rare tag", func(int) desk.Filter { return desk.Filter{Tag: "vip"} }},
		{"duplicates", func(int) desk.Filter { return desk.Filter{Duplicates: desk.DuplicatesOnly} }},
		{"a week", func(i int) desk.Filter {
			from := today().Add(-time.Duration(i%51) * 7 * 24 * time.Hour)
			return desk.Filter{From: from.Add(-7 * 24 * time.Hour), To: from}
		}},
		{"hot, unanswered, mine", func(i int) desk.Filter {
			return desk.Filter{Qualifications: []leads.Qualification{leads.Hot}, Unanswered: true, Assignee: fmt.Sprintf("person%02d", i%50)}
		}},
		{"search a letter", func(i int) desk.Filter { return desk.Filter{Search: string(rune('a' + i%26))} }},
		{"search a name", func(i int) desk.Filter { return desk.Filter{Search: pick(i, 3)} }},
		{"search two words", func(i int) desk.Filter { return desk.Filter{Search: firstNames[i%16] + " " + pick(i, 2)} }},
		{"search an address", func(i int) desk.Filter {
			return desk.Filter{Search: "ann." + pick(i, 3) + "@" + pick(i+1, 2) + ".example"}
		}},
		{"search a number", func(i int) desk.Filter { return desk.Filter{Search: fmt.Sprintf("+49 30 %04d", i*37%10000)} }},
		{"search what all have", func(int) desk.Filter { return desk.Filter{Search: "example"} }},
		{"search nobody", func(i int) desk.Filter { return desk.Filter{Search: "example x" + pick(i, 3)} }},
		{"search by score", func(i int) desk.Filter { return desk.Filter{Search: pick(i, 2), Sort: desk.HottestFirst} }},
		{"search the closed", func(i int) desk.Filter {
			return desk.Filter{Search: pick(i, 2), Statuses: []leads.Status{leads.StatusClosed}}
		}},
	}
	var all []ask
	for _, f := range filters {
		all = append(all, ask{"list/" + f.name, find(f.make)}, ask{"count/" + f.name, count(f.make)})
	}
	for _, sort := range []desk.Sort{desk.OldestFirst, desk.HottestFirst, desk.ChangedFirst} {
		all = append(all, ask{"list/by " + string(sort), find(func(int) desk.Filter { return desk.Filter{Sort: sort} })},
			ask{"list/status by " + string(sort), find(func(i int) desk.Filter { return desk.Filter{Sort: sort, Statuses: []leads.Status{leads.StatusClosed}} })},
			ask{"list/rare tag by " + string(sort), find(func(i int) desk.Filter { return desk.Filter{Sort: sort, Tag: "vip"} })})
	}
	all = append(all, ask{"list/page 500", find(func(int) desk.Filter { return desk.Filter{Offset: 9980} })},
		ask{"board", func(i int) error {
			for _, stage := range []string{"new", "contacted", "qualified", "converted", "closed"} {
				f := desk.Filter{Tenant: "acme", Stages: []string{stage}, Limit: 10}
				if _, err := s.FindLeads(ctx, f); err != nil {
					return err
				}
				if _, err := s.CountLeads(ctx, f, 1000); err != nil {
					return err
				}
			}
			return nil
		}})
	for _, by := range []desk.ReportBy{desk.ByNothing, desk.BySource, desk.ByChannel, desk.ByQualification, desk.ByStatus} {
		all = append(all, ask{"30 days by " + string(by), func(int) error {
			_, err := s.LeadsByDay(ctx, desk.ReportQuery{Tenant: "acme", From: today().Add(-30 * 24 * time.Hour), By: by})
			return err
		}})
	}
	return append(all,
		ask{"90 days by source", func(int) error {
			_, err := s.LeadsByDay(ctx, desk.ReportQuery{Tenant: "acme", From: today().Add(-90 * 24 * time.Hour), By: desk.BySource})
			return err
		}},
		ask{"responses", func(int) error {
			_, err := s.Responses(ctx, desk.ReportQuery{Tenant: "acme", From: today().Add(-30 * 24 * time.Hour)}, 20_000)
			return err
		}},
		ask{"changed since an hour", func(int) error {
			_, err := s.ChangedLeads(ctx, "acme", today().Add(-time.Hour), 100)
			return err
		}},
		ask{"sources", func(int) error { _, err := s.ListSources(ctx, "acme"); return err }},
		ask{"queue", func(int) error { _, err := s.Queue(ctx, "acme"); return err }},
	)
}

// percentiles reports the median and the 95th percentile of what do takes.
func percentiles(b *testing.B, do func(i int) error) {
	took := make([]time.Duration, 0, b.N)
	for i := range b.N {
		began := time.Now()
		if err := do(i); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[(len(took)-1)*95/100].Microseconds())/1000, "p95-ms")
}

// export writes all leads and reports how much memory that takes at most.
func export(b *testing.B, s *bunstore.Store) {
	engine, err := leads.New(leads.Config{Store: s})
	require.NoError(b, err)
	d, err := desk.New(desk.Config{Engine: engine, Store: s})
	require.NoError(b, err)
	admin := desk.User{Tenant: "acme", ID: "ann", Role: desk.Admin}
	most := uint64(0)
	seen := 0
	began := time.Now()
	n, err := d.ExportCSV(context.Background(), admin, desk.Filter{}, writerFunc(func(p []byte) {
		if seen += len(p); seen > 4<<20 {
			seen = 0
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	}), false)
	require.NoError(b, err)
	require.Equal(b, crowdSize(), n)
	b.ReportMetric(float64(most)/(1<<20), "heap-MiB")
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "leads/s")
	b.ReportMetric(0, "ns/op")
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return io.Discard.Write(p)
}
