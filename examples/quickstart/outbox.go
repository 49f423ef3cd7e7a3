package main

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads/adapters/emldir"
	"github.com/openleads/leads/adapters/iploc"
)

//go:embed pages.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"clock": clock, "geodata": geodata}).ParseFS(files, "pages.html"))

// newest is how many mails are listed.
const newest = 50

// outbox shows the mails that would have been sent. It changes nothing.
type outbox struct{ folder *emldir.Mailer }

func mails(folder *emldir.Mailer) http.Handler {
	o := outbox{folder}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /mails", o.list)
	mux.HandleFunc("GET /mails/{name}", o.mail)
	mux.HandleFunc("GET /mails/{name}/html", o.html)
	return mux
}

func (o outbox) list(w http.ResponseWriter, _ *http.Request) {
	mails, err := o.folder.List(newest)
	if err != nil {
		show(w, http.StatusInternalServerError, "failed", nil)
		return
	}
	show(w, http.StatusOK, "mails", mails)
}

func (o outbox) mail(w http.ResponseWriter, r *http.Request) {
	if m, ok := o.find(r.PathValue("name")); ok {
		show(w, http.StatusOK, "mail", m)
		return
	}
	show(w, http.StatusNotFound, "missing", nil)
}

// html is the HTML of a mail, for the frame in its page: without scripts, forms, remote content or an origin; its links open in a window of
// their own. It does not limit who may frame it: 'self' is nobody for a document without an origin, and other sites get no cookie.
func (o outbox) html(w http.ResponseWriter, r *http.Request) {
	m, ok := o.find(r.PathValue("name"))
	if !ok {
		show(w, http.StatusNotFound, "missing", nil)
		return
	}
	w.Header().Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(strings.Replace(m.HTML, "<head>", `<head><base target="_blank" rel="noopener noreferrer">`, 1)))
}

// find looks among the newest mails, so that a name from a URL never becomes a path.
func (o outbox) find(name string) (emldir.Mail, bool) {
	mails, err := o.folder.List(newest)
	i := slices.IndexFunc(mails, func(m emldir.Mail) bool { return m.Name == name })
	if err != nil || i < 0 {
		return emldir.Mail{}, false
	}
	return mails[i], true
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
