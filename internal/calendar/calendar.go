// Package calendar computes with wall-clock time: times of day in a time zone, months and days, hours of the week. It is pure: it reads
// no clock and keeps nothing.
//
// A zone is taken as what it is, a row of periods with a constant offset each. Within one, wall time is a shift of real time; every
// question is answered period by period. So a step of half an hour (Lord Howe), a day that does not exist (Samoa) or a pause of summer
// time for a month (Morocco) needs no case of its own.
package calendar

import "time"

// day and week are lengths on the wall, where every day is alike.
const (
	day  = 24 * time.Hour
	week = 7 * day
)

// Local returns the instant at which the clocks of a zone show a day and a minute of it (0 is midnight, 1440 the next one). A time that the
// clocks show twice is the first of both. One that they skip is the first instant behind the gap.
func Local(year int, month time.Month, dayOfMonth, minute int, loc *time.Location) time.Time {
	return local(time.Date(year, month, dayOfMonth, 0, minute, 0, 0, time.UTC), loc)
}

// Add goes on by months, then days, then real time. Months and days keep the time of day, by the rules of [Local]; a month that has no such
// day gives its last one (31 January and a month is 28 February). Without months and days it is t plus clock.
func Add(t time.Time, months, days int, clock time.Duration, loc *time.Location) time.Time {
	if months == 0 && days == 0 {
		return t.Add(clock)
	}
	w := wall(t, loc)
	first := time.Date(w.Year(), w.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	date := first.AddDate(0, 0, min(w.Day(), last)-1+days)
	return local(date.Add(w.Sub(midnight(w))), loc).Add(clock)
}

// Date returns the day on which an instant falls in a zone.
func Date(t time.Time, loc *time.Location) (year int, month time.Month, dayOfMonth int) {
	return t.In(loc).Date()
}

// wall returns what the clocks show at t, as if it were UTC.
func wall(t time.Time, loc *time.Location) time.Time {
	_, offset := t.In(loc).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

func midnight(wall time.Time) time.Time {
	return time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
}

// local returns the first instant at which the clocks show w or, where they skip it, more.
func local(w time.Time, loc *time.Location) time.Time {
	for p := periodAt(w.Add(-2*day), loc); ; p = p.next() { // no zone is two days off
		t := w.Add(-p.offset)
		if t.Before(p.start) {
			t = p.start
		}
		if p.has(t) {
			return t.In(loc)
		}
	}
}

// period is a stretch of real time with one offset, as far as is looked at: it begins at start and ends before end.
type period struct {
	loc        *time.Location
	start, end time.Time // a zero end means never
	offset     time.Duration
}

// periodAt returns the rest of a zone's period from t on.
func periodAt(t time.Time, loc *time.Location) period {
	_, offset := t.In(loc).Zone()
	_, end := t.In(loc).ZoneBounds()
	return period{loc: loc, start: t, end: end, offset: time.Duration(offset) * time.Second}
}

func (p period) next() period { return periodAt(p.end, p.loc) }

func (p period) has(t time.Time) bool { return p.end.IsZero() || t.Before(p.end) }

// wall returns what the clocks show at t within the period.
func (p period) wall(t time.Time) time.Time { return t.UTC().Add(p.offset) }
