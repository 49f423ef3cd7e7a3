package sequence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/calendar"
)

// Days are days of the week. As JSON they are their names: ["mon","tue"].
type Days []time.Weekday

// Workdays are Monday to Friday.
func Workdays() Days {
	return Days{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
}

// dayNames are the names as JSON has them, from Sunday.
var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// MarshalJSON writes the names.
func (d Days) MarshalJSON() ([]byte, error) {
	names := make([]string, 0, len(d))
	for _, w := range d {
		if w < time.Sunday || w > time.Saturday {
			return nil, fmt.Errorf("sequence: %d is not a day of the week", w)
		}
		names = append(names, dayNames[w])
	}
	return json.Marshal(names)
}

// UnmarshalJSON reads the names.
func (d *Days) UnmarshalJSON(data []byte) error {
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return fmt.Errorf(`days are a list of names: ["mon","tue"]`)
	}
	days := make(Days, 0, len(names))
	for _, name := range names {
		i := slices.Index(dayNames, name)
		if i < 0 {
			return fmt.Errorf("%q is not a day: write one of %s", name, strings.Join(dayNames, ", "))
		}
		days = append(days, time.Weekday(i))
	}
	*d = days
	return nil
}

// Hours are times of the week, by the clocks on the wall.
type Hours struct {
	// Days are the days of the week on which they begin; empty means all.
	Days Days `json:"days,omitempty"`
	// From and To are times of day, "09:00" and "17:30". To may be "24:00", and one that is not behind From is on the next day. Both empty mean
	// the whole day.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// week returns the hours to compute with. What is not valid has been refused by Validate, and counts as the whole day.
func (h *Hours) week() calendar.Week {
	if h == nil {
		return calendar.Always()
	}
	span := calendar.Span{From: 0, To: 1440}
	from, okFrom := minuteOf(h.From)
	to, okTo := minuteOf(h.To)
	if okFrom && okTo && from < 1440 {
		span = calendar.Span{From: from, To: to}
	}
	return calendar.Week{}.With(h.Days, span)
}

// TimeOfDay is a time of day, on one of some days of the week.
type TimeOfDay struct {
	Days Days   `json:"days,omitempty"` // empty means all
	At   string `json:"at"`             // "09:00"
}

// next returns the first such time that is not before t or, unless also is set, after it. A time that the clocks skip on its day is the
// first instant behind the gap.
func (o TimeOfDay) next(t time.Time, also bool, zone *time.Location) time.Time {
	minute, _ := minuteOf(o.At)
	year, month, day := calendar.Date(t, zone)
	for i := -1; i <= 15; i++ { // a week, and what a gap may cost
		named := time.Date(year, month, day+i, 0, 0, 0, 0, time.UTC)
		if len(o.Days) > 0 && !slices.Contains(o.Days, named.Weekday()) {
			continue
		}
		at := calendar.Local(named.Year(), named.Month(), named.Day(), minute, zone)
		if at.After(t) || also && at.Equal(t) {
			return at
		}
	}
	return t
}

// minuteOf reads "15:04"; "24:00" is 1440.
func minuteOf(text string) (int, bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, false
	}
	var digits [4]int
	for i, at := range []int{0, 1, 3, 4} {
		c := text[at]
		if c < '0' || c > '9' {
			return 0, false
		}
		digits[i] = int(c - '0')
	}
	hour, minute := digits[0]*10+digits[1], digits[2]*10+digits[3]
	return hour*60 + minute, hour < 24 && minute < 60 || hour == 24 && minute == 0
}

// zoneFact is the key under which package enrich keeps the time zone of the place a lead was seen in.
const zoneFact = "geo.timezone"

// zoneOf returns the time zone in which a lead probably is, or fallback, which is UTC if nil.
func zoneOf(lead leads.Lead, fallback *time.Location) *time.Location {
	if fallback == nil {
		fallback = time.UTC
	}
	return zoneNamed(lead.Enrichment.Value(zoneFact), fallback)
}

// zoneNamed returns the zone of that IANA name, or fallback where there is none of it.
func zoneNamed(name string, fallback *time.Location) *time.Location {
	if name == "" || name == "Local" || len(name) > 64 { // "Local" would be the server's
		return fallback
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return fallback
	}
	return zone
}
