package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	maxPaths     = 64      // of one source
	maxPathSteps = 16      // of one path
	maxPathWork  = 4 << 20 // bytes that the paths of one body may read over; beyond it they find nothing
)

// path is a way into a nested payload.
type path []step

// step goes from a value to one or more within it.
type step struct {
	kind  stepKind
	name  string   // of stepName, and the text to compare with of stepFilter
	index int      // of stepIndex
	key   []string // of stepFilter: the names that lead from an element to what is compared
}

type stepKind uint8

const (
	stepName   stepKind = iota // .name, [name] or ["name"]: a member of an object
	stepIndex                  // [0]: an element of a list
	stepAll                    // [*] or []: all elements of a list, all values of an object
	stepFilter                 // [?key=text]: those of them that have this text there
)

// isPath reports whether the incoming name of a mapping may be a path. One that is written with dots only and has an empty part, such as
// "Mr./Mrs.", is a name.
func isPath(name string) bool {
	if strings.ContainsAny(name, "[]") {
		return true
	}
	return strings.Contains(name, ".") && !slices.Contains(strings.Split(name, "."), "")
}

// parsePath parses what isPath takes for a path.
func parsePath(text string) (path, error) {
	var p path
	for i := 0; i < len(text); {
		s, n, err := parseStep(text[i:], i == 0)
		if err != nil {
			return nil, fmt.Errorf("%w at byte %d", err, i+1)
		}
		if p = append(p, s); len(p) > maxPathSteps {
			return nil, fmt.Errorf("more than %d steps", maxPathSteps)
		}
		i += n
	}
	if len(p) == 0 {
		return nil, errors.New("nothing")
	}
	return p, nil
}

// parseStep parses the step that text begins with and returns its length.
func parseStep(text string, first bool) (step, int, error) {
	switch {
	case text[0] == '[':
		return parseBrackets(text)
	case text[0] == ']':
		return step{}, 0, errors.New(`a "]" without its "["`)
	case !first && text[0] != '.':
		return step{}, 0, errors.New(`neither "." nor "[" after a "]"`)
	}
	from := 1
	if first && text[0] != '.' {
		from = 0
	}
	end := len(text)
	if i := strings.IndexAny(text[from:], ".[]"); i >= 0 {
		end = from + i
	}
	if end == from || first && from == 1 {
		return step{}, 0, errors.New("an empty name")
	}
	return step{name: text[from:end]}, end, nil
}

// parseBrackets parses [0], [*], [], [name], ["name"] and [?key=text].
func parseBrackets(text string) (step, int, error) {
	inner, n, err := cutBrackets(text)
	if err != nil {
		return step{}, 0, err
	}
	switch {
	case inner == "" || inner == "*":
		return step{kind: stepAll}, n, nil
	case inner[0] == '?':
		s, err := parseFilter(inner[1:])
		return s, n, err
	case strings.Trim(inner, "0123456789") == "":
		index, err := strconv.Atoi(inner)
		if err != nil || index > MaxBody {
			return step{}, 0, errors.New("an index that is too large")
		}
		return step{kind: stepIndex, index: index}, n, nil
	}
	return step{name: unquoted(inner)}, n, nil
}

// cutBrackets returns what is between the brackets that text begins with. Within quotes, which begin it or follow a "=", a bracket
// stands for itself.
func cutBrackets(text string) (inner string, n int, err error) {
	quote := byte(0)
	for i := 1; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && (i == 1 || text[i-1] == '='):
			quote = c
		case c == ']':
			return text[1:i], i + 1, nil
		case c == '[':
			return "", 0, errors.New(`a "[" within brackets`)
		}
	}
	if quote != 0 {
		return "", 0, errors.New("a quote that is not closed")
	}
	return "", 0, errors.New(`a "[" that is not closed`)
}

func parseFilter(text string) (step, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return step{}, errors.New(`a filter without "="`)
	}
	names := strings.Split(key, ".")
	if slices.Contains(names, "") {
		return step{}, errors.New("a filter without a name before the \"=\"")
	}
	return step{kind: stepFilter, key: names, name: unquoted(value)}, nil
}

// unquoted returns a text without the quotes around it.
func unquoted(text string) string {
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}

// follow appends to found the values to which the path leads from the value at from, in their order.
func (a *assembly) follow(p path, from span, found []span) []span {
	if len(p) == 0 {
		return append(found, from)
	}
	s, rest := &p[0], p[1:]
	if a.work += from.to - from.from; a.work > maxPathWork {
		a.flags.set(FlagMappingCut)
		return found
	}
	n := 0
	for name, value := range a.parts(from) {
		switch {
		case s.kind == stepName:
			if name.to == name.from || string(a.unquote(a.bytes(name))) != s.name {
				continue
			}
			return a.follow(rest, value, found)
		case s.kind == stepIndex:
			if n++; name.to > name.from || n-1 < s.index {
				continue
			}
			return a.follow(rest, value, found)
		case s.kind == stepFilter && !a.matches(s, value):
			continue
		}
		found = a.follow(rest, value, found)
	}
	return found
}

// matches reports whether a value is an object that has the filter's text under its key.
func (a *assembly) matches(s *step, value span) bool {
	for _, key := range s.key {
		part, ok := a.within(value, key)
		if !ok {
			return false
		}
		value = part
	}
	text, ok := a.plain(a.bytes(value))
	return ok && string(text) == s.name
}

// within returns the member of an object.
func (a *assembly) within(object span, key string) (span, bool) {
	a.work += object.to - object.from
	for name, value := range a.parts(object) {
		if name.to > name.from && string(a.unquote(a.bytes(name))) == key {
			return value, true
		}
	}
	return span{}, false
}

// start follows a path from the members of the body.
func (a *assembly) start(p path, found []span) []span {
	if len(p) == 0 {
		return found
	}
	s := &p[0]
	for _, m := range a.members {
		switch s.kind {
		case stepName:
			if string(a.bytes(m.name)) != s.name {
				continue
			}
		case stepFilter:
			if !a.matches(s, m.value) {
				continue
			}
		case stepIndex: // the body is no list
			return found
		}
		found = a.follow(p[1:], m.value, found)
	}
	return found
}

// first returns the first value to which a path leads that is neither null nor an empty text.
func (a *assembly) first(p path) (span, bool) {
	a.found = a.start(p, a.found[:0])
	for _, s := range a.found {
		if v := a.bytes(s); !isNull(v) && string(v) != `""` {
			return s, true
		}
	}
	return span{}, false
}
