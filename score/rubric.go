// Package score judges leads by rules that a sales team can read, and says for every point where it came from.
//
//	engine, err := leads.New(leads.Config{Store: store, Scorer: score.DefaultRubric()})
//
// A [Rubric] is a list of criteria over two axes: fit (is this somebody we sell to?) and intent (do they want to buy now?). Each
// criterion has levels, each level gives points, and the points of the evidence add up to the score, caps and limits included. What is
// Unknown about a lead never counts against it.
//
// Read on: [DefaultRubric] to start from, [Criterion] and [Signal] to write one's own; [Rubric.Validate] names every mistake.
package score

import (
	"sync"
	"time"

	"github.com/openleads/leads"
)

// Axis is what a criterion speaks of.
type Axis string

// The axes.
const (
	Fit    Axis = "fit"    // who the lead is
	Intent Axis = "intent" // what the lead wants
)

// Rubric is a set of rules by which leads are scored from 0 to 100. It is a [leads.Scorer] whose scores depend on nothing but the
// lead. Its fields must not be changed once it is in use; [Rubric.Clone] makes a copy for that.
//
// A lead that writes again does not cool down by what it does not repeat. Its metadata hold only the newest message, so what its last
// score found in an earlier one counts on: where that score came from the same rules (an equal [Rubric.Hash]), a criterion of
// [SignalText] keeps its level, points and quote, and the reason begins with "earlier: ". It keeps a level that was found by Words or
// AtLeast, gives more points than the present one and stands before it, so that it would be taken if both messages were one. It
// keeps none whose words the new message directly negates ("no demo"), and none in place of points that the new message takes.
// So what counted against the lead once can be made good, and "no hurry", listed before "by Friday", can be said later.
// Criteria of any other signal, and all caps, go by the present facts. Scoring a lead again changes nothing, since only levels are
// kept and their points are those of the rubric; changed rules begin anew, as does a lead whose Score is nil.
type Rubric struct {
	// Name says whose rules they are.
	Name string `json:"name"`
	// Criteria are judged in their order. Their best levels together give at most 100 points.
	Criteria []Criterion `json:"criteria"`
	// Caps limit the score of leads to which they apply.
	Caps []Cap `json:"caps,omitempty"`
	// Thresholds tell hot from warm from cold.
	Thresholds Thresholds `json:"thresholds"`
	// Clock gives the time of the scores. Nil means time.Now.
	Clock func() time.Time `json:"-"`

	once     sync.Once
	compiled *compiled
	err      error
}

// Criterion is one question about a lead.
type Criterion struct {
	// Name is unique within the rubric, caps included: "work email". "floor" is taken: it stands in the evidence where points end at 0.
	Name string `json:"name"`
	Axis Axis   `json:"axis"`
	// Signal is what is looked at.
	Signal Signal `json:"signal"`
	// Levels are the possible answers, the first that applies is taken. The last one, and no other, has no condition.
	Levels []Level `json:"levels"`
}

// Level is one answer to a criterion.
type Level struct {
	Name string `json:"name"`
	// Points may be negative, unless the level is for Unknown.
	Points int `json:"points"`
	// Reason is for people, in a few words that follow the lead's name: "asks for a demo". It is at most 120 bytes.
	Reason string `json:"reason"`
	Match
}

// Match is when a level or a cap applies. Any one of its conditions is enough; without one it always applies.
type Match struct {
	// Values are readings of the signal, one of which it must have. See [Signal].
	Values []string `json:"values,omitempty"`
	// AtLeast is the least reading of a signal that counts. 0 means no condition.
	AtLeast int `json:"atLeast,omitempty"`
	// Words are words and phrases to be found in the text that the lead wrote; only [SignalText] has them. Case, accents and what stands
	// between the words do not matter. A phrase may hold <number> (digits), <year> (20xx), <month> and <weekday> (names in English,
	// German, French, Spanish and Portuguese). A phrase that is directly negated ("no demo") is not found.
	Words []string `json:"words,omitempty"`
}

// conditional reports whether the match has a condition.
func (m Match) conditional() bool { return len(m.Values) > 0 || m.AtLeast != 0 || len(m.Words) > 0 }

// Cap is an upper limit for leads to which it applies, whatever else speaks for them.
type Cap struct {
	Name   string `json:"name"`
	Signal Signal `json:"signal"`
	// Max is the most that such a lead can have, 0–99.
	Max    int    `json:"max"`
	Reason string `json:"reason"`
	Match
}

// Thresholds are the least scores of hot and warm leads. 0 means the default.
type Thresholds struct {
	Hot  int `json:"hot,omitempty"`  // 0 means 70
	Warm int `json:"warm,omitempty"` // 0 means 40
}

// The default thresholds.
const (
	defaultHot  = 70
	defaultWarm = 40
)

// withDefaults puts the defaults in for zeros.
func (t Thresholds) withDefaults() Thresholds {
	if t.Hot == 0 {
		t.Hot = defaultHot
	}
	if t.Warm == 0 {
		t.Warm = defaultWarm
	}
	return t
}

// Qualify returns the qualification of a score.
func (t Thresholds) Qualify(value int) leads.Qualification {
	switch t = t.withDefaults(); {
	case value >= t.Hot:
		return leads.Hot
	case value >= t.Warm:
		return leads.Warm
	}
	return leads.Cold
}

// Clone returns a copy that shares nothing with r and may be changed until it is used.
func (r *Rubric) Clone() *Rubric {
	c := &Rubric{Name: r.Name, Thresholds: r.Thresholds, Clock: r.Clock}
	for _, criterion := range r.Criteria {
		levels := make([]Level, len(criterion.Levels))
		for i, l := range criterion.Levels {
			l.Match = l.Match.clone()
			levels[i] = l
		}
		criterion.Levels = levels
		c.Criteria = append(c.Criteria, criterion)
	}
	for _, limit := range r.Caps {
		limit.Match = limit.Match.clone()
		c.Caps = append(c.Caps, limit)
	}
	return c
}

func (m Match) clone() Match {
	return Match{Values: append([]string(nil), m.Values...), AtLeast: m.AtLeast, Words: append([]string(nil), m.Words...)}
}
