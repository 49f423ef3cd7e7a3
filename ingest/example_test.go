package ingest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/openleads/leads/ingest"
)

// form is the Sources of a program with one form.
type form struct{ token string }

func (f form) SourceByToken(_ context.Context, token string) (ingest.Source, error) {
	if token != f.token {
		return ingest.Source{}, ingest.ErrNotFound
	}
	return ingest.Source{Tenant: "default", Name: "Contact form", Mappings: map[string]string{"full_name": "fullName"}}, nil
}

func ExampleNewHandler() {
	sink := ingest.SinkFunc(func(_ context.Context, sub ingest.Submission) error {
		fmt.Println(sub.Fields.FirstName, "/", sub.Fields.LastName, "/", sub.Fields.Email, "/", sub.Metadata.Text("seats"))
		return nil // once it is durable
	})
	mux := http.NewServeMux()
	mux.Handle("/api/webhooks/", ingest.NewHandler(form{token: "lc_pub_example"}, sink, nil))

	r := httptest.NewRequest("POST", "/api/webhooks/lc_pub_example",
		strings.NewReader(`{"full_name":"Ann Lee","email":"ann@example.com","seats":40}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// Ann / Lee / ann@example.com / 40
	// 200 {"success":true}
}

func ExampleNewToken() {
	token := ingest.NewToken()
	fmt.Println(strings.HasPrefix(token, ingest.TokenPrefix), len(token))
	// Output: true 43
}

func ExamplePrepare() {
	sub := ingest.Submission{Tenant: "default", Fields: ingest.Fields{Email: "ann@example.com"}}
	sub.Metadata = ingest.Metadata{}
	sub.Metadata.SetText("plan", "team")
	sub, err := ingest.Prepare(sub, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	fmt.Println(string(sub.Raw), sub.Received.Format(time.RFC3339), err)
	// Output: {"email":"ann@example.com","plan":"team"} 2026-11-23T12:00:00Z <nil>
}

func ExampleSource_Validate() {
	err := ingest.Source{
		Tenant: "default", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Name: "Contact form",
		Redirects: []string{"//example.com"}, PerMinute: -1,
	}.Validate()
	fmt.Println(err)
	// Output:
	// ingest: Source.Redirects[0] is no place to send a form on to: write a path such as "/thanks" or an address such as "https://example.com/thanks"
	// ingest: Source.PerMinute is below 0: use 0 for the default
}

func ExampleWindow() {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	window := ingest.NewWindow(1000, func() time.Time { return now })
	for range 3 {
		a, _ := window.Allow(context.Background(), "203.0.113.9", 2, time.Minute)
		fmt.Println(a.OK, a.Remaining, a.Reset)
		now = now.Add(10 * time.Second)
	}
	// Output:
	// true 1 0s
	// true 0 50s
	// false 0 40s
}
