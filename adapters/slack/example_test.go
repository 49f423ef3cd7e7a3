package slack_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/slack"
	"github.com/openleads/leads/ingest"
)

// transport stands in for Slack.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func ExampleNew() {
	client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.URL.Host, len(body) > 0)
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("ok"))}, nil
	})}
	notifier := slack.New("https://hooks.slack.com/services/T000/B000/XXX", &slack.Options{Client: client})
	err := notifier.Notify(context.Background(), leads.Notification{Kind: leads.NotifyNew, Lead: leads.Lead{ID: "1", Fields: ingest.Fields{FirstName: "Ann"}}})
	fmt.Println(err)
	// Output:
	// hooks.slack.com true
	// <nil>
}
