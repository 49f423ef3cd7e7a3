package restapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/restapi"
)

// route is what a test needs to know of one.
type route struct {
	Method, Path string
	Role         desk.Role
	Status       int
}

// table lists the routes.
func table() []route {
	var all []route
	for _, r := range restapi.Routes {
		status := r.Status
		if status == 0 {
			status = http.StatusOK
		}
		all = append(all, route{r.Method, r.Path, r.Role, status})
	}
	return all
}

// bodies are what is sent, by method and path; {…} stands for an ID of the world.
var bodies = map[string]string{
	"POST /leads":                  `{"email":"new@example.com","metadata":{"a":[1]}}`,
	"POST /leads/bulk":             `{"ids":["{leads}"],"patch":{"note":"x"}}`,
	"POST /leads/import":           "email\nimported@example.com\n",
	"PATCH /leads/{id}":            `{"firstName":"Anna","assignedTo":null,"metadata":{"size":null},"tags":["a"],"stageId":"{stage}"}`,
	"PUT /leads/{id}/status":       `{"status":"contacted"}`,
	"POST /sources":                `{"name":"New"}`,
	"PUT /sources/{id}":            `{"name":"Changed","spam":{"honeypot":"-","minFillSeconds":2,"blocked":["spam.example"]},"consent":{"purpose":"news","wording":"w","field":"","doubleOptIn":true},"signature":{"scheme":"standard","secret":"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}`,
	"POST /pipelines":              `{"name":"New","stages":[{"name":"a"},{"name":"b","isWin":true}]}`,
	"PUT /pipelines/{id}":          `{"name":"Changed","stages":[{"id":"{stage}","name":"a"}]}`,
	"POST /api-keys":               `{"label":"New","scope":"read","expiresAt":"2126-01-01T00:00:00Z"}`,
	"PATCH /api-keys/{id}":         `{"label":"Changed"}`,
	"POST /sequences":              `{"id":"new","name":"New","steps":[{"id":"a","wait":{"for":"2d"}}]}`,
	"PUT /sequences/{id}":          `{"name":"Changed","steps":[{"id":"a","wait":{"for":"3d"}}]}`,
	"POST /enrollments":            `{"leadId":"{leads}","sequenceId":"other"}`,
	"POST /suppressions":           `{"email":"x@example.com"}`,
	"POST /webhooks":               `{"url":"https://new.example"}`,
	"PUT /webhooks/{id}":           `{"active":false}`,
	"POST /quarantine/{id}/block":  `{"what":"domain","everywhere":true}`,
	"PUT /retention":               `{"raw":30,"clients":0,"quarantined":30,"events":0,"leads":0}`,
	"DELETE /suppressions?":        "email=stop@example.com&purpose=marketing",
	"POST /enrollments/{id}/pause": "",
}

// call makes the request of a route about the ID given; "" means that of the world.
func (w *world) call(t testing.TB, r route, as, id string) *httptest.ResponseRecorder {
	t.Helper()
	fill := func(s string) string {
		for name, id := range w.ids {
			s = strings.ReplaceAll(s, "{"+name+"}", id)
		}
		stage := w.stage
		if strings.Contains(as, "eve") { // hers
			stage = "new"
		}
		return strings.ReplaceAll(s, "{stage}", stage)
	}
	path := r.Path
	if id == "" {
		id = url.PathEscape(w.ids[strings.Split(r.Path, "/")[1]])
	}
	q := request{method: r.Method, path: "/api" + strings.ReplaceAll(path, "{id}", id), body: fill(bodies[r.Method+" "+r.Path]), as: as, header: map[string]string{}}
	if query := bodies[r.Method+" "+r.Path+"?"]; query != "" {
		q.path += "?" + query
	}
	if strings.HasSuffix(r.Path, "/import") {
		q.header["Content-Type"] = "text/csv"
	}
	if strings.HasSuffix(r.Path, "/resume") && strings.HasPrefix(r.Path, "/enrollments") && id == w.ids["enrollments"] && roleOf(as).May(r.Role) && !strings.Contains(as, "eve") {
		require.NoError(t, w.desk.PauseEnrollment(t.Context(), users["admin"], id))
	}
	return w.do(t, q)
}

// roleOf is what a caller may.
func roleOf(as string) desk.Role {
	switch as {
	case "key:full", "key:eve":
		return desk.Admin
	case "key:read":
		return desk.Reader
	}
	return users[as].Role
}

func TestEveryEndpointForEveryRole(t *testing.T) {
	t.Parallel()
	d := readDocument(t, "/api")
	for _, r := range table() {
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			t.Parallel()
			for _, as := range []string{"owner", "admin", "member", "reader", "key:full", "key:read"} {
				w := newWorld(t)
				answer := w.call(t, r, as, "")
				want := r.Status
				if !roleOf(as).May(r.Role) {
					want = http.StatusForbidden
				}
				require.Equal(t, want, answer.Code, "%s: %s", as, answer.Body)
				d.check(t, r, answer)
				headers(t, answer)
			}
			w := newWorld(t)
			for _, as := range []string{"", "nobody", "unknown", "key:unknown"} {
				w.keys["unknown"] = "lc_sec_unknown"
				answer := w.call(t, r, as, "")
				require.Equal(t, http.StatusUnauthorized, answer.Code, "%q: %s", as, answer.Body)
				require.Equal(t, "unauthorized", code(t, answer))
				require.NotEmpty(t, answer.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

// headers are what every answer has.
func headers(t testing.TB, answer *httptest.ResponseRecorder) {
	t.Helper()
	require.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
	require.Equal(t, "nosniff", answer.Header().Get("X-Content-Type-Options"))
	require.Empty(t, answer.Header().Get("Access-Control-Allow-Origin"))
}

func TestEveryEndpointForEveryObject(t *testing.T) {
	t.Parallel()
	d := readDocument(t, "/api")
	for _, r := range table() {
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before := w.snapshot(t)
			for _, as := range []string{"eve", "key:eve"} {
				if !roleOf(as).May(r.Role) {
					continue
				}
				answer := w.call(t, r, as, "")
				d.check(t, r, answer)
				require.NotContains(t, answer.Body.String(), canary)
				if strings.Contains(r.Path, "{id}") || r.Path == "/enrollments" && r.Method == "POST" {
					require.Equal(t, http.StatusNotFound, answer.Code, "%s: %s", as, answer.Body)
				}
			}
			require.True(t, before == w.snapshot(t), "it has changed what is acme's")
			if !strings.Contains(r.Path, "{id}") {
				return
			}
			foreign := w.call(t, r, "eve", "").Body.String()
			for _, id := range []string{leads.NewID(), "nope", "%00", "%ff", "..%2F..%2Fsources", "a%2Fb", "%27%20OR%201=1--", strings.Repeat("x", 300), "%3Fid=1", "0", "-1", "%20", "%F0%9F%92%A9"} {
				answer := w.call(t, r, "owner", id)
				require.Equal(t, http.StatusNotFound, answer.Code, "%s: %s", id, answer.Body)
				require.Equal(t, foreign, answer.Body.String(), "what is another's and what is not there are alike")
			}
			require.True(t, before == w.snapshot(t), "it has changed what is acme's")
		})
	}
}

// snapshot is what acme can see of itself.
func (w *world) snapshot(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for _, path := range []string{
		"/leads", "/leads/" + w.ids["leads"], "/leads/" + w.ids["leads"] + "/person", "/sources", "/pipelines", "/api-keys", "/sequences", "/enrollments", "/quarantine", "/tasks",
		"/suppressions", "/webhooks", "/tags", "/retention",
	} {
		answer := w.do(t, request{method: "GET", path: "/api" + path, as: "owner"})
		require.Equal(t, http.StatusOK, answer.Code, path)
		b.WriteString(answer.Body.String())
	}
	// Reading about a person stands on the trail, so that it is not part of what is compared.
	return b.String()
}

func TestRequestsOfOtherOrigins(t *testing.T) {
	t.Parallel()
	forged := []map[string]string{
		{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Origin": "https://a.example.com"}, {"Origin": "null"},
		{"Origin": "http://example.com:8080"},
	}
	for _, r := range table() {
		if r.Method == http.MethodGet {
			continue
		}
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before := w.snapshot(t)
			for _, header := range forged {
				q := request{method: r.Method, path: "/api" + strings.ReplaceAll(r.Path, "{id}", w.ids[strings.Split(r.Path, "/")[1]]), body: bodies[r.Method+" "+r.Path], as: "owner", header: header}
				answer := w.do(t, q)
				require.Equal(t, http.StatusForbidden, answer.Code, "%v: %s", header, answer.Body)
				require.Equal(t, "cross_origin", code(t, answer))
			}
			require.True(t, before == w.snapshot(t), "it has changed what is acme's")
		})
	}
	w := newWorld(t)
	answer := w.do(t, request{method: "POST", path: "/api/leads", body: `{"email":"x@example.com"}`, as: "key:full", header: map[string]string{"Origin": "https://app.example"}})
	require.Equal(t, http.StatusCreated, answer.Code, "a key is no cookie")
	answer = w.do(t, request{method: "POST", path: "/api/leads", body: `{"email":"y@example.com"}`, as: "owner", header: map[string]string{"Sec-Fetch-Site": "same-origin"}})
	require.Equal(t, http.StatusCreated, answer.Code)
}

func TestEveryBodyIsStrict(t *testing.T) {
	t.Parallel()
	for _, r := range restapi.Routes {
		if r.Body == nil {
			continue
		}
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			path := "/api" + strings.ReplaceAll(r.Path, "{id}", w.ids[strings.Split(r.Path, "/")[1]])
			for body, want := range map[string]int{
				"":  http.StatusUnsupportedMediaType,
				" ": http.StatusBadRequest, "{": http.StatusBadRequest, "[]": http.StatusBadRequest, "null x": http.StatusBadRequest, `{"tenant":"other"}`: http.StatusBadRequest,
				`{"a":1,"a":2}`: http.StatusBadRequest, "{\"a\":\"\xff\"}": http.StatusBadRequest, `{"a":` + strings.Repeat("[", 20_000) + `}`: http.StatusBadRequest, `"x"`: http.StatusBadRequest, "1e999": http.StatusBadRequest,
				`{"a":"` + strings.Repeat("x", restapi.MaxBody) + `"}`: http.StatusRequestEntityTooLarge,
			} {
				answer := w.do(t, request{method: r.Method, path: path, body: body, as: "owner"})
				require.Equal(t, want, answer.Code, "%.40q: %s", body, answer.Body)
			}
			for _, field := range reflect.VisibleFields(reflect.TypeOf(r.Body)) {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				if name == "" {
					continue
				}
				answer := w.do(t, request{method: r.Method, path: path, body: fmt.Sprintf(`{%q:{"a":[{}]}}`, name), as: "owner"})
				if name == "metadata" {
					continue // anything fits there
				}
				require.Equal(t, http.StatusBadRequest, answer.Code, "%s: %s", name, answer.Body)
			}
		})
	}
}
