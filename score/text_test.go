package score_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

// finder is a rubric with one criterion that looks for the phrases.
func finder(phrases ...string) *score.Rubric {
	return &score.Rubric{Name: "finder", Criteria: []score.Criterion{{Name: "words", Axis: score.Intent, Signal: score.SignalText, Levels: []score.Level{
		{Name: "found", Points: 50, Reason: "found", Match: score.Match{Words: phrases}},
		{Name: "none", Reason: "not found"},
	}}}}
}

func writes(text string) leads.Lead {
	lead := leads.Lead{Metadata: make(ingest.Metadata)}
	lead.Metadata.SetText("message", text)
	return lead
}

func first(t testing.TB, r *score.Rubric, lead leads.Lead) leads.Evidence {
	t.Helper()
	s, err := r.Score(t.Context(), lead)
	require.NoError(t, err)
	return s.Evidence[0]
}

func TestWords(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		phrase, text string
		found        bool
	}{
		"a word":                       {"demo", "A demo, please", true},
		"case":                         {"Demo", "A DEMO", true},
		"part of a word":               {"demo", "democracy", false},
		"accents in the text":          {"presentation", "une présentation", true},
		"accents in the phrase":        {"Rückruf", "RUCKRUF bitte", true},
		"accents apart":                {"démo", "une de\u0301mo", true},
		"sharp s":                      {"schliessen", "schließen", true},
		"ligature":                     {"coeur", "cœur", true},
		"Polish":                       {"zlozyc", "złożyć", true},
		"soft hyphen and invisible":    {"demo", "de\u00adm\u200bo", true},
		"other scripts":                {"цена", "Какая ЦЕНА?", true},
		"a phrase":                     {"price list", "your price  list", true},
		"a phrase over punctuation":    {"price list", "price-list", true},
		"a phrase over a line":         {"price list", "price\nlist", true},
		"a phrase in another order":    {"price list", "list price", false},
		"a phrase with a gap":          {"price list", "price and list", false},
		"an apostrophe":                {"d'ici fin", "D’ici fin mars", true},
		"overlapping beginnings":       {"by the end", "by by the end", true},
		"a phrase begun twice":         {"a b a c", "a b a b a c", true},
		"a number":                     {"<number> seats", "250 seats", true},
		"no number":                    {"<number> seats", "many seats", false},
		"a number with letters":        {"<number> seats", "3x seats", false},
		"a year is a number":           {"in <number>", "in 2027", true},
		"a year":                       {"<year> <number> <number>", "2026-12-04", true},
		"no year":                      {"<year> <number>", "1999 12", false},
		"a month":                      {"by <month>", "by December", true},
		"a month in French":            {"en <month>", "en février", true},
		"a weekday in Spanish":         {"el <weekday>", "el miércoles", true},
		"a negation":                   {"demo", "no demo", false},
		"a negation further off":       {"demo", "we do not need a demo", false},
		"a short negation":             {"demo", "I don't want a demo", false},
		"a negation in German":         {"Angebot", "Wir brauchen kein Angebot", false},
		"a negation in French":         {"devis", "pas besoin d'un devis", false},
		"a negation in Portuguese":     {"demo", "não preciso de uma demo", false},
		"a negation of something else": {"price", "I could not find the price", true},
		"a negation before":            {"demo", "No. A demo please", true},
		"negated once":                 {"demo", "no demo yet, a demo later", true},
		"negated phrase":               {"schedule a call", "do not schedule a call", false},
		"nothing":                      {"demo", "", false},
		"invalid UTF-8":                {"demo", "a\xff demo", true},
		"a long word":                  {"demo", strings.Repeat("x", 5000), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.found, first(t, finder(c.phrase), writes(c.text)).Level == "found")
		})
	}
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("many words come before it ", 20)
	cases := map[string]struct{ text, want string }{
		"the line it is on":       {"Hello,\r\nwe want a demo now.\nBye", "we want a demo now."},
		"the first of several":    {"a demo first\nand a demo second", "a demo first"},
		"blanks and marks":        {"we  want\ta\u202e demo\x07 now", "we want a demo now"},
		"a long line before":      {long + "a demo", "it many words come before it many words come before it a demo"},
		"a long line behind":      {"a demo" + strings.Repeat(" and more", 40), "a demo" + strings.Repeat(" and more", 12) + " and"},
		"a long line of letters":  {"a demo " + strings.Repeat("ä", 400), "a demo"},
		"one long word before":    {strings.Repeat("ä", 400) + " demo", "demo"},
		"markup stays plain text": {"<b>demo</b>", "<b>demo</b>"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, first(t, finder("demo"), writes(c.text)).Quote)
		})
	}
}

func TestWhereTextIsLookedFor(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 500 {
		many = append(many, fmt.Sprintf("filler%d", i))
	}
	filler := strings.Join(many, " ")
	long, _ := json.Marshal(filler + " demo")
	cases := map[string]struct {
		metadata map[string]string // JSON
		found    bool
	}{
		"any field":              {map[string]string{"wish": `"a demo"`}, true},
		"a list":                 {map[string]string{"wishes": `["price","demo"]`}, true},
		"escaped":                {map[string]string{"wish": `"d\u0065mo"`}, true},
		"an object":              {map[string]string{"wish": `{"a":"demo"}`}, false},
		"broken":                 {map[string]string{"wish": `"demo`}, false},
		"behind 4 KiB":           {map[string]string{"message": string(long)}, false},
		"message comes first":    {map[string]string{"a": string(long), "b": string(long), "c": string(long), "message": `"a demo"`}, true},
		"beyond 8 KiB, all said": {map[string]string{"a": string(long), "b": string(long), "c": `"a demo"`}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lead := leads.Lead{Metadata: make(ingest.Metadata)}
			for name, raw := range c.metadata {
				lead.Metadata[name] = json.RawMessage(raw)
			}
			require.Equal(t, c.found, first(t, finder("demo"), lead).Level == "found")
		})
	}
}

// Texts made to be slow cost no more than others of their length: twice the text, about twice the time.
func BenchmarkHostileText(b *testing.B) {
	for name, unit := range map[string]string{"phrases": "by the end of the ", "numbers": "2026 ", "letters": "ǅ", "dots": "." /* no word at all */} {
		for _, size := range []int{2 << 10, 4 << 10, 64 << 10} {
			lead := writes(strings.Repeat(unit, size/len(unit)))
			rubric := score.DefaultRubric()
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				for b.Loop() {
					_, _ = rubric.Score(b.Context(), lead)
				}
			})
		}
	}
}
