package sequence_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// whole is a definition that uses everything there is.
const whole = `{
	"id": "whole", "name": "Everything", "match": {"all": [
		{"field": "score", "min": 50, "max": 100}, {"not": {"any": [{"field": "tag", "is": ["customer"]}, {"field": "fact:email.deliverable", "is": ["no"]}]}},
		{"field": "field:message", "contains": ["price", "cost"]}, {"field": "qualification", "is": ["Hot", "warm"]}, {"field": "country", "is": ["DE", "AT"]}
	]},
	"reEnter": "3mo", "delay": "10m", "purpose": "newsletter", "needsConsent": true, "goal": {"field": "status", "is": ["converted"]},
	"hours": {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:30"},
	"steps": [
		{"id": "hello", "email": {"subject": "Hello{{#firstName}} {{firstName}}{{/firstName}}", "body": "Hello.", "resend": true}},
		{"id": "pause", "wait": {"for": "1d 2h", "until": {"days": ["tue"], "at": "10:00"}}},
		{"id": "fork", "branch": {"if": {"field": "opened", "is": ["hello"]}, "then": "ab", "else": "tell"}},
		{"id": "ab", "split": {"arms": [{"name": "a", "weight": 1, "next": "tell"}, {"name": "b", "weight": 2, "next": "own"}, {"name": "off", "weight": 0, "next": "end"}]}},
		{"id": "tell", "notify": {"note": "Call {{name}}{{^name}}them{{/name}}", "to": "jo"}, "next": "own"},
		{"id": "own", "assign": {"to": "jo"}},
		{"id": "move", "status": {"to": "contacted"}},
		{"id": "mark", "tag": {"add": "warm", "remove": "cold"}},
		{"id": "hook", "webhook": {"endpoint": "crm", "event": "trial.ended"}}
	]}`

func TestParseWhole(t *testing.T) {
	t.Parallel()
	d, err := sequence.Parse([]byte(whole))
	require.NoError(t, err)
	require.Equal(t, sequence.Duration{Days: 1, Clock: 2 * time.Hour}, d.Steps[1].Wait.For)
	require.Equal(t, sequence.Days{time.Tuesday}, d.Steps[1].Wait.Until.Days)
	require.Equal(t, sequence.Workdays(), d.Hours.Days)
	data, err := json.Marshal(d)
	require.NoError(t, err)
	again, err := sequence.Parse(data)
	require.NoError(t, err, string(data))
	require.Equal(t, d, again)
}

func TestParseIsStrict(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, data, path, want string }{
		{"not JSON", `{`, "", "it is not JSON"},
		{"something behind", whole + "x", "", "it is not JSON"},
		{"an unknown name", `{"nam": 1}`, "nam", "there is no such name"},
		{"an unknown name below", `{"steps": [{"email": {"subject": "x", "text": "y"}}]}`, "steps[0].email.text", "there is no such name"},
		{"another case", `{"Name": "x"}`, "Name", "there is no such name"},
		{"twice", `{"id": "a", "id": "b"}`, "id", "stands there twice"},
		{"another type", `{"steps": [{"email": {"subject": 1}}]}`, "steps[0].email.subject", "a JSON number does not fit here"},
		{"a bad duration", `{"delay": "2 days"}`, "delay", "is not a duration"},
		{"a duration in numbers", `{"delay": 5}`, "delay", "is not a duration"},
		{"a bad day", `{"hours": {"days": ["monday"]}}`, "hours.days", `"monday" is not a day`},
		{"a day in numbers", `{"hours": {"days": [1]}}`, "hours.days", "list of names"},
		{"too large", `{"name": "` + strings.Repeat("x", 200<<10) + `"}`, "", "shorten it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := sequence.Parse([]byte(tc.data))
			require.ErrorIs(t, err, leads.ErrInvalid)
			var problems sequence.Problems
			require.True(t, errors.As(err, &problems))
			require.Equal(t, tc.path, problems[0].Path)
			require.Contains(t, problems[0].Message, tc.want)
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	is := func(field string, values ...string) *sequence.Condition {
		return &sequence.Condition{Field: field, Is: values}
	}
	step := func(s sequence.Step) func(d *sequence.Definition) {
		return func(d *sequence.Definition) { s.ID = "new"; d.Steps = append(d.Steps, s) }
	}
	for _, tc := range []struct {
		name   string
		change func(d *sequence.Definition)
		path   string
		want   string
	}{
		{"no ID", func(d *sequence.Definition) { d.ID = "" }, "id", "lower-case letters"},
		{"a bad ID", func(d *sequence.Definition) { d.ID = "My Sequence" }, "id", "lower-case letters"},
		{"a long ID", func(d *sequence.Definition) { d.ID = strings.Repeat("x", 41) }, "id", "1 to 40"},
		{"no name", func(d *sequence.Definition) { d.Name = " " }, "name", "it is empty"},
		{"a long name", func(d *sequence.Definition) { d.Name = strings.Repeat("x", 256) }, "name", "shorten it to 255"},
		{"a name of two lines", func(d *sequence.Definition) { d.Name = "a\nb" }, "name", "one line"},
		{"a purpose of two words", func(d *sequence.Definition) { d.Purpose = "Our Newsletter" }, "purpose", "write one word"},
		{"back in time", func(d *sequence.Definition) { d.Delay.Days = -1 }, "delay", "negative"},
		{"in the far future", func(d *sequence.Definition) { d.ReEnter.Months = 121 }, "reEnter", "ten years"},
		{"a negative version", func(d *sequence.Definition) { d.Version = -1 }, "version", "negative"},
		{"half of the hours", func(d *sequence.Definition) { d.Hours = &sequence.Hours{From: "09:00"} }, "hours", "only one of"},
		{"hours of other clocks", func(d *sequence.Definition) { d.Hours = &sequence.Hours{From: "9:00", To: "25:00"} }, "hours.from", `"09:00"`},
		{"hours to nowhere", func(d *sequence.Definition) { d.Hours = &sequence.Hours{From: "09:00", To: "24:01"} }, "hours.to", `"24:00"`},
		{"an eighth day", func(d *sequence.Definition) { d.Hours = &sequence.Hours{Days: sequence.Days{7}} }, "hours.days", "7 is not a day"},
		{"no steps", func(d *sequence.Definition) { d.Steps = nil }, "steps", "there is none"},
		{"too many steps", func(d *sequence.Definition) { d.Steps = make([]sequence.Step, 101) }, "steps", "keep to 100"},
		{"a step without an ID", func(d *sequence.Definition) { d.Steps[0].ID = "" }, "steps[0].id", "lower-case letters"},
		{"a step called end", func(d *sequence.Definition) { d.Steps[0].ID = "end" }, "steps[0].id", "stands for the end"},
		{"two steps of one name", func(d *sequence.Definition) { d.Steps[1].ID = "one" }, "steps[1].id", `steps[0] is called "one"`},
		{"a step that does nothing", func(d *sequence.Definition) { d.Steps[1].Email = nil }, "steps[1]", "set one of email, wait"},
		{"a step of two kinds", func(d *sequence.Definition) { d.Steps[1].Tag = &sequence.TagStep{Add: "x"} }, "steps[1]", "of 2 kinds"},
		{"a way to nowhere", func(d *sequence.Definition) { d.Steps[0].Next = "three" }, "steps[0].next", `no step "three"`},
		{"a way back", func(d *sequence.Definition) { d.Steps[1].Next = "one" }, "steps[1].next", "forward"},
		{"a way to itself", func(d *sequence.Definition) { d.Steps[1].Next = "two" }, "steps[1].next", "forward"},
		{"a step that nobody reaches", func(d *sequence.Definition) { d.Steps[0].Next = "end" }, "steps[1]", `no way leads to "two"`},
		{"a wait for nothing", step(sequence.Step{Wait: &sequence.WaitStep{}}), "steps[2].wait", "no time pass"},
		{"a wait until nothing", step(sequence.Step{Wait: &sequence.WaitStep{Until: &sequence.TimeOfDay{At: "24:00"}}}), "steps[2].wait.until.at", "not a time of day"},
		{"a wait for an eighth day", step(sequence.Step{Wait: &sequence.WaitStep{Until: &sequence.TimeOfDay{Days: sequence.Days{-1}, At: "09:00"}}}), "steps[2].wait.until.days", "not a day"},
		{"a branch on nothing", step(sequence.Step{Branch: &sequence.BranchStep{}}), "steps[2].branch.if", "exactly one"},
		{"a branch back", step(sequence.Step{Branch: &sequence.BranchStep{If: *is("tag"), Then: "one"}}), "steps[2].branch.then", "forward"},
		{"a branch to nowhere", step(sequence.Step{Branch: &sequence.BranchStep{If: *is("tag"), Else: "x"}}), "steps[2].branch.else", "no step"},
		{"a split without arms", step(sequence.Step{Split: &sequence.SplitStep{}}), "steps[2].split.arms", "give 1 to 20"},
		{"a split of nobody", step(sequence.Step{Split: &sequence.SplitStep{Arms: []sequence.Arm{{Name: "a"}}}}), "steps[2].split.arms", "all weights are 0"},
		{"a negative arm", step(sequence.Step{Split: &sequence.SplitStep{Arms: []sequence.Arm{{Name: "a", Weight: 1}, {Name: "b", Weight: -1}}}}), "steps[2].split.arms[1].weight", "not within"},
		{"two arms of one name", step(sequence.Step{Split: &sequence.SplitStep{Arms: []sequence.Arm{{Name: "a", Weight: 1}, {Name: "a", Weight: 1}}}}), "steps[2].split.arms[1].name", "already"},
		{"an arm back", step(sequence.Step{Split: &sequence.SplitStep{Arms: []sequence.Arm{{Name: "a", Weight: 1, Next: "one"}}}}), "steps[2].split.arms[0].next", "forward"},
		{"a note of nothing", step(sequence.Step{Notify: &sequence.NotifyStep{}}), "steps[2].notify.note", "it is empty"},
		{"a note with a slip", step(sequence.Step{Notify: &sequence.NotifyStep{Note: "x {{nam}}"}}), "steps[2].notify.note", "is not a variable"},
		{"nobody assigned", step(sequence.Step{Assign: &sequence.AssignStep{}}), "steps[2].assign.to", "it is empty"},
		{"a status that is none", step(sequence.Step{Status: &sequence.StatusStep{To: "won"}}), "steps[2].status.to", `"won" is not one of new, contacted`},
		{"no tag", step(sequence.Step{Tag: &sequence.TagStep{}}), "steps[2].tag", "add or remove"},
		{"an event with blanks", step(sequence.Step{Webhook: &sequence.WebhookStep{Event: "a b"}}), "steps[2].webhook.event", "not a type of event"},
		{"a field that is none", func(d *sequence.Definition) { d.Match = is("Score") }, "match.field", `"Score" is not a field: use one of assignee, channel`},
		{"a field without a name", func(d *sequence.Definition) { d.Match = is("field:") }, "match.field", "names nothing"},
		{"a slip in a qualification", func(d *sequence.Definition) { d.Match = is("qualification", "hott") }, "match.is[0]", `"hott" is not one of hot, warm, cold`},
		{"a slip in a status", func(d *sequence.Definition) { d.Goal = is("status", "won") }, "goal.is[0]", "is not one of"},
		{"a country's name", func(d *sequence.Definition) { d.Match = is("country", "DE", "Austria") }, "match.is[1]", "ISO 3166-1"},
		{"a mail that is none", func(d *sequence.Definition) { d.Goal = is("clicked", "three") }, "goal.is[0]", "not a step that sends a mail"},
		{"a match on mails to come", func(d *sequence.Definition) { d.Match = &sequence.Condition{Not: is("opened", "one")} }, "match", "which match comes before"},
		{"an empty value", func(d *sequence.Definition) { d.Match = is("tag", "") }, "match.is[0]", "it is empty"},
		{"a number of no number", func(d *sequence.Definition) { d.Match = &sequence.Condition{Field: "tag", Min: bound(1)} }, "match", "tag is not a number"},
		{"bounds exchanged", func(d *sequence.Definition) {
			d.Match = &sequence.Condition{Field: "score", Min: bound(2), Max: bound(1)}
		}, "match", "min is above max"},
		{"two kinds of condition", func(d *sequence.Definition) { d.Match = &sequence.Condition{Field: "tag", Not: is("tag")} }, "match", "2 of all, any, not and field"},
		{"values without a field", func(d *sequence.Definition) {
			d.Match = &sequence.Condition{All: []sequence.Condition{*is("tag")}, Is: []string{"x"}}
		}, "match", "set field"},
		{"a mistake below", func(d *sequence.Definition) {
			d.Match = &sequence.Condition{Any: []sequence.Condition{*is("tag"), {Not: is("x")}}}
		}, "match.any[1].not.field", "is not a field"},
		{"conditions too deep", func(d *sequence.Definition) {
			d.Match = is("tag")
			for range 6 {
				d.Match = &sequence.Condition{Not: d.Match}
			}
		}, "match.not.not.not.not.not.not", "nested more than 6"},
		{"too many conditions", func(d *sequence.Definition) {
			d.Match = &sequence.Condition{}
			for range 100 {
				d.Match.Any = append(d.Match.Any, *is("tag"))
			}
		}, "match.any[99]", "more than 100"},
		{"too large", func(d *sequence.Definition) {
			for i := range 4 {
				d.Steps = append(d.Steps, sequence.Step{ID: fmt.Sprint("s", i), Email: &sequence.EmailStep{Subject: "x", Body: strings.Repeat("word ", 12_000)}})
			}
		}, "", "shorten it to 204800"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := sequence.Definition{ID: "x", Name: "X", Steps: []sequence.Step{mailStep("one"), mailStep("two")}}
			require.NoError(t, d.Validate())
			tc.change(&d)
			err := d.Validate()
			require.ErrorIs(t, err, leads.ErrInvalid)
			var problems sequence.Problems
			require.True(t, errors.As(err, &problems))
			require.Equal(t, tc.path, problems[0].Path, err)
			require.Contains(t, problems[0].Message, tc.want)
		})
	}
}

func TestValidateNamesEverything(t *testing.T) {
	t.Parallel()
	err := sequence.Definition{Steps: []sequence.Step{{ID: "a", Email: &sequence.EmailStep{Subject: "{{x}}"}}}}.Validate()
	require.EqualError(t, err, `sequence: id: "" is not 1 to 40 lower-case letters, digits and -: write one like "second-mail"
name: it is empty: give one
steps[0].email.subject: {{x}} is not a variable: use one of assignee, city, company, country, firstName, lastName, name, region, sender, or field:NAME for a field of your form
steps[0].email.body: it is empty: write something`)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"steps":[null,{"split":{"arms":null}}],"match":{"all":[{}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := sequence.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, leads.ErrInvalid)
			return
		}
		again, err := json.Marshal(d)
		require.NoError(t, err)
		back, err := sequence.Parse(again)
		require.NoError(t, err)
		lead := leads.Lead{ID: "x"}
		start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		table := sequence.Simulate(d, lead, sequence.Calendar{Start: start})
		require.Equal(t, table.String(), sequence.Simulate(back, lead, sequence.Calendar{Start: start}).String())
		require.LessOrEqual(t, len(table.Rows), len(d.Steps), "it comes to an end")
		last := start
		for _, row := range table.Rows {
			require.False(t, row.At.Before(last), "time goes forward")
			last = row.At
		}
	})
}
