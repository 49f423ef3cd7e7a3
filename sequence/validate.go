package sequence

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openleads/leads"
)

// The limits of a definition.
const (
	maxSteps      = 100
	maxArms       = 20
	maxName       = 255
	maxID         = 40
	maxWeight     = 1_000_000
	maxDefinition = 200 << 10 // bytes of JSON
)

// Problem is one mistake in a definition.
type Problem struct {
	Path    string `json:"path"`    // where in the JSON: "steps[2].email.subject"; "" for the whole
	Message string `json:"message"` // what is wrong and what to do about it
}

// Problems are all mistakes in a definition, as an error that is [leads.ErrInvalid].
type Problems []Problem

// Error lists them, a line each.
func (p Problems) Error() string {
	text := make([]string, len(p))
	for i, one := range p {
		text[i] = strings.TrimPrefix(one.Path+": "+one.Message, ": ")
	}
	return "sequence: " + strings.Join(text, "\n")
}

// Is reports whether target is [leads.ErrInvalid].
func (p Problems) Is(target error) bool { return target == leads.ErrInvalid }

// Validate reports everything that is wrong with the definition as [Problems]. A valid one can be saved, and run to its end: its ways only lead
// forward, its templates compile and have something to say whatever is known of a lead.
func (d Definition) Validate() error {
	c := &checker{d: d}
	c.head()
	c.steps()
	if encoded, err := json.Marshal(d); err == nil && len(encoded) > maxDefinition {
		c.say("", "it has %d bytes of JSON: shorten it to %d", len(encoded), maxDefinition)
	}
	if len(c.problems) > 0 {
		return c.problems
	}
	return nil
}

// checker collects what is wrong with a definition.
type checker struct {
	d          Definition
	problems   Problems
	conditions int
}

func (c *checker) say(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{path, fmt.Sprintf(format, args...)})
}

func (c *checker) head() {
	c.id("id", c.d.ID)
	c.name("name", c.d.Name, maxName)
	if c.d.Version < 0 {
		c.say("version", "it is negative: leave it as it was read, or 0 for a new sequence")
	}
	if c.d.Match != nil {
		c.condition("match", *c.d.Match, 1)
		if usesMails(*c.d.Match) {
			c.say("match", "sent, opened and clicked are about the mails of an enrolment, which match comes before: use them in a branch or goal")
		}
	}
	if c.d.Goal != nil {
		c.condition("goal", *c.d.Goal, 1)
	}
	c.duration("reEnter", c.d.ReEnter)
	c.duration("delay", c.d.Delay)
	if c.d.Purpose != "" && !isID(c.d.Purpose) {
		c.say("purpose", "%q is not 1 to %d lower-case letters, digits and -: write one word, like marketing, newsletter or transactional", clip(c.d.Purpose, 60), maxID)
	}
	if h := c.d.Hours; h != nil {
		c.days("hours.days", h.Days)
		c.hours(*h)
	}
}

func (c *checker) hours(h Hours) {
	if (h.From == "") != (h.To == "") {
		c.say("hours", "it has only one of from and to: give both, or neither for the whole day")
		return
	}
	if h.From == "" {
		return
	}
	if from, ok := minuteOf(h.From); !ok || from == 1440 {
		c.say("hours.from", "%q is not a time of day: write it like \"09:00\"", clip(h.From, 40))
	}
	if _, ok := minuteOf(h.To); !ok {
		c.say("hours.to", "%q is not a time of day: write it like \"17:30\", at most \"24:00\"", clip(h.To, 40))
	}
}

func (c *checker) days(path string, days Days) {
	for _, d := range days {
		if d < 0 || d > 6 {
			c.say(path, "%d is not a day of the week: use time.Sunday to time.Saturday", d)
		}
	}
}

func (c *checker) duration(path string, d Duration) {
	if d.Months < 0 || d.Days < 0 || d.Clock < 0 {
		c.say(path, "it is negative: time only goes forward")
	} else if d.Months > 120 || d.Days > 3660 || d.Clock.Hours() > 24*3660 {
		c.say(path, "it is more than ten years: shorten it")
	}
}

func (c *checker) id(path, id string) {
	if !isID(id) {
		c.say(path, "%q is not 1 to %d lower-case letters, digits and -: write one like \"second-mail\"", clip(id, 60), maxID)
	}
}

func isID(s string) bool {
	return s != "" && len(s) <= maxID && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// name checks a text of one line that must not be empty.
func (c *checker) name(path, name string, limit int) {
	switch {
	case strings.TrimSpace(name) == "":
		c.say(path, "it is empty: give one")
	case len(name) > limit:
		c.say(path, "it has %d bytes: shorten it to %d", len(name), limit)
	default:
		c.line(path, name, limit)
	}
}

// line checks a text of one line that may be empty.
func (c *checker) line(path, text string, limit int) {
	if len(text) > limit {
		c.say(path, "it has %d bytes: shorten it to %d", len(text), limit)
	} else if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		c.say(path, "it is not one line of text: type it anew")
	}
}

// names lists the keys of a map in their order.
func names[T any](m map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
