package score

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// said is a piece of a lead's own data.
type said struct{ name, text string }

// maxOwn bounds how much of a lead's own data is looked at, in bytes: a lead can be 256 KiB.
const maxOwn = 16 << 10

// ownData returns what the lead gave us, each text as one clean line: the company, then the metadata, fields in which people write
// freely first. Names, addresses and numbers that identify a person are left out: no criterion needs them.
func ownData(lead *leads.Lead) []said {
	var all []said
	left := maxOwn
	add := func(name, text string) {
		text = text[:min(len(text), left)]
		left -= len(text)
		if text = clean(visible(text)); text != "" {
			all = append(all, said{shorten(clean(visible(name)), 48), text})
		}
	}
	add("company", lead.Company)
	for _, name := range byFreedom(lead.Metadata) {
		decoder := json.NewDecoder(bytes.NewReader(lead.Metadata[name]))
		decoder.UseNumber()
		var value any
		if decoder.Decode(&value) == nil {
			walk(value, func(text string) { add(name, text) })
		}
	}
	return all
}

// walk calls yield with every text and number of a value; the depth is bounded by the decoder.
func walk(value any, yield func(string)) {
	switch v := value.(type) {
	case string:
		yield(v)
	case json.Number:
		yield(v.String())
	case []any:
		for _, element := range v {
			walk(element, yield)
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			walk(v[name], yield)
		}
	}
}

func sortedKeys(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// byFreedom returns the names of the metadata, the fields in which people write freely first, else sorted.
func byFreedom(m ingest.Metadata) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if fa, fb := isFree(a), isFree(b); fa != fb {
			if fa {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return names
}

// holds reports whether the quote is in what the lead said: whole words of one text, apart from case and blanks.
func holds(own []said, quote string) bool {
	quote = strings.ToLower(clean(visible(quote)))
	if letters(quote) < 2 {
		return false
	}
	for _, s := range own {
		text := strings.ToLower(s.text)
		for from := 0; ; {
			at := strings.Index(text[from:], quote)
			if at < 0 {
				break
			}
			if at += from; whole(text, at, at+len(quote)) {
				return true
			}
			from = at + 1
		}
	}
	return false
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// whole reports whether text[from:to] does not begin or end within a word. Scripts that write without blanks have no such thing.
func whole(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	first, _ := utf8.DecodeRuneInString(text[from:])
	last, _ := utf8.DecodeLastRuneInString(text[:to])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return !(spaced(before) && spaced(first)) && !(spaced(last) && spaced(after))
}

// spaced reports whether r belongs to words that have blanks between them.
func spaced(r rune) bool {
	return unicode.IsDigit(r) || unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek)
}
