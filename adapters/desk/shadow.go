package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/score"
)

const (
	// shadowID is the setting under which a tenant's candidate stands.
	shadowID = "tenant.shadow"
	// maxShadowed is how many leads are judged by both rules.
	maxShadowed = 1000
	// largest is how many differences are told one by one.
	largest = 10
)

// Shadow is a rubric that is tried beside the live one. It changes no score: a rubric's score follows from the lead alone, so the leads that
// have come since are judged by it when somebody looks.
type Shadow struct {
	Rubric *score.Rubric
	Since  time.Time
	By     string // the ID of the user who began it
}

// keptShadow is a Shadow as it is stored.
type keptShadow struct {
	Rubric json.RawMessage `json:"rubric"`
	Since  time.Time       `json:"since"`
	By     string          `json:"by"`
}

// SetShadow begins to try a rubric, in place of another that was tried until now. It must be without mistakes. The same rules again change
// nothing. For admins.
func (d *Desk) SetShadow(ctx context.Context, u User, rubric *score.Rubric) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	if err := mistaken(rubric); err != nil {
		return err
	}
	if old, err := d.Shadow(ctx, u); err == nil && old.Rubric.Hash() == rubric.Hash() {
		return nil
	}
	text, err := json.Marshal(rubric)
	if err != nil {
		return wrap("shadow", err)
	}
	kept := keptShadow{Rubric: text, Since: d.now(), By: u.ID}
	if err := d.putSetting(ctx, u, shadowID, kept); err != nil {
		return err
	}
	d.audit(ctx, u, "shadow.begin", rubric.Hash(), nil)
	return nil
}

// Shadow returns the rubric that is tried, or [leads.ErrNotFound]. For readers.
func (d *Desk) Shadow(ctx context.Context, u User) (Shadow, error) {
	if err := may(u, Reader); err != nil {
		return Shadow{}, err
	}
	record, err := d.store.Record(ctx, u.Tenant, settingKind, shadowID)
	if err != nil {
		return Shadow{}, wrap("shadow", err)
	}
	var kept keptShadow
	if err := json.Unmarshal(record.Data, &kept); err != nil {
		return Shadow{}, wrap("shadow", err)
	}
	rubric, err := score.ParseRubric(kept.Rubric)
	return Shadow{Rubric: rubric, Since: kept.Since, By: kept.By}, wrap("shadow", err)
}

// AdoptShadow saves the rubric that is tried as that of the tenant, by which [Rubrics] score from then on, and ends the trial. hash is that of
// the rubric which the user has seen; if another is tried by now it is [leads.ErrStale]. For admins.
func (d *Desk) AdoptShadow(ctx context.Context, u User, hash string) (*score.Rubric, error) {
	if err := may(u, Admin); err != nil {
		return nil, err
	}
	shadow, err := d.Shadow(ctx, u)
	if err != nil {
		return nil, err
	}
	if shadow.Rubric.Hash() != hash {
		return nil, wrap("adopt shadow", leads.ErrStale)
	}
	if err := d.SetRubric(ctx, u, shadow.Rubric); err != nil {
		return nil, err
	}
	return shadow.Rubric, d.StopShadow(ctx, u)
}

// StopShadow ends the trial; the rubric is forgotten. Without one it does nothing. For admins.
func (d *Desk) StopShadow(ctx context.Context, u User) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	if _, err := d.store.Record(ctx, u.Tenant, settingKind, shadowID); err != nil {
		return wrap("stop shadow", ignoreAbsent(err))
	}
	if err := d.store.DeleteRecord(ctx, u.Tenant, settingKind, shadowID); err != nil {
		return wrap("stop shadow", err)
	}
	d.audit(ctx, u, "shadow.end", "", nil)
	return nil
}

// ShadowReport says how the leads that came since a trial began would have been judged. Leads are looked at as they are now, and judged as if they
// were new, by both rules alike.
type ShadowReport struct {
	Shadow Shadow
	// More is set where more leads came than are judged, which are the newest 1,000.
	More bool
	// Live compares with the live rules, and Stored with the scores that the leads have, whoever gave them: other rules, a model, or the same
	// rules when less was known. Leads without a score are left out of Stored.
	Live, Stored Comparison
	// Largest are up to ten leads on which the two rules differ most.
	Largest []ShadowDifference
	// Backtest tests both by those of the leads that were won or lost since; nil unless there are some of either sort. The rules were
	// written before these leads came, so that it flatters neither.
	Backtest *ShadowBacktest
}

// Comparison is how the scores of a trial differ from others.
type Comparison struct {
	Leads int
	// Changed is how many would be qualified otherwise.
	Changed int
	// Table counts leads by their qualification: in each row those that the others call hot, warm and cold, in each column those that the trial does.
	Table [3][3]int
	// Mean is by how many points the trial's scores are above the others, on average.
	Mean float64
}

// ShadowDifference is a lead on which the rules differ.
type ShadowDifference struct {
	Lead         leads.Lead
	Live, Shadow leads.Score
	// Criteria are those that give other points, from the live ones to those of the trial.
	Criteria []leads.Difference
}

// Points is by how much the trial's score is above the live one.
func (s ShadowDifference) Points() int { return s.Shadow.Value - s.Live.Value }

// ShadowBacktest is how well the rules told the leads that were won from those that were lost.
type ShadowBacktest struct{ Live, Shadow score.Report }

// JudgeShadow judges the leads that came since the trial began by the rubric that is tried and by the live one, which must not be nil. Without
// a trial it is [leads.ErrNotFound]. For readers.
func (d *Desk) JudgeShadow(ctx context.Context, u User, live *score.Rubric) (ShadowReport, error) {
	shadow, err := d.Shadow(ctx, u)
	if err != nil {
		return ShadowReport{}, err
	}
	shadow.Rubric.Clock = live.Clock
	found, err := d.Leads(ctx, u, Filter{From: shadow.Since, Limit: maxShadowed})
	if err != nil {
		return ShadowReport{}, err
	}
	r := ShadowReport{Shadow: shadow, More: found.Next != ""}
	var outcomes []score.Outcome
	for _, lead := range found.Leads {
		if err := r.judge(ctx, live, lead); err != nil {
			return ShadowReport{}, wrap("shadow", err)
		}
		if lead.Status == leads.StatusConverted || lead.Status == leads.StatusClosed {
			outcomes = append(outcomes, score.Outcome{Lead: lead, Won: lead.Status == leads.StatusConverted})
		}
	}
	r.Live.finish()
	r.Stored.finish()
	slices.SortStableFunc(r.Largest, func(a, b ShadowDifference) int { return cmp.Compare(abs(b.Points()), abs(a.Points())) })
	r.Largest = r.Largest[:min(len(r.Largest), largest)]
	for i := range r.Largest {
		r.Largest[i].Criteria = differing(r.Largest[i].Live, r.Largest[i].Shadow)
	}
	r.Backtest, err = backtest(ctx, live, shadow.Rubric, outcomes)
	return r, err
}

// judge adds one lead.
func (r *ShadowReport) judge(ctx context.Context, live *score.Rubric, lead leads.Lead) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d := ShadowDifference{Lead: lead}
	lead.Score = nil
	var err error
	if d.Live, err = live.Score(ctx, lead); err != nil {
		return err
	}
	if d.Shadow, err = r.Shadow.Rubric.Score(ctx, lead); err != nil {
		return err
	}
	r.Live.add(d.Live, d.Shadow)
	if d.Lead.Score != nil {
		r.Stored.add(*d.Lead.Score, d.Shadow)
	}
	if d.Points() != 0 {
		r.Largest = append(r.Largest, d)
	}
	return nil
}

// add counts one lead; Mean is their sum until finish.
func (c *Comparison) add(other, shadow leads.Score) {
	c.Leads++
	if other.Qualification != shadow.Qualification {
		c.Changed++
	}
	c.Table[degree(other.Qualification)][degree(shadow.Qualification)]++
	c.Mean += float64(shadow.Value - other.Value)
}

func (c *Comparison) finish() { c.Mean /= float64(max(1, c.Leads)) }

// degree is the place of a qualification in a table.
func degree(q leads.Qualification) int {
	switch q {
	case leads.Hot:
		return 0
	case leads.Warm:
		return 1
	}
	return 2
}

// differing are the criteria to which two scores give other points, in the order of the second.
func differing(from, to leads.Score) []leads.Difference {
	var found []leads.Difference
	old := make(map[string]leads.Evidence, len(from.Evidence))
	for _, e := range from.Evidence {
		old[e.Criterion] = e
	}
	for _, e := range to.Evidence {
		if was := old[e.Criterion]; was.Points != e.Points {
			found = append(found, leads.Difference{Criterion: e.Criterion, From: was.Points, To: e.Points, Reason: e.Reason})
		}
		delete(old, e.Criterion)
	}
	for _, e := range from.Evidence {
		if _, gone := old[e.Criterion]; gone && e.Points != 0 {
			found = append(found, leads.Difference{Criterion: e.Criterion, From: e.Points, Reason: e.Reason})
		}
	}
	return found
}

// backtest tests both rubrics; nil where all the outcomes are of one sort.
func backtest(ctx context.Context, live, shadow *score.Rubric, outcomes []score.Outcome) (*ShadowBacktest, error) {
	if !slices.ContainsFunc(outcomes, func(o score.Outcome) bool { return o.Won }) || !slices.ContainsFunc(outcomes, func(o score.Outcome) bool { return !o.Won }) {
		return nil, nil
	}
	var b ShadowBacktest
	var err error
	if b.Live, err = score.Backtest(ctx, live, outcomes); err != nil {
		return nil, wrap("shadow", err)
	}
	if b.Shadow, err = score.Backtest(ctx, shadow, outcomes); err != nil {
		return nil, wrap("shadow", err)
	}
	return &b, nil
}

func abs(n int) int { return max(n, -n) }
