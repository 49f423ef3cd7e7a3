package sequence

import "time"

// Duration is a length of time as people mean it: a day is the same time on the next day, a month the same day of the next month or its
// last one. As text it is written "1mo 2d 3h 30m", as JSON it is that text.
type Duration struct {
	Months, Days int
	Clock        time.Duration
}

// Hours are times of the week.
type Hours struct {
	// Days are the days of the week; empty means all.
	Days []time.Weekday `json:"days,omitempty"`
	// From and To are times of day, "09:00" and "17:30". To may be "24:00". Both empty mean the whole day.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// TimeOfDay is a time of day, on one of some days of the week.
type TimeOfDay struct {
	Days []time.Weekday `json:"days,omitempty"`
	At   string         `json:"at"` // "09:00"
}
