package notify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/notify"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return loc
}

func TestHoursAreValidated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		span notify.Span
		want string
	}{
		"office":      {notify.Span{From: "09:00", To: "17:30"}, ""},
		"night":       {notify.Span{From: "20:00", To: "07:00"}, ""},
		"whole day":   {notify.Span{From: "00:00", To: "24:00"}, ""},
		"no time":     {notify.Span{From: "9", To: "17:00"}, `"9" is no time of day`},
		"one digit":   {notify.Span{From: "9:00", To: "17:00"}, `"9:00" is no time of day`},
		"a sign":      {notify.Span{From: "+9:00", To: "17:00"}, `"+9:00" is no time of day`},
		"too late":    {notify.Span{From: "09:00", To: "24:01"}, `"24:01" is no time of day`},
		"minute 60":   {notify.Span{From: "09:60", To: "12:00"}, `"09:60" is no time of day`},
		"begins late": {notify.Span{From: "24:00", To: "24:00"}, "begins on no time of a day"},
		"eighth day":  {notify.Span{Days: []time.Weekday{7}, From: "09:00", To: "17:00"}, "begins on no time of a day"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := notify.Hours{test.span}.Validate()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

// Quiet hours end when the clocks on the wall say so, over weekends and changes of the clocks.
func TestTheEndOfQuietHours(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 7, 300, zone)
	}
	night := notify.Hours{{From: "20:00", To: "07:00"}}
	weekend := append(notify.Hours{{Days: []time.Weekday{time.Saturday, time.Sunday}, From: "00:00", To: "24:00"}}, night...)
	for name, test := range map[string]struct {
		hours notify.Hours
		from  time.Time
		want  time.Time
	}{
		"evening":            {night, at(11, 23, 22, 15), at(11, 24, 7, 0)},
		"after midnight":     {night, at(11, 24, 0, 15), at(11, 24, 7, 0)},
		"Friday night":       {weekend, at(11, 27, 23, 0), at(11, 30, 7, 0)},
		"clocks go forward":  {night, at(3, 28, 22, 0), at(3, 29, 7, 0)},
		"clocks go back":     {night, at(10, 24, 22, 0), at(10, 25, 7, 0)},
		"a minute before it": {night, at(11, 24, 6, 59), at(11, 24, 7, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := notify.End(test.hours, test.from, zone)
			require.Equal(t, test.want.Truncate(time.Minute).UTC(), got.UTC())
		})
	}
}

func TestBusinessTime(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	friday := time.Date(2026, 11, 27, 16, 50, 0, 0, zone)
	office := notify.Weekdays("09:00", "17:00")
	require.Equal(t, time.Date(2026, 11, 30, 9, 20, 0, 0, zone).UTC(), notify.Within(office, friday, 30*time.Minute, zone).UTC(), "over the weekend")
	require.Equal(t, friday.Add(5*time.Minute).UTC(), notify.Within(office, friday, 5*time.Minute, zone).UTC())
	require.Equal(t, friday.Add(30*time.Minute).UTC(), notify.Within(nil, friday, 30*time.Minute, zone).UTC(), "always")
}

func TestTheNextTimeOfDay(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	times := []string{"08:00", "16:30"}
	day := func(d, hour, minute, second int) time.Time {
		return time.Date(2026, 11, d, hour, minute, second, 0, zone)
	}
	for name, test := range map[string]struct {
		from, want time.Time
		days       []time.Weekday
	}{
		"before":          {day(23, 7, 59, 30), day(23, 8, 0, 0), nil},
		"exactly then":    {day(23, 8, 0, 0), day(23, 16, 30, 0), nil},
		"a moment later":  {day(23, 8, 0, 20), day(23, 16, 30, 0), nil},
		"the next day":    {day(23, 17, 0, 0), day(24, 8, 0, 0), nil},
		"on Thursdays":    {day(23, 17, 0, 0), day(26, 8, 0, 0), []time.Weekday{time.Thursday}},
		"a week from now": {day(26, 16, 31, 0), time.Date(2026, 12, 3, 8, 0, 0, 0, zone), []time.Weekday{time.Thursday}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := notify.NextAt(test.from, times, test.days, zone)
			require.True(t, ok)
			require.Equal(t, test.want.UTC(), got.UTC())
		})
	}
	_, ok := notify.NextAt(noon, []string{"soon"}, nil, time.UTC)
	require.False(t, ok)
}
