// Package dashboard is the desk in a browser: pages on which a team sees its leads come in, works on them and looks after the rest.
//
//	d, err := desk.New(desk.Config{Engine: engine, Store: store, Sequencer: sequencer, BaseURL: "https://crm.example.com"})
//	mux.Handle("/dashboard/", dashboard.New(d, &dashboard.Options{Authorize: authorize}))
//
// Who looks is said by [Options.Authorize]; without it every request is answered with 403. Everything is within the user's tenant and role.
//
// The pages are made on the server and work without JavaScript; with it the inbox is live, filters act as one types and cards can be dragged.
// They load nothing from elsewhere: scripts and styles are part of this package, under a Content-Security-Policy that allows nothing else.
// Requests from other origins that change something are refused. All texts are in one catalogue, see [English].
//
// How the package is made: every page is a route (route.go) with a func(*page) error beside its kin (inbox.go, lead.go …), a template of the same name
// in templates, and its texts in texts. page.go has what they share.
package dashboard

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
)

// Options sets a Dashboard. Nil means the defaults, with which it lets nobody in.
type Options struct {
	// Authorize says who makes a request, by the host's own sessions. Tenant, ID and Role of the user must be set. An error means nobody. Nil means
	// that nobody is let in.
	Authorize func(*http.Request) (desk.User, error)
	// SignIn is the address to which a browser is sent when Authorize knows nobody ("/login"). "" shows a page that says so.
	SignIn string
	// Prefix is the path under which the dashboard is reached, as browsers see it: every link begins with it. "" means "/dashboard", "/" is
	// for a dashboard that has a host of its own. A request may carry the prefix, or a router may have stripped it.
	Prefix string
	// People knows the names of those who may be responsible for leads. Nil means that users are shown by their IDs, and that leads can be
	// assigned to oneself only.
	People notify.Directory
	// Texts replaces texts of the catalogue by their keys; see [English].
	Texts Texts
	// Language is that of Texts, as an HTML lang attribute has it (BCP 47). "" means "en".
	Language string
	// Zone is the time zone of users of whom People says nothing else. Nil means UTC.
	Zone *time.Location
	// Rubric returns the rules by which a tenant's leads are scored, for the settings to show and to try others against; desk.Rubrics has such a
	// method. Nil means that there is nothing to show.
	Rubric func(ctx context.Context, tenant string) (*score.Rubric, error)
	// RubricSaved is told of rules that somebody has saved, which the desk keeps as its setting "rubric". A host that scores with desk.Rubrics has
	// nothing to do in it. Nil means that rules can be looked at and tried, and not saved.
	RubricSaved func(ctx context.Context, tenant string, rubric *score.Rubric) error
	// Routing are the options of the host's notify.Route, for the settings to show; response times count within its Hours. Nil means that
	// nothing is shown of them, and that all time counts.
	Routing *notify.RouteOptions
	// Embed lists origins ("https://app.example.com") whose pages may show the dashboard in a frame. Empty means none.
	Embed []string
	// Credits is shown at the foot of every page: what the licences of data ask for, such as that of adapters/iploc. "" means nothing.
	Credits string
	// Links are further entries of the navigation, to pages of the host.
	Links []Link
	// MaxUpload bounds uploaded files, in bytes. 0 means 64 MiB.
	MaxUpload int64
	// Logger is told about our own faults, without personal data. Nil means none.
	Logger *slog.Logger
	// Clock gives the time. Nil means time.Now.
	Clock func() time.Time
}

// Link is an entry of the navigation that leads to a page of the host.
type Link struct {
	Text string
	URL  string // absolute, or a path of the same host
}

// Dashboard is the http.Handler. It may be used concurrently.
type Dashboard struct {
	desk    *desk.Desk
	opts    Options
	prefix  string // without a slash at its end
	texts   Texts
	pages   map[string]*template.Template
	mux     *http.ServeMux
	origins *http.CrossOriginProtection
	policy  string // Content-Security-Policy
	live    live
	closed  sync.Once
	open    sync.Once // for the log line about a missing Authorize
}

// New returns the dashboard of a desk. It starts nothing; every live view asks the desk in the request that serves it.
func New(d *desk.Desk, opts *Options) *Dashboard {
	b := &Dashboard{desk: d, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection(), texts: English(), live: newLive()}
	if opts != nil {
		b.opts = *opts
	}
	b.prefix = "/" + strings.Trim(cmp.Or(b.opts.Prefix, "/dashboard"), "/")
	b.prefix = strings.TrimSuffix(b.prefix, "/")
	b.opts.Language = cmp.Or(b.opts.Language, "en")
	b.opts.Zone = cmp.Or(b.opts.Zone, time.UTC)
	b.opts.MaxUpload = cmp.Or(b.opts.MaxUpload, 64<<20)
	b.opts.Logger = cmp.Or(b.opts.Logger, slog.New(slog.DiscardHandler))
	if b.opts.Clock == nil {
		b.opts.Clock = time.Now
	}
	for key, text := range b.opts.Texts {
		b.texts[key] = text
	}
	b.policy = policy(b.opts.Embed)
	b.pages = b.parse()
	for _, r := range routes() {
		b.mux.HandleFunc(r.Method+" "+r.Path, func(w http.ResponseWriter, req *http.Request) { b.serve(w, req, r) })
	}
	return b
}

// Close ends the live connections, so that a server can shut down: they would go on for as long as a page is open. Give it to
// [http.Server.RegisterOnShutdown].
func (b *Dashboard) Close() { b.closed.Do(func() { close(b.live.closed) }) }

// ServeHTTP answers one request.
func (b *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.headers(w.Header())
	r = b.stripped(r)
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		b.asset(w, r)
		return
	}
	p := &page{board: b, w: w, r: r}
	if err := b.origins.Check(r); err != nil {
		p.fail(errOrigin)
		return
	}
	var err error
	if p.user, err = b.user(r); err != nil {
		b.turnAway(p, err)
		return
	}
	if _, pattern := b.mux.Handler(r); pattern == "" {
		p.people(r.Context())
		p.fail(errMissing)
		return
	}
	b.mux.ServeHTTP(w, r.WithContext(withUser(r.Context(), p.user)))
}

// stripped takes the prefix off a request, if a router has not done so, and a slash at the end.
func (b *Dashboard) stripped(r *http.Request) *http.Request {
	path := r.URL.Path
	if rest, ok := strings.CutPrefix(path, b.prefix); ok && (rest == "" || rest[0] == '/') {
		path = rest
	}
	path = "/" + strings.Trim(path, "/")
	if path == r.URL.Path {
		return r
	}
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = path, ""
	return r
}

func (b *Dashboard) headers(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", b.policy)
	if len(b.opts.Embed) == 0 {
		h.Set("X-Frame-Options", "DENY")
	}
}

// policy allows what this package serves and nothing else.
func policy(embed []string) string {
	ancestors := "'none'"
	if len(embed) > 0 {
		ancestors = strings.Join(embed, " ")
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; " +
		"base-uri 'none'; frame-ancestors " + ancestors
}

var errClosed = errors.New("dashboard: Options.Authorize is nil")

// user asks the host who makes the request.
func (b *Dashboard) user(r *http.Request) (desk.User, error) {
	if b.opts.Authorize == nil {
		b.open.Do(func() {
			b.opts.Logger.ErrorContext(r.Context(), "dashboard: Options.Authorize is not set, so nobody is let in")
		})
		return desk.User{}, errClosed
	}
	user, err := b.opts.Authorize(r)
	if err == nil && (user.Tenant == "" || !user.Role.Valid()) {
		err = desk.ErrForbidden
	}
	return user, err
}

// turnAway answers somebody who is not known. What Authorize said is not shown.
func (b *Dashboard) turnAway(p *page, err error) {
	if errors.Is(err, errClosed) {
		p.fail(errNobody)
		return
	}
	if b.opts.SignIn != "" && p.r.Method == http.MethodGet {
		http.Redirect(p.w, p.r, b.opts.SignIn, http.StatusSeeOther)
		return
	}
	p.fail(errSignIn)
}

// serve runs one route.
func (b *Dashboard) serve(w http.ResponseWriter, r *http.Request, route route) {
	p := &page{board: b, w: w, r: r, user: userOf(r.Context()), area: route.Area}
	if !p.user.Role.May(route.Role) {
		p.fail(desk.ErrForbidden)
		return
	}
	if r.Method == http.MethodPost && !route.Upload {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			p.fail(errForm)
			return
		}
	}
	p.people(r.Context())
	if err := route.Do(p); err != nil {
		p.fail(err)
	}
}

// maxForm bounds the body of a form that uploads nothing.
const maxForm = 1 << 20

// write writes a page whole or not at all.
func (b *Dashboard) write(w http.ResponseWriter, status int, name string, data any) error {
	t := b.pages[name]
	if t == nil {
		return errors.New("dashboard: there is no template " + name)
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "layout", data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a browser that has gone away needs no answer
	return nil
}
