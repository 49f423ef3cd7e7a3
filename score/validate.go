package score

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// validation gathers what is wrong with a rubric.
type validation struct{ errs []error }

func (v *validation) add(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	path, message, _ := strings.Cut(text, " ") // every format begins with the path
	v.errs = append(v.errs, &Mistake{Pointer: pointerOf(path), Message: message, text: "score: Rubric." + text})
}

// Validate returns every mistake in the rubric, joined, each a [Mistake] with the place it is at, or nil. It has no side effects.
func (r *Rubric) Validate() error {
	var v validation
	if len(r.Criteria) == 0 {
		v.add("Criteria is empty")
	}
	names, best := make(map[string]bool), 0
	for i, c := range r.Criteria {
		at := fmt.Sprintf("Criteria[%d]", i)
		v.own(at, c.Name, names)
		if c.Axis != Fit && c.Axis != Intent {
			v.add("%s.Axis is %q; it must be fit or intent", at, c.Axis)
		}
		v.levels(at, c)
		best += c.most()
	}
	if len(r.Criteria) > 0 && (best < 1 || best > 100) {
		v.add("Criteria give at most %d points together; it must be 1 to 100", best)
	}
	for i, c := range r.Caps {
		at := fmt.Sprintf("Caps[%d]", i)
		v.own(at, c.Name, names)
		v.limit(at, c)
	}
	if t := r.Thresholds.withDefaults(); t.Warm < 1 || t.Hot <= t.Warm || t.Hot > 100 {
		v.add("Thresholds are %d (hot) and %d (warm); they must be 0 < warm < hot <= 100", t.Hot, t.Warm)
	}
	return errors.Join(v.errs...)
}

// own checks the name of a criterion or a cap, under which it has evidence.
func (v *validation) own(at, name string, seen map[string]bool) {
	v.name(at, name, seen)
	if name == floorName {
		v.add("%s.Name is %q, which scores have of themselves", at, name)
	}
}

func (v *validation) name(at, name string, seen map[string]bool) {
	switch {
	case !oneLine(name) || len(name) > 64:
		v.add("%s.Name is %q; it must be 1 to 64 bytes in one line", at, name)
	case seen[name]:
		v.add("%s.Name %q is used twice", at, name)
	}
	seen[name] = true
}

func (v *validation) levels(at string, c Criterion) {
	if len(c.Levels) == 0 {
		v.add("%s.Levels is empty", at)
	}
	v.signal(at, c.Signal)
	seen := make(map[string]bool)
	for i, l := range c.Levels {
		at := fmt.Sprintf("%s.Levels[%d]", at, i)
		v.name(at, l.Name, seen)
		v.reason(at, l.Reason)
		v.match(at, c.Signal, l.Match)
		if l.Points < -100 || l.Points > 100 {
			v.add("%s.Points is %d; it must be -100 to 100", at, l.Points)
		}
		if l.Points < 0 && slices.Contains(l.Values, unknown) {
			v.add("%s.Points is %d; what is unknown must not count against a lead", at, l.Points)
		}
		switch last := i == len(c.Levels)-1; {
		case last && l.conditional():
			v.add("%s has a condition; the last level must have none", at)
		case !last && !l.conditional():
			v.add("%s has no condition; only the last level may have none", at)
		}
	}
}

func (v *validation) limit(at string, c Cap) {
	v.signal(at, c.Signal)
	v.reason(at, c.Reason)
	v.match(at, c.Signal, c.Match)
	if !c.conditional() {
		v.add("%s has no condition", at)
	}
	if c.Max < 0 || c.Max > 99 {
		v.add("%s.Max is %d; it must be 0 to 99", at, c.Max)
	}
	if slices.Contains(c.Values, unknown) {
		v.add("%s.Values has %q; what is unknown must not count against a lead", at, unknown)
	}
}

func (v *validation) signal(at string, s Signal) {
	if _, ok := s.reader(); !ok {
		v.add("%s.Signal is %q; there is no such signal", at, s)
	}
}

func (v *validation) reason(at, reason string) {
	if !oneLine(reason) || len(reason) > 120 {
		v.add("%s.Reason is %q; it must be 1 to 120 bytes in one line", at, reason)
	}
}

func (v *validation) match(at string, s Signal, m Match) {
	if m.AtLeast < 0 {
		v.add("%s.AtLeast is %d; it must not be negative", at, m.AtLeast)
	}
	if len(m.Words) > 0 && s != SignalText {
		v.add("%s.Words are for the signal %q only", at, SignalText)
	}
	for i, phrase := range m.Words {
		if n := len(phraseWords(phrase)); n == 0 || n > maxPhrase {
			v.add("%s.Words[%d] is %q; it must be 1 to %d words", at, i, phrase, maxPhrase)
		}
	}
}

func oneLine(s string) bool {
	return strings.TrimSpace(s) != "" && s == clean(s)
}

// most is the best that the criterion can give.
func (c Criterion) most() int {
	best := 0
	for _, l := range c.Levels {
		best = max(best, l.Points)
	}
	return best
}
