package score

import (
	"context"
	"slices"
)

// folds is how many parts the outcomes are cut into to try a strength of the prior on leads that were not learned from.
const folds = 5

// strengths are those tried, the weakest first. The first is taken where there are too few outcomes to try any.
var strengths = [...]float64{4, 16, 64, 256}

// trust finds the strength of the prior by cross-validation: the one whose fits to four fifths of the outcomes, each in turn, make what
// became of the last fifth most likely.
func (l *lesson) trust(ctx context.Context) (float64, error) {
	fold, enough := l.deal()
	if !enough {
		return strengths[0], nil
	}
	best, found := strengths[0], 0.0
	for n, trust := range strengths {
		sum := 0.0
		for part := range folds {
			rest, tried := l.cut(fold, part)
			weights, err := rest.fit(ctx, trust)
			if err != nil {
				return 0, err
			}
			sum += tried.likelihood(weights)
		}
		if n == 0 || sum > found {
			best, found = trust, sum
		}
	}
	return best, nil
}

// deal gives every lead a fold, so that won and lost leads are spread evenly whatever their order. It says whether there are enough of both.
func (l *lesson) deal() (fold []int, enough bool) {
	var count [2]int
	for _, y := range l.won {
		fold = append(fold, count[int(y)]%folds)
		count[int(y)]++
	}
	return fold, min(count[0], count[1]) >= 2*folds
}

// cut parts the leads of one fold from the rest.
func (l *lesson) cut(fold []int, part int) (rest, tried *lesson) {
	rest, tried = l.empty(), l.empty()
	for i, row := range l.rows {
		to := rest
		if fold[i] == part {
			to = tried
		}
		to.rows, to.won = append(to.rows, row), append(to.won, l.won[i])
	}
	return rest, tried
}

// empty is the lesson without its leads.
func (l *lesson) empty() *lesson {
	other := *l
	other.rows, other.won = nil, nil
	return &other
}

// likelihood is the logarithm of how likely the outcomes are by the weights.
func (l *lesson) likelihood(weights []float64) float64 {
	return likelihood(l.dense(), l.won, weights, weights, slices.Repeat([]float64{0}, l.size))
}
