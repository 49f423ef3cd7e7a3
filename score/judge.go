package score

import (
	"context"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// subject is a lead that is being judged.
type subject struct {
	lead    *leads.Lead
	text    writing
	returns bool // the lead has a score by these rules
}

// tally is a score in the making.
type tally struct {
	evidence    []leads.Evidence
	weights     []int // of each evidence in the summary; 0 leaves it out
	fit, intent int
	value       int
	capped      bool
}

// capWeight puts a cap before all else.
const capWeight = 1000

func (t *tally) add(e leads.Evidence, weight int) {
	t.evidence, t.weights = append(t.evidence, e), append(t.weights, weight)
}

// Score judges the lead. Its evidence has one entry a criterion, in their order, then one a cap that applies; their points add up to
// the value. It asks nobody and ends at once, so ctx is not looked at. Its only error is that of a rubric with mistakes, and is permanent.
func (r *Rubric) Score(_ context.Context, lead leads.Lead) (leads.Score, error) {
	c, err := r.ready()
	if err != nil {
		return leads.Score{}, leads.Permanent(err)
	}
	return r.score(c, &lead, nil), nil
}

func (r *Rubric) score(c *compiled, lead *leads.Lead, choices map[string]choice) leads.Score {
	t := c.judge(lead, choices)
	qualification := c.thresholds.Qualify(t.value)
	return leads.Score{
		Value:         t.value,
		Qualification: qualification,
		Summary:       t.summary(qualification),
		NextStep:      nextStep(qualification, t.capped, lead),
		Evidence:      t.evidence,
		By:            "rules",
		Rubric:        c.hash,
		At:            r.now(),
	}
}

func (r *Rubric) now() time.Time {
	if r.Clock == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return r.Clock().UTC().Truncate(time.Microsecond)
}

// judge goes through the rubric; where a model has chosen a level of a criterion, choices has it by the criterion's name.
func (c *compiled) judge(lead *leads.Lead, choices map[string]choice) tally {
	s := subject{lead: lead, text: c.book.read(texts(lead.Metadata)), returns: lead.Score != nil && lead.Score.Rubric == c.hash}
	room := len(c.criteria) + len(c.caps) + 1
	t := tally{evidence: make([]leads.Evidence, 0, room), weights: make([]int, 0, room)}
	for i := range c.criteria {
		q := &c.criteria[i]
		e := q.weigh(q.answer(&s), choices[q.name])
		if t.value += e.Points; q.axis == Fit {
			t.fit += e.Points
		} else {
			t.intent += e.Points
		}
		t.add(e, max(e.Points, -e.Points))
	}
	t.floor()
	for i := range c.caps {
		t.limit(&c.caps[i], &s)
	}
	return t
}

// answer finds the level that applies. When nothing is known and no level speaks of that, the last level may not take points.
func (q *question) answer(s *subject) leads.Evidence {
	got := q.read(s)
	for i := range q.match {
		found, ok := q.match[i].applies(s, got)
		if !ok {
			continue
		}
		l := &q.level[i]
		e := leads.Evidence{Criterion: q.name, Level: l.Name, Points: l.Points, Max: q.most, Reason: l.Reason, Quote: quote(found), By: byRule}
		if got.value == unknown && e.Points < 0 {
			e.Level, e.Points, e.Reason = unknown, 0, "not known"
		}
		return q.remembered(s, i, e)
	}
	return leads.Evidence{Criterion: q.name, Level: unknown, Max: q.most, Reason: "not known", By: byRule}
}

// applies reports whether the condition holds, and what in the lead's own data shows it.
func (m *condition) applies(s *subject, got reading) (found string, ok bool) {
	if !m.conditional() {
		return "", true
	}
	for _, value := range m.Values {
		if strings.EqualFold(value, got.value) {
			return got.quote, true
		}
	}
	if m.AtLeast > 0 && got.count >= m.AtLeast {
		return got.quote, true
	}
	if m.slot >= 0 && s.text.hits[m.slot].field != "" {
		return s.text.hits[m.slot].excerpt(), true
	}
	return "", false
}

// floorName is the criterion of the evidence that lifts a score to 0. No rubric may have one of that name: evidence has each once.
const floorName = "floor"

// floor keeps the score from falling below 0, visibly.
func (t *tally) floor() {
	if t.value < 0 {
		t.add(leads.Evidence{Criterion: floorName, Level: "0", Points: -t.value, Max: -t.value, Reason: "a score does not go below 0", By: byRule}, 0)
		t.value = 0
	}
}

// limit applies a cap, visibly even where the score is below it.
func (t *tally) limit(q *question, s *subject) {
	found, ok := q.match[0].applies(s, q.read(s))
	if !ok {
		return
	}
	over := max(0, t.value-q.limit.Max)
	t.value -= over
	t.capped = true
	t.add(leads.Evidence{Criterion: q.name, Level: "cap", Points: -over, Reason: q.limit.Reason, Quote: quote(found), By: byRule}, capWeight)
}
