package score_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

// many is a rubric of n criteria of yes and no, a point each.
func many(n int) *score.Rubric {
	r := &score.Rubric{Name: "many"}
	for i := range n {
		name := fmt.Sprint("c", i)
		r.Criteria = append(r.Criteria, score.Criterion{Name: name, Axis: score.Fit, Signal: score.Signal("field:" + name), Levels: []score.Level{
			{Name: "yes", Points: 1, Reason: "yes", Match: score.Match{Values: []string{"yes"}}}, {Name: "no", Reason: "no"},
		}})
	}
	return r
}

// crowd makes leads for many, and what became of them. Each answer is weighed by weight and given to as many criteria as there are copies.
func crowd(seed uint64, n, answers, copies int, weight func(int) float64) ([]score.Outcome, []float64) {
	rng := rand.New(rand.NewPCG(seed, 11))
	outcomes, chances := make([]score.Outcome, n), make([]float64, n)
	for i := range outcomes {
		m := make(ingest.Metadata)
		for a := range answers {
			if rng.IntN(2) == 0 {
				chances[i] -= weight(a)
				continue
			}
			chances[i] += weight(a)
			for c := range copies {
				m.SetText(fmt.Sprint("c", a*copies+c), "yes")
			}
		}
		outcomes[i] = score.Outcome{Lead: leads.Lead{Metadata: m}, Won: rng.Float64() < 1/(1+math.Exp(-chances[i]))}
	}
	return outcomes, chances
}

// Five criteria that say the same share its weight, so that each by itself is worth 0.4 or 1.4 points, or some such: rounded one by one they
// would all lose, or all gain, what together makes two points.
func TestLearnRoundsTogether(t *testing.T) {
	t.Parallel()
	const answers, copies = 18, 5
	weight := func(a int) float64 { return []float64{.14, .45}[a%2] }
	past, _ := crowd(1, 2000, answers, copies, weight)
	future, chances := crowd(2, 2000, answers, copies, weight)
	learned, err := score.Learn(t.Context(), many(answers*copies), past, &score.LearnOptions{Trust: 16})
	require.NoError(t, err)
	r, err := score.Backtest(t.Context(), learned, future)
	require.NoError(t, err)
	t.Logf("AUC: learned %.4f, generating model %.4f", r.AUC, best(future, chances))
	require.InDelta(t, best(future, chances), r.AUC, 0.01)
}

func TestLearnChoosesItsTrust(t *testing.T) {
	t.Parallel()
	alike := func(int) float64 { return .3 }
	unlike := func(c int) float64 { return []float64{1.2, -.8, .1, -.2}[c%4] }
	for name, c := range map[string]struct {
		leads  int
		weight func(int) float64
		want   float64
	}{
		"people are right": {400, alike, 256},
		"people are wrong": {600, unlike, 4},
		"too few to try":   {12, alike, 4},
	} {
		past, _ := crowd(5, c.leads, 12, 1, c.weight)
		chosen, err := score.Learn(t.Context(), many(12), past, nil)
		require.NoError(t, err, name)
		told, err := score.Learn(t.Context(), many(12), past, &score.LearnOptions{Trust: c.want})
		require.NoError(t, err, name)
		require.Equal(t, told.Hash(), chosen.Hash(), name)
		for _, other := range []float64{4, 256} {
			if other != c.want {
				r, err := score.Learn(t.Context(), many(12), past, &score.LearnOptions{Trust: other})
				require.NoError(t, err, name)
				require.NotEqual(t, r.Hash(), chosen.Hash(), name)
			}
		}
	}
}
