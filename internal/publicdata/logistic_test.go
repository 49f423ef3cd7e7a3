package publicdata_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// logistic fits a plain logistic regression to rows of features that are 1, held to 0 by a ridge of 1 (what scikit-learn does unless
// told otherwise), and returns the weights, the constant last. It climbs one weight at a time, so it shares no code or method with
// the solver of score.Learn.
func logistic(rows [][]int, won []bool, features int) []float64 {
	having := make([][]int, features+1)
	for i, row := range rows {
		for _, f := range append(slices.Clone(row), features) {
			having[f] = append(having[f], i)
		}
	}
	weights, z := make([]float64, features+1), make([]float64, len(rows))
	for range 500 {
		farthest := 0.0
		for f, with := range having {
			ridge := 1.0
			if f == features {
				ridge = 1e-9
			}
			slope, curve := -ridge*weights[f], ridge
			for _, i := range with {
				p := 1 / (1 + math.Exp(-z[i]))
				slope -= p
				if won[i] {
					slope++
				}
				curve += p * (1 - p)
			}
			step := min(max(slope/curve, -1), 1)
			weights[f] += step
			for _, i := range with {
				z[i] += step
			}
			farthest = max(farthest, math.Abs(step))
		}
		if farthest < 1e-4 {
			break
		}
	}
	return weights
}

// area is the AUC of values, counted pair by pair.
func area(values []float64, won []bool) float64 {
	right, pairs := 0.0, 0.0
	for i := range values {
		for k := range values {
			if !won[i] || won[k] {
				continue
			}
			pairs++
			switch {
			case values[i] > values[k]:
				right++
			case values[i] == values[k]:
				right += .5
			}
		}
	}
	return right / pairs
}

func TestLogistic(t *testing.T) {
	t.Parallel()
	var rows [][]int
	var won []bool
	for i := range 4000 { // of those with feature 0 three in four are won, of the others one in four
		rows = append(rows, []int{i % 2})
		won = append(won, i/2%4 == 0 != (i%2 == 0))
	}
	w := logistic(rows, won, 2)
	require.InDelta(t, 2*math.Log(3), w[0]-w[1], 0.01)
	require.InDelta(t, 0, w[2], 0.01)
	require.InDelta(t, 0.75, area([]float64{3, 2, 2, 1}, []bool{true, false, true, false})-0.125, 1e-9)
}
