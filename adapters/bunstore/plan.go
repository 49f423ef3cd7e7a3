package bunstore

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/openleads/leads/adapters/desk"
)

// plan is how the rows of a selection are found: by the index of one criterion, by the index of words, or, if it names neither, by looking at all.
type plan struct {
	by    *criterion
	few   bool // by finds few rows
	words []desk.Word
	// walk is how many rows are looked at first in the order that is wanted, as that may be enough; 0 for none.
	walk int
}

// What it costs to look at a row, compared: at an entry of an index, which has what most criteria ask for, or of the index of words; at one row after the
// other; at a row that lies anywhere; and at one whose tag was found.
const (
	costEntry = 1
	costWord  = 0.5
	costNext  = 2
	costRow   = 12
	costTag   = 20
)

// manyRows is how many rows a selection is taken to be made from. Where there are fewer, any plan is quick.
const manyRows = 1_000_000

// commonShare is of how many of the rows that are looked at a word must be in one to be called common: what has it is not looked up.
const commonShare = 4

// plan chooses how the rows are found of which n are wanted, in the order of a column. A criterion that few rows meet decides it. Otherwise the newest
// rows tell how many there may be.
func (s *Store) plan(ctx context.Context, q *selection, column string, n int) (plan, error) {
	fewest, least, err := s.fewest(ctx, q)
	if err != nil {
		return plan{}, err
	}
	if fewest != nil && least < s.steps.few {
		return plan{by: fewest, few: true}, nil
	}
	if len(q.criteria) == 1 && len(q.words) == 0 {
		return plan{by: fewest}, nil
	}
	sample, err := s.sample(ctx, q)
	if err != nil {
		return plan{}, err
	}
	return sample.plan(q, column, n), nil
}

// fewest returns the criterion whose index has the fewest rows, counted up to steps.few.
func (s *Store) fewest(ctx context.Context, q *selection) (k *criterion, least int, err error) {
	for i := range q.criteria {
		if q.criteria[i].from == nil {
			continue
		}
		n := 0
		c := &condition{args: []any{q.filter.Tenant}}
		rows := q.criteria[i].from
		if q.criteria[i].alone != nil {
			rows = q.criteria[i].alone
		}
		from := rows(c)
		text := "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT " + strconv.Itoa(s.steps.few) + ") AS counted"
		if err := s.loosely(ctx, "find leads", text, c, func(scan scanFunc) error { return scan(&n) }); err != nil {
			return nil, 0, err
		}
		if k == nil || n < least {
			k, least = &q.criteria[i], n
		}
	}
	return k, least, nil
}

// sample is how many of the newest rows meet the criteria.
type sample struct {
	rows   int
	each   []int // by the place of the criterion
	plain  int   // all that are no words
	worded int   // all that are words
	all    int
}

// sample counts the newest rows.
func (s *Store) sample(ctx context.Context, q *selection) (sample, error) {
	c := &condition{args: []any{q.filter.Tenant}}
	newest := orderOf(desk.NewestFirst)
	plain, worded := "TRUE", "TRUE"
	var sums strings.Builder
	sum := func(condition string) {
		sums.WriteString(", coalesce(sum(CASE WHEN " + condition + " THEN 1 ELSE 0 END), 0)")
	}
	for i := range q.criteria {
		text := q.criteria[i].text(c)
		if sum(text); q.criteria[i].name == "word" {
			worded += " AND " + text
		} else {
			plain += " AND " + text
		}
	}
	sum(plain)
	sum(worded)
	sum(plain + " AND " + worded)
	text := "SELECT count(*)" + sums.String() + " FROM (SELECT " + q.uses(newest.column) + " FROM {p}listing AS l" + s.engine.index(newest.index) +
		" WHERE l.tenant_id = ?1" + newest.by("l") + " LIMIT " + strconv.Itoa(s.steps.walked) + ") AS l"
	found := sample{each: make([]int, len(q.criteria))}
	err := s.loosely(ctx, "find leads", text, c, func(scan scanFunc) error {
		to := []any{&found.rows}
		for i := range found.each {
			to = append(to, &found.each[i])
		}
		return scan(append(to, &found.plain, &found.worded, &found.all)...)
	})
	return found, err
}

// share is which part of all rows so many of the sample are. None in the sample may be some.
func (f *sample) share(n int) float64 { return (float64(n) + 0.25) / (float64(f.rows) + 0.25) }

// atLeast is the share that rows of which the sample has n have in nineteen of twenty cases: a few may have come together by chance.
func (f *sample) atLeast(n int) float64 {
	return (max(0, float64(n)-1.5*math.Sqrt(float64(n))) + 0.25) / (float64(f.rows) + 0.25)
}

// plan compares what the ways cost.
func (f *sample) plan(q *selection, column string, n int) plan {
	reach := min(1, float64(n)/(f.share(f.all)*manyRows)) // the part of the rows that is looked at before n are found in their order
	row := func(what float64) float64 {                   // what must be looked at in the row itself
		if len(q.words) > 0 {
			return what * costRow
		}
		return 0
	}
	best, least := plan{}, costRow*reach
	for i := range q.criteria {
		k := &q.criteria[i]
		if k.from == nil {
			continue
		}
		cost := f.share(f.each[i])*costEntry + row(f.share(f.plain))
		switch inOrder := k.ordered && (column == "created_at" || column == "") || k.changed != "" && column == "updated_at"; {
		case k.alone != nil:
			cost = f.share(f.each[i]) * costTag
			fallthrough
		case inOrder:
			cost *= reach
		default:
			cost += f.share(f.plain) * costRow
		}
		if cost < least {
			best, least = plan{by: k}, cost
		}
	}
	if len(q.words) == 0 {
		return best
	}
	words, find, rows := f.rarest(q)
	if column == "" { // in no order, n are enough
		rows *= reach
	}
	if cost := find + rows; best.by == nil || cost < least {
		best, least = plan{words: words}, cost
	}
	ahead := min(1, 1.25*float64(n)/(f.atLeast(f.all)*manyRows))
	if ahead*costNext < least && (column == "created_at" || column == "") {
		best.walk = int(ahead * manyRows)
	}
	return best
}

// rarest returns the words of the search that are worth being looked up: those that are not common, or the rarest one. What everybody has is quicker
// looked at in the rows that the others find. It tells what it costs to find them, and to look at their rows.
func (f *sample) rarest(q *selection) (words []desk.Word, find, rows float64) {
	counts := f.each[len(f.each)-len(q.words):]
	rarest := 0
	for i, n := range counts {
		if n*commonShare < f.rows {
			words = append(words, q.words[i])
			find += f.share(n) * costWord
		}
		if n < counts[rarest] {
			rarest = i
		}
	}
	share := f.share(counts[rarest])
	if len(words) == 0 {
		return q.words[rarest : rarest+1], share * costWord, share * costRow
	}
	if len(words) == len(q.words) {
		share = f.share(f.worded)
	}
	return words, find, share * costRow
}
