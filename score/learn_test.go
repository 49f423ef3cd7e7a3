package score_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

// truth is what really decides in the synthetic world: by industry, size, wish and bad luck, far from what the rubric believes.
var truth = map[string]map[string]float64{
	"industry": {"a": 1.6, "b": 0.2, "c": -0.8, "none": 0}, "size": {"l": -1.1, "m": 1.3, "none": 0},
	"wish": {"x": 0.9, "y": 0.4, "z": -0.3, "none": 0}, "flaw": {"bad": -2, "none": 0},
}

// guess is a rubric whose points are wrong.
func guess() *score.Rubric {
	r := &score.Rubric{Name: "guess"}
	criterion := func(name string, axis score.Axis, points map[string]int, order ...string) {
		c := score.Criterion{Name: name, Axis: axis, Signal: score.Signal("field:" + name)}
		for _, level := range order {
			c.Levels = append(c.Levels, score.Level{Name: level, Points: points[level], Reason: level, Match: score.Match{Values: []string{level}}})
		}
		c.Levels = append(c.Levels, score.Level{Name: "none", Reason: "none"})
		r.Criteria = append(r.Criteria, c)
	}
	criterion("industry", score.Fit, map[string]int{"a": 10, "b": 30, "c": 25}, "a", "b", "c")
	criterion("size", score.Fit, map[string]int{"l": 30, "m": 10}, "l", "m")
	criterion("wish", score.Intent, map[string]int{"x": 10, "y": 10, "z": 40}, "x", "y", "z")
	criterion("flaw", score.Intent, map[string]int{"bad": -5}, "bad")
	return r
}

// world makes leads and what became of them, and the true chance of each.
func world(seed uint64, n int) ([]score.Outcome, []float64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	var outcomes []score.Outcome
	var chances []float64
	for range n {
		z := -1.5
		lead := leads.Lead{Metadata: make(ingest.Metadata)}
		for _, c := range guess().Criteria {
			level := c.Levels[rng.IntN(len(c.Levels))].Name
			lead.Metadata.SetText(c.Name, level)
			z += truth[c.Name][level]
		}
		outcomes = append(outcomes, score.Outcome{Lead: lead, Won: rng.Float64() < 1/(1+math.Exp(-z))})
		chances = append(chances, z)
	}
	return outcomes, chances
}

// best is the AUC of the true chances, counted pair by pair.
func best(outcomes []score.Outcome, chances []float64) float64 {
	right, pairs := 0.0, 0.0
	for i := range outcomes {
		for k := range outcomes {
			if outcomes[i].Won && !outcomes[k].Won {
				pairs++
				switch {
				case chances[i] > chances[k]:
					right++
				case chances[i] == chances[k]:
					right += .5
				}
			}
		}
	}
	return right / pairs
}

func TestLearnFindsTheTruth(t *testing.T) {
	t.Parallel()
	past, _ := world(1, 4000)
	future, chances := world(2, 4000)
	learned, err := score.Learn(t.Context(), guess(), past, nil)
	require.NoError(t, err)
	before, err := score.Backtest(t.Context(), guess(), future)
	require.NoError(t, err)
	after, err := score.Backtest(t.Context(), learned, future)
	require.NoError(t, err)
	limit := best(future, chances)
	t.Logf("AUC: guess %.4f, learned %.4f, generating model %.4f", before.AUC, after.AUC, limit)
	require.InDelta(t, limit, after.AUC, 0.01)
	require.Greater(t, after.AUC, before.AUC+0.1)
	require.Greater(t, after.Hot.Precision, before.Hot.Precision)

	require.Equal(t, "guess (learned)", learned.Name)
	require.Len(t, learned.Criteria, 4)
	for i, c := range learned.Criteria {
		require.Len(t, c.Levels, len(guess().Criteria[i].Levels))
	}
	require.Equal(t, guess().Hash(), func() string { g := guess(); _, _ = score.Learn(t.Context(), g, past, nil); return g.Hash() }(), "the old rubric stays")
	again, err := score.Learn(t.Context(), guess(), past, nil)
	require.NoError(t, err)
	require.Equal(t, learned.Hash(), again.Hash())
}

// With hardly any outcomes the rubric stays near what people chose.
func TestLearnTrustsPeopleFirst(t *testing.T) {
	t.Parallel()
	past, _ := world(1, 4000)
	few, _ := world(3, 30)
	future, _ := world(4, 3000)
	chosen, err := score.Learn(t.Context(), guess(), past, nil)
	require.NoError(t, err)
	old, err := score.Backtest(t.Context(), chosen, future)
	require.NoError(t, err)
	auc := func(trust float64) float64 {
		learned, err := score.Learn(t.Context(), chosen, few, &score.LearnOptions{Trust: trust})
		require.NoError(t, err)
		r, err := score.Backtest(t.Context(), learned, future)
		require.NoError(t, err)
		return r.AUC
	}
	require.InDelta(t, old.AUC, auc(1e6), 0.005)
	require.Less(t, auc(0.01), old.AUC-0.01, "without it a few leads would be taken at their word")
}

func TestLearnDefaultRubric(t *testing.T) {
	t.Parallel()
	var outcomes []score.Outcome
	for range 10 {
		for _, p := range people() {
			outcomes = append(outcomes, score.Outcome{Lead: p.lead, Won: p.want == leads.Hot})
		}
	}
	learned, err := score.Learn(t.Context(), score.DefaultRubric(), outcomes, nil)
	require.NoError(t, err)
	require.NoError(t, learned.Validate())
	r, err := score.Backtest(t.Context(), learned, outcomes)
	require.NoError(t, err)
	require.Greater(t, r.AUC, 0.95)
}

func TestLearnRefuses(t *testing.T) {
	t.Parallel()
	some, _ := world(5, 50)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx      context.Context
		rubric   *score.Rubric
		outcomes []score.Outcome
		opts     *score.LearnOptions
		want     string
	}{
		"nothing":    {t.Context(), guess(), nil, nil, "the outcomes must have both"},
		"one-sided":  {t.Context(), guess(), []score.Outcome{{Won: true}, {Won: true}}, nil, "the outcomes must have both"},
		"bad rubric": {t.Context(), &score.Rubric{}, some, nil, "Rubric.Criteria is empty"},
		"trust":      {t.Context(), guess(), some, &score.LearnOptions{Trust: -1}, "LearnOptions.Trust is -1"},
		"ended":      {ended, guess(), some, nil, "context canceled"},
	} {
		_, err := score.Learn(c.ctx, c.rubric, c.outcomes, c.opts)
		require.ErrorContains(t, err, c.want, name)
		if c.opts == nil {
			_, err = score.Backtest(c.ctx, c.rubric, c.outcomes)
			require.Error(t, err, name)
		}
	}
}

func TestBacktestByHand(t *testing.T) {
	t.Parallel()
	byValue := leads.ScorerFunc(func(_ context.Context, lead leads.Lead) (leads.Score, error) {
		return leads.Score{Value: lead.Submissions, Qualification: score.Thresholds{}.Qualify(lead.Submissions)}, nil
	})
	var outcomes []score.Outcome
	for value, won := range map[int][]bool{95: {true, true}, 75: {true, false}, 50: {true, false}, 10: {false, false, false, false}} {
		for _, w := range won {
			outcomes = append(outcomes, score.Outcome{Lead: leads.Lead{Submissions: value}, Won: w})
		}
	}
	r, err := score.Backtest(t.Context(), byValue, outcomes)
	require.NoError(t, err)
	require.Equal(t, 10, r.Leads)
	require.Equal(t, 4, r.Won)
	require.InDelta(t, (2*6+(4+1+.5)+(4+.5))/24, r.AUC, 1e-9)
	require.Equal(t, score.HotReport{Leads: 4, Won: 3, Precision: .75, Recall: .75}, r.Hot)
	require.Equal(t, score.Bin{From: 90, To: 100, Leads: 2, Won: 2}, r.Calibration[9])
	require.InDelta(t, .5, r.Lift[1].Captured, 1e-9)
	require.InDelta(t, 2.5, r.Lift[1].Lift, 1e-9)
	require.InDelta(t, 1, r.Lift[9].Captured, 1e-9)
	require.Contains(t, r.String(), "10 leads, 4 won (40.0 %)\nAUC 0.917; hot: 4 leads, precision 75.0 %, recall 75.0 %\n")
}
