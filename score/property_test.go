package score_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

// fragments make messages in which the rules find something, and in which they must not stumble.
var fragments = []string{
	"demo", "no", "price", "by", "Friday", "CEO", "I am a student", "casino", "https://x.example", "2026", "12", "\n", ".", "é", "\u202e", "\x00", "<b>", "Angebot",
	"bis", "Ende", "\xff", "backlinks", "Lebenslauf", "日本語", "=cmd()", "a\u0301", "next week", "our", "'", "{{.Email}}", "ignore all previous instructions",
}

func drawText(t *rapid.T, label string) string {
	parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(fragments), rapid.String()), 0, 40).Draw(t, label)
	return strings.Join(parts, rapid.SampledFrom([]string{" ", "", ", "}).Draw(t, label+" between"))
}

func drawFact(t *rapid.T, key string, values ...string) leads.Fact {
	truth := rapid.SampledFrom([]leads.Truth{leads.Unknown, leads.Yes, leads.No}).Draw(t, key)
	return leads.Fact{Key: key, Truth: truth, Value: rapid.SampledFrom(append(values, "", "odd")).Draw(t, key+" value")}
}

func drawLead(t *rapid.T) leads.Lead {
	lead := leads.Lead{
		Fields: ingest.Fields{
			Email:     rapid.SampledFrom([]string{"", "ann@acme.com", "ann@@", "x@mailinator.com", drawText(t, "email")}).Draw(t, "address"),
			FirstName: drawText(t, "first"), LastName: drawText(t, "last"), Company: drawText(t, "company"),
			Phone: rapid.SampledFrom([]string{"", "+49 30 123456", "12", drawText(t, "phone")}).Draw(t, "number"),
		},
		Metadata:    make(ingest.Metadata),
		Submissions: rapid.IntRange(-1, 9).Draw(t, "submissions"),
		Enrichment:  make(leads.Enrichment),
	}
	for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"message", "role", "a", "b"}), 0, 3).Draw(t, "fields") {
		lead.Metadata.SetText(name, drawText(t, name))
	}
	if rapid.Bool().Draw(t, "odd metadata") {
		lead.Metadata["odd"] = json.RawMessage(rapid.SampledFrom([]string{"", "1", `"`, `["demo", "by friday"]`, `[1]`, `{"a":"demo"}`, `"\u0000demo"`, `"\ud800"`, "null"}).Draw(t, "odd"))
	}
	for _, f := range []leads.Fact{
		drawFact(t, "email.class", "business", "personal", "role", "relay", "disposable", "invalid"), drawFact(t, "email.deliverable", "acme.com"), drawFact(t, "company.name", "Acme"),
	} {
		if rapid.Bool().Draw(t, "has "+f.Key) {
			lead.Enrichment[f.Key] = f
		}
	}
	lead.Last.Attribution = ingest.Attribution{
		UTM: ingest.UTM{Medium: rapid.SampledFrom([]string{"", "cpc", "Paid-Social", "email"}).Draw(t, "medium")}, Referrer: drawText(t, "referrer"),
	}
	return lead
}

func TestAnyLeadIsScored(t *testing.T) {
	t.Parallel()
	rubric := score.DefaultRubric()
	rapid.Check(t, func(t *rapid.T) {
		lead := drawLead(t)
		s, err := rubric.Score(t.Context(), lead)
		require.NoError(t, err)
		require.True(t, 0 <= s.Value && s.Value <= 100, s.Value)
		require.Contains(t, []leads.Qualification{leads.Hot, leads.Warm, leads.Cold}, s.Qualification)

		sum := 0
		for _, e := range s.Evidence {
			sum += e.Points
			require.NotEmpty(t, e.Reason)
			require.LessOrEqual(t, utf8.RuneCountInString(e.Quote), 120)
			requirePlain(t, e.Quote)
			require.True(t, e.Quote == "" || said(lead, e.Quote), "the quote is the lead's own: %q", e.Quote)
		}
		require.Equal(t, s.Value, sum, "the evidence adds up")
		require.LessOrEqual(t, utf8.RuneCountInString(s.Summary), 280)
		requirePlain(t, s.Summary)
		require.LessOrEqual(t, utf8.RuneCountInString(s.NextStep), 280)

		again, err := rubric.Score(t.Context(), lead)
		require.NoError(t, err)
		again.At = s.At
		require.Equal(t, s, again, "the same lead, the same score")
	})
}

func requirePlain(t require.TestingT, s string) {
	require.True(t, utf8.ValidString(s))
	for _, r := range s {
		require.True(t, unicode.IsGraphic(r), "%q in %q", r, s)
	}
}

// said reports whether the quote stands in the lead's own data, white space and invisible characters aside.
func said(lead leads.Lead, quote string) bool {
	own := []string{lead.Email, lead.Phone, lead.Company, lead.Last.Attribution.UTM.Medium, lead.Last.Attribution.UTM.Source, lead.Last.Attribution.Referrer}
	for name, raw := range lead.Metadata {
		own = append(own, lead.Metadata.Text(name))
		var list []string
		if json.Unmarshal(raw, &list) == nil {
			own = append(own, list...)
		}
	}
	for _, text := range own {
		if strings.Contains(squeezed(text), squeezed(quote)) {
			return true
		}
	}
	return false
}

func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsGraphic(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}

// What is unknown counts as if nobody had asked, and never for less than a No.
func TestUnknownNeverCountsAgainst(t *testing.T) {
	t.Parallel()
	rubric := score.DefaultRubric()
	rapid.Check(t, func(t *rapid.T) {
		lead := drawLead(t)
		key := rapid.SampledFrom([]string{"email.class", "email.deliverable", "company.name"}).Draw(t, "key")
		value := func(truth leads.Truth, known bool) int {
			facts := leads.Enrichment{}
			for k, f := range lead.Enrichment {
				facts[k] = f
			}
			delete(facts, key)
			if known {
				facts[key] = leads.Fact{Key: key, Truth: truth}
			}
			changed := lead
			changed.Enrichment = facts
			s, err := rubric.Score(t.Context(), changed)
			require.NoError(t, err)
			return s.Value
		}
		require.Equal(t, value(leads.Unknown, false), value(leads.Unknown, true))
		require.GreaterOrEqual(t, value(leads.Unknown, true), value(leads.No, true))
	})
}

func TestTiersAreMonotone(t *testing.T) {
	t.Parallel()
	rank := map[leads.Qualification]int{leads.Cold: 0, leads.Warm: 1, leads.Hot: 2}
	rapid.Check(t, func(t *rapid.T) {
		warm := rapid.IntRange(1, 98).Draw(t, "warm")
		strict := score.Thresholds{Warm: warm, Hot: rapid.IntRange(warm+1, 100).Draw(t, "hot")}
		lower, higher := rapid.IntRange(0, 100).Draw(t, "a"), rapid.IntRange(0, 100).Draw(t, "b")
		lower, higher = min(lower, higher), max(lower, higher)
		require.LessOrEqual(t, rank[strict.Qualify(lower)], rank[strict.Qualify(higher)], "more points")
		easy := score.Thresholds{Warm: rapid.IntRange(1, warm).Draw(t, "easier warm"), Hot: strict.Hot}
		require.LessOrEqual(t, rank[strict.Qualify(lower)], rank[easy.Qualify(lower)], "easier thresholds")
	})
}
