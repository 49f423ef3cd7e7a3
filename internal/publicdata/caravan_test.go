package publicdata_test

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

// installed is where Debian's package has the data.
const installed = "/usr/lib/R/site-library/kernlab/data/ticdata.rda"

const bought = "CARAVAN"

// few are the columns that a person might choose by their names: who lives there, what they can spend, what they insured with us already.
var few = []string{
	"MOSHOOFD", "MKOOPKLA", "MINKGEM", "MHKOOP", "MAUT1", "MOPLHOOG", "MSKA", "MRELGE", "MFWEKIND",
	"PWAPART", "PPERSAUT", "PBRAND", "PLEVEN", "AMOTSCO", "APLEZIER", "AFIETS",
}

// caravans reads the data, in the order of the challenge: 5,822 customers to learn from, then 4,000 to be judged.
func caravans(t *testing.T) *table {
	t.Helper()
	path := cmp.Or(os.Getenv("LEADS_TICDATA"), installed)
	if _, err := os.Stat(path); err != nil && os.Getenv("LEADS_TICDATA") == "" {
		t.Skip("SKIPPED: no public data set here; the package comment says how to get it")
	}
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	unpack := exec.CommandContext(t.Context(), "xz", "-dc")
	unpack.Stdin = bytes.NewReader(file)
	raw, err := unpack.Output()
	require.NoError(t, err, "xz -dc")
	data, err := readTable(raw)
	require.NoError(t, err)
	require.Len(t, data.names, 86)
	require.Len(t, data.cells[bought], 9822)
	return data
}

func outcomes(data *table) []score.Outcome {
	all := make([]score.Outcome, len(data.cells[bought]))
	for i := range all {
		m := make(ingest.Metadata)
		for _, name := range data.names {
			if name != bought {
				m.SetText(name, data.cells[name][i])
			}
		}
		all[i] = score.Outcome{Lead: leads.Lead{Metadata: m}, Won: data.cells[bought][i] == "insurance"}
	}
	return all
}

// equal is a rubric that makes a criterion of every column and gives each the same points, more for more of what the column counts, and
// none for a column that only names things. It is made without a look at who bought.
func equal(data *table, columns []string) *score.Rubric {
	r := &score.Rubric{Name: "equal points"}
	most := 100 / len(columns)
	for _, name := range columns {
		c := score.Criterion{Name: name, Axis: score.Fit, Signal: score.Signal("field:" + name)}
		levels := bands(data, name)
		for i, level := range levels {
			points := 0
			if level.ordered {
				points = (most*(len(levels)-1-i) + (len(levels)-1)/2) / (len(levels) - 1)
			}
			c.Levels = append(c.Levels, score.Level{Name: level.name, Points: points, Reason: level.name, Match: level.match})
		}
		c.Levels[len(c.Levels)-1].Match = score.Match{}
		r.Criteria = append(r.Criteria, c)
	}
	return r
}

type band struct {
	name    string
	match   score.Match
	ordered bool
}

// bands are the levels of a column, the most first: four of a share or an amount, up to three of a number, all of a name.
func bands(data *table, name string) []band {
	labels := data.labels[name]
	switch {
	case labels == nil:
		least := slices.Min(data.cells[name]) // one digit: 0 or 1
		if least == "0" {
			return []band{{"2 or more", score.Match{AtLeast: 2}, true}, {"1", score.Match{AtLeast: 1}, true}, {"0", score.Match{}, true}}
		}
		return []band{{"3 or more", score.Match{AtLeast: 3}, true}, {"2", score.Match{AtLeast: 2}, true}, {"1", score.Match{}, true}}
	case labels[0] == "0%":
		return grouped(labels, 0, 2, 4, 6)
	case labels[0] == "f 0":
		return grouped(labels, 0, 1, 3, 5)
	}
	all := make([]band, len(labels))
	for i, label := range labels {
		all[i] = band{name: label, match: score.Match{Values: []string{label}}}
	}
	return all
}

// grouped makes bands of labels, each beginning at one of starts.
func grouped(labels []string, starts ...int) []band {
	var all []band
	end := len(labels)
	for _, start := range slices.Backward(starts) {
		group := labels[start:end]
		all = append(all, band{strings.Join(group[:1], "") + " up", score.Match{Values: group}, true})
		end = start
	}
	return all
}

// split is two parts of the data.
type split struct {
	name       string
	past, next []score.Outcome
}

func splits(all []score.Outcome) []split {
	mixed := slices.Clone(all)
	rand.New(rand.NewPCG(2000, 3)).Shuffle(len(mixed), func(i, k int) { mixed[i], mixed[k] = mixed[k], mixed[i] })
	half := len(mixed) / 2
	return []split{{"halves", mixed[:half], mixed[half:]}, {"challenge", all[:5822], all[5822:]}}
}

// rival judges by an unrounded logistic regression on the same levels.
func rival(t *testing.T, r *score.Rubric, s split) (auc float64, best []bool) {
	t.Helper()
	ids := make(map[[2]string]int)
	study := func(part []score.Outcome) (rows [][]int, won []bool) {
		for _, o := range part {
			judged, err := r.Score(t.Context(), o.Lead)
			require.NoError(t, err)
			var row []int
			for _, e := range judged.Evidence {
				key := [2]string{e.Criterion, e.Level}
				if _, ok := ids[key]; !ok {
					ids[key] = len(ids)
				}
				row = append(row, ids[key])
			}
			rows, won = append(rows, row), append(won, o.Won)
		}
		return rows, won
	}
	past, pastWon := study(s.past)
	next, nextWon := study(s.next)
	w := logistic(past, pastWon, len(ids))
	values := make([]float64, len(next))
	order := make([]int, len(next))
	for i, row := range next {
		order[i] = i
		for _, f := range row {
			values[i] += w[f]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	for _, i := range order {
		best = append(best, nextWon[i])
	}
	return area(values, nextWon), best
}

func TestCaravan(t *testing.T) {
	t.Parallel()
	data := caravans(t)
	all := outcomes(data)
	for _, columns := range [][]string{few, data.names[:85]} {
		for _, s := range splits(all) {
			rubric := equal(data, columns)
			before, err := score.Backtest(t.Context(), rubric, s.next)
			require.NoError(t, err)
			learned, err := score.Learn(t.Context(), rubric, s.past, nil)
			require.NoError(t, err)
			after, err := score.Backtest(t.Context(), learned, s.next)
			require.NoError(t, err)
			limit, best := rival(t, rubric, s)
			count := 0
			for _, won := range best[:after.Lift[1].Leads] {
				if won {
					count++
				}
			}
			t.Logf("%s, %d criteria, %d leads to learn from: AUC of equal points %.3f, learned %.3f, logistic regression %.3f; "+
				"of %d buyers among %d the best fifth has %d, %d and %d",
				s.name, len(columns), len(s.past), before.AUC, after.AUC, limit, after.Won, after.Leads, before.Lift[1].Won, after.Lift[1].Won, count)
			if testing.Verbose() && len(columns) < 20 {
				t.Logf("\n%s", after)
			}
		}
	}
}
