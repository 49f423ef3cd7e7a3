package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// page is one request of somebody who may make it, and its answer.
type page struct {
	board *Dashboard
	w     http.ResponseWriter
	r     *http.Request
	user  desk.User
	area  string
	team  []notify.Person
	zone  *time.Location
}

type userKey struct{}

func withUser(ctx context.Context, u desk.User) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

func userOf(ctx context.Context) desk.User {
	u, _ := ctx.Value(userKey{}).(desk.User)
	return u
}

func (p *page) ctx() context.Context     { return p.r.Context() }
func (p *page) desk() *desk.Desk         { return p.board.desk }
func (p *page) now() time.Time           { return p.board.opts.Clock().UTC() }
func (p *page) id() string               { return p.r.PathValue("id") }
func (p *page) form(name string) string  { return strings.TrimSpace(p.r.PostFormValue(name)) }
func (p *page) query(name string) string { return strings.TrimSpace(p.r.URL.Query().Get(name)) }

// people reads who is in the team, and in which time zone the user lives. Pages do without when the directory does not answer.
func (p *page) people(ctx context.Context) {
	p.zone = p.board.opts.Zone
	if p.board.opts.People != nil {
		team, err := p.board.opts.People.People(ctx, p.user.Tenant)
		if err != nil {
			p.board.opts.Logger.WarnContext(ctx, "dashboard: the people cannot be read", "error", err)
		}
		p.team = team
	}
	for _, person := range p.team {
		if zone, err := time.LoadLocation(person.Zone); err == nil && person.ID == p.user.ID && person.Zone != "" {
			p.zone = zone
		}
	}
	if !slices.ContainsFunc(p.team, func(x notify.Person) bool { return x.ID == p.user.ID }) && p.user.ID != "" {
		p.team = append(slices.Clip(p.team), notify.Person{ID: p.user.ID, Name: p.user.Name, Email: p.user.Email})
	}
}

// name is how a person is shown.
func (p *page) name(id string) string {
	for _, x := range p.team {
		if x.ID == id && x.Name != "" {
			return x.Name
		}
	}
	return id
}

// show answers with the page of a template.
func (p *page) show(name string, v view) error { return p.showStatus(http.StatusOK, name, v) }

func (p *page) showStatus(status int, name string, v view) error {
	v.page, v.User, v.Area = p, p.user, p.area
	v.Lang, v.Areas = p.board.opts.Language, p.areas()
	v.Done = p.message()
	if p.r.Header.Get("HX-Request") != "" {
		p.address(v.Done != "")
	}
	return p.board.write(p.w, status, name, &v)
}

// address has htmx keep an address that can be opened again: not that of an action, and not one with a message in it.
func (p *page) address(message bool) {
	if p.r.Method != http.MethodGet {
		p.w.Header().Set("HX-Push-Url", "false")
		return
	}
	if message {
		q := p.r.URL.Query()
		q.Del("done")
		q.Del("n")
		to := url.URL{Path: p.board.prefix + p.r.URL.Path, RawQuery: q.Encode()}
		p.w.Header().Set("HX-Replace-Url", to.String())
	}
}

// invalid shows a form again with what is wrong with it, if err says so; any other error is returned.
func (p *page) invalid(err error, name string, v view) error {
	var wrong *desk.InvalidError
	if !errors.As(err, &wrong) {
		return err
	}
	v.Wrong = p.said(wrong.Fields)
	return p.showStatus(http.StatusUnprocessableEntity, name, v)
}

// done answers an action: it sends the browser on to a page, on which the text "done." and key is shown, with n where the text counts something.
// The text itself does not travel in the address, so that nobody can make it up.
func (p *page) done(path, key string, n ...int) error {
	to, err := url.Parse(p.board.prefix + path)
	if err != nil {
		return err
	}
	q := to.Query()
	q.Set("done", key)
	if len(n) > 0 {
		q.Set("n", strconv.Itoa(n[0]))
	}
	to.RawQuery = q.Encode()
	http.Redirect(p.w, p.r, to.String(), http.StatusSeeOther)
	return nil
}

// message is the text that done has sent the browser on with, or "".
func (p *page) message() string {
	key := "done." + p.query("done")
	if n, err := strconv.Atoi(p.query("n")); err == nil {
		return p.board.texts.count(key, n)
	}
	return p.board.texts[key]
}

// areas are the entries of the navigation that the user sees.
func (p *page) areas() []area {
	return slices.DeleteFunc(slices.Clone(areas), func(a area) bool {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: a.Path}}
		_, pattern := p.board.mux.Handler(r)
		return pattern == "" || !p.user.Role.May(a.Role)
	})
}

// oops is an error with a page of its own: the texts "error." and key.
type oops struct {
	status int
	key    string
}

func (o *oops) Error() string { return "dashboard: " + o.key }

var (
	errMissing = &oops{http.StatusNotFound, "missing"}
	errOrigin  = &oops{http.StatusForbidden, "origin"}
	errNobody  = &oops{http.StatusForbidden, "nobody"}
	errSignIn  = &oops{http.StatusForbidden, "signin"}
	errRole    = &oops{http.StatusForbidden, "role"}
	errForm    = &oops{http.StatusBadRequest, "form"}
	errStale   = &oops{http.StatusConflict, "stale"}
	errEnroled = &oops{http.StatusConflict, "enrolled"}
	errBusy    = &oops{http.StatusServiceUnavailable, "busy"}
)

// oopsOf maps every error to what is shown. One that is not known is our own fault: nil.
func oopsOf(err error) *oops {
	var o *oops
	switch {
	case errors.As(err, &o):
		return o
	case errors.Is(err, desk.ErrForbidden):
		return errRole
	case errors.Is(err, leads.ErrNotFound), errors.Is(err, desk.ErrNoSequences):
		return errMissing
	case errors.Is(err, leads.ErrStale):
		return errStale
	case errors.Is(err, sequence.ErrEnrolled):
		return errEnroled
	case errors.Is(err, leads.ErrInvalid):
		return errForm
	case errors.Is(err, ingest.ErrBusy):
		return errBusy
	}
	return nil
}

// fail shows the page of an error.
func (p *page) fail(err error) {
	if p.ctx().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is there any more
	}
	o := oopsOf(err)
	if o == nil {
		p.board.opts.Logger.ErrorContext(p.ctx(), "dashboard: a page failed", "area", p.area, "error", err)
		o = errBusy
	}
	v := view{Title: p.board.texts.text("error." + o.key), Data: o}
	var wrong *desk.InvalidError
	if errors.As(err, &wrong) {
		v.Wrong = p.said(wrong.Fields)
	}
	if o.status == http.StatusServiceUnavailable {
		p.w.Header().Set("Retry-After", "5")
	}
	if err := p.showStatus(o.status, "error", v); err != nil {
		p.board.opts.Logger.ErrorContext(p.ctx(), "dashboard: the page of an error failed", "error", err)
		http.Error(p.w, v.Title, o.status)
	}
}

// view is what a template is given as its dot.
type view struct {
	*page
	Title string
	Lang  string
	Area  string // which entry of the navigation is marked
	Areas []area
	User  desk.User
	Done  string // the message of the action before
	Wrong []desk.FieldError
	Data  any
}

// May reports whether the user has the role, or one above it.
func (v *view) May(role string) bool { return v.User.Role.May(desk.Role(role)) }

// Name is how a person is shown.
func (v *view) Name(id string) string { return visible(v.name(id)) }

// People are those whom a lead can be assigned to.
func (v *view) People() []notify.Person { return v.team }

// Key is the key of an error's texts.
func (o *oops) Key() string { return o.key }

// WrongAt returns what is wrong with the field at a JSON pointer, or "".
func (v *view) WrongAt(pointer string) string {
	for _, f := range v.Wrong {
		if f.Pointer == pointer {
			return f.Message
		}
	}
	return ""
}

// When shows a time in the user's zone, short: the hour today, else the day and the hour, and the year where it is another.
func (v *view) When(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now := t.In(v.zone), v.now().In(v.zone)
	switch {
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return v.board.texts.date("date.today", t)
	case t.Year() == now.Year():
		return v.board.texts.date("date.year", t)
	}
	return v.board.texts.date("date.other", t)
}

// Stamp is a time as a machine reads it, for the datetime attribute.
func (v *view) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Full shows a time with everything.
func (v *view) Full(t time.Time) string { return v.board.texts.date("date.full", t.In(v.zone)) }

// pair gives a template the view and one thing more.
type pair struct {
	V *view
	D any
}

// numberOf shows a count with its thousands apart.
func numberOf(n int) string {
	if n < 0 {
		return "-" + numberOf(-n)
	}
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", numberOf(n/1000), n%1000)
}
