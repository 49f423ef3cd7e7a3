package desk

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/openleads/leads"
)

const (
	maxSearch      = 200 // bytes of Filter.Search that count
	maxSearchWords = 8
)

// Word is a word of a [Filter]'s Search. A lead has it if one of its words begins with Number, where that is not "", or if each of Parts
// begins one of its words.
type Word struct {
	Parts []string
	// Number holds the digits of Parts as one word, for a number that was typed in groups.
	Number string
}

// SearchWords returns the words that a search can find the lead by: letters and digits in lower case without the marks of Latin letters,
// the digits of the phone number as one more word. A [Store] keeps them, or makes them when it searches.
func SearchWords(lead leads.Lead) []string {
	var words []string
	for _, text := range []string{lead.FirstName, lead.LastName, lead.Company, lead.Email, lead.Phone} {
		words = append(words, split(text)...)
	}
	if number := joined(slices.DeleteFunc(split(lead.Phone), notDigits)); number != "" {
		words = append(words, number)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// ParseSearch returns the words of a [Filter]'s Search, all of which a lead must have. It reports false for a search that asks for something
// and has no word: no lead is selected.
func ParseSearch(search string) ([]Word, bool) {
	words := split(search[:min(len(search), maxSearch)])
	words = words[:min(len(words), maxSearchWords)]
	var parsed []Word
	for i := 0; i < len(words); {
		end := i + 1
		for !notDigits(words[i]) && end < len(words) && !notDigits(words[end]) {
			end++
		}
		w := Word{Parts: words[i:end]}
		if !notDigits(words[i]) {
			w.Number = joined(w.Parts)
		}
		parsed, i = append(parsed, w), end
	}
	return parsed, len(parsed) > 0 || strings.TrimSpace(search) == ""
}

// In reports whether a lead with these words has the word.
func (w Word) In(words []string) bool {
	begins := func(part string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, part) })
	}
	return w.Number != "" && begins(w.Number) || !slices.ContainsFunc(w.Parts, func(part string) bool { return !begins(part) })
}

// split returns the words of a text. Whatever is neither a letter nor a digit nor a mark on one stands between words.
func split(text string) []string {
	return strings.FieldsFunc(plain(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
}

// plain writes a text in lower case and without the marks of Latin letters.
func plain(text string) string {
	var b strings.Builder
	latin := false
	for _, r := range norm.NFD.String(text) {
		if latin && unicode.Is(unicode.Mn, r) {
			continue
		}
		latin = unicode.Is(unicode.Latin, r)
		b.WriteRune(unicode.ToLower(unicode.ToUpper(r)))
	}
	return norm.NFC.String(b.String())
}

// joined makes one number of groups of digits. The "00" of an international number is left out, as its "+" is.
func joined(groups []string) string { return strings.TrimPrefix(strings.Join(groups, ""), "00") }

func notDigits(word string) bool { return strings.Trim(word, "0123456789") != "" }
