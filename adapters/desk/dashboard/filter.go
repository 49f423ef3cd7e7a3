package dashboard

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// The parameters of the inbox, of which each stands for a field of desk.Filter.
var filterNames = []string{
	"q", "status", "stage", "source", "qualification", "min", "owner", "unanswered", "tag", "from", "to", "repeat", "sort",
}

// sorts are the orders by their names in addresses.
var sorts = map[string]desk.Sort{"": desk.NewestFirst, "oldest": desk.OldestFirst, "score": desk.HottestFirst, "updated": desk.ChangedFirst}

// selection is which leads an address asks for, as written there: unknown and empty parameters left out.
type selection struct{ url.Values }

// selectionOf reads the parameters of an address or of a saved view.
func selectionOf(q url.Values) selection {
	kept := make(url.Values)
	for _, name := range filterNames {
		for _, v := range q[name] {
			if v = strings.TrimSpace(v); v != "" && !slices.Contains(kept[name], v) {
				kept[name] = append(kept[name], v)
			}
		}
	}
	return selection{kept}
}

// selectionIn reads the parameters from text such as "owner=me"; what is no query selects all.
func selectionIn(query string) selection {
	q, _ := url.ParseQuery(query) // what can be read of it
	return selectionOf(q)
}

// Query is the selection for an address, without "?".
func (s selection) Query() string { return s.Encode() }

// Has reports whether a parameter has the value.
func (s selection) Has(name string, value any) bool {
	return slices.Contains(s.Values[name], text(value))
}

// Refined reports whether anything is set that stands under "more".
func (s selection) Refined() bool {
	for _, name := range filterNames {
		if name != "q" && name != "sort" && s.Get(name) != "" {
			return true
		}
	}
	return false
}

// With is the selection with another value for one parameter, for an address.
func (s selection) With(name, value string) string {
	q := make(url.Values, len(s.Values)+1)
	for k, v := range s.Values {
		q[k] = v
	}
	q.Set(name, value)
	return q.Encode()
}

func text(v any) string {
	switch v := v.(type) {
	case leads.Status:
		return string(v)
	case leads.Qualification:
		return string(v)
	case string:
		return v
	}
	return ""
}

// filter is what the desk is asked for. What cannot be read counts as not given. Days begin at midnight where the user is.
func (s selection) filter(p *page) desk.Filter {
	f := desk.Filter{
		Search: s.Get("q"), Stages: s.Values["stage"], Sources: s.Values["source"], Tag: s.Get("tag"), Unanswered: s.Get("unanswered") != "",
		From: day(s.Get("from"), p.zone, 0), To: day(s.Get("to"), p.zone, 1), Sort: sorts[s.Get("sort")],
	}
	for _, v := range s.Values["status"] {
		f.Statuses = append(f.Statuses, leads.Status(v))
	}
	for _, v := range s.Values["qualification"] {
		f.Qualifications = append(f.Qualifications, leads.Qualification(v))
	}
	if n, err := strconv.Atoi(s.Get("min")); err == nil {
		f.MinScore = min(max(n, 0), 100)
	}
	switch owner := s.Get("owner"); owner {
	case "none":
		f.Unassigned = true
	case "me":
		f.Assignee = p.user.ID
	default:
		f.Assignee = strings.TrimPrefix(owner, "@")
	}
	if d := desk.Duplicates(s.Get("repeat")); d == desk.DuplicatesOnly || d == desk.DuplicatesExclude {
		f.Duplicates = d
	}
	return f
}

// day is the beginning of a day so many days after date, or the zero time.
func day(date string, zone *time.Location, after int) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, date, zone)
	if err != nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, after).UTC()
}
