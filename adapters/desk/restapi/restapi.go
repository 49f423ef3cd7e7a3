// Package restapi is the management API: the desk over HTTP, as JSON.
//
//	d, err := desk.New(desk.Config{Engine: engine, Store: store, Sequencer: sequencer, BaseURL: "https://crm.example.com"})
//	mux.Handle("/api/", restapi.New(d, nil))
//	mux.Handle("/api/webhooks/", engine.Handler())
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
	"strings"

	"github.com/openleads/leads/adapters/desk"
)

// Options sets an API. Nil means the defaults.
type Options struct {
	// Authorize says who makes a request without an API key, by the host's own sessions or tokens. A host that goes by cookies should know that
	// requests from other origins that change something are refused before Authorize is asked. An error means nobody. Nil means that
	// only API keys are taken.
	Authorize func(*http.Request) (desk.User, error)
	// Prefix is the path under which the API is served, as requests carry it. "" means "/api".
	Prefix string
	// MaxTotal is up to how many leads the totals of lists count. 0 means 1,000,000.
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
}

// New returns the API of a desk.
func New(d *desk.Desk, opts *Options) *API {
	a := &API{desk: d, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection()}
	if opts != nil {
		a.opts = *opts
	}
	a.opts.Prefix = strings.TrimSuffix(cmp.Or(a.opts.Prefix, "/api"), "/")
	a.opts.MaxTotal = cmp.Or(a.opts.MaxTotal, 1_000_000)
	a.opts.Logger = cmp.Or(a.opts.Logger, slog.New(slog.DiscardHandler))
	for _, r := range routes {
		a.mux.HandleFunc(r.Method+" "+a.opts.Prefix+r.Path, func(w http.ResponseWriter, req *http.Request) { a.serve(w, req, r) })
	}
	a.mux.HandleFunc("GET "+a.opts.Prefix+"/openapi.json", a.openAPI)
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if path := strings.TrimSuffix(r.URL.Path, "/"); path != r.URL.Path && path != a.opts.Prefix {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = path, ""
	}
	if _, pattern := a.mux.Handler(r); pattern == "" {
		a.refuse(w, r, a.unknown(w, r))
		return
	}
	a.mux.ServeHTTP(w, r)
}

// unknown tells a path that there is not from a method that it does not take.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if allowed == nil {
		return errNotFound
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &fault{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "this path takes " + strings.Join(allowed, ", ")}
}

// serve runs one route.
func (a *API) serve(w http.ResponseWriter, r *http.Request, route route) {
	user, err := a.user(r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if !user.Role.May(route.Role) {
		a.refuse(w, r, errForbidden)
		return
	}
	c := &call{api: a, w: w, r: r, user: user}
	if err := c.run(route); err != nil {
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
