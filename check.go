package leads

import (
	"context"
	"fmt"
)

// Check is the pre-flight: it asks every part that is a [Checker] and returns what should be mended before the traffic comes. Findings
// that are Fatal keep Run from starting. It may do I/O.
func (e *Engine) Check(ctx context.Context) []Finding {
	var findings []Finding
	for _, part := range e.parts() {
		if c, ok := part.(Checker); ok {
			findings = append(findings, e.check(ctx, c)...)
		}
	}
	if e.cfg.BaseURL == "" && e.cfg.LeadURL == nil && e.cfg.Notifier != nil {
		findings = append(findings, Finding{Part: "engine", Message: "Config.BaseURL is empty, so notifications carry no link to the lead", Fix: "set it to where people reach this program"})
	}
	if e.history == nil {
		findings = append(findings, Finding{Part: "store", Message: fmt.Sprintf("%T does not implement leads.History: Explain, Replay and Release will not work", e.cfg.Store), Fix: "implement it"})
	}
	return findings
}

// check asks one part; a panic in it is a finding.
func (e *Engine) check(ctx context.Context, c Checker) (findings []Finding) {
	defer func() {
		if recover() != nil {
			findings = []Finding{{Part: adapter(c), Message: "its check panicked", Fix: "see its Check method"}}
		}
	}()
	return c.Check(ctx)
}

// parts are the host's parts in the order of the flow, the nil ones left out.
func (e *Engine) parts() []any {
	var parts []any
	for _, part := range []any{e.cfg.Store, e.cfg.Enricher, e.cfg.Scorer, e.cfg.Notifier, e.cfg.Sequencer} {
		if part != nil {
			parts = append(parts, part)
		}
	}
	return parts
}
