package adaptertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/openleads/leads"
)

const (
	saysRange         = "Score returns a Score whose Value is 0–100."
	saysQualification = "Qualification is the short form of a score."
	saysSummary       = "Summary is plain text of at most 280 characters; NextStep is what to do, likewise."
	saysBy            = "By names the part that judged, Rubric the hash of the rules it used."
	saysProvisional   = "Provisional means that a better score was wanted and is being tried for."
	saysReason        = `Reason says why a part that was asked first did not judge, in a few words for people: "timed out".`
	saysModel         = "Model is what a model had to do with it; zero when none did."
	saysTokens        = "InputTokens and OutputTokens are what the server counted; 0 when it did not say or was not asked."
	saysCost          = "CostMicros is the price in millionths of the currency in which prices are configured; 0 without prices."
	saysStored        = "ErrInvalid says that what the caller gave cannot be stored; the message names the field."
)

// scoreContracts returns the cases about every score that a Scorer returns, with an error or without.
func scoreContracts() []scorerContract {
	return []scorerContract{
		{"value", saysRange, everyScore(func(j judgement) string {
			return unless(j.score.Value >= 0 && j.score.Value <= 100, "the value is %d", j.score.Value)
		})},
		{"qualification", saysQualification, everyScore(func(j judgement) string {
			return unless(rank(j.score.Qualification) >= 0, "the qualification is %q", j.score.Qualification)
		})},
		{"one short form", saysQualification, scoreRanks},
		{"short texts", saysSummary, everyScore(long)},
		{"plain texts", saysSummary, everyScore(marked)},
		{"by", saysBy, everyScore(func(j judgement) string { return unless(line(j.score.By), "By is %q, which is no name", j.score.By) })},
		{"rubric", saysBy, scoreRules},
		{"provisional", saysProvisional, everyScore(func(j judgement) string {
			return unless(j.err != nil || !j.score.Provisional, "it is provisional, but without an error nothing is tried again")
		})},
		{"reason", saysReason, everyScore(func(j judgement) string {
			r := j.score.Reason
			return unless(r == "" || line(r) && utf8.RuneCountInString(r) <= 500, "the reason is not a few words in one line: %q", r)
		})},
		{"can be stored", saysStored, everyScore(unstorable)},
	}
}

// modelContracts returns the cases about what a model had to do with a score.
func modelContracts() []scorerContract {
	return []scorerContract{
		{"model", saysModel, everyScore(func(j judgement) string {
			decided := slices.ContainsFunc(j.score.Evidence, func(e leads.Evidence) bool { return e.By == "model" })
			return unless(!decided || j.score.Model != leads.ModelUse{}, "a model has decided, but Model is zero")
		})},
		{"model name", "as its server calls it", everyUse(func(u leads.ModelUse) string { return unless(u.Name != "", "the model has no name: %+v", u) })},
		{"prompt", "the version of the question", everyUse(func(u leads.ModelUse) string { return unless(u.Prompt != "", "the prompt has no version: %+v", u) })},
		{"input", "the digest of what it was shown", everyUse(func(u leads.ModelUse) string { return unless(u.Input != "", "there is no digest: %+v", u) })},
		{"tokens", saysTokens, everyUse(func(u leads.ModelUse) string {
			return unless(min(u.InputTokens, u.OutputTokens) >= 0 && !(u.Cached && max(u.InputTokens, u.OutputTokens) > 0), "no server counts so: %+v", u)
		})},
		{"cost", saysCost, everyUse(func(u leads.ModelUse) string { return unless(u.CostMicros >= 0, "the price is %d", u.CostMicros) })},
		{"cached", "an earlier answer to the same question was taken, which cost nothing", everyUse(func(u leads.ModelUse) string {
			return unless(!u.Cached || u.CostMicros <= 0, "it cost %d", u.CostMicros)
		})},
	}
}

// evidenceContracts returns the cases about what a score rests on.
func evidenceContracts() []scorerContract {
	return []scorerContract{
		{"criteria", "Evidence is how one criterion was judged.", everyScore(criteria)},
		{"points", "the most that this criterion gives", everyEvidence(func(_ judgement, e leads.Evidence) string {
			return unless(e.Points <= e.Max, "it gives %d of at most %d points: %+v", e.Points, e.Max, e)
		})},
		{"reasons", "for people", everyEvidence(func(_ judgement, e leads.Evidence) string {
			return unless(line(e.Reason), "the reason is not a line of text: %+v", e)
		})},
		{"quotes", "from the lead's own data", everyEvidence(func(j judgement, e leads.Evidence) string {
			return unless(quoted(j.lead, e.Quote), "the lead has said nothing like %q", e.Quote)
		})},
		{"who decided", `who decided: "rule" or "model"`, everyEvidence(func(_ judgement, e leads.Evidence) string {
			return unless(slices.Contains([]string{"", "rule", "model"}, e.By), "%q has decided", e.By)
		})},
	}
}

// unless returns what is wrong, or "" if it is right.
func unless(right bool, wrong string, args ...any) string {
	if right {
		return ""
	}
	return fmt.Sprintf(wrong, args...)
}

// everyUse makes a test that holds every use of a model to a check.
func everyUse(check func(u leads.ModelUse) string) func(*testing.T, *trial) {
	return everyScore(func(j judgement) string {
		if j.score.Model == (leads.ModelUse{}) {
			return ""
		}
		return check(j.score.Model)
	})
}

// everyEvidence makes a test that holds every piece of evidence to a check.
func everyEvidence(check func(j judgement, e leads.Evidence) string) func(*testing.T, *trial) {
	return everyScore(func(j judgement) string {
		for _, e := range j.score.Evidence {
			if wrong := check(j, e); wrong != "" {
				return wrong
			}
		}
		return ""
	})
}

// rank orders the qualifications; -1 is none.
func rank(q leads.Qualification) int {
	return slices.Index([]leads.Qualification{leads.Cold, leads.Warm, leads.Hot}, q)
}

// scoreRanks expects that by the same rules a higher score is never the colder one, and an equal one the same.
func scoreRanks(t *testing.T, x *trial) {
	all := slices.DeleteFunc(x.calls(), func(j judgement) bool { return !j.exists() || j.score.Rubric == "" || rank(j.score.Qualification) < 0 })
	for _, a := range all {
		for _, b := range all {
			same := a.score.By == b.score.By && a.score.Rubric == b.score.Rubric
			if same && a.score.Value >= b.score.Value && rank(a.score.Qualification) < rank(b.score.Qualification) {
				t.Fatalf("a score of %d is %s, one of %d is %s", a.score.Value, a.score.Qualification, b.score.Value, b.score.Qualification)
			}
		}
	}
}

// scoreRules expects one hash where one part judges one lead twice.
func scoreRules(t *testing.T, x *trial) {
	for _, v := range x.visits {
		a, b := v.first.score, v.second.score
		if v.first.exists() && v.second.exists() && a.By == b.By && a.Rubric != b.Rubric {
			t.Fatalf("the lead %q: the rules are %q and then %q", v.second.call, a.Rubric, b.Rubric)
		}
	}
}

func long(j judgement) string {
	for _, text := range []string{j.score.Summary, j.score.NextStep} {
		if n := utf8.RuneCountInString(text); n > 280 {
			return fmt.Sprintf("a text has %d characters: %s", n, text)
		}
	}
	return ""
}

// markup is HTML and Markdown's links and images.
var markup = regexp.MustCompile(`</?[A-Za-z!][^<>]*>|!?\[[^\[\]]*\]\([^()]*\)`)

func marked(j judgement) string {
	for _, text := range []string{j.score.Summary, j.score.NextStep} {
		control := strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) && c != '\n' })
		if control || markup.MatchString(text) {
			return fmt.Sprintf("%q is not plain text", text)
		}
	}
	return ""
}

// line reports whether a text is one line that can be read.
func line(text string) bool {
	return strings.TrimSpace(text) != "" && !strings.ContainsFunc(text, unicode.IsControl)
}

// criteria expects that each criterion is named, answered and there once.
func criteria(j judgement) string {
	seen := make(map[string]bool)
	for _, e := range j.score.Evidence {
		switch {
		case e.Criterion == "" || e.Level == "":
			return fmt.Sprintf("a criterion has no name or no level: %+v", e)
		case seen[e.Criterion]:
			return fmt.Sprintf("the criterion %q is judged twice", e.Criterion)
		}
		seen[e.Criterion] = true
	}
	return ""
}

// unstorable finds text that no database takes.
func unstorable(j judgement) string {
	for _, text := range texts(j.score) {
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			return fmt.Sprintf("%q is not valid UTF-8 without NUL", text)
		}
	}
	return ""
}

// quoted reports whether the words of a quote stand in one text of the lead in their order. What stands between them, such as links, may
// have been left out, and the ends may have been cut.
func quoted(lead leads.Lead, quote string) bool {
	all := texts(lead)
	return slices.ContainsFunc(all, func(text string) bool { return strings.Contains(bare(text), bare(quote)) }) ||
		slices.ContainsFunc(all, func(text string) bool {
			left := words(quote)
			for _, word := range words(text) {
				if len(left) > 0 && word == left[0] {
					left = left[1:]
				}
			}
			return len(left) == 0
		})
}

// words returns the words of a text without case, accents that stand alone and marks that cannot be seen.
func words(text string) []string {
	var found []string
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool {
		return !unicode.In(c, unicode.Letter, unicode.Digit, unicode.Mark, unicode.Cf)
	}) {
		if word = bare(word); word != "" {
			found = append(found, word)
		}
	}
	return found
}

// texts returns every text in a value, those in JSON decoded.
func texts(value any) []string {
	var found []string
	collect(reflect.ValueOf(value), func(text string) { found = append(found, text) })
	return found
}

func collect(v reflect.Value, add func(string)) {
	if !v.IsValid() {
		return
	}
	switch leaf := v.Interface().(type) {
	case json.RawMessage:
		decoder := json.NewDecoder(bytes.NewReader(leaf))
		decoder.UseNumber()
		var decoded any
		if decoder.Decode(&decoded) == nil {
			collect(reflect.ValueOf(decoded), add)
		}
		return
	case netip.Addr:
		add(leaf.String())
		return
	}
	switch v.Kind() {
	case reflect.String:
		add(v.String())
	case reflect.Pointer, reflect.Interface:
		collect(v.Elem(), add)
	case reflect.Slice:
		for i := range v.Len() {
			collect(v.Index(i), add)
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			collect(entries.Key(), add)
			collect(entries.Value(), add)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collect(v.Field(i), add)
			}
		}
	}
}
