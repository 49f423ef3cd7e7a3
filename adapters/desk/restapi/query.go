package restapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads/adapters/desk"
)

// query reads parameters and collects what is wrong with them.
type query struct {
	values map[string][]string
	faults []desk.FieldError
}

func (c *call) query() *query {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.fault("", "the query is no application/x-www-form-urlencoded")
	}
	return q
}

func (q *query) fault(name, message string) {
	q.faults = append(q.faults, desk.FieldError{Pointer: name, Message: message})
}

// flag reads true or false.
func (q *query) flag(name string) bool { return q.one(name, "true", "false") == "true" }

func (q *query) text(name string) string {
	if v := q.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// list reads values given several times or separated by commas.
func (q *query) list(name string) []string {
	var all []string
	for _, v := range q.values[name] {
		for s := range strings.SplitSeq(v, ",") {
			if s = strings.TrimSpace(s); s != "" {
				all = append(all, s)
			}
		}
	}
	return all
}

func (q *query) number(name string, otherwise, least, most int) int {
	text := q.text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		q.fault(name, fmt.Sprintf("a number from %d to %d", least, most))
		return otherwise
	}
	return n
}

// time reads a time or a date; the end of a span is the end of that day.
func (q *query) time(name string, end bool) time.Time {
	text := q.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, text); end {
			t = t.AddDate(0, 0, 1)
		}
	}
	if t = t.UTC(); err != nil || t.Year() < 1900 || t.Year() > 9999 {
		q.fault(name, `a date such as "2026-11-23" or a time such as "2026-11-23T12:00:00Z", from 1900 to 9999`)
		return time.Time{}
	}
	return t
}

// one reads one of some words.
func (q *query) one(name string, words ...string) string {
	text := q.text(name)
	if text != "" && !slices.Contains(words, text) {
		q.fault(name, "one of "+strings.Join(words, ", "))
		return ""
	}
	return text
}

func (q *query) err() error {
	if len(q.faults) == 0 {
		return nil
	}
	return &fault{status: http.StatusBadRequest, code: "invalid_parameter", message: "some parameters cannot be taken", fields: q.faults}
}
