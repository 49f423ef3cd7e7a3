package score

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
)

// Shadow tries a second scorer beside the live one: leads get the live score, and Report hears how the other would have judged. It is a
// [leads.Scorer] whose answer is that of Live, whatever becomes of the other.
type Shadow struct {
	Live leads.Scorer
	// Shadow is asked after Live, in the time that is left but at most 5 s, so a slow one delays the live score by as much. It is left out
	// where Live failed.
	Shadow leads.Scorer
	// Report is called with both judgements of a lead. It may be called concurrently, and should return soon.
	Report func(ctx context.Context, d Difference)
}

// Difference is how two scorers judged a lead.
type Difference struct {
	Tenant, LeadID string
	Live, Shadow   leads.Score
	// Err is why there is no shadow score; nil when there is one.
	Err error
}

// Points is by how much the shadow's value is above the live one.
func (d Difference) Points() int { return d.Shadow.Value - d.Live.Value }

// Changed reports whether the lead would have been qualified otherwise.
func (d Difference) Changed() bool {
	return d.Err == nil && d.Live.Qualification != d.Shadow.Qualification
}

// maxShadow is the longest that a shadow is waited for.
const maxShadow = 5 * time.Second

// Score returns what Live says.
func (s Shadow) Score(ctx context.Context, lead leads.Lead) (leads.Score, error) {
	if s.Live == nil {
		return leads.Score{}, leads.Permanent(errors.New("score: Shadow.Live is nil"))
	}
	live, err := s.Live.Score(ctx, lead)
	if err == nil && s.Shadow != nil && s.Report != nil {
		s.compare(ctx, lead, live)
	}
	return live, err
}

// compare asks the shadow. A panic in it, or in Report, is nobody's but its own.
func (s Shadow) compare(ctx context.Context, lead leads.Lead, live leads.Score) {
	defer func() { _ = recover() }()
	limited, cancel := context.WithTimeout(ctx, maxShadow)
	defer cancel()
	d := Difference{Tenant: lead.Tenant, LeadID: lead.ID, Live: live}
	d.Shadow, d.Err = ask(limited, s.Shadow, lead, false)
	s.Report(ctx, d)
}

// Check asks both scorers, and names what is missing. The shadow's findings never keep the engine from starting.
func (s Shadow) Check(ctx context.Context) []leads.Finding {
	var findings []leads.Finding
	if s.Live == nil {
		findings = append(findings, leads.Finding{Fatal: true, Part: "scorer", Message: "score.Shadow.Live is nil", Fix: "name the scorer that counts"})
	}
	if s.Shadow == nil || s.Report == nil {
		findings = append(findings, leads.Finding{Part: "scorer", Message: "score.Shadow has no Shadow or no Report, so nothing is compared", Fix: "set both"})
	}
	findings = append(findings, check(ctx, s.Live)...)
	for _, f := range check(ctx, s.Shadow) {
		f.Fatal, f.Message = false, fmt.Sprintf("the shadow scorer: %s", f.Message)
		findings = append(findings, f)
	}
	return findings
}
