package score_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/score"
)

// small is the least rubric that is right.
func small() *score.Rubric {
	return &score.Rubric{
		Name: "small",
		Criteria: []score.Criterion{{Name: "phone", Axis: score.Fit, Signal: score.SignalPhone, Levels: []score.Level{
			{Name: "given", Points: 60, Reason: "gave a number", Match: score.Match{Values: []string{"given", "international"}}},
			{Name: "none", Points: 0, Reason: "gave none"},
		}}},
		Caps: []score.Cap{{Name: "unreachable", Signal: score.SignalReach, Max: 10, Reason: "cannot be reached", Match: score.Match{Values: []string{"none"}}}},
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, small().Validate())
	require.NoError(t, score.DefaultRubric().Validate())
	type rubric = *score.Rubric
	cases := map[string]struct {
		change func(r rubric)
		want   []string
	}{
		"no criteria":    {func(r rubric) { r.Criteria = nil }, []string{"Criteria is empty"}},
		"no name":        {func(r rubric) { r.Criteria[0].Name = " " }, []string{`Criteria[0].Name is " "; it must be 1 to 64 bytes in one line`}},
		"long name":      {func(r rubric) { r.Caps[0].Name = strings.Repeat("a", 65) }, []string{`Caps[0].Name is "` + strings.Repeat("a", 65) + `"; it must be 1 to 64 bytes in one line`}},
		"name twice":     {func(r rubric) { r.Caps[0].Name = "phone" }, []string{`Caps[0].Name "phone" is used twice`}},
		"floor":          {func(r rubric) { r.Criteria[0].Name = "floor" }, []string{`Criteria[0].Name is "floor", which scores have of themselves`}},
		"level twice":    {func(r rubric) { r.Criteria[0].Levels[1].Name = "given" }, []string{`Criteria[0].Levels[1].Name "given" is used twice`}},
		"axis":           {func(r rubric) { r.Criteria[0].Axis = "mood" }, []string{`Criteria[0].Axis is "mood"; it must be fit or intent`}},
		"signal":         {func(r rubric) { r.Criteria[0].Signal = "aura" }, []string{`Criteria[0].Signal is "aura"; there is no such signal`}},
		"signal's key":   {func(r rubric) { r.Caps[0].Signal = "truth:" }, []string{`Caps[0].Signal is "truth:"; there is no such signal`}},
		"no levels":      {func(r rubric) { r.Criteria[0].Levels = nil }, []string{"Criteria[0].Levels is empty", "Criteria give at most 0 points together; it must be 1 to 100"}},
		"two lines":      {func(r rubric) { r.Criteria[0].Levels[0].Reason = "a\nb" }, []string{`Criteria[0].Levels[0].Reason is "a\nb"; it must be 1 to 120 bytes in one line`}},
		"bidi":           {func(r rubric) { r.Caps[0].Reason = "a\u202eb" }, []string{`Caps[0].Reason is "a\u202eb"; it must be 1 to 120 bytes in one line`}},
		"points":         {func(r rubric) { r.Criteria[0].Levels[1].Points = -101 }, []string{"Criteria[0].Levels[1].Points is -101; it must be -100 to 100"}},
		"too many":       {func(r rubric) { r.Criteria[0].Levels[0].Points = 101 }, []string{"Criteria[0].Levels[0].Points is 101; it must be -100 to 100", "Criteria give at most 101 points together; it must be 1 to 100"}},
		"open level":     {func(r rubric) { r.Criteria[0].Levels[0].Match = score.Match{} }, []string{"Criteria[0].Levels[0] has no condition; only the last level may have none"}},
		"closed end":     {func(r rubric) { r.Criteria[0].Levels[1].AtLeast = 1 }, []string{"Criteria[0].Levels[1] has a condition; the last level must have none"}},
		"at least":       {func(r rubric) { r.Criteria[0].Levels[0].AtLeast = -1 }, []string{"Criteria[0].Levels[0].AtLeast is -1; it must not be negative"}},
		"words":          {func(r rubric) { r.Criteria[0].Levels[0].Words = []string{"a"} }, []string{`Criteria[0].Levels[0].Words are for the signal "text" only`}},
		"empty phrase":   {func(r rubric) { r.Caps[0].Signal, r.Caps[0].Words = "text", []string{"a", "?"} }, []string{`Caps[0].Words[1] is "?"; it must be 1 to 6 words`}},
		"long phrase":    {func(r rubric) { r.Caps[0].Signal, r.Caps[0].Words = "text", []string{"a b c d e f g"} }, []string{`Caps[0].Words[0] is "a b c d e f g"; it must be 1 to 6 words`}},
		"cap's limit":    {func(r rubric) { r.Caps[0].Max = 100 }, []string{"Caps[0].Max is 100; it must be 0 to 99"}},
		"open cap":       {func(r rubric) { r.Caps[0].Match = score.Match{} }, []string{"Caps[0] has no condition"}},
		"unknown capped": {func(r rubric) { r.Caps[0].Values = []string{"unknown"} }, []string{`Caps[0].Values has "unknown"; what is unknown must not count against a lead`}},
		"unknown loses": {func(r rubric) {
			r.Criteria[0].Levels[0].Values, r.Criteria[0].Levels[0].Points = []string{"unknown"}, -1
			r.Criteria[0].Levels[1].Points = 1
		}, []string{"Criteria[0].Levels[0].Points is -1; what is unknown must not count against a lead"}},
		"thresholds": {func(r rubric) { r.Thresholds.Hot = 40 }, []string{"Thresholds are 40 (hot) and 40 (warm); they must be 0 < warm < hot <= 100"}},
		"all at once": {func(r rubric) {
			r.Criteria[0].Name, r.Criteria[0].Axis, r.Caps[0].Max, r.Thresholds.Hot = "", "", -1, 101
		}, []string{
			`Criteria[0].Name is ""; it must be 1 to 64 bytes in one line`, `Criteria[0].Axis is ""; it must be fit or intent`,
			"Caps[0].Max is -1; it must be 0 to 99", "Thresholds are 101 (hot) and 40 (warm); they must be 0 < warm < hot <= 100",
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := small()
			c.change(r)
			want := "score: Rubric." + strings.Join(c.want, "\nscore: Rubric.")
			require.EqualError(t, r.Validate(), want)

			_, err := r.Score(t.Context(), leads.Lead{})
			require.True(t, leads.IsPermanent(err))
			require.EqualError(t, err, want)
			findings := r.Check(t.Context())
			require.Len(t, findings, 1)
			require.True(t, findings[0].Fatal)
			require.Equal(t, want, findings[0].Message)
		})
	}
	require.Empty(t, small().Check(t.Context()))
}

func TestHash(t *testing.T) {
	t.Parallel()
	require.Equal(t, "14976f674d387a2c", small().Hash(), "it does not change between processes and versions")
	require.Equal(t, score.DefaultRubric().Hash(), score.DefaultRubric().Hash())
	require.Equal(t, score.DefaultRubric().Hash(), score.DefaultRubric().Clone().Hash())

	spelled := small()
	spelled.Thresholds = score.Thresholds{Hot: 70, Warm: 40}
	require.Equal(t, small().Hash(), spelled.Hash(), "defaults spelled out")

	for name, change := range map[string]func(r *score.Rubric){
		"points":     func(r *score.Rubric) { r.Criteria[0].Levels[0].Points-- },
		"values":     func(r *score.Rubric) { r.Criteria[0].Levels[0].Values[0] = "x" },
		"caps":       func(r *score.Rubric) { r.Caps = nil },
		"thresholds": func(r *score.Rubric) { r.Thresholds.Hot = 71 },
	} {
		r := small()
		change(r)
		require.NotEqual(t, small().Hash(), r.Hash(), name)
	}
}

func TestRubricInJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(score.DefaultRubric())
	require.NoError(t, err)
	var back score.Rubric
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, score.DefaultRubric().Hash(), back.Hash())
	for _, c := range people() {
		want := judge(t, c.lead)
		got, err := back.Score(t.Context(), c.lead)
		require.NoError(t, err)
		got.At = want.At
		require.Equal(t, want, got)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	t.Parallel()
	used := score.DefaultRubric()
	before := used.Hash()
	changed := used.Clone()
	changed.Criteria[0].Levels[0].Points = 1
	changed.Criteria[0].Levels[0].Values[0] = "x"
	changed.Criteria[3].Levels[0].Words[0] = "x"
	changed.Caps[0].Values[0] = "x"
	require.Equal(t, before, used.Hash())
}
