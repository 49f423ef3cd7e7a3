package score

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openleads/leads"
)

// Outcome is a lead of which one knows what became of it.
type Outcome struct {
	// Lead is scored as if it were new: its own Score is not looked at. What was learned or written only after it was won should be left
	// out, or the rules look better than they are.
	Lead leads.Lead
	Won  bool
}

// Report says how well scores told the leads that were won from the others.
type Report struct {
	Leads, Won int
	// AUC is the chance that a won lead has a higher score than a lost one, ties counting half: 0.5 is a coin, 1 is perfect.
	AUC float64
	// Hot is what became of the leads that were called hot.
	Hot HotReport
	// Calibration has the share of won leads by score, in ten steps: 0–9, 10–19, …, 90–100.
	Calibration [10]Bin
	// Lift has what is found when only the best tenth, two tenths, … of the leads are worked on.
	Lift [10]Share
}

// HotReport judges the qualification "hot".
type HotReport struct {
	Leads, Won int
	Precision  float64 // of the hot leads, those that were won; 0 without hot leads
	Recall     float64 // of the won leads, those that were hot
}

// Bin is the leads whose scores are from From to To, both included.
type Bin struct{ From, To, Leads, Won int }

// Rate is the share that was won, 0 without leads.
func (b Bin) Rate() float64 { return ratio(b.Won, b.Leads) }

// Share is the best leads by score.
type Share struct {
	Leads, Won int
	Captured   float64 // the share of all won leads that is among them
	Lift       float64 // how many times more often they were won than the average lead
}

// scored is an outcome with its score.
type scored struct {
	value int
	hot   bool
	won   bool
}

// Backtest scores what became of a host's own leads with a rubric, or any other scorer, and says how well it would have told. It
// needs at least one lead that was won and one that was not. It ends with the error of ctx, or the first error of the scorer.
func Backtest(ctx context.Context, scorer leads.Scorer, outcomes []Outcome) (Report, error) {
	all := make([]scored, 0, len(outcomes))
	for i := range outcomes {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		lead := outcomes[i].Lead
		lead.Score = nil
		s, err := scorer.Score(ctx, lead)
		if err != nil {
			return Report{}, fmt.Errorf("score: backtest: outcome %d: %w", i, err)
		}
		all = append(all, scored{value: min(max(s.Value, 0), 100), hot: s.Qualification == leads.Hot, won: outcomes[i].Won})
	}
	return report(all)
}

// errOneSided is returned where there is nothing to tell apart.
var errOneSided = errors.New("score: the outcomes must have both leads that were won and leads that were not")

func report(all []scored) (Report, error) {
	r := Report{Leads: len(all)}
	for i := range r.Calibration {
		r.Calibration[i] = Bin{From: i * 10, To: i*10 + 9}
	}
	r.Calibration[9].To = 100
	for _, s := range all {
		bin := &r.Calibration[min(s.value/10, 9)]
		bin.Leads++
		if s.hot {
			r.Hot.Leads++
		}
		if s.won {
			r.Won++
			bin.Won++
			if s.hot {
				r.Hot.Won++
			}
		}
	}
	if r.Won == 0 || r.Won == r.Leads {
		return Report{}, errOneSided
	}
	r.Hot.Precision, r.Hot.Recall = ratio(r.Hot.Won, r.Hot.Leads), ratio(r.Hot.Won, r.Won)
	r.AUC = auc(all, func(s scored) (float64, bool) { return float64(s.value), s.won })
	r.lift(all)
	return r, nil
}

// auc is the Mann-Whitney statistic by ranks, equal values sharing theirs.
func auc[T any](all []T, of func(T) (value float64, won bool)) float64 {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b T) int {
		x, _ := of(a)
		y, _ := of(b)
		return cmp.Compare(x, y)
	})
	ranks, wins := 0.0, 0
	for from := 0; from < len(sorted); {
		value, _ := of(sorted[from])
		to, ties := from, 0
		for ; to < len(sorted); to++ {
			v, won := of(sorted[to])
			if v != value {
				break
			}
			if won {
				ties++
			}
		}
		ranks += float64(ties) * (float64(from+1+to) / 2) // the mean of the ranks from+1 to to
		wins += ties
		from = to
	}
	w, l := float64(wins), float64(len(all)-wins)
	return (ranks - w*(w+1)/2) / (w * l)
}

// lift fills Lift. Leads of equal scores are taken to be won equally often, so that the order of the outcomes does not matter.
func (r *Report) lift(all []scored) {
	var count, won [101]int
	for _, s := range all {
		count[s.value]++
		if s.won {
			won[s.value]++
		}
	}
	for i := range r.Lift {
		left, found := (len(all)*(i+1)+5)/10, 0.0
		r.Lift[i].Leads = left
		for value := 100; value >= 0 && left > 0; value-- {
			taken := min(left, count[value])
			found += float64(taken) * ratio(won[value], count[value])
			left -= taken
		}
		r.Lift[i].Won = int(found + .5)
		r.Lift[i].Captured = found / float64(r.Won)
		if n := r.Lift[i].Leads; n > 0 {
			r.Lift[i].Lift = found / float64(n) / ratio(r.Won, r.Leads)
		}
	}
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// String is the report as text: figures, calibration table and lift chart.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d leads, %d won (%.1f %%)\n", r.Leads, r.Won, 100*ratio(r.Won, r.Leads))
	fmt.Fprintf(&b, "AUC %.3f; hot: %d leads, precision %.1f %%, recall %.1f %%\n", r.AUC, r.Hot.Leads, 100*r.Hot.Precision, 100*r.Hot.Recall)
	b.WriteString("\n score   leads    won   rate\n")
	for _, bin := range r.Calibration {
		fmt.Fprintf(&b, "%3d–%-3d %6d %6d %5.1f%%\n", bin.From, bin.To, bin.Leads, bin.Won, 100*bin.Rate())
	}
	b.WriteString("\n best    won found  lift\n")
	for i, s := range r.Lift {
		fmt.Fprintf(&b, "%4d%% %9.1f%% %5.2f %s\n", (i+1)*10, 100*s.Captured, s.Lift, strings.Repeat("#", int(40*s.Captured+.5)))
	}
	return b.String()
}
