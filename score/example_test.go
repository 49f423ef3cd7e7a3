package score_test

import (
	"context"
	"errors"
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

func ExampleFallback() {
	model := leads.ScorerFunc(func(context.Context, leads.Lead) (leads.Score, error) {
		return leads.Score{}, errors.New("the model is away")
	})
	s, err := score.Fallback{model, score.DefaultRubric()}.Score(context.Background(), leads.Lead{Submissions: 1})
	fmt.Println(s.By, s.Qualification, s.Provisional, s.Reason)
	fmt.Println("tried again later because", err)
	// Output:
	// rules cold true the model is away
	// tried again later because the model is away
}

func ExampleParseRubric() {
	_, err := score.ParseRubric([]byte(`{"name": "ours", "colour": "red", "thresholds": {"hot": "high"},
		"criteria": [{"name": "phone", "axis": "mood", "signal": "phone", "levels": [{"name": "any", "points": 10, "reason": "can be called"}]}]}`))
	for _, mistake := range score.Mistakes(err) {
		fmt.Println(mistake.Pointer, mistake.Message)
	}
	// Output:
	// /colour is no field of a rubric
	// /thresholds/hot must be a whole number
	// /criteria/0/axis is "mood"; it must be fit or intent
}

func ExamplePlain() {
	fmt.Println(score.Plain("<b>Ann</b> wants a [demo](https://evil.example). She decides. Click here: www.evil.example"))
	// Output: Ann wants a demo. She decides.
}

func ExampleBacktest() {
	rubric := score.DefaultRubric()
	var outcomes []score.Outcome
	for message, won := range map[string]bool{"We want a demo by Friday": true, "How much is it?": true, "My thesis": false, "hello": false} {
		lead := leads.Lead{Fields: ingest.Fields{Email: "ann@acme.com"}, Metadata: make(ingest.Metadata)}
		lead.Metadata.SetText("message", message)
		outcomes = append(outcomes, score.Outcome{Lead: lead, Won: won})
	}
	report, err := score.Backtest(context.Background(), rubric, outcomes)
	fmt.Printf("AUC %.2f over %d leads, %v\n", report.AUC, report.Leads, err)
	// Output: AUC 1.00 over 4 leads, <nil>
}

func ExampleShadow() {
	stricter := score.DefaultRubric()
	stricter.Thresholds = score.Thresholds{Hot: 90, Warm: 10}
	shadow := score.Shadow{Live: score.DefaultRubric(), Shadow: stricter, Report: func(_ context.Context, d score.Difference) {
		if d.Changed() {
			fmt.Println(d.LeadID, "would be", d.Shadow.Qualification)
		}
	}}
	s, _ := shadow.Score(context.Background(), leads.Lead{ID: "lead-1", Fields: ingest.Fields{Email: "ann@acme.com"}, Submissions: 1})
	fmt.Println("is", s.Qualification)
	// Output:
	// lead-1 would be warm
	// is cold
}
