package score_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/score"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "",
		"Ann wants a demo. She can decide. And more.":  "Ann wants a demo. She can decide.",
		"R&D at AT&T costs 3.5 k; see e.g. v1.2":       "R&D at AT&T costs 3.5 k; see e.g. v1.2",
		"<b>Hot</b> lead":                              "Hot lead",
		"&lt;img src=x onerror=alert(1)&gt; Call":      "Call",
		"&amp;lt;script&amp;gt;x":                      "x",
		"Click [here](https://evil.example/a?b) now":   "Click here now",
		"![x](https://evil.example/x.png)":             "",
		"go to evil.example/login or www.evil.example": "go to or",
		"see httpwww. or awww.evil":                    "see or",
		"hxxp ht*tp://evil.example":                    "hxxp",
		"mail ann@evil.example today":                  "mail today",
		"javascript:alert(1) x":                        "x",
		"a\u202eb\u200bc\U000E0041d\x1b[31m\x00e\nf":   "abcd31me f",
		"evil。example und evil．example":                "und",
		"visit 10.0.0.1/x now":                         "visit now",
		"価格を知りたい。すぐに。三つ目。":                             "価格を知りたい。すぐに。",
	} {
		require.Equal(t, want, score.Plain(in), in)
	}
	require.LessOrEqual(t, len([]rune(score.Plain(strings.Repeat("wörd ", 500)))), 280)
}

func TestPlainIsPlain(t *testing.T) {
	t.Parallel()
	parts := []string{"<", ">", "&", "lt;", "&#60;", "http", "://", "www", ".", "com", "[", "](", ")", "`", "\u202e", "\U000E0041", "\ufe0f", "a", " ", "\n", "@", "evil", "javascript", ":", "！"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(parts), rapid.String())).Draw(t, "text"), "")
		plain := score.Plain(text)
		require.LessOrEqual(t, len([]rune(plain)), 280)
		requirePlain(t, plain)
		require.False(t, strings.ContainsAny(plain, "<>`[]{}|\\"))
		require.NotContains(t, plain, "://")
		require.NotContains(t, plain, "www.")
	})
}

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	const good = `{"criteria": {"demo": {"level": "asked", "quote": "a } in \" it"}}, "summary": "s", "nextStep": "n"}`
	want := score.Answer{Criteria: map[string]score.Choice{"demo": {Level: "asked", Quote: `a } in " it`}}, Summary: "s", NextStep: "n"}
	for name, text := range map[string]string{
		"bare": good, "fenced": "```json\n" + good + "\n```", "prose": `Well {sort of}: "` + good + "\nBye {", "inside": `{"a": [1], "result": ` + good + "}",
		"twice": good + good, "odd choices": strings.Replace(good, `{"demo"`, `{"x": 7, "y": {"level": 1e309}, "demo"`, 1),
	} {
		got, err := score.ParseAnswer(text)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for name, text := range map[string]string{
		"empty": "", "no object": "hot", "no choices": `{"summary": "s"}`, "null": `{"criteria": null}`, "list": `{"criteria": []}`, "NaN": `{"criteria": {"demo": {"level": NaN}}}`,
		"cut off": good[:40], "braces": strings.Repeat("{", 60_000), "too long": good + strings.Repeat(" ", 64<<10),
	} {
		_, err := score.ParseAnswer(text)
		require.ErrorIs(t, err, score.ErrReply, name)
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(`{"criteria": {"demo": {"level": "asked", "quote": "demo"}}, "summary": "<b>x</b>"}`)
	lead := people()["CEO asks for a demo by a date"].lead
	rubric := score.DefaultRubric()
	rules, _ := rubric.Score(f.Context(), lead)
	f.Fuzz(func(t *testing.T, text string) {
		answer, err := score.ParseAnswer(text)
		brief, briefErr := rubric.Brief(lead)
		require.NoError(t, briefErr)
		s := brief.Judge(answer, leads.ModelUse{})
		require.True(t, 0 <= s.Value && s.Value <= 100)
		requirePlain(t, s.Summary)
		if err != nil {
			require.Equal(t, rules.Value, s.Value)
		}
	})
}

func TestBriefIsSmall(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lead := drawLead(t)
		lead.Metadata.SetText("message", strings.Repeat(drawText(t, "long")+`"\`, 50))
		brief, err := score.DefaultRubric().Brief(lead)
		require.NoError(t, err)
		require.LessOrEqual(t, len(brief.Lead), 4096)
		var data map[string]string
		require.NoError(t, json.Unmarshal([]byte(brief.Lead), &data))
		require.Len(t, data, 1)
		for line := range strings.Lines(data["lead"]) {
			require.Regexp(t, `^(fact|lead wrote) `, line)
			requirePlain(t, strings.TrimSuffix(line, "\n"))
		}
	})
}

func TestBriefCannotAsk(t *testing.T) {
	t.Parallel()
	_, err := small().Brief(leads.Lead{})
	require.ErrorContains(t, err, "no criterion that a model could judge")
	require.True(t, leads.IsPermanent(err))
	_, err = (&score.Rubric{}).Brief(leads.Lead{})
	require.True(t, leads.IsPermanent(err))
}

// What a model may and may not do to a rule's judgement.
func TestJudge(t *testing.T) {
	t.Parallel()
	spam := people()["spam for backlinks"].lead
	hot := people()["CEO asks for a demo by a date"].lead
	later := conversation(t, score.DefaultRubric(), wantsAll)
	returned := person("ann@acme.com", "business", leads.Yes, "Ann Smith", "Also tell us about SSO")
	returned.Score = &later
	cases := map[string]struct {
		lead      leads.Lead
		criterion string
		choice    score.Choice
		level, by string
	}{
		"finds what rules do not":         {person("a@b.com", "", leads.Yes, "A B", "We must see it live"), "demo", score.Choice{Level: "ASKED", Quote: "must SEE  it"}, "asked", "model"},
		"denies what rules found":         {hot, "demo", score.Choice{Level: "none"}, "none", "model"},
		"does not lift a penalty":         {spam, "other_purpose", score.Choice{Level: "none"}, "spam", "rule"},
		"lifts it with words of the lead": {spam, "other_purpose", score.Choice{Level: "none", Quote: "Cheap backlinks"}, "none", "model"},
		"not by other words":              {spam, "other_purpose", score.Choice{Level: "none", Quote: "not spam at all"}, "spam", "rule"},
		"no quote, no level":              {hot, "price", score.Choice{Level: "asked"}, "none", "rule"},
		"too short a quote":               {hot, "price", score.Choice{Level: "asked", Quote: "a"}, "none", "rule"},
		"half a word":                     {hot, "price", score.Choice{Level: "asked", Quote: "would lik"}, "none", "rule"},
		"facts are not asked about":       {hot, "email_address", score.Choice{Level: "personal", Quote: "Acme"}, "business", "rule"},
		"the length is not asked about":   {hot, "message", score.Choice{Level: "thorough", Quote: "CEO of Acme"}, "short", "rule"},
		"keeps what was said earlier":     {returned, "demo", score.Choice{Level: "none"}, "asked", "rule"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			brief, err := score.DefaultRubric().Brief(c.lead)
			require.NoError(t, err)
			s := brief.Judge(score.Answer{Criteria: map[string]score.Choice{c.criterion: c.choice}}, leads.ModelUse{Name: "m"})
			e := on(t, s, strings.ReplaceAll(c.criterion, "_", " "))
			require.Equal(t, c.level, e.Level)
			require.Equal(t, c.by, e.By)
			require.NotEmpty(t, s.Summary, "that of the rules stands")
			sum := 0
			for _, e := range s.Evidence {
				sum += e.Points
			}
			require.Equal(t, s.Value, sum)
		})
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(lead leads.Lead, r *score.Rubric) string {
		b, err := r.Brief(lead)
		require.NoError(t, err)
		return b.Digest
	}
	lead := people()["CEO asks for a demo by a date"].lead
	require.Equal(t, digest(lead, score.DefaultRubric()), digest(lead, score.DefaultRubric()))
	require.NotEqual(t, digest(lead, score.DefaultRubric()), digest(people()["spam for backlinks"].lead, score.DefaultRubric()))
	other := score.DefaultRubric()
	other.Criteria[0].Levels[0].Points--
	require.NotEqual(t, digest(lead, score.DefaultRubric()), digest(lead, other))
}

func TestParseRubric(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(score.DefaultRubric())
	require.NoError(t, err)
	back, err := score.ParseRubric(text)
	require.NoError(t, err)
	require.Equal(t, score.DefaultRubric().Hash(), back.Hash())
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))

	_, err = score.ParseRubric([]byte(`{"name": 7, "colour": "red", "criteria": [
		{"name": "a", "axis": "mood", "signal": "phone", "levels": [
			{"name": "x", "points": "ten", "reason": "r", "values": ["given"]}, {"name": "y", "points": 1.5, "reason": "r", "a/b~": 1}]},
		{"name": "b", "axis": "fit", "signal": "aura", "levels": {}}], "thresholds": {"hot": 10, "warm": 20}}`))
	var got []string
	for _, m := range score.Mistakes(err) {
		got = append(got, m.Pointer)
	}
	require.ElementsMatch(t, []string{
		"/name", "/colour", "/criteria/0/levels/0/points", "/criteria/0/levels/1/points", "/criteria/0/levels/1/a~1b~0", "/criteria/1/levels",
		"/criteria/0/axis", "/criteria/1/signal", "/thresholds",
	}, got)
	require.ErrorContains(t, err, "score: rubric: /criteria/0/levels/0/points must be a whole number")
	require.ErrorContains(t, err, `score: rubric: /criteria/0/axis is "mood"; it must be fit or intent`)
	for name, text := range map[string]string{"not JSON": "{", "two names": `{"name": "a", "name": "b"}`, "trailing": "{} {}", "list": "[]", "null": "null", "long": strings.Repeat(" ", 1<<20) + "{}"} {
		_, err := score.ParseRubric([]byte(text))
		require.NotEmpty(t, score.Mistakes(err), name)
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	base := people()["business, asks for a demo only"].lead
	for name, c := range map[string]struct {
		change           func(*leads.Lead)
		criterion, level string
	}{
		"size":             {func(l *leads.Lead) { l.Metadata.SetText("company_size", "51-200") }, "company size", "middle"},
		"size as a number": {func(l *leads.Lead) { l.Metadata["Employees"] = json.RawMessage("1200") }, "company size", "large"},
		"size in German":   {func(l *leads.Lead) { l.Metadata.SetText("Anzahl Mitarbeiter", "12") }, "company size", "small"},
		"no size":          {func(l *leads.Lead) { l.Metadata.SetText("shirt size", "500") }, "company size", "unknown"},
		"buying":           {func(l *leads.Lead) { l.First.Attribution.UTM.Term = "crm+pricing" }, "search", "buying"},
		"comparing":        {func(l *leads.Lead) { l.Last.Attribution.UTM.Campaign = "best_crm-2026" }, "search", "comparing"},
		"neither":          {func(l *leads.Lead) { l.Last.Attribution.UTM.Term = "crm" }, "search", "unknown"},
	} {
		lead := with(base, func(l *leads.Lead) {
			l.Metadata = make(map[string]json.RawMessage)
			l.Metadata.SetText("message", "Could we see a demo?")
			c.change(l)
		})
		require.Equal(t, c.level, on(t, judge(t, lead), c.criterion).Level, name)
	}
}

func TestSeedsAreThere(t *testing.T) {
	t.Parallel()
	seeds, err := os.ReadDir("testdata/fuzz/FuzzParseAnswer")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(seeds), 8)
}
