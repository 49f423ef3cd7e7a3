package bunstore

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// selection is what a filter selects: as a test of a lead, and as conditions on the rows of the listing, which is l in every statement. Their
// text is put together from what stands here alone; whatever the filter says is an argument.
type selection struct {
	engine   engine
	filter   desk.Filter
	words    []desk.Word
	criteria []criterion
}

// criterion is one condition of a selection.
type criterion struct {
	name string
	text func(c *condition) string
	uses []string // the columns that text is about
	// from is where its rows are found by an index of its own: a FROM and a WHERE, to which more can be added. Nil if there is none.
	from func(c *condition) string
	// ordered says that the index has its rows in the order of creation.
	ordered bool
	// changed is an index that has its rows in the order of their last change, or "".
	changed string
	// table is where the time of creation and the ID are read from that order: l, or a table that is joined with it. alone are its rows without l,
	// if they are in another table.
	table string
	alone func(c *condition) string
}

// selectionOf makes a selection. It reports false if there can be nothing.
func (s *Store) selectionOf(f desk.Filter) (q *selection, possible bool) {
	q = &selection{engine: s.engine, filter: f}
	q.words, possible = desk.ParseSearch(f.Search)
	if f.Tag != "" {
		q.criteria = append(q.criteria, tagged(indexed(f.Tag)))
	}
	if f.Assignee != "" {
		q.among("assignee", indexed(f.Assignee))
	}
	if f.Unassigned {
		q.add("assignee", true, facet("(l.facets & 128) = 0"), func(*condition) string { return "l.assignee = ''" })
	}
	if len(f.Sources) > 0 {
		var ids []any
		for _, text := range f.Sources {
			if id, ok := parseID(text); ok {
				ids = append(ids, s.engine.id(id))
			} else if text == "" { // leads that came through no source
				ids = append(ids, s.engine.id(uid{}))
			}
		}
		possible = possible && len(ids) > 0
		q.among("source", ids...)
	}
	q.among("stage", texts(f.Stages)...)
	q.coded("status", texts(f.Statuses), statusCodes, 7)
	q.coded("qualification", texts(f.Qualifications), qualificationCodes, 24)
	if f.MinScore > 0 {
		least := strconv.Itoa((f.MinScore + 1) * 256)
		q.add("score", false, facet("l.facets >= "+least), func(c *condition) string { return "l.score >= " + c.arg(f.MinScore) })
	}
	if f.Unanswered {
		q.add("unanswered", true, facet("(l.facets & 64) = 0"), func(*condition) string { return "l.contacted_at IS NULL" })
	}
	switch f.Duplicates {
	case desk.DuplicatesOnly:
		q.add("repeated", true, facet("(l.facets & 32) = 32"), func(*condition) string { return "l.repeated = 1" })
	case desk.DuplicatesExclude:
		q.criteria = append(q.criteria, criterion{name: "single", uses: inFacets, text: facet("(l.facets & 32) = 0")})
	}
	for _, w := range q.words {
		q.criteria = append(q.criteria, criterion{name: "word", uses: []string{"words"}, text: func(c *condition) string { return s.engine.hasWord(c, f.Tenant, w) }})
	}
	return q, possible && validTenant(f.Tenant) && (f.Assignee == "" || !f.Unassigned)
}

// The facets of a row are in one number; what its bits mean stands in the migration that made it.
var (
	inFacets           = []string{"facets"}
	statusCodes        = map[string]int{"new": 1, "contacted": 2, "qualified": 3, "converted": 4, "closed": 5}
	qualificationCodes = map[string]int{"cold": 8, "warm": 16, "hot": 24}
)

// facet is a condition on the facets alone.
func facet(text string) func(*condition) string { return func(*condition) string { return text } }

// texts are the values of a list as they stand in an index.
func texts[T ~string](values []T) []any {
	var all []any
	for _, v := range values {
		all = append(all, indexed(string(v)))
	}
	return all
}

// columns are those that have an index with their name.
var columns = map[string]string{
	"assignee": "assignee", "source": "source_id", "stage": "stage", "status": "status", "qualification": "qualification",
}

// among adds that a column is one of the values, if there are any.
func (q *selection) among(name string, values ...any) {
	if len(values) == 0 {
		return
	}
	text := isAmong(columns[name], values)
	q.add(name, len(values) == 1, text, text)
	k := &q.criteria[len(q.criteria)-1]
	k.uses = []string{columns[name]}
	if name == "stage" && len(values) == 1 {
		k.changed = "staged"
	}
}

func isAmong(column string, values []any) func(c *condition) string {
	return func(c *condition) string {
		if len(values) == 1 {
			return "l." + column + " = " + c.arg(values[0])
		}
		var marks []string
		for _, v := range values {
			marks = append(marks, c.arg(v))
		}
		return "l." + column + " IN (" + strings.Join(marks, ", ") + ")"
	}
}

// coded adds that a column is one of the values, which the facets tell if each has a code.
func (q *selection) coded(name string, values []any, codes map[string]int, mask int) {
	var in []string
	for _, v := range values {
		if code := codes[v.(string)]; code > 0 {
			in = append(in, strconv.Itoa(code))
		}
	}
	q.among(name, values...)
	if len(in) > 0 && len(in) == len(values) {
		k := &q.criteria[len(q.criteria)-1]
		k.text, k.uses = facet("(l.facets & "+strconv.Itoa(mask)+") IN ("+strings.Join(in, ", ")+")"), inFacets
	}
}

// add adds a criterion that has an index with its name. own is what that index is asked for, and text what any row is.
func (q *selection) add(name string, ordered bool, text, own func(c *condition) string) {
	q.criteria = append(q.criteria, criterion{name: name, text: text, uses: inFacets, ordered: ordered, table: "l", from: func(c *condition) string {
		return "{p}listing AS l" + q.engine.index(name) + " WHERE l.tenant_id = ?1 AND " + own(c)
	}})
}

func tagged(tag string) criterion {
	return criterion{
		name: "tag", ordered: true, table: "t", uses: []string{"created_at"},
		text: func(c *condition) string {
			return "EXISTS (SELECT 1 FROM {p}tags AS t WHERE t.tenant_id = ?1 AND t.tag = " + c.arg(tag) + " AND t.created_at = l.created_at AND t.lead_id = l.lead_id)"
		},
		alone: func(c *condition) string { return "{p}tags AS t WHERE t.tenant_id = ?1 AND t.tag = " + c.arg(tag) },
		from: func(c *condition) string {
			return "{p}tags AS t {join} {p}listing AS l ON l.tenant_id = t.tenant_id AND l.lead_id = t.lead_id WHERE t.tenant_id = ?1 AND t.tag = " + c.arg(tag)
		},
	}
}

// arg adds an argument and returns its mark.
func (c *condition) arg(v any) string {
	c.args = append(c.args, v)
	return mark(len(c.args))
}

// rest is what all criteria but one say, behind an AND.
func (q *selection) rest(c *condition, but *criterion) string {
	var b strings.Builder
	for i := range q.criteria {
		if &q.criteria[i] != but {
			b.WriteString(" AND ")
			b.WriteString(q.criteria[i].text(c))
		}
	}
	return b.String()
}

// selects reports whether a lead that is not listed is one of the selection.
func (q *selection) selects(lead leads.Lead) bool {
	f := &q.filter
	score := leads.Score{}
	if lead.Score != nil {
		score = *lead.Score
	}
	return among(f.Statuses, lead.Status) && among(f.Stages, cmp.Or(lead.Stage, string(lead.Status))) &&
		among(f.Sources, lead.First.SourceID) && among(f.Qualifications, score.Qualification) &&
		(f.MinScore <= 0 || lead.Score != nil && score.Value >= f.MinScore) &&
		(f.Assignee == "" || lead.Assignee == f.Assignee) && (!f.Unassigned || lead.Assignee == "") &&
		(!f.Unanswered || lead.Response.Contacted.IsZero()) && (f.Tag == "" || slices.Contains(lead.Tags, f.Tag)) &&
		within(lead.CreatedAt, f.From, f.To) &&
		(f.Duplicates == desk.DuplicatesAny || (f.Duplicates == desk.DuplicatesOnly) == (lead.Submissions > 1)) && q.finds(lead)
}

// finds reports whether the lead has every word of the search.
func (q *selection) finds(lead leads.Lead) bool {
	if len(q.words) == 0 {
		return true
	}
	words := desk.SearchWords(lead)
	return !slices.ContainsFunc(q.words, func(w desk.Word) bool { return !w.In(words) })
}

// among reports whether a field is one of those that a filter wants.
func among[T comparable](wanted []T, field T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, field)
}

// within reports whether a time lies within a span; a zero end is open.
func within(at, from, to time.Time) bool {
	return (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to))
}
