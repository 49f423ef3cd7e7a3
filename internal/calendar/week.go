package calendar

import (
	"cmp"
	"slices"
	"time"
)

// Span is a part of a day in minutes from its midnight, From included and To not: 540 to 1020 is from 9 to 17 o'clock. A To that is not
// behind From goes over midnight into the next day, so that two equal ones are 24 hours.
type Span struct{ From, To int }

// Week is hours of a week by the clocks on the wall. The zero Week has none. It is a value; its methods change nothing.
type Week struct {
	// open are the spans from Sunday's midnight, sorted, apart from each other, within one week.
	open []stretch
}

// stretch is a part of the week on the wall, from included and to not.
type stretch struct{ from, to time.Duration }

// Always is every hour of the week.
func Always() Week { return Week{}.With(nil, Span{0, 1440}) }

// With returns the week with the spans added on the days; no days mean all seven. The days are those on which a span begins. A span that is not
// within a day (0–1439 and 0–1440 minutes) is left out.
func (w Week) With(days []time.Weekday, spans ...Span) Week {
	if len(days) == 0 {
		days = []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}
	}
	open := slices.Clone(w.open)
	for _, d := range days {
		for _, s := range spans {
			if s.From < 0 || s.From >= 1440 || s.To < 0 || s.To > 1440 || d < 0 || d > 6 {
				continue
			}
			if s.To <= s.From {
				s.To += 1440
			}
			from, to := time.Duration(d)*day+time.Duration(s.From)*time.Minute, time.Duration(d)*day+time.Duration(s.To)*time.Minute
			open = append(open, stretch{from, min(to, week)})
			if to > week { // from Saturday into Sunday
				open = append(open, stretch{0, to - week})
			}
		}
	}
	return Week{open: join(open)}
}

// join sorts stretches and makes one of those that touch.
func join(open []stretch) []stretch {
	slices.SortFunc(open, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	joined := open[:0]
	for _, s := range open {
		if n := len(joined); n > 0 && s.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// IsZero reports whether the week has no hours.
func (w Week) IsZero() bool { return len(w.open) == 0 }

// Contains reports whether t is within the hours: whether the clocks show one of them. An hour that the clocks show twice is within them
// twice.
func (w Week) Contains(t time.Time, loc *time.Location) bool {
	_, at := split(wall(t, loc))
	return slices.ContainsFunc(w.open, func(s stretch) bool { return s.from <= at && at < s.to })
}

// Next returns the first instant at or after t that is within the hours. It is false when there is none: the week has no hours, or hours
// that a zone skips for a year.
func (w Week) Next(t time.Time, loc *time.Location) (time.Time, bool) {
	if w.IsZero() {
		return time.Time{}, false
	}
	limit := t.Add(366 * day)
	for p := periodAt(t, loc); ; p = p.next() {
		if next := p.start.Add(w.until(p.wall(p.start))); p.has(next) {
			return next.In(t.Location()), true
		}
		if p.end.After(limit) {
			return time.Time{}, false
		}
	}
}

// until returns how long after a time on the wall the hours begin, if the clocks are not changed; 0 within them.
func (w Week) until(wall time.Time) time.Duration {
	_, at := split(wall)
	for _, s := range w.open {
		if at < s.to {
			return max(0, s.from-at)
		}
	}
	return week - at + w.open[0].from
}

// Between returns how much of the time from a to b is within the hours; 0 if b is not after a.
func (w Week) Between(a, b time.Time, loc *time.Location) time.Duration {
	var sum time.Duration
	for p := periodAt(a, loc); p.start.Before(b); p = p.next() {
		end := b
		if !p.has(b) {
			end = p.end
		}
		sum += w.before(p.wall(end)) - w.before(p.wall(p.start))
		if p.has(b) {
			break
		}
	}
	return sum
}

// before returns the hours that lie between some Sunday long ago and a time on the wall.
func (w Week) before(wall time.Time) time.Duration {
	weeks, at := split(wall)
	var inWeek, sum time.Duration
	for _, s := range w.open {
		inWeek += s.to - s.from
		sum += max(0, min(at, s.to)-s.from)
	}
	return time.Duration(weeks)*inWeek + sum
}

// sunday is the midnight from which weeks are counted.
var sunday = time.Date(1970, 1, 4, 0, 0, 0, 0, time.UTC)

// split says how many weeks a time on the wall is from then, and where within its week.
func split(wall time.Time) (weeks int64, at time.Duration) {
	seconds := wall.Unix() - sunday.Unix()
	const length = int64(week / time.Second)
	weeks = seconds / length
	if seconds%length < 0 {
		weeks--
	}
	return weeks, time.Duration(seconds-weeks*length)*time.Second + time.Duration(wall.Nanosecond())
}
