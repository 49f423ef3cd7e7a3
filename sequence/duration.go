package sequence

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads/internal/calendar"
)

// Duration is a length of time as people mean it: a day is the same time on the next day, a month the same day of the next month or its
// last one. As text it is written "1mo 2d 3h 30m", as JSON it is that text. It is not negative, and the zero value is no time at all.
type Duration struct {
	Months, Days int
	Clock        time.Duration
}

// maxDuration bounds what is read from text: about ten years.
const maxDuration = 3660

// units are the parts of a duration's text, in their order, with how many of each may be written.
var units = []struct {
	name string
	max  int
	add  func(d *Duration, n int)
}{
	{"mo", 120, func(d *Duration, n int) { d.Months = n }},
	{"w", 522, func(d *Duration, n int) { d.Days = 7 * n }},
	{"d", maxDuration, func(d *Duration, n int) { d.Days += n }},
	{"h", 24 * maxDuration, func(d *Duration, n int) { d.Clock = time.Duration(n) * time.Hour }},
	{"m", 24 * 60 * maxDuration, func(d *Duration, n int) { d.Clock += time.Duration(n) * time.Minute }},
	{"s", 24 * 3600 * maxDuration, func(d *Duration, n int) { d.Clock += time.Duration(n) * time.Second }},
}

// ParseDuration reads "1mo 2w 3d 4h 30m 10s": whole numbers, each unit at most once and in this order, blanks between or not, about ten years at
// most. "" and "0" are no time.
func ParseDuration(text string) (Duration, error) {
	var d Duration
	rest, unit := strings.TrimSpace(text), 0
	if rest == "0" {
		rest = ""
	}
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 {
			return Duration{}, badDuration(text)
		}
		n, err := strconv.Atoi(rest[:end])
		name, after := letters(rest[end:])
		for unit < len(units) && units[unit].name != name {
			unit++
		}
		if err != nil || unit == len(units) || n > units[unit].max {
			return Duration{}, badDuration(text)
		}
		units[unit].add(&d, n)
		unit++
		rest = strings.TrimLeft(after, " ")
	}
	return d, nil
}

func badDuration(text string) error {
	return fmt.Errorf("%q is not a duration: write it like \"2d\", \"1mo 12h\" or \"90m\" (mo, w, d, h, m, s in this order, at most ten years)", text)
}

// letters splits s behind its leading lower-case letters.
func letters(s string) (string, string) {
	end := 0
	for end < len(s) && 'a' <= s[end] && s[end] <= 'z' {
		end++
	}
	return s[:end], s[end:]
}

// String writes the duration as ParseDuration reads it, whole seconds: "1mo 2d 3h 30m", "0" for none.
func (d Duration) String() string {
	seconds := int64(d.Clock / time.Second)
	var parts []string
	for _, p := range []struct {
		n    int64
		unit string
	}{{int64(d.Months), "mo"}, {int64(d.Days), "d"}, {seconds / 3600, "h"}, {seconds / 60 % 60, "m"}, {seconds % 60, "s"}} {
		if p.n != 0 {
			parts = append(parts, strconv.FormatInt(p.n, 10)+p.unit)
		}
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, " ")
}

// IsZero reports whether it is no time.
func (d Duration) IsZero() bool { return d == Duration{} }

// MarshalJSON writes the text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads the text.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return badDuration(string(data))
	}
	parsed, err := ParseDuration(text)
	if err == nil {
		*d = parsed
	}
	return err
}

// after returns when the duration that began at t is over, in a time zone.
func (d Duration) after(t time.Time, zone *time.Location) time.Time {
	return calendar.Add(t, d.Months, d.Days, d.Clock, zone)
}
