package sequence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

func stepsOf(table sequence.Timetable) []string {
	var ids []string
	for _, row := range table.Rows {
		ids = append(ids, row.Step)
	}
	return ids
}

func TestSimulateWays(t *testing.T) {
	t.Parallel()
	d, err := sequence.Parse([]byte(whole))
	require.NoError(t, err)
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	lead := leads.Lead{ID: "x", Tags: []string{"cold"}}
	require.Equal(t, []string{"hello", "pause", "fork", "tell", "own", "move", "mark", "hook"}, stepsOf(sequence.Simulate(d, lead, sequence.Calendar{Start: start})))
	opened := sequence.Simulate(d, lead, sequence.Calendar{Start: start, Opened: []string{"hello"}})
	require.Equal(t, []string{"hello", "pause", "fork", "ab"}, stepsOf(opened)[:4])
	require.False(t, opened.Matches)
	require.Equal(t, []string{"cold"}, lead.Tags, "the lead is left as it was")
}

func TestSimulateMatches(t *testing.T) {
	t.Parallel()
	d := titled("a", "A")
	d.Match, d.NeedsConsent = &sequence.Condition{Field: "tag", Is: []string{"x"}}, true
	lead := leads.Lead{Tags: []string{"x"}}
	require.False(t, sequence.Simulate(d, lead, sequence.Calendar{}).Matches)
	require.True(t, sequence.Simulate(d, lead, sequence.Calendar{Consents: []string{"marketing"}}).Matches)
}

func TestSimulateGoal(t *testing.T) {
	t.Parallel()
	d := sequence.Definition{ID: "a", Name: "A", Goal: &sequence.Condition{Field: "status", Is: []string{"converted"}}, Steps: []sequence.Step{
		{ID: "one", Status: &sequence.StatusStep{To: leads.StatusConverted}}, mailStep("two"),
	}}
	table := sequence.Simulate(d, leads.Lead{}, sequence.Calendar{Start: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)})
	require.Equal(t, []string{"one"}, stepsOf(table))
	require.Equal(t, sequence.ReasonGoal, table.Reason)
	require.Equal(t, `A (UTC)
Mon 2026-11-23 12:00 UTC  enrolled
Mon 2026-11-23 12:00 UTC  one       status  to converted
Mon 2026-11-23 12:00 UTC  end       goal
`, table.String())
}
