package restapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/restapi"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]int{
		"/api/leads": 200, "/api/leads/": 200, "//api///leads//": 200, "/api/leads/{leads}/": 200, "/api//leads/{leads}//events/": 200, "/api/openapi.json/": 200,
		"/api": 404, "/api/": 404, "/": 404, "/leads": 404, "/api/nothing": 404, "/api/leads/{leads}/nothing": 404, "/api/leads/{leads}/events/x": 404,
		"/api/./leads": 404, "/api/x/../leads": 404, "/api/leads/..": 404, "/api/leads/%2e%2e": 404, "/API/leads": 404, "/api/leads%2F": 404, "/api%2Fleads": 404,
	} {
		answer := w.do(t, request{method: "GET", path: strings.ReplaceAll(path, "{leads}", w.ids["leads"]), as: "owner"})
		require.Equal(t, want, answer.Code, "%s: %s", path, answer.Body)
		require.Empty(t, answer.Header().Get("Location"), "%s is sent nowhere else", path)
		headers(t, answer)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, allow := range map[string]string{
		"/api/leads": "GET, HEAD, POST, OPTIONS", "/api/leads/" + w.ids["leads"]: "GET, HEAD, PATCH, DELETE, OPTIONS", "/api/leads/bulk": "GET, HEAD, POST, PATCH, DELETE, OPTIONS",
		"/api/sequences/welcome/pause": "POST, OPTIONS", "/api/openapi.json": "GET, HEAD, OPTIONS",
	} {
		for _, method := range []string{"TRACE", "PROPFIND", "QUERY"} {
			answer := w.do(t, request{method: method, path: path, as: "owner"})
			require.Equal(t, http.StatusMethodNotAllowed, answer.Code, path)
			require.Equal(t, allow, answer.Header().Get("Allow"), path)
			require.Equal(t, "method_not_allowed", code(t, answer))
		}
		answer := w.do(t, request{method: "OPTIONS", path: path, header: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}})
		require.Equal(t, http.StatusNoContent, answer.Code)
		require.Equal(t, allow, answer.Header().Get("Allow"))
		headers(t, answer) // no origin is let in
	}
	server := httptest.NewServer(w.api)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+"/api/leads", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Authorization", "ApiKey "+w.keys["read"])
	answer, err := server.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NotZero(t, answer.ContentLength)
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		method, path string
		header       map[string]string
		want         int
	}{
		{"GET", "/api/leads", map[string]string{"Accept": "*/*"}, 200}, {"GET", "/api/leads", map[string]string{"Accept": "application/*;q=0.5"}, 200},
		{"GET", "/api/leads", map[string]string{"Accept": "text/html, */*;q=0.1"}, 200}, {"GET", "/api/leads", map[string]string{"Accept": "application/problem+json"}, 200},
		{"GET", "/api/leads", map[string]string{"Accept": "text/html"}, 406}, {"GET", "/api/leads", map[string]string{"Accept": "application/json;q=0"}, 406}, {"GET", "/api/leads", map[string]string{"Accept": "nonsense"}, 406},
		{"GET", "/api/leads/export", map[string]string{"Accept": "text/csv"}, 200}, {"GET", "/api/leads/export", map[string]string{"Accept": "application/json"}, 200}, {"GET", "/api/leads/export", map[string]string{"Accept": "text/html"}, 406},
		{"POST", "/api/sources", map[string]string{"Content-Type": "application/json; charset=utf-8"}, 201}, {"POST", "/api/sources", map[string]string{"Content-Type": "application/merge-patch+json"}, 201},
		{"POST", "/api/sources", map[string]string{"Content-Type": "text/plain"}, 415}, {"POST", "/api/sources", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415},
		{"POST", "/api/sources", map[string]string{"Content-Type": ""}, 415}, {"POST", "/api/sources", map[string]string{"Content-Encoding": "gzip"}, 415},
		{"POST", "/api/leads/import", map[string]string{"Content-Type": "application/json"}, 415}, {"POST", "/api/leads/import", map[string]string{"Content-Type": "text/csv", "Content-Encoding": "gzip"}, 415},
	} {
		body := ""
		if c.method == "POST" {
			body = `{"name":"x"}`
		}
		answer := w.do(t, request{method: c.method, path: c.path, header: c.header, body: body, as: "admin"})
		require.Equal(t, c.want, answer.Code, "%v: %s", c, answer.Body)
	}
	answer := w.do(t, request{method: "PATCH", path: "/api/leads/" + w.ids["leads"], body: `{"status":"won"}`, as: "member", header: map[string]string{"Accept": "application/problem+json"}})
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.Equal(t, "application/problem+json", answer.Header().Get("Content-Type"))
	require.JSONEq(t, `{"type":"urn:leads:error:invalid","title":"Bad Request","status":400,"detail":"some fields cannot be taken","code":"invalid","fields":[{"pointer":"/status","message":"one of [new contacted qualified converted closed]"}]}`, answer.Body.String())
}

func TestMounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prefix, path string
		mount        func(api http.Handler) http.Handler
	}{
		"at /api":             {"", "/api/leads", func(api http.Handler) http.Handler { m := http.NewServeMux(); m.Handle("/api/", api); return m }},
		"at /crm/v1":          {"/crm/v1/", "/crm/v1/leads", func(api http.Handler) http.Handler { m := http.NewServeMux(); m.Handle("/crm/v1/", api); return m }},
		"stripped down to it": {"", "/crm/api/leads", func(api http.Handler) http.Handler { return http.StripPrefix("/crm", api) }},
		"stripped altogether": {"/", "/crm/api/leads", func(api http.Handler) http.Handler { return http.StripPrefix("/crm/api", api) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *restapi.Options) { o.Prefix = c.prefix })
			r := httptest.NewRequestWithContext(t.Context(), "GET", c.path+"?limit=1", http.NoBody)
			r.Header.Set("X-API-Key", w.keys["read"])
			answer := httptest.NewRecorder()
			c.mount(w.api).ServeHTTP(answer, r)
			require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		})
	}
}

func TestTheDoorSharesItsPathWithWebhooks(t *testing.T) {
	t.Parallel()
	var door http.Handler
	w := newWorld(t, func(o *restapi.Options) {
		o.Door = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { door.ServeHTTP(w, r) })
	})
	door = w.engine.Handler()
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"POST", "/api/webhooks/" + w.token, 200}, {"POST", "/api/webhooks/inbound/" + w.token, 200}, {"POST", "//api/webhooks/" + w.token + "/", 200}, {"POST", "/api/webhooks/unknown-token", 404},
		{"OPTIONS", "/api/webhooks/" + w.token, 204}, {"GET", "/api/webhooks/" + w.token, 405}, {"GET", "/api/webhooks/inbound/" + w.token, 405},
		{"GET", "/api/webhooks", 401}, {"POST", "/api/webhooks", 401}, {"GET", "/api/webhooks/" + w.ids["webhooks"], 401}, {"POST", "/api/webhooks/" + w.ids["webhooks"] + "/rotate-secret", 401},
	} {
		answer := w.do(t, request{method: c.method, path: c.path, body: `{"email":"door@example.com"}`})
		require.Equal(t, c.want, answer.Code, "%s %s: %s", c.method, c.path, answer.Body)
	}
	answer := w.do(t, request{method: "GET", path: "/api/webhooks/" + w.ids["webhooks"], as: "admin"})
	require.Equal(t, http.StatusOK, answer.Code)
}

// some returns a part of the hostile texts, the n-th, or all with LEADS_PROOF=1.
func some(t *testing.T, n int) iter.Seq[string] {
	t.Helper()
	const parts = 8
	texts := append(hostile.Texts(t), "", " ", strings.Repeat("a,", 300), "-1", "0", "Local", "~", "score~1~x")
	return func(yield func(string) bool) {
		for i, s := range texts {
			if (os.Getenv("LEADS_PROOF") != "" || i%parts == n%parts) && !yield(s) {
				return
			}
		}
	}
}

func TestStrangeValuesAreNeverOurFault(t *testing.T) {
	t.Parallel()
	d := readDocument(t, "/api")
	for _, r := range restapi.Routes {
		if len(r.Query) == 0 {
			continue
		}
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			known := route{r.Method, r.Path, r.Role, r.Status}
			for n, p := range r.Query {
				for value := range some(t, n) {
					path := "/api" + strings.ReplaceAll(r.Path, "{id}", w.ids[strings.Split(r.Path, "/")[1]]) + "?" + p.Name + "=" + url.QueryEscape(value)
					answer := w.do(t, request{method: r.Method, path: path, body: "email\n", as: "owner", header: map[string]string{"Content-Type": "text/csv"}})
					require.Less(t, answer.Code, 500, "%q: %s", path, answer.Body)
					d.check(t, known, answer)
					headers(t, answer)
				}
			}
			answer := w.do(t, request{method: r.Method, path: "/api" + strings.ReplaceAll(r.Path, "{id}", "x") + "?limit=1;page=%zz", body: "email\n", as: "owner", header: map[string]string{"Content-Type": "text/csv"}})
			require.Less(t, answer.Code, 500)
			require.NotContains(t, w.logged.String(), "level=ERROR")
		})
	}
}

func TestStrangeBodiesAreNeverOurFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, c := range [][2]string{
		{"POST /api/leads", `{"lastName":%,"metadata":{%:%}}`},
		{"PATCH /api/leads/" + w.ids["leads"], `{"firstName":%,"note":%,"metadata":{"x":%}}`},
		{"PUT /api/sources/" + w.ids["sources"], `{"name":%,"fieldMappings":{%:"company"}}`},
		{"POST /api/pipelines", `{"name":%,"stages":[{"name":%}]}`},
		{"POST /api/api-keys", `{"label":%,"scope":"read"}`},
		{"POST /api/sequences", `{"id":%,"name":%,"steps":[]}`},
		{"POST /api/enrollments", `{"leadId":%,"sequenceId":%}`},
		{"POST /api/suppressions", `{"email":%,"purpose":%}`},
		{"POST /api/webhooks", `{"url":%}`},
		{"POST /api/leads/bulk", `{"ids":[%],"patch":{"addTags":[%]}}`},
	} {
		method, path, _ := strings.Cut(c[0], " ")
		for value := range some(t, n) {
			quoted, err := json.Marshal(value)
			require.NoError(t, err)
			answer := w.do(t, request{method: method, path: path, body: strings.ReplaceAll(c[1], "%", string(quoted)), as: "owner"})
			require.Less(t, answer.Code, 500, "%s %s: %s", path, quoted, answer.Body)
			require.True(t, answer.Body.Len() == 0 || json.Valid(answer.Body.Bytes()))
			headers(t, answer)
		}
	}
	require.NotContains(t, w.logged.String(), "level=ERROR")
}

// TestHostileLeadsAreJSON reads every text back from a lead, a page of leads at a time.
func TestHostileLeadsAreJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	texts := hostile.Texts(t)
	for i, s := range texts {
		clean := hostile.UTF8(s)
		sub := ingest.Submission{Tenant: "acme", SourceID: w.ids["sources"], Fields: ingest.Fields{LastName: clean, Company: fmt.Sprint("hostile ", i)}, Metadata: ingest.Metadata{}, UserAgent: clean}
		sub.Metadata.SetText("k"+hostile.Cut(s, 100), clean)
		sub.Attribution.UTM.Source, sub.Attribution.Referrer = clean, clean
		_, err := w.engine.Capture(t.Context(), sub)
		require.NoError(t, err)
	}
	found := map[string]string{}
	for page := 1; len(found) < len(texts); page++ {
		answer := w.do(t, request{method: "GET", path: fmt.Sprintf("/api/leads?search=hostile&limit=100&page=%d", page), as: "owner"})
		require.Equal(t, http.StatusOK, answer.Code, answer.Body)
		headers(t, answer)
		require.NotContains(t, answer.Body.String(), "<", "it would be markup for a browser that guesses")
		var body struct {
			Data []struct{ LastName, Company string }
		}
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
		require.NotEmpty(t, body.Data, "page %d", page)
		for _, lead := range body.Data {
			found[lead.Company] = lead.LastName
		}
	}
	for i, s := range texts {
		require.Equal(t, hostile.UTF8(s), found[fmt.Sprint("hostile ", i)])
	}
}

// broken is a store in which nothing works.
type broken struct{ *memstore.Store }

var errSecret = errors.New("dial postgres://user:hunter2@db")

func (broken) FindLeads(context.Context, desk.Filter) (desk.Page, error) {
	return desk.Page{}, errSecret
}
func (broken) Lead(context.Context, string, string) (leads.Lead, error) {
	return leads.Lead{}, errSecret
}
func (broken) Capture(context.Context, []ingest.Submission) ([]leads.Captured, error) {
	return nil, errSecret
}

func (broken) Edit(context.Context, string, string, func(*leads.Lead) ([]leads.Event, []leads.Task, error)) (leads.Lead, error) {
	return leads.Lead{}, errSecret
}

func TestOurFaultsTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine, err := leads.New(leads.Config{Store: broken{w.store}})
	require.NoError(t, err)
	d, err := desk.New(desk.Config{Engine: engine, Store: broken{w.store}})
	require.NoError(t, err)
	w.desk, w.engine = d, engine
	w.api = w.apiOf(d)
	for _, q := range []request{
		{method: "GET", path: "/api/leads"}, {method: "GET", path: "/api/leads/" + w.ids["leads"]}, {method: "POST", path: "/api/leads", body: `{"email":"x@example.com"}`},
		{method: "PATCH", path: "/api/leads/" + w.ids["leads"], body: `{"note":"x"}`}, {method: "GET", path: "/api/leads/export"}, {method: "GET", path: "/api/leads/export?format=json"},
		{method: "POST", path: "/api/leads/import", body: "email\nx@example.com\n", header: map[string]string{"Content-Type": "text/csv"}},
	} {
		q.as = "key:full"
		answer := w.do(t, q)
		require.Equal(t, http.StatusServiceUnavailable, answer.Code, "%s %s: %s", q.method, q.path, answer.Body)
		require.NotContains(t, answer.Body.String(), "hunter2")
		require.NotContains(t, answer.Body.String(), "postgres")
		require.Equal(t, "5", answer.Header().Get("Retry-After"))
		require.Equal(t, "application/json", answer.Header().Get("Content-Type"))
	}
	require.Contains(t, w.logged.String(), "hunter2", "the operator is told")
	require.NotContains(t, w.logged.String(), w.keys["full"], "but no key")
}
