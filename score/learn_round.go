package score

import "math"

// rounding makes whole points of exact ones so that the leads' scores stay as near to the exact scores as may be. Each by itself, the errors
// of many small points would add up: with eighty criteria most points are 0, 1 or 2, and rounding them to the nearest loses most of
// what was learned.
type rounding struct {
	having [][]int   // of each parameter, the leads that have it
	matter []float64 // of each lead, how much an error of its score costs
	total  float64   // the sum of matter
}

// rounding weighs an error by what it costs in likelihood: to the second order, p(1-p) times its square.
func (l *lesson) rounding(weights []float64) *rounding {
	r := &rounding{having: make([][]int, l.size)}
	for i, row := range l.rows {
		z := 0.0
		for _, p := range row {
			z += weights[p]
			r.having[p] = append(r.having[p], i)
		}
		p := 1 / (1 + math.Exp(-z))
		r.matter = append(r.matter, p*(1-p))
		r.total += p * (1 - p)
	}
	return r
}

// round returns for every exact value the whole number just above or below it. It begins with the nearest and turns one after the other
// to the other side as long as that makes the weighted variance of the errors less. An error that all scores share is none.
func (r *rounding) round(exact []float64) []float64 {
	whole, errs := make([]float64, len(exact)), make([]float64, len(r.matter))
	mean := 0.0 // times total
	for p, x := range exact {
		whole[p] = math.Round(x)
		for _, i := range r.having[p] {
			errs[i] += whole[p] - x
			mean += r.matter[i] * (whole[p] - x)
		}
	}
	for turned := true; turned; { // every turn makes the variance less, so this ends
		turned = false
		for p, x := range exact {
			other := math.Floor(x) + math.Ceil(x) - whole[p]
			by := other - whole[p]
			if by == 0 {
				continue
			}
			slope, mass := 0.0, 0.0
			for _, i := range r.having[p] {
				slope += r.matter[i] * errs[i]
				mass += r.matter[i]
			}
			gain := (2*by*mass*mean+by*by*mass*mass)/r.total - 2*by*slope - by*by*mass
			if gain <= 1e-9*r.total {
				continue
			}
			whole[p], turned = other, true
			mean += by * mass
			for _, i := range r.having[p] {
				errs[i] += by
			}
		}
	}
	return whole
}
