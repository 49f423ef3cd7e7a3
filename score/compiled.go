package score

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/openleads/leads"
)

// compiled is a rubric made ready for use.
type compiled struct {
	criteria   []question
	caps       []question
	book       *phrasebook
	thresholds Thresholds
	hash       string
}

// question is a criterion or a cap.
type question struct {
	name    string
	axis    Axis
	written bool // it is about what the lead wrote
	read    func(*subject) reading
	most    int
	match   []condition // one a level; one for a cap
	level   []Level
	limit   Cap
}

// condition is a Match whose words have become a slot of the phrasebook, or -1.
type condition struct {
	Match
	slot int
}

// ready compiles the rubric once.
func (r *Rubric) ready() (*compiled, error) {
	r.once.Do(func() {
		if r.err = r.Validate(); r.err == nil {
			r.compiled = r.compile()
		}
	})
	return r.compiled, r.err
}

func (r *Rubric) compile() *compiled {
	c := &compiled{book: newPhrasebook(), thresholds: r.Thresholds, hash: r.Hash()}
	for _, criterion := range r.Criteria {
		read, _ := criterion.Signal.reader() // Validate has tried it
		q := question{
			name: criterion.Name, axis: criterion.Axis, written: criterion.Signal == SignalText,
			read: read, most: criterion.most(), level: criterion.Levels,
		}
		for _, l := range criterion.Levels {
			q.match = append(q.match, c.condition(l.Match))
		}
		c.criteria = append(c.criteria, q)
	}
	for _, limit := range r.Caps {
		read, _ := limit.Signal.reader()
		c.caps = append(c.caps, question{name: limit.Name, read: read, match: []condition{c.condition(limit.Match)}, limit: limit})
	}
	return c
}

func (c *compiled) condition(m Match) condition {
	if len(m.Words) == 0 {
		return condition{Match: m, slot: -1}
	}
	return condition{Match: m, slot: c.book.add(m.Words)}
}

// Hash identifies the rules: two rubrics with the same hash score alike. It is 16 hexadecimal digits and does not depend on the
// process, the machine or the time.
func (r *Rubric) Hash() string {
	rules := struct {
		Name       string
		Criteria   []Criterion
		Caps       []Cap
		Thresholds Thresholds
	}{r.Name, r.Criteria, r.Caps, r.Thresholds.withDefaults()}
	text, _ := json.Marshal(rules) // strings and numbers always encode
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Check reports a rubric with mistakes, by which no lead could be scored.
func (r *Rubric) Check(context.Context) []leads.Finding {
	if _, err := r.ready(); err != nil {
		return []leads.Finding{{Fatal: true, Part: "scorer", Message: err.Error(), Fix: "correct the rubric"}}
	}
	return nil
}
