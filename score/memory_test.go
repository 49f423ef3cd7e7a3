package score_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/score"
)

const wantsAll = "We need a demo and a price for 40 seats by March"

// conversation scores a business lead after each of its messages, by the same rules, and returns the last score.
func conversation(t *testing.T, rubric *score.Rubric, messages ...string) leads.Score {
	t.Helper()
	lead := person("ann@acme.com", "business", leads.Yes, "", "")
	for i, message := range messages {
		lead.Metadata.SetText("message", message)
		lead.Submissions = i + 1
		s, err := rubric.Score(t.Context(), lead)
		require.NoError(t, err)
		lead.Score = &s
	}
	return *lead.Score
}

// on returns the evidence of one criterion.
func on(t require.TestingT, s leads.Score, criterion string) leads.Evidence {
	for _, e := range s.Evidence {
		if e.Criterion == criterion {
			return e
		}
	}
	require.Fail(t, "no such criterion", criterion)
	return leads.Evidence{}
}

func sum(s leads.Score) int {
	total := 0
	for _, e := range s.Evidence {
		total += e.Points
	}
	return total
}

func TestWhatIsNotRepeatedCountsOn(t *testing.T) {
	t.Parallel()
	first := conversation(t, score.DefaultRubric(), wantsAll)
	second := conversation(t, score.DefaultRubric(), wantsAll, "Also tell us about SSO")
	require.Equal(t, leads.Hot, first.Qualification)
	require.Equal(t, leads.Hot, second.Qualification)
	require.Equal(t, first.Value+1, second.Value, "and it came back")
	require.Equal(t, second.Value, sum(second))
	require.Equal(t, leads.Evidence{Criterion: "price", Level: "asked", Points: 12, Max: 12, Reason: "earlier: asks about price or buying", Quote: wantsAll, By: "rule"}, on(t, second, "price"))
	require.Contains(t, second.Summary, "earlier: asks for a demo, a trial or a call")
	require.Equal(t, "came back", on(t, second, "return").Reason)
}

func TestWhatIsRemembered(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		messages  []string
		criterion string
		level     string
		reason    string
		quote     string
	}{
		"not repeated":              {[]string{wantsAll, "Thanks"}, "demo", "asked", "earlier: asks for a demo, a trial or a call", wantsAll},
		"over many messages":        {[]string{wantsAll, "Thanks", "Hello?", "SSO"}, "demo", "asked", "earlier: asks for a demo, a trial or a call", wantsAll},
		"repeated":                  {[]string{wantsAll, "When is the demo?"}, "demo", "asked", "asks for a demo, a trial or a call", "When is the demo?"},
		"more than before":          {[]string{"Please send me more information", wantsAll}, "demo", "asked", "asks for a demo, a trial or a call", wantsAll},
		"less than before":          {[]string{wantsAll, "Please send me more information"}, "demo", "asked", "earlier: asks for a demo, a trial or a call", wantsAll},
		"denied since":              {[]string{wantsAll, "We need no demo now"}, "demo", "none", "does not ask for a demo or a call", ""},
		"denied, then wanted":       {[]string{wantsAll, "We need no demo now", "A demo, please"}, "demo", "asked", "asks for a demo, a trial or a call", "A demo, please"},
		"no hurry any more":         {[]string{wantsAll, "No rush, maybe next year"}, "timeline", "later", "is in no hurry", "No rush, maybe next year"},
		"in a hurry now":            {[]string{"No rush, maybe next year", wantsAll}, "timeline", "soon", "names a date or is in a hurry", wantsAll},
		"in no hurry before":        {[]string{"No rush, maybe next year", "Thanks"}, "timeline", "later", "earlier: is in no hurry", "No rush, maybe next year"},
		"a long message":            {[]string{strings.Repeat("lawn ", 30), "Thanks"}, "message", "thorough", "earlier: wrote a thorough message", ""},
		"spam is forgiven":          {[]string{"Cheap backlinks for you", wantsAll}, "other purpose", "none", "nothing speaks for another purpose", ""},
		"spam comes later":          {[]string{wantsAll, "Cheap backlinks for you"}, "other purpose", "spam", "reads like spam", "Cheap backlinks for you"},
		"a job, then spam":          {[]string{"Please find my resume attached, I am looking for a job", "Cheap backlinks for you"}, "other purpose", "spam", "reads like spam", "Cheap backlinks for you"},
		"links are of this message": {[]string{"http://a.example http://b.example http://c.example", "Thanks"}, "links", "few", "there are few links", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := conversation(t, score.DefaultRubric(), c.messages...)
			got := on(t, s, c.criterion)
			require.Equal(t, []string{c.level, c.reason, c.quote}, []string{got.Level, got.Reason, got.Quote})
			require.Equal(t, s.Value, sum(s))
		})
	}
}

func TestFactsAreThePresentOnes(t *testing.T) {
	t.Parallel()
	best := with(person("ann@acme.com", "business", leads.Yes, "Ann Smith", wantsAll), func(l *leads.Lead) {
		l.Phone, l.Company, l.Submissions = "+49 30 1234567", "Acme GmbH", 3
		l.Last.Attribution.UTM.Medium = "cpc"
	})
	before := judge(t, best)
	poor := person("x@mailinator.com", "disposable", leads.No, "", "Thanks")
	poor.Score = &before
	s := judge(t, poor)
	require.Equal(t, 20, s.Value, "the cap is that of the present address")
	for name, level := range map[string]string{
		"email address": "throw-away", "deliverability": "no", "company": "unknown", "phone": "none", "name": "none", "channel": "unknown", "return": "first",
	} {
		require.Equal(t, level, on(t, s, name).Level, name)
	}
	require.Equal(t, "asked", on(t, s, "demo").Level)
	require.Equal(t, s.Value, sum(s))

	good := best
	good.Score = &s
	require.Equal(t, before.Value, judge(t, good).Value, "a cap is not remembered")
}

func TestOtherRulesForget(t *testing.T) {
	t.Parallel()
	before := conversation(t, score.DefaultRubric(), wantsAll)
	lead := person("ann@acme.com", "business", leads.Yes, "", "Thanks")
	fresh := judge(t, lead)
	lead.Score = &before
	other := score.DefaultRubric()
	other.Thresholds.Hot = 71
	s, err := other.Score(t.Context(), lead)
	require.NoError(t, err)
	require.Equal(t, fresh.Evidence, s.Evidence)
	require.Greater(t, judge(t, lead).Value, s.Value)
}

// A score that claims to be by these rules gives no points that they do not.
func TestForgedScores(t *testing.T) {
	t.Parallel()
	lead := person("ann@acme.com", "business", leads.Yes, "", "Thanks")
	fresh := judge(t, lead)
	lead.Score = &leads.Score{Rubric: score.DefaultRubric().Hash(), Evidence: []leads.Evidence{
		{Criterion: "price", Level: "asked", Points: 9000, Max: 9000, Reason: "because", Quote: strings.Repeat("é\u202e\n", 500)},
		{Criterion: "demo", Level: "no such level", Points: 50}, {Criterion: "no such criterion", Level: "asked", Points: 50},
		{Criterion: "timeline", Level: "none", Points: 50},
	}}
	s := judge(t, lead)
	require.Equal(t, fresh.Value+12, s.Value)
	price := on(t, s, "price")
	require.Equal(t, []any{12, 12, "earlier: asks about price or buying"}, []any{price.Points, price.Max, price.Reason})
	require.LessOrEqual(t, len([]rune(price.Quote)), 120)
	require.NotContains(t, price.Quote, "\u202e")
}

// What the new message takes, it takes, whatever was found earlier.
func TestNegativeLevelsAreThePresentOnes(t *testing.T) {
	t.Parallel()
	rubric := &score.Rubric{Criteria: []score.Criterion{
		{Name: "any", Axis: score.Fit, Signal: score.SignalText, Levels: []score.Level{{Name: "any", Points: 50, Reason: "is here"}}},
		{Name: "tone", Axis: score.Intent, Signal: score.SignalText, Levels: []score.Level{
			{Name: "kind", Points: 10, Reason: "says please", Match: score.Match{Words: []string{"please"}}},
			{Name: "rude", Points: -10, Reason: "swears", Match: score.Match{Words: []string{"damn"}}},
			{Name: "none", Reason: "is matter-of-fact"},
		}},
	}}
	require.Equal(t, 60, conversation(t, rubric, "please", "hello").Value)
	require.Equal(t, 40, conversation(t, rubric, "please", "damn").Value)
	require.Equal(t, 50, conversation(t, rubric, "please", "damn", "hello").Value)
	require.Equal(t, 60, conversation(t, rubric, "damn", "please").Value)
}

// What "wrote nothing" is worth is not kept once something is written: only what was found is.
func TestAbsenceIsNotRemembered(t *testing.T) {
	t.Parallel()
	rubric := &score.Rubric{Criteria: []score.Criterion{{Name: "brief", Axis: score.Fit, Signal: score.SignalText, Levels: []score.Level{
		{Name: "silent", Points: 10, Reason: "wrote nothing", Match: score.Match{Values: []string{"none"}}},
		{Name: "wordy", Points: 0, Reason: "wrote something"},
	}}}}
	require.Equal(t, 10, conversation(t, rubric, "").Value)
	require.Equal(t, 0, conversation(t, rubric, "", "Hello").Value)
}

func TestScoringAgainChangesNothing(t *testing.T) {
	t.Parallel()
	rubric := score.DefaultRubric()
	rapid.Check(t, func(t *rapid.T) {
		earlier, lead := drawLead(t), drawLead(t)
		judged := func(lead leads.Lead) leads.Score {
			s, err := rubric.Score(t.Context(), lead)
			require.NoError(t, err)
			require.True(t, 0 <= s.Value && s.Value <= 100, s.Value)
			require.Equal(t, s.Value, sum(s), "the evidence adds up")
			for _, e := range s.Evidence {
				requirePlain(t, e.Quote)
				require.True(t, e.Quote == "" || said(lead, e.Quote) || said(earlier, e.Quote), "the quote is the lead's own: %q", e.Quote)
			}
			s.At = noon
			return s
		}
		alone := judged(lead)
		before := judged(earlier)
		lead.Score = &before
		first := judged(lead)
		require.GreaterOrEqual(t, first.Value, alone.Value, "what was found earlier never takes points")
		lead.Score = &first
		require.Equal(t, first, judged(lead), "a fixed point")
	})
}
