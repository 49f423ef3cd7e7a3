package main

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"html/template"
	"net/http"
	"sync"

	"github.com/openleads/leads/adapters/desk"
)

// sessions is the host's own sign-in, as small as it can be: one password for all, a cookie, and sessions that end with the process. What
// counts here is authorize, of which the dashboard and the API know nothing else.
type sessions struct {
	companies companies
	domain    string
	password  string
	mu        sync.Mutex
	users     map[string]desk.User // by the value of the cookie
}

func newSessions(all companies, domain string) *sessions {
	return &sessions{companies: all, domain: domain, password: rand.Text(), users: map[string]desk.User{}}
}

// cookie is scoped to the very host that set it, so a company's name never gets another's.
const cookie = "saas_session"

var errNobody = errors.New("saas: nobody is signed in")

// authorize says who makes a request: the user of the session, at the company of the host name and nowhere else.
func (s *sessions) authorize(r *http.Request) (desk.User, error) {
	c, known := s.companies.at(r.Host, s.domain)
	sent, err := r.Cookie(cookie)
	if !known || err != nil {
		return desk.User{}, errNobody
	}
	s.mu.Lock()
	user, ok := s.users[sent.Value]
	s.mu.Unlock()
	if !ok || user.Tenant != c.ID {
		return desk.User{}, errNobody
	}
	return user, nil
}

// signIn takes the form. It is behind http.CrossOriginProtection, so that no other page can sign a browser in.
func (s *sessions) signIn(w http.ResponseWriter, r *http.Request) {
	c, known := s.companies.at(r.Host, s.domain)
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	if !known || subtle.ConstantTimeCompare([]byte(r.PostFormValue("password")), []byte(s.password)) != 1 {
		http.Error(w, "That is not right.", http.StatusForbidden)
		return
	}
	for _, u := range c.Users {
		if u.ID == r.PostFormValue("user") {
			s.begin(w, r, u)
			http.Redirect(w, r, "/dashboard/", http.StatusSeeOther)
			return
		}
	}
	http.Error(w, "That is not right.", http.StatusForbidden)
}

// begin starts a session and ends the one that the browser had.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, u desk.User) {
	value := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, err := r.Cookie(cookie); err == nil {
		delete(s.users, old.Value)
	}
	s.users[value] = u
	// Secure belongs here too wherever there is TLS. Lax lets links in mails find the session.
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

var form = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in · {{.Name}}</title><h1>{{.Name}}</h1>
<form method="post" action="/login"><p><label>User <input name="user" autocomplete="username" required></label>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<p><button>Sign in</button></form>`))

// ask shows the form.
func (s *sessions) ask(w http.ResponseWriter, r *http.Request) {
	c, known := s.companies.at(r.Host, s.domain)
	if !known {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	_ = form.Execute(w, c) // a browser that has gone away needs no page
}
