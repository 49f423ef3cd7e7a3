package sequence

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/emailaddr"
)

// Condition is true or false of a lead. Exactly one of All, Any, Not and Field is set. What is said of a Field all holds of one of its values; a field
// without a value, and so a fact that is not known, makes it false, and a Not around it true.
type Condition struct {
	All []Condition `json:"all,omitempty"` // every one is true
	Any []Condition `json:"any,omitempty"` // at least one is
	Not *Condition  `json:"not,omitempty"`

	// Field names what is looked at: see [Fields].
	Field string `json:"field,omitempty"`
	// Is are the values of which the field has one, compared without regard to ASCII case; empty means that it has any value at all.
	Is []string `json:"is,omitempty"`
	// Contains are texts of which the field contains one, without regard to ASCII case.
	Contains []string `json:"contains,omitempty"`
	// Min and Max bound a number, both included. What is not a number is not within them.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// View is what conditions and templates look at.
type View struct {
	Lead leads.Lead
	// Consents are the purposes to which the person has agreed.
	Consents []string
	// Sent, Opened and Clicked hold the IDs of the steps of this enrolment whose mails were.
	Sent, Opened, Clicked []string
	Now                   time.Time
}

// Match reports whether the condition is true of v. The zero Condition is false.
func (c Condition) Match(v View) bool {
	switch {
	case len(c.All) > 0:
		return !slices.ContainsFunc(c.All, func(one Condition) bool { return !one.Match(v) })
	case len(c.Any) > 0:
		return slices.ContainsFunc(c.Any, func(one Condition) bool { return one.Match(v) })
	case c.Not != nil:
		return !c.Not.Match(v)
	}
	return slices.ContainsFunc(v.values(c.Field), c.holds)
}

// holds reports whether one value is as the condition wants it.
func (c Condition) holds(value string) bool {
	if value == "" {
		return false
	}
	if len(c.Is) > 0 && !slices.ContainsFunc(c.Is, func(is string) bool { return lower(is) == lower(value) }) {
		return false
	}
	if len(c.Contains) > 0 && !slices.ContainsFunc(c.Contains, func(part string) bool { return strings.Contains(lower(value), lower(part)) }) {
		return false
	}
	return c.Min == nil && c.Max == nil || c.within(value)
}

func (c Condition) within(value string) bool {
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err == nil && n == n && (c.Min == nil || n >= *c.Min) && (c.Max == nil || n <= *c.Max)
}

// lower makes ASCII letters lower-case ones and leaves all others.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// The prefixes of fields that are named by the sender or an enricher.
const (
	fieldPrefix = "field:"
	factPrefix  = "fact:"
)

// field is something that a condition can look at.
type field struct {
	about  string
	values func(v View) []string
}

// Fields returns the names of what conditions can look at, each with what it is, for a dashboard and the documentation. Beside them there are "field:NAME",
// a known field or one of the metadata, and "fact:KEY", a fact: "yes" and its value if it is so, "no" if it is not, and nothing while it is unknown.
func Fields() map[string]string {
	about := make(map[string]string, len(fields))
	for name, f := range fields {
		about[name] = f.about
	}
	return about
}

var fields = map[string]field{
	"qualification": {"hot, warm or cold", func(v View) []string {
		return ofScore(v, func(s leads.Score) string { return string(s.Qualification) })
	}},
	"score":         {"the score, 0 to 100", func(v View) []string { return ofScore(v, func(s leads.Score) string { return strconv.Itoa(s.Value) }) }},
	"source":        {"the ID of the source of the newest submission", func(v View) []string { return one(v.Lead.Last.SourceID) }},
	"source.first":  {"the ID of the source of the first submission", func(v View) []string { return one(v.Lead.First.SourceID) }},
	"status":        {"where the team is with the lead", func(v View) []string { return one(string(v.Lead.Status)) }},
	"tag":           {"the tags", func(v View) []string { return v.Lead.Tags }},
	"assignee":      {"who is responsible", func(v View) []string { return one(v.Lead.Assignee) }},
	"submissions":   {"how many submissions there were", func(v View) []string { return one(strconv.Itoa(v.Lead.Submissions)) }},
	"consent":       {"the purposes to which the person has agreed", func(v View) []string { return v.Consents }},
	"company":       {"the name of the organisation, as given or found out", func(v View) []string { return []string{v.Lead.Company, v.Lead.Enrichment.Value("company.name")} }},
	"country":       fact("geo.country", "the country, as ISO 3166-1 alpha-2"),
	"region":        fact("geo.region", "the region of the country"),
	"city":          fact("geo.city", "the city"),
	"channel":       fact("attribution.last.channel", "the channel of the newest visit"),
	"channel.first": fact("attribution.first.channel", "the channel of the first visit"),
	"email.class":   fact("email.class", "the kind of address: personal, free, role, disposable …"),
	"email.domain":  {"the part of the address after the @, in lower case", func(v View) []string { return one(domainOf(v.Lead.Email)) }},
	"utm.source":    utm("source", func(u ingest.UTM) string { return u.Source }),
	"utm.medium":    utm("medium", func(u ingest.UTM) string { return u.Medium }),
	"utm.campaign":  utm("campaign", func(u ingest.UTM) string { return u.Campaign }),
	"utm.term":      utm("term", func(u ingest.UTM) string { return u.Term }),
	"utm.content":   utm("content", func(u ingest.UTM) string { return u.Content }),
	"sent":          {"the steps whose mails were sent", func(v View) []string { return v.Sent }},
	"opened":        {"the steps whose mails were opened, machines left out", func(v View) []string { return v.Opened }},
	"clicked":       {"the steps in whose mails a link was clicked, machines left out", func(v View) []string { return v.Clicked }},
}

// values returns what a field of a lead has; an unknown name has nothing.
func (v View) values(name string) []string {
	if f, ok := fields[name]; ok {
		return f.values(v)
	}
	if key, ok := strings.CutPrefix(name, factPrefix); ok {
		return ofFact(v.Lead.Enrichment[key])
	}
	if key, ok := strings.CutPrefix(name, fieldPrefix); ok {
		return one(v.given(key))
	}
	return nil
}

// given returns what the sender gave under a name.
func (v View) given(name string) string {
	if known := v.Lead.Field(name); known != nil {
		return *known
	}
	return v.Lead.Metadata.Text(name)
}

func ofFact(f leads.Fact) []string {
	switch f.Truth {
	case leads.Yes:
		return []string{"yes", f.Value}
	case leads.No:
		return one("no")
	}
	return nil
}

func ofScore(v View, get func(leads.Score) string) []string {
	if v.Lead.Score == nil {
		return nil
	}
	return one(get(*v.Lead.Score))
}

func fact(key, about string) field {
	return field{about, func(v View) []string { return one(v.Lead.Enrichment.Value(key)) }}
}

func utm(name string, get func(ingest.UTM) string) field {
	return field{"utm_" + name + " of the newest visit", func(v View) []string { return one(get(v.Lead.Last.Attribution.UTM)) }}
}

func one(value string) []string { return []string{value} }

func domainOf(address string) string {
	a, err := emailaddr.Parse(address)
	if err != nil {
		return ""
	}
	return a.Domain
}
