package sequence_test

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

func mailStep(id string) sequence.Step {
	return sequence.Step{ID: id, Email: &sequence.EmailStep{Subject: "Hello", Body: "Text."}}
}

func zoneFor(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

func clockTime(t testing.TB, text string, loc *time.Location) time.Time {
	t.Helper()
	got, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	require.NoError(t, err)
	return got
}

func TestFollow(t *testing.T) {
	t.Parallel()
	hot := sequence.Condition{Field: "qualification", Is: []string{"hot"}}
	d := sequence.Definition{ID: "x", Name: "X", Steps: []sequence.Step{
		mailStep("one"),
		{ID: "fork", Branch: &sequence.BranchStep{If: hot, Then: "last", Else: ""}, Next: "two"},
		{ID: "stop", Branch: &sequence.BranchStep{If: hot, Then: "end"}},
		{ID: "two", Tag: &sequence.TagStep{Add: "x"}, Next: "end"},
		mailStep("last"),
	}}
	view := sequence.View{Lead: leads.Lead{Score: &leads.Score{Qualification: leads.Hot}}}
	for _, tc := range []struct {
		step          string
		view          sequence.View
		next, outcome string
	}{
		{"one", view, "fork", "done"},
		{"fork", view, "last", "then"},
		{"fork", sequence.View{}, "two", "else"},
		{"stop", view, "", "then"},
		{"stop", sequence.View{}, "two", "else"},
		{"two", view, "", "done"},
		{"last", view, "", "done"},
	} {
		next, outcome := d.Follow(tc.step, tc.view, "seed")
		require.Equal(t, [2]string{tc.next, tc.outcome}, [2]string{next, outcome}, tc.step)
	}
	require.Equal(t, "one", d.First())
	require.Empty(t, sequence.Definition{}.First())
}

func TestSplitIsFairAndSteady(t *testing.T) {
	t.Parallel()
	d := sequence.Definition{Steps: []sequence.Step{
		{ID: "ab", Split: &sequence.SplitStep{Arms: []sequence.Arm{{Name: "a", Weight: 1}, {Name: "b", Weight: 3, Next: "end"}, {Name: "none"}}}},
		{ID: "cd", Split: &sequence.SplitStep{Arms: []sequence.Arm{{Name: "c", Weight: 1}, {Name: "d", Weight: 1}}}},
	}}
	const n = 20_000
	count := map[string]int{}
	for i := range n {
		seed := fmt.Sprint("enrolment-", i)
		next, arm := d.Follow("ab", sequence.View{}, seed)
		_, again := d.Follow("ab", sequence.View{}, seed)
		require.Equal(t, arm, again)
		require.Equal(t, map[string]string{"a": "cd", "b": ""}[arm], next)
		_, other := d.Follow("cd", sequence.View{}, seed)
		count[arm]++
		count[arm+other]++
	}
	require.InDelta(t, n/4, count["a"], n/50)
	require.Zero(t, count["none"])
	require.InDelta(t, count["a"]/2, count["ac"], n/50, "two splits are independent of each other")
}

func TestDueAfter(t *testing.T) {
	t.Parallel()
	berlin := zoneFor(t, "Europe/Berlin")
	office := &sequence.Hours{Days: sequence.Workdays(), From: "09:00", To: "17:00"}
	days := func(n int) sequence.Duration { return sequence.Duration{Days: n} }
	for _, tc := range []struct {
		name       string
		step       sequence.Step
		from, want string
	}{
		{"a mail within the hours", mailStep("s"), "2026-11-23 10:00", "2026-11-23 10:00"},
		{"a mail on a Saturday", mailStep("s"), "2026-11-28 10:00", "2026-11-30 09:00"},
		{"a tag at any hour", sequence.Step{Tag: &sequence.TagStep{Add: "x"}}, "2026-11-28 10:00", "2026-11-28 10:00"},
		{"two days", sequence.Step{Wait: &sequence.WaitStep{For: days(2)}}, "2026-11-27 20:00", "2026-11-29 20:00"},
		{"a day until a time that has passed today", sequence.Step{Wait: &sequence.WaitStep{For: days(1), Until: &sequence.TimeOfDay{At: "09:00"}}}, "2026-11-23 16:00", "2026-11-24 09:00"},
		{"a day until a time to come", sequence.Step{Wait: &sequence.WaitStep{For: days(1), Until: &sequence.TimeOfDay{At: "09:00"}}}, "2026-11-23 09:00", "2026-11-24 09:00"},
		{"a moment late makes no difference", sequence.Step{Wait: &sequence.WaitStep{For: days(1), Until: &sequence.TimeOfDay{At: "09:00"}}}, "2026-11-23 09:01", "2026-11-24 09:00"},
		{"hours until", sequence.Step{Wait: &sequence.WaitStep{For: sequence.Duration{Clock: 2 * time.Hour}, Until: &sequence.TimeOfDay{At: "09:00"}}}, "2026-11-23 07:00", "2026-11-23 09:00"},
		{"hours until, too late", sequence.Step{Wait: &sequence.WaitStep{For: sequence.Duration{Clock: 2 * time.Hour}, Until: &sequence.TimeOfDay{At: "09:00"}}}, "2026-11-23 07:01", "2026-11-24 09:00"},
		{"the next time of day", sequence.Step{Wait: &sequence.WaitStep{Until: &sequence.TimeOfDay{At: "09:00"}}}, "2026-11-23 08:59", "2026-11-23 09:00"},
		{"exactly now is tomorrow", sequence.Step{Wait: &sequence.WaitStep{Until: &sequence.TimeOfDay{At: "09:00"}}}, "2026-11-23 09:00", "2026-11-24 09:00"},
		{"on a Tuesday", sequence.Step{Wait: &sequence.WaitStep{Until: &sequence.TimeOfDay{Days: sequence.Days{time.Tuesday}, At: "09:00"}}}, "2026-11-24 09:30", "2026-12-01 09:00"},
		{"a week, then a Tuesday", sequence.Step{Wait: &sequence.WaitStep{For: days(7), Until: &sequence.TimeOfDay{Days: sequence.Days{time.Tuesday}, At: "09:00"}}}, "2026-11-24 09:30", "2026-12-01 09:00"},
		{"in the gap", sequence.Step{Wait: &sequence.WaitStep{Until: &sequence.TimeOfDay{At: "02:30"}}}, "2026-03-29 01:00", "2026-03-29 03:00"},
		{"a month from the 31st", sequence.Step{Wait: &sequence.WaitStep{For: sequence.Duration{Months: 1}}}, "2026-01-31 09:00", "2026-02-28 09:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.step.ID = "s"
			d := sequence.Definition{Hours: office, Steps: []sequence.Step{tc.step}}
			require.Equal(t, tc.want, d.DueAfter("s", clockTime(t, tc.from, berlin), berlin).In(berlin).Format("2006-01-02 15:04"))
		})
	}
}

// A daily wait goes on once a day, over every change of the clocks, and never goes back.
func TestUntilRunsOncePerDay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago", "Asia/Gaza"} {
		for _, clock := range []string{"00:00", "01:45", "02:30", "23:59"} {
			loc := zoneFor(t, name)
			d := sequence.Definition{Steps: []sequence.Step{{ID: "s", Wait: &sequence.WaitStep{Until: &sequence.TimeOfDay{At: clock}}}}}
			seen := map[string]bool{}
			start := time.Date(2026, 1, 1, 12, 0, 0, 0, loc)
			for now := start; now.Before(start.AddDate(1, 0, 0)); {
				next := d.DueAfter("s", now, loc).In(loc)
				require.True(t, next.After(now))
				day := next.Format(time.DateOnly)
				require.Falsef(t, seen[day], "%s %s: twice on %s", name, clock, day)
				seen[day], now = true, next
			}
			require.Equalf(t, 366, len(seen), "%s %s: a year of days, and the one behind", name, clock)
		}
	}
}

func TestZoneOf(t *testing.T) {
	t.Parallel()
	berlin := zoneFor(t, "Europe/Berlin")
	with := func(truth leads.Truth, value string) leads.Lead {
		return leads.Lead{Enrichment: leads.Enrichment{"geo.timezone": {Key: "geo.timezone", Truth: truth, Value: value}}}
	}
	require.Equal(t, "Asia/Tokyo", sequence.ZoneOf(with(leads.Yes, "Asia/Tokyo"), berlin).String())
	for _, lead := range []leads.Lead{{}, with(leads.Unknown, "Asia/Tokyo"), with(leads.Yes, "Local"), with(leads.Yes, "../../etc/passwd"), with(leads.Yes, "Mars/Olympus")} {
		require.Equal(t, berlin, sequence.ZoneOf(lead, berlin))
	}
	require.Equal(t, time.UTC, sequence.ZoneOf(leads.Lead{}, nil))
}

func TestStart(t *testing.T) {
	t.Parallel()
	berlin := zoneFor(t, "Europe/Berlin")
	d := sequence.Definition{Delay: sequence.Duration{Clock: time.Hour}, Hours: &sequence.Hours{From: "22:00", To: "06:00"}, Steps: []sequence.Step{mailStep("a")}}
	step, due := d.Start(clockTime(t, "2026-11-23 12:00", berlin), berlin)
	require.Equal(t, "a", step)
	require.Equal(t, "22:00", due.In(berlin).Format("15:04"))
	_, due = d.Start(clockTime(t, "2026-11-23 04:30", berlin), berlin)
	require.Equal(t, "05:30", due.In(berlin).Format("15:04"), "over midnight")
}
