package score_test

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

func ExampleDefaultRubric() {
	lead := leads.Lead{
		Fields:     ingest.Fields{Email: "ann@acme.com", FirstName: "Ann", LastName: "Smith"},
		Metadata:   ingest.Metadata{},
		Enrichment: leads.Enrichment{"email.class": {Truth: leads.Yes, Value: "business"}, "company.name": {Truth: leads.Yes, Value: "Acme"}},
	}
	lead.Metadata.SetText("message", "I'm the CEO of Acme. Could you show us a demo by Friday?")
	s, _ := score.DefaultRubric().Score(context.Background(), lead)
	fmt.Println(s.Summary)
	for _, e := range s.Evidence {
		if e.Points != 0 {
			fmt.Printf("%+d %s: %s %q\n", e.Points, e.Criterion, e.Level, e.Quote)
		}
	}
	// Output:
	// Hot, 71 of 100 (fit 40, intent 31): writes from a company's own domain; asks for a demo, a trial or a call; names a date or is in a hurry; the company is known from the address; speaks as somebody who decides.
	// +18 email address: business "ann@acme.com"
	// +2 deliverability: unknown ""
	// +8 company: found ""
	// +8 role: decides "I'm the CEO of Acme. Could you show us a demo by Friday?"
	// +4 name: full ""
	// +16 demo: asked "I'm the CEO of Acme. Could you show us a demo by Friday?"
	// +12 timeline: soon "I'm the CEO of Acme. Could you show us a demo by Friday?"
	// +3 message: short ""
}

func ExampleRubric() {
	rubric := &score.Rubric{
		Name: "gardeners",
		Criteria: []score.Criterion{
			{Name: "garden", Axis: score.Fit, Signal: "field:gardenSize", Levels: []score.Level{
				{Name: "park", Points: 60, Reason: "has a park", Match: score.Match{AtLeast: 10_000}},
				{Name: "garden", Points: 20, Reason: "has a garden", Match: score.Match{AtLeast: 100}},
				{Name: "none", Reason: "the garden is small or not known"},
			}},
			{Name: "tree", Axis: score.Intent, Signal: score.SignalText, Levels: []score.Level{
				{Name: "fallen", Points: 40, Reason: "has trouble with a tree", Match: score.Match{Words: []string{"fallen tree", "umgestürzter Baum"}}},
				{Name: "none", Reason: "mentions no tree"},
			}},
		},
		Thresholds: score.Thresholds{Hot: 50, Warm: 20},
	}
	lead := leads.Lead{Metadata: ingest.Metadata{"gardenSize": []byte(`"12,500 m²"`), "message": []byte(`"Help, a fallen tree!"`)}}
	s, err := rubric.Score(context.Background(), lead)
	fmt.Println(s.Value, s.Qualification, err)
	// Output: 100 hot <nil>
}

func ExampleRubric_Clone() {
	rubric := score.DefaultRubric().Clone()
	rubric.Name = "b2b, stricter"
	rubric.Thresholds = score.Thresholds{Hot: 80, Warm: 50}
	rubric.Caps = append(rubric.Caps, score.Cap{
		Name: "competitor", Signal: "value:company.domain", Max: 5, Reason: "works for a competitor",
		Match: score.Match{Values: []string{"rival.com"}},
	})
	fmt.Println(rubric.Validate())
	// Output: <nil>
}
