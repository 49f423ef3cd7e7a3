package dashboard

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/openleads/leads/sequence"
)

// Texts are what the pages say, by key ("nav.inbox"). A text may have verbs of package fmt, which a replacement must have too, in
// the same order. Where something is counted there are two texts, under the key with ".one" and with ".other".
type Texts map[string]string

//go:embed texts/*.json
var textFiles embed.FS

// English returns the catalogue with all its keys: what a translation needs to cover. The caller owns it.
func English() Texts {
	all := make(Texts)
	files, _ := textFiles.ReadDir("texts") // embedded: it is there, and a test reads every file
	for _, f := range files {
		data, _ := textFiles.ReadFile("texts/" + f.Name())
		var some Texts
		if err := json.Unmarshal(data, &some); err != nil {
			panic(fmt.Sprintf("dashboard: %s: %v", f.Name(), err)) // a program with it does not pass its tests
		}
		maps.Copy(all, some)
	}
	return all
}

// text returns the text under a key; one that is missing shows its key.
func (t Texts) text(key string, args ...any) string {
	format, ok := t[key]
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return format
	}
	return fmt.Sprintf(format, args...)
}

// count returns the text for n things.
func (t Texts) count(key string, n int) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	format, ok := t[key+form]
	if !ok {
		return t[key]
	}
	if !strings.Contains(format, "%") {
		return format
	}
	return fmt.Sprintf(format, numberOf(n))
}

// date shows a time by the layout under a key, which is one of package time. In it "Jan" and "Mon" stand for the names of the month and of the day in
// the texts "date.months" and "date.weekdays": twelve and seven words, from January and from Monday.
func (t Texts) date(key string, at time.Time) string {
	months, days := strings.Fields(t["date.months"]), strings.Fields(t["date.weekdays"])
	var out strings.Builder
	layout := t[key]
	for {
		i := dateName.FindStringIndex(layout)
		if i == nil {
			return out.String() + at.Format(layout)
		}
		out.WriteString(at.Format(layout[:i[0]]))
		name := layout[i[0]:i[1]]
		switch {
		case name == "Jan" && len(months) == 12:
			out.WriteString(months[at.Month()-1])
		case name == "Mon" && len(days) == 7:
			out.WriteString(days[(at.Weekday()+6)%7])
		default:
			out.WriteString(at.Format(name))
		}
		layout = layout[i[1]:]
	}
}

var dateName = regexp.MustCompile("Jan|Mon")

// took shows how long something was.
func (t Texts) took(d time.Duration) string {
	switch {
	case d <= 0:
		return "–"
	case d < time.Minute:
		return t.text("took.seconds", int(d.Seconds()))
	case d < time.Hour:
		return t.text("took.minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return t.text("took.hours", int(d.Hours()), int(d.Minutes())%60)
	}
	return t.count("took.days", int(d.Hours())/24)
}

// waits says how long a wait of a sequence is: "2d", "1d until Mon Tue 09:00".
func (t Texts) waits(w *sequence.WaitStep) string {
	var parts []string
	if !w.For.IsZero() {
		parts = append(parts, w.For.String())
	}
	if w.Until != nil {
		var until []string
		for _, d := range w.Until.Days {
			until = append(until, t.word("day", week[(d+6)%7]))
		}
		parts = append(parts, t.text("sequences.wait.until", strings.Join(append(until, w.Until.At), " ")))
	}
	return strings.Join(parts, " ")
}

// word returns the text of a value such as a status: that under prefix and value, or the value itself where the catalogue does not know it.
func (t Texts) word(prefix string, value any) string {
	s := fmt.Sprint(value)
	if text, ok := t[prefix+"."+s]; ok {
		return text
	}
	return visible(s)
}
