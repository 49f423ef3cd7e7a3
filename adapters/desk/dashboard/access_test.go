package dashboard_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
)

var place = regexp.MustCompile(`\{[^}]*\}`)

// address fills an ID into the path of a route.
func address(r dashboard.Route, id string) string {
	path := strings.TrimSuffix(r.Path, "{$}")
	return "/dashboard" + place.ReplaceAllString(path, id)
}

// ours are the routes whose objects are leads.
func ours(r dashboard.Route) bool { return strings.HasPrefix(r.Path, "/leads/{id}") }

func TestEveryRouteIsForItsRole(t *testing.T) {
	t.Parallel()
	roles := []desk.Role{desk.Reader, desk.Member, desk.Admin, desk.Owner}
	names := map[desk.Role]string{desk.Reader: "reader", desk.Member: "member", desk.Admin: "admin", desk.Owner: "owner"}
	w := newWorld(t)
	ids := w.fill()
	for _, r := range dashboard.Routes() {
		if r.Path == "/live" {
			continue // it does not end; see TestLive
		}
		require.Contains(t, []string{http.MethodGet, http.MethodPost}, r.Method)
		status, _, _ := w.send("nobody", r, ids[0])
		require.Equal(t, http.StatusForbidden, status, "%s %s: somebody unknown", r.Method, r.Path)
		for _, role := range roles {
			if role.May(r.Role) {
				continue
			}
			before := w.lead(ids[0])
			status, page, _ := w.send(names[role], r, ids[0])
			require.Equal(t, http.StatusForbidden, status, "%s %s as %s", r.Method, r.Path, role)
			require.Contains(t, page, "Not allowed")
			require.Equal(t, before, w.lead(ids[0]))
		}
	}
	for _, r := range dashboard.Routes() {
		if r.Path == "/live" || r.Method != http.MethodGet || place.MatchString(strings.TrimSuffix(r.Path, "{$}")) {
			continue
		}
		status, _, _ := w.send(names[r.Role], r, "")
		require.Less(t, status, 400, "%s %s as %s", r.Method, r.Path, r.Role)
	}
}

// send makes a request of a route with a form that says nothing but what is needed to be understood.
func (w *world) send(user string, r dashboard.Route, id string) (int, string, http.Header) {
	if r.Method == http.MethodGet {
		return w.get(user, address(r, id))
	}
	return w.post(user, address(r, id), url.Values{"do": {"note"}, "note": {"x"}, "sequence": {"welcome"}, "email": {"changed@example.org"}})
}

func TestAnotherTenantSeesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	for _, r := range dashboard.Routes() {
		if !ours(r) {
			continue
		}
		before := w.lead(ids[0])
		status, page, _ := w.send("eve", r, ids[0])
		require.Equal(t, http.StatusNotFound, status, "%s %s", r.Method, r.Path)
		require.NotContains(t, page, "Hopper")
		require.Equal(t, before, w.lead(ids[0]), "%s %s", r.Method, r.Path)
	}
	for _, path := range []string{"/dashboard/", "/dashboard/board", "/dashboard/leads.csv", "/dashboard/?q=grace"} {
		status, page, _ := w.get("eve", path)
		require.Equal(t, http.StatusOK, status)
		require.NotContains(t, page, "Hopper", path)
		require.NotContains(t, page, "navy.example", path)
	}
	status, _, _ := w.post("eve", "/dashboard/leads/bulk", url.Values{"id": ids, "do": {"erase"}, "sure": {"yes"}})
	require.Equal(t, http.StatusSeeOther, status)
	status, page, _ := w.post("eve", "/dashboard/leads/bulk", url.Values{"id": ids, "do": {"erase"}})
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, page, "Hopper", "the page that asks tells names of another tenant")
	require.Equal(t, "Hopper", w.lead(ids[0]).LastName)
}

func TestForgedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.fill()
	for _, r := range dashboard.Routes() {
		if r.Method != http.MethodPost {
			continue
		}
		for name, header := range map[string]http.Header{
			"another site":        {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
			"a sister site":       {"Sec-Fetch-Site": {"same-site"}},
			"an old browser":      {"Origin": {"https://evil.example"}},
			"a page of no origin": {"Origin": {"null"}},
		} {
			before := w.lead(ids[0])
			status, page, _ := w.do("owner", http.MethodPost, address(r, ids[0]), url.Values{"do": {"note"}, "note": {"forged"}, "sure": {"yes"}}, header)
			require.Equal(t, http.StatusForbidden, status, "%s: %s", name, r.Path)
			require.Contains(t, page, "another website")
			require.Equal(t, before, w.lead(ids[0]), "%s: %s", name, r.Path)
		}
	}
}

func TestNobodyIsLetInWithoutAuthorize(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d, err := desk.New(desk.Config{Engine: new(leads.Engine), Store: newWorld(t).store})
	require.NoError(t, err)
	for name, opts := range map[string]*dashboard.Options{"no options": nil, "no authorizer": {Logger: slog.New(slog.NewTextHandler(&log, nil))}} {
		board := dashboard.New(d, opts)
		for range 3 {
			answer := httptest.NewRecorder()
			board.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/dashboard/", nil))
			require.Equal(t, http.StatusForbidden, answer.Code, name)
			require.Contains(t, answer.Body.String(), "Options.Authorize")
		}
	}
	require.Equal(t, 1, strings.Count(log.String(), "Options.Authorize"), "one line, not one a request")
}

func TestWhoAuthorizeDoesNotKnow(t *testing.T) {
	t.Parallel()
	d := newWorld(t).desk
	for name, tt := range map[string]struct {
		user   desk.User
		err    error
		signIn string
		status int
	}{
		"an error":               {ann, errors.New("session 4711 has ended"), "", http.StatusForbidden},
		"an error, sent on":      {ann, errors.New("session 4711 has ended"), "/login", http.StatusSeeOther},
		"no tenant":              {desk.User{ID: "x", Role: desk.Owner}, nil, "", http.StatusForbidden},
		"no role":                {desk.User{ID: "x", Tenant: "default"}, nil, "", http.StatusForbidden},
		"a role that is unknown": {desk.User{ID: "x", Tenant: "default", Role: "root"}, nil, "", http.StatusForbidden},
	} {
		board := dashboard.New(d, &dashboard.Options{SignIn: tt.signIn, Authorize: func(*http.Request) (desk.User, error) { return tt.user, tt.err }})
		answer := httptest.NewRecorder()
		board.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/dashboard/board", nil))
		require.Equal(t, tt.status, answer.Code, name)
		require.NotContains(t, answer.Body.String(), "4711", name)
		require.Equal(t, tt.status == http.StatusForbidden, strings.Contains(answer.Body.String(), "Sign in first"), name)
		require.Equal(t, tt.signIn, answer.Header().Get("Location"), name)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.fill()[0]
	for _, path := range []string{"/dashboard", "/dashboard/leads/" + id, "/dashboard/leads.csv", "/dashboard/leads/" + id + "/dossier.json", "/dashboard/nothing"} {
		_, _, h := w.get("owner", path)
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
		require.Equal(t, "DENY", h.Get("X-Frame-Options"), path)
		policy := h.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'", path)
		require.Contains(t, policy, "frame-ancestors 'none'", path)
		require.NotContains(t, policy, "unsafe", path)
	}
	framed := newWorld(t, func(o *dashboard.Options) { o.Embed = []string{"https://app.example"} })
	_, _, h := framed.get("owner", "/dashboard")
	require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors https://app.example")
	require.Empty(t, h.Get("X-Frame-Options"))
}

func TestAssetsAreKeptForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, page, _ := w.get("owner", "/dashboard")
	found := regexp.MustCompile(`(?:src|href)="(/dashboard/assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	require.GreaterOrEqual(t, len(found), 5)
	for _, f := range found {
		status, body, h := w.get("nobody", f[1])
		require.Equal(t, http.StatusOK, status, f[1])
		require.NotEmpty(t, body, f[1])
		require.Contains(t, h.Get("Cache-Control"), "immutable", f[1])
		require.NotEmpty(t, h.Get("Content-Type"), f[1])
	}
	_, _, h := w.get("nobody", "/dashboard/assets/0000000000000000/app.css")
	require.Equal(t, "no-store", h.Get("Cache-Control"), "another version must not be kept under this address")
	for _, path := range []string{"/dashboard/assets/", "/dashboard/assets/x/..%2f..%2fdashboard.go", "/dashboard/assets/x/nothing.js", "/dashboard/assets/app.css"} {
		status, _, _ := w.get("nobody", path)
		require.Contains(t, []int{http.StatusNotFound, http.StatusForbidden}, status, path)
	}
}

func TestMountedAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.fill()[0]
	for name, tt := range map[string]struct {
		prefix, path string
		strip        bool
	}{
		"by default":           {"", "/dashboard", false},
		"deep":                 {"/a/b/crm/", "/a/b/crm", false},
		"stripped":             {"/crm", "/crm", true},
		"a host of its own":    {"/", "", false},
		"a prefix like a page": {"/leads", "/leads", false},
	} {
		var handler http.Handler = dashboard.New(w.desk, &dashboard.Options{Prefix: tt.prefix, Authorize: authorize})
		if tt.strip {
			handler = http.StripPrefix(tt.path, handler)
		}
		ask := func(path string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("User", "owner")
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			return answer
		}
		for _, path := range []string{tt.path + "/", tt.path + "/leads/" + id, tt.path + "/board/"} {
			answer := ask(path)
			require.Equal(t, http.StatusOK, answer.Code, "%s: %s", name, path)
			for _, link := range regexp.MustCompile(`(?:href|src|action|hx-get|connect)="(/[^"]*)"`).FindAllStringSubmatch(answer.Body.String(), -1) {
				require.True(t, strings.HasPrefix(link[1], tt.path+"/"), "%s: %s leads out to %s", name, path, link[1])
				if strings.HasSuffix(link[1], ".css") || strings.HasSuffix(link[1], "/board") {
					require.Equal(t, http.StatusOK, ask(link[1]).Code, "%s: %s", name, link[1])
				}
			}
		}
	}
	require.True(t, slices.ContainsFunc(dashboard.Routes(), func(r dashboard.Route) bool { return r.Path == "/leads/{id}" }), "notifications link to it")
}
