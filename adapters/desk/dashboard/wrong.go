package dashboard

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/openleads/leads/adapters/desk"
)

// What is wrong with a form is worded in English where it is found: in the desk, and in the packages whose rules it asks. texts/errors.json has
// those formats, each under itself. A message that comes without its format is compared with all of them.

// phrase is an English format and what its messages look like.
type phrase struct {
	format  string
	pattern *regexp.Regexp
}

// phrases are the formats of texts/errors.json, those with the most words of their own first: a message may look like several.
var phrases = sync.OnceValue(func() []phrase {
	data, _ := textFiles.ReadFile("texts/errors.json") // embedded: it is there, and English has read it
	var formats Texts
	_ = json.Unmarshal(data, &formats)
	var all []phrase
	for format := range formats {
		all = append(all, phrase{format, regexp.MustCompile(`(?s)^` + patternOf(format) + `$`)})
	}
	own := func(p phrase) int { return len(verbs.ReplaceAllString(p.format, "")) }
	slices.SortFunc(all, func(a, b phrase) int { return cmp.Or(cmp.Compare(own(b), own(a)), strings.Compare(a.format, b.format)) })
	return all
})

// verbs are those of package fmt, with what may stand between the sign and the letter.
var verbs = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0]*[0-9.]*([a-zA-Z%])`)

// patternOf makes a regular expression of a format, with a group for every verb.
func patternOf(format string) string {
	var out strings.Builder
	rest := 0
	for _, at := range verbs.FindAllStringSubmatchIndex(format, -1) {
		out.WriteString(regexp.QuoteMeta(format[rest:at[0]]))
		switch format[at[4]] {
		case '%':
			out.WriteByte('%')
		case 'd':
			out.WriteString(`(-?[0-9]+)`)
		case 'q':
			out.WriteString(`("(?:[^"\\]|\\.)*")`)
		default:
			out.WriteString(`(.*?)`)
		}
		rest = at[1]
	}
	out.WriteString(regexp.QuoteMeta(format[rest:]))
	return out.String()
}

// eachVerb calls f for the verbs of a format, with the number of its argument, from 0, and returns the format with what f returns in their places.
func eachVerb(format string, f func(n int, verb string) string) string {
	next := 0
	return verbs.ReplaceAllStringFunc(format, func(verb string) string {
		if strings.HasSuffix(verb, "%") {
			return "%"
		}
		if m := verbs.FindStringSubmatch(verb); m[1] != "" {
			n, _ := strconv.Atoi(m[1])
			next = n - 1
			verb = "%" + m[2]
		}
		next++
		return f(next-1, verb)
	})
}

// fill puts arguments, which are texts already, in the places of a format's verbs. One that is missing leaves its verb.
func fill(format string, args []string) string {
	return eachVerb(format, func(n int, verb string) string {
		if n < 0 || n >= len(args) {
			return verb
		}
		return args[n]
	})
}

// nested bounds how deep messages stand within messages.
const nested = 3

// wrong is what the catalogue says of a fault.
func (t Texts) wrong(f desk.FieldError) string {
	text, ok := t[f.Format]
	if f.Format == "" || !ok {
		return t.said(f.Message, nested)
	}
	args := make([]string, len(f.Args))
	eachVerb(f.Format, func(n int, verb string) string {
		if n < 0 || n >= len(args) {
			return ""
		}
		args[n] = fmt.Sprintf(verb, f.Args[n])
		if verb == "%s" || verb == "%v" {
			args[n] = t.said(args[n], nested-1)
		}
		return ""
	})
	return fill(text, args)
}

// said is what the catalogue says for a message in English. One that it does not know stays.
func (t Texts) said(message string, deep int) string {
	if deep == 0 || message == "" {
		return message
	}
	for _, p := range phrases() {
		if p.format == message { // it may hold signs that only look like verbs
			return t[p.format]
		}
		found := p.pattern.FindStringSubmatch(message)
		if found == nil {
			continue
		}
		args, group := make([]string, len(found)), 0
		eachVerb(p.format, func(n int, verb string) string {
			group++
			if n >= 0 && n < len(args) {
				args[n] = found[group]
				if verb != "%q" && verb != "%d" {
					args[n] = t.said(found[group], deep-1)
				}
			}
			return ""
		})
		return fill(t[p.format], args)
	}
	return message
}

// said are faults as the page shows them.
func (p *page) said(faults []desk.FieldError) []desk.FieldError {
	shown := slices.Clone(faults)
	for i, f := range shown {
		shown[i].Message = p.board.texts.wrong(f)
	}
	return shown
}
