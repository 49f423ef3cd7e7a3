package score

import (
	"context"
	"errors"
	"math"
)

// newton maximises the penalised likelihood of a logistic regression,
//
//	Σ y·log p + (1-y)·log(1-p) - ½·Σ hold·(w-prior)²,  p = 1/(1+exp(-x·w)),
//
// by Newton's method from the prior, halving steps that would not improve it. With every hold above 0 it is strictly concave, so
// there is one maximum and every step is uphill.
func newton(ctx context.Context, x [][]float64, y, prior, hold []float64) ([]float64, error) {
	w := append([]float64(nil), prior...)
	best := likelihood(x, y, w, prior, hold)
	for range 100 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		gradient, hessian := slope(x, y, w, prior, hold)
		step, ok := solve(hessian, gradient)
		if !ok {
			return nil, errors.New("score: the outcomes cannot be fitted")
		}
		next, improved := make([]float64, len(w)), false
		for scale := 1.0; scale > 1e-6 && !improved; scale /= 2 {
			for i := range w {
				next[i] = w[i] + scale*step[i]
			}
			if at := likelihood(x, y, next, prior, hold); at > best {
				improved = at-best > 1e-10*math.Abs(best)
				best = at
				copy(w, next)
				break
			}
		}
		if !improved {
			break
		}
	}
	return w, nil
}

func likelihood(x [][]float64, y, w, prior, hold []float64) float64 {
	sum := 0.0
	for i := range x {
		z := dot(x[i], w)
		sum += y[i]*z - softplus(z)
	}
	for i := range w {
		sum -= hold[i] * (w[i] - prior[i]) * (w[i] - prior[i]) / 2
	}
	return sum
}

// softplus is log(1+exp(z)) without overflow.
func softplus(z float64) float64 {
	return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// slope returns the gradient and the negative Hessian, of which only the lower half is filled.
func slope(x [][]float64, y, w, prior, hold []float64) ([]float64, [][]float64) {
	n := len(w)
	gradient, hessian := make([]float64, n), make([][]float64, n)
	for i := range n {
		hessian[i] = make([]float64, n)
		hessian[i][i] = hold[i]
		gradient[i] = -hold[i] * (w[i] - prior[i])
	}
	present := make([]int, 0, n) // most of x is 0
	for r := range x {
		p := 1 / (1 + math.Exp(-dot(x[r], w)))
		present = present[:0]
		for i, v := range x[r] {
			if v == 0 {
				continue
			}
			present = append(present, i)
			gradient[i] += v * (y[r] - p)
			for _, k := range present {
				hessian[i][k] += v * x[r][k] * p * (1 - p)
			}
		}
	}
	return gradient, hessian
}

// solve solves a·s = b for a symmetric positive definite a by Cholesky's method, in place; false if it is none.
func solve(a [][]float64, b []float64) ([]float64, bool) {
	n := len(b)
	for i := range n {
		for k := range i + 1 {
			sum := a[i][k] - dot(a[i][:k], a[k][:k])
			if i != k {
				a[i][k] = sum / a[k][k]
				continue
			}
			if !(sum > 0) || math.IsInf(sum, 0) {
				return nil, false
			}
			a[i][i] = math.Sqrt(sum)
		}
	}
	s := append([]float64(nil), b...)
	for i := range n {
		s[i] = (s[i] - dot(a[i][:i], s[:i])) / a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			s[i] -= a[k][i] * s[k]
		}
		s[i] /= a[i][i]
	}
	return s, true
}
