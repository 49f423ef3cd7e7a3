package notify

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	maxFields   = 40   // rows of metadata
	maxMetadata = 8000 // bytes of metadata in all
	maxFacts    = 32
)

// messages are the names under which forms send what the person wrote, the likeliest first.
var messages = []string{"message", "comment", "comments", "inquiry", "enquiry", "question", "questions", "request", "notes", "note", "description", "details", "text", "body", "msg", "nachricht", "mensaje", "messaggio"}

// machines are parts of the names of fields that are for machines; secrets are the names, without punctuation, of fields that must
// not travel by mail. Questions of a form that only mention such a word stay.
var (
	machines = []string{"captcha", "cf-turnstile", "csrf", "xsrf", "authenticity_token", "honeypot"}
	secrets  = []string{"password", "passwd", "pwd", "confirmpassword", "passwordconfirmation", "passwordconfirm", "creditcard", "cardnumber", "cvc", "cvv", "iban"}
)

// splitMessage takes the field that holds what the person wrote out of the metadata, and internal fields with it. Names are compared
// without regard to case.
func splitMessage(metadata ingest.Metadata) (message string, rest ingest.Metadata) {
	rest = Visible(metadata)
	keys := slices.Sorted(maps.Keys(rest))
	for _, want := range messages {
		for _, key := range keys {
			if text, ok := asString(rest[key]); ok && strings.EqualFold(key, want) && strings.TrimSpace(text) != "" {
				delete(rest, key)
				return text, rest
			}
		}
	}
	return "", rest
}

// internal reports whether a field is not for people.
func internal(key string) bool {
	key = strings.ToLower(key)
	bare := strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(key)
	return strings.HasPrefix(key, "_") || slices.Contains(secrets, bare) ||
		slices.ContainsFunc(machines, func(p string) bool { return strings.Contains(key, p) })
}

func asString(raw json.RawMessage) (string, bool) {
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil && len(raw) > 0 && raw[0] == '"'
}

// details lists the metadata by name.
func details(metadata ingest.Metadata) section {
	s := section{Title: "Details"}
	room := maxMetadata
	left := 0
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if len(s.Rows) >= maxFields || room <= 0 {
			left++
		} else if value := block(plain(metadata[key]), min(maxValue, room)); value != "" {
			room -= len(value)
			s.Rows = append(s.Rows, row{Label: inline(key, maxLabel), Value: value})
		}
	}
	if left > 0 {
		s.Note = fmt.Sprintf("and %d more, which are kept with the lead", left)
	}
	return s
}

// plain writes a JSON value for people: a string as it is, a list of plain values with commas, anything else as its JSON.
func plain(raw json.RawMessage) string {
	if s, ok := asString(raw); ok {
		return s
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		if string(raw) == "null" {
			return ""
		}
		return string(raw)
	}
	texts := make([]string, 0, len(list))
	for _, item := range list {
		if len(item) > 0 && (item[0] == '{' || item[0] == '[') {
			return string(raw)
		}
		texts = append(texts, plain(item))
	}
	return strings.Join(texts, ", ")
}

// origin tells how the person came, this time and, if that was another time, at first.
func origin(lead leads.Lead, zone *time.Location) []row {
	rows := attribution(lead.Last.Attribution)
	if lead.First.SubmissionID != lead.Last.SubmissionID {
		first := moment(lead.First.At, zone)
		if from := campaign(lead.First.Attribution.UTM); from != "" {
			first += " through " + from
		}
		rows = append(rows, row{Label: "First seen", Value: first})
	}
	return rows
}

func attribution(a ingest.Attribution) []row {
	var rows []row
	add := func(label, value string) {
		if value = inline(value, 300); value != "" {
			rows = append(rows, row{Label: label, Value: value})
		}
	}
	add("Campaign", campaign(a.UTM))
	add("Term", a.UTM.Term)
	add("Content", a.UTM.Content)
	add("Referrer", a.Referrer)
	add("Page", a.Page)
	add("Landing page", a.Landing)
	ids := slices.Sorted(maps.Keys(a.ClickIDs))
	for _, id := range ids[:min(len(ids), 8)] {
		add(inline(id, maxLabel), cut(a.ClickIDs[id], 80))
	}
	return rows
}

// campaign joins source, medium and campaign: "google / cpc / brand".
func campaign(u ingest.UTM) string {
	parts := slices.DeleteFunc([]string{u.Source, u.Medium, u.Campaign}, func(s string) bool { return strings.TrimSpace(s) == "" })
	for i := range parts {
		parts[i] = inline(parts[i], 100)
	}
	return strings.Join(parts, " / ")
}

// facts lists what was found out.
func facts(e leads.Enrichment) section {
	s := section{Title: "What we found"}
	all := e.Facts()
	for _, f := range all[:min(len(all), maxFacts)] {
		value := inline(f.Value, 200)
		if f.Truth != leads.Yes || value == "" {
			value = withDetail(f.Truth.String(), value)
		}
		s.Rows = append(s.Rows, row{Label: label(f.Key), Value: value, Note: inline(f.Reason, maxReason)})
	}
	return s
}

// label makes "Email deliverable" of "email.deliverable".
func label(key string) string {
	return capital(inline(strings.NewReplacer(".", " ", "_", " ").Replace(key), maxLabel))
}
