package desk

import (
	"context"
	"sync"

	"github.com/openleads/leads"
	"github.com/openleads/leads/score"
)

// rubricID is the setting under which a tenant's rubric stands.
const rubricID = "tenant.rubric"

// Rubrics scores the leads of each tenant by the rubric that was saved on the desk, and by the one it was made with where none was. It is a
// [leads.Scorer]; its methods may be called concurrently.
//
//	rules := desk.NewRubrics(store, score.DefaultRubric())
//	engine, err := leads.New(leads.Config{Store: store, Scorer: rules})
type Rubrics struct {
	records leads.Records
	initial *score.Rubric

	mu     sync.Mutex
	parsed map[string]parsedRubric // by tenant
}

// parsedRubric is a rubric as it was read from a version of its record.
type parsedRubric struct {
	version int64
	rubric  *score.Rubric
}

// maxParsed bounds how many rubrics are remembered; beyond it all are read anew.
const maxParsed = 1000

// NewRubrics returns Rubrics that are kept in records. initial must not be nil and is not to be changed any more.
func NewRubrics(records leads.Records, initial *score.Rubric) *Rubrics {
	return &Rubrics{records: records, initial: initial, parsed: make(map[string]parsedRubric)}
}

// Rubric returns the rubric by which the tenant's leads are scored now. It must not be changed; see [score.Rubric.Clone].
func (r *Rubrics) Rubric(ctx context.Context, tenant string) (*score.Rubric, error) {
	record, err := r.records.Record(ctx, tenant, settingKind, rubricID)
	if leads.IsNotFound(err) {
		return r.initial, nil
	} else if err != nil {
		return nil, wrap("rubric", err)
	}
	r.mu.Lock()
	known := r.parsed[tenant]
	r.mu.Unlock()
	if known.version == record.Version {
		return known.rubric, nil
	}
	parsed, err := score.ParseRubric(record.Data)
	if err != nil {
		return nil, wrap("rubric", err)
	}
	parsed.Clock = r.initial.Clock
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.parsed) >= maxParsed {
		clear(r.parsed)
	}
	r.parsed[tenant] = parsedRubric{record.Version, parsed}
	return parsed, nil
}

// Score judges the lead by its tenant's rubric.
func (r *Rubrics) Score(ctx context.Context, lead leads.Lead) (leads.Score, error) {
	rubric, err := r.Rubric(ctx, lead.Tenant)
	if err != nil {
		return leads.Score{}, err
	}
	return rubric.Score(ctx, lead)
}

// Check reports what is wrong with the rubric it was made with, and with that of the tenant [leads.DefaultTenant].
func (r *Rubrics) Check(ctx context.Context) []leads.Finding {
	rubric, err := r.Rubric(ctx, leads.DefaultTenant)
	if err != nil {
		return []leads.Finding{{Part: "score", Message: err.Error(), Fix: "save a rubric in the dashboard's settings"}}
	}
	findings := rubric.Check(ctx)
	if rubric != r.initial {
		findings = append(findings, r.initial.Check(ctx)...)
	}
	return findings
}

// SetRubric saves the rubric of the tenant, by which [Rubrics] score from then on. It must be without mistakes. For admins.
func (d *Desk) SetRubric(ctx context.Context, u User, rubric *score.Rubric) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	if err := mistaken(rubric); err != nil {
		return err
	}
	return d.SetSetting(ctx, u, "rubric", rubric)
}

// mistaken makes field errors of what is wrong with a rubric.
func mistaken(rubric *score.Rubric) error {
	var c check
	for _, m := range score.Mistakes(rubric.Validate()) {
		c.said(m.Pointer, m.Message)
	}
	return c.err()
}
