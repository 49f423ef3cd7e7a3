package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/emldir"
	"github.com/openleads/leads/adapters/iploc"
)

//go:embed pages.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"clock": clock, "words": words, "geodata": geodata}).ParseFS(files, "pages.html"))

// newest is how many leads and mails the first page lists.
const newest = 25

// dashboard shows the newest leads and mails. It changes nothing.
type dashboard struct {
	engine *leads.Engine
	store  *bunstore.Store
	outbox *emldir.Mailer
}

func newDashboard(engine *leads.Engine, store *bunstore.Store, outbox *emldir.Mailer) http.Handler {
	d := dashboard{engine, store, outbox}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.overview)
	mux.HandleFunc("GET /leads/{id}", d.lead)
	mux.HandleFunc("GET /mails/{name}", d.mail)
	mux.HandleFunc("GET /mails/{name}/html", d.mailHTML)
	return mux
}

// entry is a lead in the list.
type entry struct {
	leads.Lead
	Work    string // how far the pipeline is
	Reasons []leads.Evidence
}

func (d dashboard) overview(w http.ResponseWriter, r *http.Request) {
	list, err := d.store.Leads(r.Context(), leads.LeadQuery{Tenant: leads.DefaultTenant, Limit: newest})
	if err != nil {
		show(w, http.StatusInternalServerError, "failed", nil)
		return
	}
	entries := make([]entry, 0, len(list))
	for _, lead := range list {
		x, err := d.engine.Explain(r.Context(), lead.Tenant, lead.ID)
		if err != nil {
			continue // it has been erased since
		}
		entries = append(entries, entry{Lead: x.Lead, Work: work(x), Reasons: reasons(x.Lead.Score, 3)})
	}
	mails, err := d.outbox.List(newest)
	if err != nil {
		show(w, http.StatusInternalServerError, "failed", nil)
		return
	}
	show(w, http.StatusOK, "dashboard", map[string]any{"Leads": entries, "Mails": mails})
}

// work says how far the pipeline is with a lead.
func work(x leads.Explanation) string {
	state := "done"
	for _, t := range x.Tasks {
		if t.State == leads.TaskDead {
			return fmt.Sprintf("%s gave up", t.Kind)
		}
		state = fmt.Sprintf("%s %s", t.Kind, t.State)
	}
	return state
}

// reasons returns the n pieces of evidence that weigh most.
func reasons(s *leads.Score, n int) []leads.Evidence {
	if s == nil {
		return nil
	}
	weight := func(e leads.Evidence) int { return max(e.Points, -e.Points) }
	list := slices.DeleteFunc(slices.Clone(s.Evidence), func(e leads.Evidence) bool { return e.Points == 0 })
	slices.SortStableFunc(list, func(a, b leads.Evidence) int { return weight(b) - weight(a) })
	return list[:min(n, len(list))]
}

func (d dashboard) lead(w http.ResponseWriter, r *http.Request) {
	x, err := d.engine.Explain(r.Context(), leads.DefaultTenant, r.PathValue("id"))
	switch {
	case errors.Is(err, leads.ErrNotFound):
		show(w, http.StatusNotFound, "missing", nil)
	case err != nil:
		show(w, http.StatusInternalServerError, "failed", nil)
	default:
		slices.Reverse(x.Submissions)
		show(w, http.StatusOK, "lead", map[string]any{"X": x, "Lead": x.Lead, "Work": work(x)})
	}
}

func (d dashboard) mail(w http.ResponseWriter, r *http.Request) {
	if m, ok := d.find(r.PathValue("name")); ok {
		show(w, http.StatusOK, "mail", m)
		return
	}
	show(w, http.StatusNotFound, "missing", nil)
}

// mailHTML is the HTML of a mail, for the frame in its page: without scripts, forms, remote content or an origin. It does not limit who
// may frame it: 'self' is nobody for a document without an origin, and other sites get no cookie.
func (d dashboard) mailHTML(w http.ResponseWriter, r *http.Request) {
	m, ok := d.find(r.PathValue("name"))
	if !ok {
		show(w, http.StatusNotFound, "missing", nil)
		return
	}
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(m.HTML))
}

// find looks among the newest mails, so that a name from a URL never becomes a path.
func (d dashboard) find(name string) (emldir.Mail, bool) {
	mails, err := d.outbox.List(newest)
	i := slices.IndexFunc(mails, func(m emldir.Mail) bool { return m.Name == name })
	if err != nil || i < 0 {
		return emldir.Mail{}, false
	}
	return mails[i], true
}

// demo is a plain form that posts to the webhook; it needs no sign-in and no JavaScript.
func demo(token string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		show(w, http.StatusOK, "demo", "/api/webhooks/"+token)
	})
}

// show writes a page, whole or not at all.
func show(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // a browser that has gone away needs no answer
}

// geodata acknowledges whose data tells the country, as its licence asks wherever that is shown.
func geodata() string { return iploc.Attribution }

// clock writes a time in this machine's zone.
func clock(t time.Time) string { return t.Local().Format("2 Jan 15:04:05") }

// words makes "email deliverable" of "email.deliverable".
func words(key string) string { return strings.ReplaceAll(key, ".", " ") }
