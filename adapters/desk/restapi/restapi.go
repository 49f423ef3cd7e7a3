// Package restapi is the management API: the desk over HTTP, as JSON.
//
//	d, err := desk.New(desk.Config{Engine: engine, Store: store, Sequencer: sequencer, BaseURL: "https://crm.example.com"})
//	mux.Handle("/api/", restapi.New(d, &restapi.Options{Door: engine.Handler()}))
//
// Who calls is told by an API key ("X-API-Key: KEY" or "Authorization: ApiKey KEY"), or by whatever [Options.Authorize] accepts. Without
// either the answer is 401. Everything is within the caller's tenant; what another tenant has is 404.
//
// Creates take an Idempotency-Key, answers about one thing carry an ETag, and changes of it take If-Match. Errors are
// {"success":false,"error":{"code":…,"message":…,"fields":[{"pointer":…,"message":…}]}}, or RFC 9457 for who accepts
// application/problem+json. GET /api/openapi.json is the description of it all (OpenAPI 3.1); it is made from the same table as the routes.
package restapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openleads/leads/adapters/desk"
)

// Options sets an API. Nil means the defaults.
type Options struct {
	// Authorize says who makes a request without an API key, by the host's own sessions or tokens. A host that goes by cookies should know that
	// requests from other origins that change something are refused before Authorize is asked. An error means nobody. Nil means that
	// only API keys are taken.
	Authorize func(*http.Request) (desk.User, error)
	// Prefix is the path under which the API is served, as requests that reach the handler carry it. "" means "/api", and "/" that it is stripped.
	Prefix string
	// Door takes what is posted to PREFIX/webhooks/TOKEN and PREFIX/webhooks/inbound/TOKEN: the engine's Handler. It shares that path with the
	// endpoints of outgoing webhooks. Nil means that the host mounts the door itself.
	Door http.Handler
	// MaxTotal is up to how many leads the totals of lists count; a list with more says that its total is capped. 0 means 10,000 of a search, 100,000 of a
	// filter, and all leads of a tenant or of a span of time.
	MaxTotal int
	// Logger is told about our own faults, without personal data. Nil means none.
	Logger *slog.Logger
}

// API is the http.Handler. It may be used concurrently.
type API struct {
	desk    *desk.Desk
	opts    Options
	mux     *http.ServeMux
	origins *http.CrossOriginProtection

	patience time.Duration // see counted
}

// New returns the API of a desk.
func New(d *desk.Desk, opts *Options) *API {
	a := &API{desk: d, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection(), patience: time.Minute}
	if opts != nil {
		a.opts = *opts
	}
	a.opts.Prefix = strings.TrimSuffix(cmp.Or(a.opts.Prefix, "/api"), "/")
	a.opts.Logger = cmp.Or(a.opts.Logger, slog.New(slog.DiscardHandler))
	for _, r := range routes {
		a.mux.HandleFunc(r.Method+" "+a.opts.Prefix+r.Path, func(w http.ResponseWriter, req *http.Request) { a.serve(w, req, r) })
	}
	a.mux.HandleFunc("GET "+a.opts.Prefix+"/openapi.json", a.openAPI)
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	escaped := cleaned(r.URL.EscapedPath())
	if a.opts.Door != nil && a.forDoor(r.Method, escaped) {
		a.opts.Door.ServeHTTP(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	decoded, err := url.PathUnescape(escaped)
	if err != nil || path.Clean(escaped) != escaped { // the mux would send those elsewhere
		a.refuse(w, r, errNotFound)
		return
	}
	if escaped != r.URL.EscapedPath() {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = decoded, escaped
	}
	if _, pattern := a.mux.Handler(r); pattern == "" {
		a.unknown(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// cleaned takes doubled slashes, and one at the end, out of an escaped path.
func cleaned(escaped string) string {
	for strings.Contains(escaped, "//") {
		escaped = strings.ReplaceAll(escaped, "//", "/")
	}
	return "/" + strings.Trim(escaped, "/")
}

// forDoor tells submissions from the endpoints of outgoing webhooks, which have the same path. The names of those are no tokens.
func (a *API) forDoor(method, escaped string) bool {
	name, ok := strings.CutPrefix(escaped, a.opts.Prefix+"/webhooks/")
	switch {
	case !ok:
		return false
	case strings.Contains(name, "/"):
		return strings.HasPrefix(name, "inbound/")
	case method == http.MethodPost || method == http.MethodOptions:
		return true
	}
	return len(name) > 40 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
}

// unknown tells a path that there is not from a method that it does not take.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if allowed == nil {
		a.refuse(w, r, errNotFound)
		return
	}
	w.Header().Set("Allow", strings.Join(append(allowed, http.MethodOptions), ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	a.refuse(w, r, &fault{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "this path takes " + strings.Join(allowed, ", ")})
}

// serve runs one route.
func (a *API) serve(w http.ResponseWriter, r *http.Request, route route) {
	user, err := a.user(r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	c := &call{api: a, w: w, r: r, user: user}
	switch id := c.id(); {
	case !user.Role.May(route.Role):
		err = errForbidden
	case !acceptable(r.Header.Get("Accept"), route.answers()):
		err = errNotAcceptable
	case len(id) > 255 || !utf8.ValidString(id) || strings.Contains(id, "\x00"):
		err = errNotFound
	default:
		err = c.run(route)
	}
	if err != nil {
		a.refuse(w, r, err)
	}
}

// user says who calls.
func (a *API) user(r *http.Request) (desk.User, error) {
	if key := apiKey(r); key != "" {
		user, err := a.desk.Authenticate(r.Context(), key)
		if errors.Is(err, desk.ErrUnauthorized) {
			return desk.User{}, errUnauthorized
		}
		return user, err
	}
	if a.opts.Authorize == nil {
		return desk.User{}, errUnauthorized
	}
	// A browser sends cookies with requests of any page.
	if err := a.origins.Check(r); err != nil {
		return desk.User{}, errOrigin
	}
	user, err := a.opts.Authorize(r)
	if err != nil || user.Tenant == "" {
		if ctxErr := r.Context().Err(); ctxErr != nil && errors.Is(ctxErr, context.Canceled) {
			return desk.User{}, ctxErr
		}
		return desk.User{}, errUnauthorized
	}
	return user, nil
}

func apiKey(r *http.Request) string {
	if key := r.Header.Get("X-API-Key"); key != "" {
		return key
	}
	if scheme, key, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "ApiKey") {
		return strings.TrimSpace(key)
	}
	return ""
}
