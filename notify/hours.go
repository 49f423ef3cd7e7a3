package notify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads/internal/calendar"
)

// Hours are times of the week, by the clocks on the wall: those within any of its spans. What no Hours mean is said where they are used.
type Hours []Span

// Span is a part of some days of the week.
type Span struct {
	// Days are those on which it begins; empty means all.
	Days []time.Weekday `json:"days,omitempty"`
	// From and To are times of day, "09:00" and "17:30", From included and To not; To may be "24:00". A To that is not behind From is on the
	// next day: 20:00 to 07:00 is a night.
	From string `json:"from"`
	To   string `json:"to"`
}

// Weekdays are Monday to Friday between two times of day.
func Weekdays(from, to string) Hours {
	return Hours{{Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}, From: from, To: to}}
}

// Validate reports a span whose times or days are none.
func (h Hours) Validate() error {
	_, err := h.week()
	return err
}

// week is the hours to compute with; the spans that cannot be read are left out and reported.
func (h Hours) week() (calendar.Week, error) {
	var w calendar.Week
	var errs error
	for i, s := range h {
		from, err := minutes(s.From)
		to, err2 := minutes(s.To)
		switch {
		case err != nil:
			errs = fmt.Errorf("notify: span %d: from: %w", i+1, err)
		case err2 != nil:
			errs = fmt.Errorf("notify: span %d: to: %w", i+1, err2)
		case from == 24*60 || !weekdays(s.Days):
			errs = fmt.Errorf("notify: span %d begins on no time of a day", i+1)
		default:
			w = w.With(s.Days, calendar.Span{From: from, To: to})
		}
	}
	return w, errs
}

func weekdays(days []time.Weekday) bool {
	for _, d := range days {
		if d < time.Sunday || d > time.Saturday {
			return false
		}
	}
	return true
}

// minutes reads a time of day: "09:00", "24:00".
func minutes(s string) (int, error) {
	if len(s) != 5 || strings.Trim(s, "0123456789") != ":" || s[2] != ':' {
		return 0, fmt.Errorf("%q is no time of day such as \"09:00\"", s)
	}
	h, _ := strconv.Atoi(s[:2]) // two digits
	m, _ := strconv.Atoi(s[3:])
	if m > 59 || h*60+m > 24*60 {
		return 0, fmt.Errorf("%q is no time of day", s)
	}
	return h*60 + m, nil
}

// office is the hours in which somebody works; no hours, or none that can be read, mean always.
func (h Hours) office() calendar.Week {
	if w, _ := h.week(); !w.IsZero() {
		return w
	}
	return calendar.Always()
}

// quiet is the hours in which somebody is not to be disturbed; no hours mean never.
func (h Hours) quiet() calendar.Week {
	w, _ := h.week()
	return w
}

// within is the earliest whole second at which d of the hours have passed since t.
func within(w calendar.Week, t time.Time, d time.Duration, zone *time.Location) time.Time {
	return first(t, func(end time.Time) bool { return w.Between(t, end, zone) >= d })
}

// end is when hours that t lies in are over.
func end(w calendar.Week, t time.Time, zone *time.Location) time.Time {
	return first(t, func(end time.Time) bool { return w.Between(t, end, zone) < end.Sub(t) }).Truncate(time.Minute)
}

// first finds the first whole second after t for which passed, which stays true once it is, is true. It looks a year ahead at most.
func first(t time.Time, passed func(time.Time) bool) time.Time {
	const year = 366 * 24 * 60 * 60
	low, high := 0, 60
	for high < year && !passed(t.Add(time.Duration(high)*time.Second)) {
		low, high = high, high*2
	}
	for high-low > 1 {
		if middle := (low + high) / 2; passed(t.Add(time.Duration(middle) * time.Second)) {
			high = middle
		} else {
			low = middle
		}
	}
	return t.Add(time.Duration(high) * time.Second)
}

// nextAt is the first instant after t at which the clocks show one of the times of day, on one of the days.
func nextAt(t time.Time, times []string, days []time.Weekday, zone *time.Location) (time.Time, bool) {
	var w calendar.Week
	for _, s := range times {
		if m, err := minutes(s); err == nil {
			w = w.With(days, calendar.Span{From: m % (24 * 60), To: m%(24*60) + 1})
		}
	}
	// The minute that has begun is over; whole minutes are what the clocks agree on.
	return w.Next(t.Truncate(time.Minute).Add(time.Minute), zone)
}
