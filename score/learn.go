package score

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/openleads/leads"
)

// LearnOptions set how much outcomes count against the points that people chose. Nil means the defaults.
type LearnOptions struct {
	// Trust is the strength of the prior, in leads: about that many outcomes of a level are needed to move its points half of the way. 0 means
	// that of 4, 16, 64 and 256 which tells best what became of leads it did not learn from (five-fold cross-validation), or 4 where fewer
	// than ten leads were won, or fewer than ten lost.
	Trust float64
}

// maxParameters bounds the solver, whose time grows with the third power.
const maxParameters = 400

// Learn returns a new rubric with the same criteria, levels and caps, whose points are fitted to what became of a host's leads. It is
// still a rubric: whole points, each of which says what it is for.
//
// The chance that a lead is won is modelled as a logistic regression on the levels that the rubric's rules find, one weight a level. The
// weights are held back (L2) towards the present points, times the one factor that fits the outcomes best, so a level that was seldom
// seen keeps its place. Newton's method finds the one maximum, since the penalised likelihood is strictly concave. The weights then
// become points: within a criterion the worst level gets 0 (or, where the rubric takes points, the best one), and the best levels
// together about 100. They are rounded up or down together, so that the scores stay near what the weights say. The thresholds are set
// so that as many of these leads are hot and warm as before.
//
// A few hundred outcomes with at least fifty won are wanted; try the result with [Backtest] on others than it was learned from. It
// ends with the error of ctx, that of a rubric with mistakes, or one that says that outcomes of a sort are missing.
func Learn(ctx context.Context, rubric *Rubric, outcomes []Outcome, opts *LearnOptions) (*Rubric, error) {
	trust := 0.0
	if opts != nil {
		trust = opts.Trust
	}
	if trust < 0 || math.IsNaN(trust) || math.IsInf(trust, 0) {
		return nil, fmt.Errorf("score: LearnOptions.Trust is %v; it must be positive", trust)
	}
	c, err := rubric.ready()
	if err != nil {
		return nil, err
	}
	l := newLesson(c)
	if l.size > maxParameters {
		return nil, fmt.Errorf("score: the rubric has %d levels; at most %d can be learned", l.size-1, maxParameters-1)
	}
	if err := l.study(ctx, outcomes); err != nil {
		return nil, err
	}
	if trust == 0 {
		if trust, err = l.trust(ctx); err != nil {
			return nil, err
		}
	}
	weights, err := l.fit(ctx, trust)
	if err != nil {
		return nil, err
	}
	return l.rubric(ctx, rubric, weights, outcomes)
}

// lesson is the data of a fit. Parameter 0 is the constant, the others are the levels of the criteria in their order.
type lesson struct {
	compiled *compiled
	size     int
	first    []int     // of each criterion, its first parameter
	points   []float64 // of each parameter, its present points
	rows     [][]int   // of each lead, the parameters that are 1
	won      []float64
}

func newLesson(c *compiled) *lesson {
	l := &lesson{compiled: c, size: 1, points: []float64{0}}
	for i := range c.criteria {
		l.first = append(l.first, l.size)
		for _, level := range c.criteria[i].level {
			l.points = append(l.points, float64(level.Points))
			l.size++
		}
	}
	return l
}

// study finds the levels of every lead.
func (l *lesson) study(ctx context.Context, outcomes []Outcome) error {
	wins := 0
	for i := range outcomes {
		if err := ctx.Err(); err != nil {
			return err
		}
		lead := outcomes[i].Lead
		lead.Score = nil
		t := l.compiled.judge(&lead, nil)
		row := []int{0}
		for n := range l.compiled.criteria {
			levels := l.compiled.criteria[n].level
			if at := slices.IndexFunc(levels, func(level Level) bool { return level.Name == t.evidence[n].Level }); at >= 0 {
				row = append(row, l.first[n]+at)
			}
		}
		y := 0.0
		if outcomes[i].Won {
			y = 1
			wins++
		}
		l.rows, l.won = append(l.rows, row), append(l.won, y)
	}
	if wins == 0 || wins == len(outcomes) {
		return errOneSided
	}
	return nil
}

// fit finds first the factor of the present points, then the weights around them.
func (l *lesson) fit(ctx context.Context, trust float64) ([]float64, error) {
	pair := make([][]float64, len(l.rows)) // the constant and the present score
	for i, row := range l.rows {
		sum := 0.0
		for _, p := range row {
			sum += l.points[p]
		}
		pair[i] = []float64{1, sum / 100}
	}
	scale, err := newton(ctx, pair, l.won, []float64{0, 0}, []float64{1e-6, 1e-3})
	if err != nil {
		return nil, err
	}
	prior, hold := make([]float64, l.size), make([]float64, l.size)
	prior[0], hold[0] = scale[0], 1e-6
	for p := 1; p < l.size; p++ {
		// Points that speak against the outcomes are no guide: then the weights are held to 0. A lead tells p(1-p) <= 1/4 of its weight.
		prior[p], hold[p] = max(scale[1], 0)*l.points[p]/100, trust/4
	}
	return newton(ctx, l.dense(), l.won, prior, hold)
}

// dense is the leads with a number for every parameter.
func (l *lesson) dense() [][]float64 {
	dense := make([][]float64, len(l.rows))
	for i, row := range l.rows {
		dense[i] = make([]float64, l.size)
		for _, p := range row {
			dense[i][p] = 1
		}
	}
	return dense
}

// rubric turns weights into points.
func (l *lesson) rubric(ctx context.Context, old *Rubric, weights []float64, outcomes []Outcome) (*Rubric, error) {
	learned := old.Clone()
	learned.Name = shorten(old.Name, 50) + " (learned)"
	rounding, span := l.rounding(weights), 0.0
	for i := range learned.Criteria {
		own := weights[l.first[i] : l.first[i]+len(learned.Criteria[i].Levels)]
		if shift(learned.Criteria[i], own); slices.Max(own) > 0 {
			span += slices.Max(own)
		}
	}
	if span < 1e-9 {
		return nil, errors.New("score: nothing in the rubric tells the leads that were won from the others")
	}
	for total := 100.0; ; total-- { // rounding can make more than 100 of it
		exact := make([]float64, l.size) // the constant is no point
		for p := 1; p < l.size; p++ {
			exact[p] = weights[p] * total / span
		}
		if learned.spread(rounding.round(exact)[1:]) <= 100 {
			break
		}
	}
	if err := learned.Validate(); err != nil {
		return nil, fmt.Errorf("score: what was learned is no rubric: %w", err)
	}
	return learned, learned.rank(ctx, old, outcomes)
}

// spread hands the points out to the levels in their order and returns what the best ones give together.
func (r *Rubric) spread(points []float64) (best int) {
	for i := range r.Criteria {
		for n := range r.Criteria[i].Levels {
			r.Criteria[i].Levels[n].Points = int(min(max(points[0], -100), 100))
			points = points[1:]
		}
		best += r.Criteria[i].most()
	}
	return best
}

// shift moves the weights of a criterion, which changes no order of leads: the worst level gets 0, or the best one where the rubric takes
// points and nobody is to lose some for what is unknown.
func shift(c Criterion, own []float64) {
	takes := slices.ContainsFunc(c.Levels, func(l Level) bool { return l.Points < 0 })
	knows := !slices.ContainsFunc(c.Levels, func(l Level) bool { return slices.Contains(l.Values, unknown) })
	zero := slices.Min(own)
	if takes && knows {
		zero = slices.Max(own)
	}
	for i := range own {
		own[i] -= zero
	}
}

// rank sets the thresholds so that as many of the leads are hot, and warm, as by the old rubric.
func (r *Rubric) rank(ctx context.Context, old *Rubric, outcomes []Outcome) error {
	var hot, warm int
	values := make([]int, 0, len(outcomes))
	plain := r.Clone() // r may not be compiled before it is done
	for i := range outcomes {
		lead := outcomes[i].Lead
		lead.Score = nil
		before, err := old.Score(ctx, lead)
		if err != nil {
			return err
		}
		after, err := plain.Score(ctx, lead)
		if err != nil {
			return err
		}
		values = append(values, after.Value)
		switch before.Qualification {
		case leads.Hot:
			hot++
			warm++
		case leads.Warm:
			warm++
		}
	}
	slices.SortFunc(values, func(a, b int) int { return b - a })
	at := func(n int) int {
		if n == 0 {
			return values[0] + 1
		}
		return values[n-1]
	}
	r.Thresholds.Hot = min(max(at(hot), 2), 100)
	r.Thresholds.Warm = min(max(at(warm), 1), r.Thresholds.Hot-1)
	return nil
}
