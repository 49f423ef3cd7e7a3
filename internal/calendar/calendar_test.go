package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads/internal/calendar"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, zone, wall, want string }{
		{"an ordinary day", "Europe/Berlin", "2026-11-23 09:00", "2026-11-23T09:00:00+01:00"},
		{"in the gap: the first instant behind it", "Europe/Berlin", "2026-03-29 02:30", "2026-03-29T03:00:00+02:00"},
		{"in the fold: the first of both", "Europe/Berlin", "2026-10-25 02:30", "2026-10-25T02:30:00+02:00"},
		{"the end of the fold", "Europe/Berlin", "2026-10-25 03:00", "2026-10-25T03:00:00+01:00"},
		{"Lord Howe's gap of half an hour", "Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-04T02:30:00+11:00"},
		{"Lord Howe's fold", "Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-05T01:45:00+11:00"},
		{"Morocco's pause of summer time ends", "Africa/Casablanca", "2026-03-22 02:30", "2026-03-22T03:00:00+01:00"},
		{"Morocco's pause of summer time begins", "Africa/Casablanca", "2026-02-15 02:30", "2026-02-15T02:30:00+01:00"},
		{"midnight is skipped", "Asia/Beirut", "2026-03-29 00:00", "2026-03-29T01:00:00+03:00"},
		{"Samoa's day that was not", "Pacific/Apia", "2011-12-30 09:00", "2011-12-31T00:00:00+14:00"},
		{"the day before it", "Pacific/Apia", "2011-12-29 23:59", "2011-12-29T23:59:00-10:00"},
		{"Kwajalein's day that was not", "Pacific/Kwajalein", "1993-08-21 12:00", "1993-08-22T00:00:00+12:00"},
		{"the day before Manila lost one, by local mean time", "Asia/Manila", "1844-12-30 12:00", "1844-12-30T12:00:00-15:56"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, err := time.Parse("2006-01-02 15:04", tc.wall)
			require.NoError(t, err)
			got := calendar.Local(w.Year(), w.Month(), w.Day(), w.Hour()*60+w.Minute(), zone(t, tc.zone))
			require.Equal(t, tc.want, got.Format(time.RFC3339))
		})
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, zone, from string
		months, days     int
		clock            time.Duration
		want             string
	}{
		{"nothing", "Europe/Berlin", "2026-01-31T09:00:00+01:00", 0, 0, 0, "2026-01-31T09:00:00+01:00"},
		{"a month from the 31st", "Europe/Berlin", "2026-01-31T09:00:00+01:00", 1, 0, 0, "2026-02-28T09:00:00+01:00"},
		{"in a leap year", "Europe/Berlin", "2028-01-31T09:00:00+01:00", 1, 0, 0, "2028-02-29T09:00:00+01:00"},
		{"two months are not one and one", "Europe/Berlin", "2026-01-31T09:00:00+01:00", 2, 0, 0, "2026-03-31T09:00:00+02:00"},
		{"13 months", "Europe/Berlin", "2026-01-31T09:00:00+01:00", 13, 0, 0, "2027-02-28T09:00:00+01:00"},
		{"a month, then a day", "Europe/Berlin", "2026-01-31T09:00:00+01:00", 1, 1, 0, "2026-03-01T09:00:00+01:00"},
		{"a day of 23 hours", "Europe/Berlin", "2026-03-28T09:00:00+01:00", 0, 1, 0, "2026-03-29T09:00:00+02:00"},
		{"24 hours over it", "Europe/Berlin", "2026-03-28T09:00:00+01:00", 0, 0, 24 * time.Hour, "2026-03-29T10:00:00+02:00"},
		{"a day into the gap", "Europe/Berlin", "2026-03-28T02:30:00+01:00", 0, 1, 0, "2026-03-29T03:00:00+02:00"},
		{"hours within the fold do not go back", "Europe/Berlin", "2026-10-25T02:30:00+01:00", 0, 0, time.Minute, "2026-10-25T02:31:00+01:00"},
		{"seconds are kept", "Europe/Berlin", "2026-11-23T09:00:07+01:00", 0, 1, 0, "2026-11-24T09:00:07+01:00"},
		{"back by a month", "Europe/Berlin", "2026-03-31T09:00:00+02:00", -1, 0, 0, "2026-02-28T09:00:00+01:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			from, err := time.Parse(time.RFC3339, tc.from)
			require.NoError(t, err)
			loc := zone(t, tc.zone)
			require.Equal(t, tc.want, calendar.Add(from, tc.months, tc.days, tc.clock, loc).In(loc).Format(time.RFC3339))
		})
	}
}

func TestWeek(t *testing.T) {
	t.Parallel()
	workdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	office := calendar.Week{}.With(workdays, calendar.Span{From: 540, To: 1020})
	night := calendar.Week{}.With([]time.Weekday{time.Saturday}, calendar.Span{From: 22 * 60, To: 6 * 60})
	for _, tc := range []struct {
		name       string
		week       calendar.Week
		from, want string
	}{
		{"within", office, "2026-11-23 10:00", "2026-11-23 10:00"},
		{"the first minute is within", office, "2026-11-23 09:00", "2026-11-23 09:00"},
		{"the last is not", office, "2026-11-23 17:00", "2026-11-24 09:00"},
		{"over the weekend", office, "2026-11-27 18:00", "2026-11-30 09:00"},
		{"over midnight and the end of the week", night, "2026-11-29 05:59", "2026-11-29 05:59"},
		{"behind it", night, "2026-11-29 06:00", "2026-12-05 22:00"},
		{"always", calendar.Always(), "2026-11-29 06:00", "2026-11-29 06:00"},
		{"hours in the gap wait for another day", calendar.Week{}.With(nil, calendar.Span{From: 120, To: 150}), "2026-03-29 00:00", "2026-03-30 02:00"},
		{"equal ends are 24 hours", calendar.Week{}.With([]time.Weekday{time.Monday}, calendar.Span{From: 600, To: 600}), "2026-11-24 09:59", "2026-11-24 09:59"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			loc := zone(t, "Europe/Berlin")
			from, err := time.ParseInLocation("2006-01-02 15:04", tc.from, loc)
			require.NoError(t, err)
			got, ok := tc.week.Next(from, loc)
			require.True(t, ok)
			require.Equal(t, tc.want, got.Format("2006-01-02 15:04"))
			require.True(t, tc.week.Contains(got, loc))
		})
	}
}

func TestNoHours(t *testing.T) {
	t.Parallel()
	var none calendar.Week
	_, ok := none.Next(time.Now(), time.UTC)
	require.False(t, ok)
	require.True(t, none.IsZero())
	require.False(t, none.Contains(time.Now(), time.UTC))
	require.Zero(t, none.Between(time.Now(), time.Now().Add(time.Hour), time.UTC))
	require.True(t, none.With(nil, calendar.Span{From: -1, To: 3}, calendar.Span{From: 1440, To: 3}, calendar.Span{From: 1, To: 1441}).IsZero())
}

func TestBetween(t *testing.T) {
	t.Parallel()
	loc := zone(t, "Europe/Berlin")
	office := calendar.Week{}.With([]time.Weekday{time.Monday, time.Friday}, calendar.Span{From: 540, To: 1020})
	friday := time.Date(2026, 11, 27, 16, 30, 0, 0, loc)
	monday := time.Date(2026, 11, 30, 9, 15, 0, 0, loc)
	require.Equal(t, 45*time.Minute, office.Between(friday, monday, loc))
	require.Zero(t, office.Between(monday, friday, loc))
	require.Equal(t, 23*time.Hour, calendar.Always().Between(time.Date(2026, 3, 29, 0, 0, 0, 0, loc), time.Date(2026, 3, 30, 0, 0, 0, 0, loc), loc), "a day of 23 hours")
	require.Equal(t, 16*time.Hour*3, office.Between(time.Date(1969, 12, 15, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 5, 0, 0, 0, 0, time.UTC), time.UTC), "before 1970")
	long, ok := office.Next(time.Date(1969, 12, 17, 0, 0, 0, 0, time.UTC), time.UTC)
	require.True(t, ok)
	require.Equal(t, time.Date(1969, 12, 19, 9, 0, 0, 0, time.UTC), long)
	require.Equal(t, 16*time.Hour*52, office.Between(time.Date(2026, 1, 5, 0, 0, 0, 0, loc), time.Date(2027, 1, 4, 0, 0, 0, 0, loc), loc), "two days a week for a year")
}

// genWeek, genZone and genTime draw what the properties are about.
func genWeek() *rapid.Generator[calendar.Week] {
	return rapid.Custom(func(t *rapid.T) calendar.Week {
		var w calendar.Week
		for range rapid.IntRange(1, 3).Draw(t, "spans") {
			day := time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))
			w = w.With([]time.Weekday{day}, calendar.Span{From: rapid.IntRange(0, 1439).Draw(t, "from"), To: rapid.IntRange(0, 1440).Draw(t, "to")})
		}
		return w
	})
}

func genZone(tb testing.TB) *rapid.Generator[*time.Location] {
	names := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "Asia/Gaza", "America/Santiago", "Pacific/Chatham"}
	zones := make([]*time.Location, len(names))
	for i, name := range names {
		zones[i] = zone(tb, name)
	}
	return rapid.SampledFrom(zones)
}

func genTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(1_290_000_000, 2_180_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
}

func TestNextProperties(t *testing.T) {
	t.Parallel()
	zones := genZone(t)
	rapid.Check(t, func(t *rapid.T) {
		week, loc, now := genWeek().Draw(t, "week"), zones.Draw(t, "zone"), genTime().Draw(t, "now")
		next, ok := week.Next(now, loc)
		require.True(t, ok)
		require.False(t, next.Before(now))
		require.True(t, week.Contains(next, loc), "it is within")
		require.Equal(t, next.Equal(now), week.Contains(now, loc))
		if next.After(now) {
			require.False(t, week.Contains(next.Add(-1), loc), "just before it is not")
		}
		require.Zero(t, week.Between(now, next, loc), "nothing was passed over")
		again, _ := week.Next(next, loc)
		require.True(t, again.Equal(next))
	})
}

func TestBetweenProperties(t *testing.T) {
	t.Parallel()
	zones := genZone(t)
	rapid.Check(t, func(t *rapid.T) {
		week, loc, a := genWeek().Draw(t, "week"), zones.Draw(t, "zone"), genTime().Draw(t, "a")
		b := a.Add(time.Duration(rapid.Int64Range(0, int64(60*24*time.Hour)).Draw(t, "long")))
		c := b.Add(time.Duration(rapid.Int64Range(0, int64(60*24*time.Hour)).Draw(t, "longer")))
		require.Equal(t, week.Between(a, c, loc), week.Between(a, b, loc)+week.Between(b, c, loc), "it adds up")
		require.LessOrEqual(t, week.Between(a, b, loc), b.Sub(a))
		require.Equal(t, b.Sub(a), calendar.Always().Between(a, b, loc))
	})
}

func TestAddProperties(t *testing.T) {
	t.Parallel()
	zones := genZone(t)
	rapid.Check(t, func(t *rapid.T) {
		loc, at := zones.Draw(t, "zone"), genTime().Draw(t, "at")
		months, days := rapid.IntRange(0, 24).Draw(t, "months"), rapid.IntRange(0, 400).Draw(t, "days")
		got := calendar.Add(at, months, days, 0, loc)
		require.False(t, got.Before(at), "time goes forward")
		if months == 0 {
			off := got.Sub(at) - time.Duration(days)*24*time.Hour
			require.LessOrEqual(t, off.Abs(), 25*time.Hour, "a date line at most")
		}
		if got.In(loc).Format("15:04:05") != at.In(loc).Format("15:04:05") {
			start, _ := got.In(loc).ZoneBounds()
			require.True(t, days+months > 0 && start.Equal(got), "another time of day only behind a gap")
		}
	})
}

func FuzzLocal(f *testing.F) {
	f.Add(2026, 3, 29, 150, uint16(0))
	f.Add(2011, 12, 30, 540, uint16(1))
	f.Add(2026, 4, 5, 105, uint16(2))
	zones := []*time.Location{zone(f, "Europe/Berlin"), zone(f, "Pacific/Apia"), zone(f, "Australia/Lord_Howe"), zone(f, "Africa/Casablanca"), zone(f, "Asia/Manila")}
	f.Fuzz(func(t *testing.T, year, month, day, minute int, which uint16) {
		if year < 1800 || year > 2400 || month < 1 || month > 12 || day < 1 || day > 31 || minute < 0 || minute > 1440 {
			t.Skip()
		}
		loc := zones[int(which)%len(zones)]
		want := time.Date(year, time.Month(month), day, 0, minute, 0, 0, time.UTC)
		got := calendar.Local(year, time.Month(month), day, minute, loc)
		require.False(t, shown(got, loc).Before(want), "not before it is due")
		if !shown(got, loc).Equal(want) {
			require.True(t, shown(got.Add(-1), loc).Before(want), "the first instant behind the gap")
		}
	})
}

func BenchmarkNext(b *testing.B) {
	loc := zone(b, "America/New_York")
	office := calendar.Week{}.With([]time.Weekday{time.Monday}, calendar.Span{From: 540, To: 1020})
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	for b.Loop() {
		office.Next(now, loc)
	}
}
