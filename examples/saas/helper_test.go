package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
)

// service is the program behind a server, on a database of its own.
type service struct {
	t       *testing.T
	program *program
	server  *httptest.Server
	outbox  *outbox
	made    map[string]setup // by company
}

func start(t *testing.T) *service {
	store, err := bunstore.OpenSQLite(filepath.Join(t.TempDir(), "saas.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	s := &service{t: t, outbox: &outbox{came: make(chan struct{}, 1)}, made: map[string]setup{}}
	s.program, err = newProgram(store, s.outbox, demo(), "saas.test")
	require.NoError(t, err)
	for _, c := range s.program.companies {
		s.made[c.ID], err = s.program.setUp(t.Context(), c)
		require.NoError(t, err)
	}
	s.server = httptest.NewServer(s.program.handler())
	t.Cleanup(s.server.Close)
	t.Cleanup(s.program.board.Close)
	return s
}

// work does the background work until the test ends.
func (s *service) work() {
	ctx, stop := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.program.work(ctx) }()
	s.t.Cleanup(func() { stop(); require.NoError(s.t, <-ended) })
}

// outbox keeps mails in the order in which they were sent.
type outbox struct {
	mu    sync.Mutex
	mails []leads.Email
	came  chan struct{} // holds at most one
}

func (o *outbox) Send(_ context.Context, mail leads.Email) (leads.Receipt, error) {
	o.mu.Lock()
	o.mails = append(o.mails, mail)
	o.mu.Unlock()
	select {
	case o.came <- struct{}{}:
	default:
	}
	return leads.Receipt{ID: "1"}, nil
}

func (o *outbox) all() []leads.Email {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]leads.Email(nil), o.mails...)
}

// await returns the mails once there is one to each of the addresses.
func (s *service) await(addresses ...string) []leads.Email {
	s.t.Helper()
	late := time.After(30 * time.Second)
	for {
		mails := s.outbox.all()
		written := map[string]bool{}
		for _, m := range mails {
			written[m.To[0].Address] = true
		}
		missing := 0
		for _, a := range addresses {
			if !written[a] {
				missing++
			}
		}
		if missing == 0 {
			return mails
		}
		select {
		case <-s.outbox.came:
		case <-late:
			require.FailNow(s.t, "no mails", "to %v, only to %v", addresses, written)
		}
	}
}

// client is somebody who calls: a browser with its cookies at a company's name, or a program with a key.
type client struct {
	s    *service
	host string
	key  string
	jar  http.CookieJar
}

// browser signs in; user "" stays nobody.
func (s *service) browser(company, user string) *client {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	c := &client{s: s, host: company + ".saas.test", jar: jar}
	if user != "" {
		c.signIn(user)
	}
	return c
}

func (c *client) signIn(user string) {
	status, body := c.do("POST", "/login", url.Values{"user": {user}, "password": {c.s.program.sessions.password}}.Encode())
	require.Equal(c.s.t, http.StatusSeeOther, status, body)
}

func (s *service) withKey(company string) *client {
	return &client{s: s, host: company + ".saas.test", key: s.made[company].key}
}

// do makes a request of the company's name and returns the answer; redirects are not followed.
func (c *client) do(method, path, body string) (int, string) {
	t := c.s.t
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.s.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Host = c.host
	kind := "application/x-www-form-urlencoded"
	if strings.HasPrefix(body, "{") {
		kind = "application/json"
	}
	r.Header.Set("Content-Type", kind)
	if c.key != "" {
		r.Header.Set("X-API-Key", c.key)
	}
	at := &url.URL{Scheme: "http", Host: c.host, Path: path}
	if c.jar != nil {
		for _, cookie := range c.jar.Cookies(at) {
			r.AddCookie(cookie)
		}
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	if c.jar != nil {
		c.jar.SetCookies(at, answer.Cookies())
	}
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}

// get reads JSON.
func (c *client) get(path string, v any) {
	c.s.t.Helper()
	status, body := c.do("GET", path, "")
	require.Equal(c.s.t, http.StatusOK, status, "%s: %s", path, body)
	require.NoError(c.s.t, json.Unmarshal([]byte(body), v))
}

// submit posts a lead to the form of a company.
func (s *service) submit(company, body string) {
	s.t.Helper()
	u, err := url.Parse(s.made[company].form)
	require.NoError(s.t, err)
	require.Equal(s.t, "saas.test", u.Host)
	status, answer := (&client{s: s, host: u.Host}).do("POST", u.Path, body)
	require.Equal(s.t, http.StatusOK, status, answer)
}

// cookie returns the value of the session that the browser has.
func (c *client) cookie() string {
	found := c.jar.Cookies(&url.URL{Scheme: "http", Host: c.host})
	require.Len(c.s.t, found, 1)
	return found[0].Value
}

// carrying returns a jar with a session's cookie, as somebody has it who brings one along.
func carrying(t *testing.T, host, value string) http.CookieJar {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	jar.SetCookies(&url.URL{Scheme: "http", Host: host}, []*http.Cookie{{Name: cookie, Value: value}})
	return jar
}
