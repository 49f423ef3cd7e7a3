package dashboard

import "fmt"

// barChart is a chart of bars as SVG: every number in it is computed here, the template only writes it. A table with the same numbers stands
// beneath it.
type barChart struct {
	Bars          []bar
	Width, Height int
	Base          int // where the bars stand
	Lines         []gridLine
	Most          bar // the highest, for the description
	Total         int
}

// bar is one bar. X, Y, W and H are its place.
type bar struct {
	Label, Short string
	Count        int
	X, Y, W, H   string
	Mid          string // for its label
	Named        bool   // there is room for its label
}

// gridLine is a line across with its value.
type gridLine struct {
	Y     string
	Value int
}

const (
	chartWidth, chartHeight = 720, 200
	chartLeft, chartTop     = 44, 14
	chartBase               = 168
	chartLabels             = 8 // at most, below the bars
)

// newBarChart places the bars.
func newBarChart(bars []bar) barChart {
	c := barChart{Bars: bars, Width: chartWidth, Height: chartHeight, Base: chartBase}
	for _, b := range bars {
		c.Total += b.Count
		if b.Count > c.Most.Count || c.Most.Label == "" {
			c.Most = b
		}
	}
	top := roundUp(c.Most.Count)
	height := func(n int) float64 { return float64(chartBase-chartTop) * float64(n) / float64(top) }
	for _, n := range gridValues(top) {
		c.Lines = append(c.Lines, gridLine{fixed(chartBase - height(n)), n})
	}
	slot := float64(chartWidth-chartLeft) / float64(max(len(bars), 1))
	gap := min(slot*.25, 6)
	every := (len(bars) + chartLabels - 1) / chartLabels
	for i := range bars {
		b := &bars[i]
		x := chartLeft + slot*float64(i)
		b.X, b.W = fixed(x+gap/2), fixed(slot-gap)
		b.Y, b.H = fixed(chartBase-height(b.Count)), fixed(height(b.Count))
		b.Mid, b.Named = fixed(x+slot/2), i%every == 0
	}
	return c
}

func fixed(f float64) string { return fmt.Sprintf("%.1f", f) }

// roundUp is the end of an axis that reaches n: 1, 2, 4, 5 or 10 times a power of ten.
func roundUp(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, step := range []int{1, 2, 4, 5} {
			if step*unit >= n && step*unit > 1 {
				return step * unit
			}
		}
	}
}

// gridValues are the values at which lines are drawn.
func gridValues(top int) []int {
	parts := 4
	for top%parts != 0 {
		parts--
	}
	values := make([]int, 0, parts+1)
	for i := range parts + 1 {
		values = append(values, top/parts*i)
	}
	return values
}
