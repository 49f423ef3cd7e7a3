package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/openleads/leads/adapters/desk"
)

// session lets one browser in: whoever opens the link first.
type session struct {
	link   string // the secret of the sign-in link
	value  string // of the cookie
	cookie string // its name, which has the port in it: browsers share cookies between the ports of a host
	used   atomic.Bool
}

func newSession(addr net.Addr) *session {
	_, port, _ := net.SplitHostPort(addr.String())
	return &session{link: rand.Text(), value: rand.Text(), cookie: "leads_" + port}
}

// guard answers 403 to everybody else.
func (s *session) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		private(w.Header())
		switch {
		case s.isIn(r):
			next.ServeHTTP(w, r)
		case s.signIn(r):
			r = r.WithContext(context.WithValue(r.Context(), signedIn{}, true))
			// The page is the answer itself: a Strict cookie would not be sent on with a redirect from another site's link.
			http.SetCookie(w, &http.Cookie{Name: s.cookie, Value: s.value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
			next.ServeHTTP(w, r)
		default:
			show(w, http.StatusForbidden, "denied", nil)
		}
	})
}

// private keeps a page out of caches and frames, and lets it run nothing.
func private(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'")
}

// signedIn marks a request that has just brought the link.
type signedIn struct{}

// authorize says who makes a request: you, if this browser has opened the link.
func (s *session) authorize(r *http.Request) (desk.User, error) {
	if s.isIn(r) || r.Context().Value(signedIn{}) != nil {
		return you, nil
	}
	return desk.User{}, errors.New("nobody is signed in")
}

func (s *session) isIn(r *http.Request) bool {
	c, err := r.Cookie(s.cookie)
	return err == nil && equal(c.Value, s.value)
}

// signIn reports whether r is the first to bring the link's secret, and uses it up.
func (s *session) signIn(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/" && equal(r.URL.Query().Get("signin"), s.link) && s.used.CompareAndSwap(false, true)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
