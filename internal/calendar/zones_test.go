package calendar_test

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // for machines without a database of their own

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/calendar"
)

// goroot returns where the Go distribution is.
func goroot(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// zoneNames returns the names of all IANA zones that the Go distribution has.
func zoneNames(t testing.TB) []string {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(goroot(t), "lib", "time", "zoneinfo.zip"))
	if os.IsNotExist(err) {
		t.Skip("this Go distribution has no lib/time/zoneinfo.zip: the list of zones is not known")
	}
	require.NoError(t, err)
	defer func() { _ = archive.Close() }()
	var names []string
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	return names
}

// transitions returns the instants in some years at which a zone's rules change something: the offset, mostly, else the name.
func transitions(loc *time.Location, from, to int) []time.Time {
	var found []time.Time
	for t := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).In(loc); ; {
		_, end := t.ZoneBounds()
		if end.IsZero() || end.UTC().Year() > to {
			return found
		}
		found, t = append(found, end), end
	}
}

// oracle finds the first instant at which the clocks show at least w by looking at every minute from 3 hours before the transition, in
// real time. It knows nothing of periods.
func oracle(w, around time.Time, loc *time.Location) time.Time {
	for t := around.Truncate(time.Minute).Add(-3 * time.Hour); ; t = t.Add(time.Minute) {
		if !shown(t, loc).Before(w) {
			return t
		}
	}
}

// shown is what the clocks show, by the fields that package time prints, as if it were UTC.
func shown(t time.Time, loc *time.Location) time.Time {
	l := t.In(loc)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
}

// Every zone, every transition of 2024 to 2038, and around each a time of day before, one within the gap or fold, and one behind: a
// daily appointment happens once a day, at the time the clocks show, or at the end of the gap.
func TestLocalInEveryZone(t *testing.T) {
	t.Parallel()
	zones, count, gaps, folds := 0, 0, 0, 0
	for _, name := range zoneNames(t) {
		loc, err := time.LoadLocation(name)
		require.NoError(t, err)
		zones++
		for _, at := range transitions(loc, 2024, 2038) {
			count++
			before, after := shown(at.Add(-time.Minute), loc).Add(time.Minute), shown(at, loc)
			low, high := before, after
			switch {
			case after.Before(before):
				low, high = after, before
				folds++
			case after.After(before):
				gaps++
			}
			inside := low.Add(high.Sub(low) / 2).Truncate(time.Minute)
			for _, w := range []time.Time{low.Add(-time.Hour).Truncate(time.Minute), inside, high.Add(time.Hour).Truncate(time.Minute)} {
				checkDaily(t, loc, w, at)
			}
		}
	}
	t.Logf("%d zones, %d transitions: %d gaps, %d folds", zones, count, gaps, folds)
	require.GreaterOrEqual(t, zones, 590)
	require.GreaterOrEqual(t, count, 6400)
}

// checkDaily asks for a time of day on the day before, the day and the day after a transition.
func checkDaily(t *testing.T, loc *time.Location, w, transition time.Time) {
	t.Helper()
	var last time.Time
	minute := w.Hour()*60 + w.Minute()
	for day := -1; day <= 1; day++ {
		want := w.AddDate(0, 0, day)
		got := calendar.Local(want.Year(), want.Month(), want.Day(), minute, loc)
		require.Truef(t, got.After(last), "%s: %s runs twice", loc, want)
		last = got
		if day == 0 {
			require.Truef(t, oracle(want, transition, loc).Equal(got), "%s: %s is %s", loc, want.Format(time.DateTime), got)
		} else {
			require.Truef(t, shown(got, loc).Equal(want), "%s: %s is %s", loc, want.Format(time.DateTime), got)
		}
		next := calendar.Add(got, 0, 1, 0, loc)
		require.Truef(t, next.After(got) && next.Sub(got) < 50*time.Hour, "%s: a day after %s is %s", loc, got, next)
	}
}

// Hours of the week around every transition, minute by minute.
func TestWeekInEveryZone(t *testing.T) {
	t.Parallel()
	week := calendar.Week{}.With(nil, calendar.Span{From: 60, To: 121}, calendar.Span{From: 23*60 + 50, To: 10})
	seen := map[string]bool{}
	for _, name := range zoneNames(t) {
		loc, err := time.LoadLocation(name)
		require.NoError(t, err)
		for _, at := range transitions(loc, 2024, 2026) {
			_, before := at.Add(-time.Second).Zone()
			_, after := at.Zone()
			key := at.UTC().Format(time.RFC3339) + time.Duration(before).String() + time.Duration(after).String()
			if !seen[key] { // zones that change alike need not be gone through again
				seen[key] = true
				checkWeek(t, week, at, loc)
			}
		}
	}
	t.Logf("%d different transitions", len(seen))
	require.Greater(t, len(seen), 50)
}

// checkWeek compares Contains, Next and Between with going through every minute of a day and a half.
func checkWeek(t *testing.T, week calendar.Week, at time.Time, loc *time.Location) {
	t.Helper()
	const minutes = 36 * 60
	start := at.Add(-minutes / 2 * time.Minute)
	inside := func(i int) bool {
		w := shown(start.Add(time.Duration(i)*time.Minute), loc)
		m := w.Hour()*60 + w.Minute()
		return m >= 60 && m < 121 || m >= 23*60+50 || m < 10
	}
	open := 0
	next := minutes + 24*60
	for !inside(next) {
		next++
	}
	for i := next; i >= 0; i-- {
		if inside(i) {
			next = i
		}
		if i >= minutes {
			continue
		}
		now := start.Add(time.Duration(i) * time.Minute)
		if inside(i) {
			open++
		}
		require.Equal(t, inside(i), week.Contains(now, loc), now)
		if i%7 != 0 && i < minutes-1 && inside(i) == inside(i+1) {
			continue
		}
		got, ok := week.Next(now, loc)
		require.True(t, ok)
		require.Truef(t, got.Equal(start.Add(time.Duration(next)*time.Minute)), "%s: next after %s is %s", loc, now.In(loc), got.In(loc))
		require.Equal(t, time.Duration(open)*time.Minute, week.Between(now, start.Add(minutes*time.Minute), loc), now)
	}
}
