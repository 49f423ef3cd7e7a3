package desk

import (
	"context"
	"slices"

	"github.com/openleads/leads/sequence"
)

// Funnel is how far those who are or were in a sequence have come.
type Funnel struct {
	ByState  map[sequence.State]int
	ByReason map[sequence.Reason]int
	// Steps are the steps of the definition in their order.
	Steps []FunnelStep
	// Sampled is how many of the newest enrolments were looked at.
	Sampled int
}

// FunnelStep is how many have come past a step, and how many wait for it.
type FunnelStep struct {
	Step    string
	Waiting int
	Passed  int
	Sent    int
}

// maxSample is how many enrolments a funnel looks at.
const maxSample = 10_000

// Funnel looks at the newest enrolments of a sequence. For readers.
func (d *Desk) Funnel(ctx context.Context, u User, id string) (Funnel, error) {
	def, err := d.Sequence(ctx, u, id)
	if err != nil {
		return Funnel{}, err
	}
	f := Funnel{ByState: make(map[sequence.State]int), ByReason: make(map[sequence.Reason]int)}
	for _, s := range def.Steps {
		f.Steps = append(f.Steps, FunnelStep{Step: s.ID})
	}
	q := sequence.EnrollmentQuery{Tenant: u.Tenant, SequenceID: id, Limit: 1000}
	for f.Sampled < maxSample {
		page, err := d.store.Enrollments(ctx, q)
		if err != nil {
			return Funnel{}, wrap("funnel", err)
		}
		for _, e := range page {
			f.add(e)
		}
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	return f, nil
}

func (f *Funnel) add(e sequence.Enrollment) {
	f.Sampled++
	f.ByState[e.State]++
	if e.Reason != "" {
		f.ByReason[e.Reason]++
	}
	at := func(id string) *FunnelStep {
		if i := slices.IndexFunc(f.Steps, func(s FunnelStep) bool { return s.Step == id }); i >= 0 {
			return &f.Steps[i]
		}
		return &FunnelStep{} // a step of an earlier version
	}
	if !e.State.Ended() {
		at(e.Step).Waiting++
	}
	for _, p := range e.Passed {
		at(p.Step).Passed++
		if p.Outcome == "sent" {
			at(p.Step).Sent++
		}
	}
}
