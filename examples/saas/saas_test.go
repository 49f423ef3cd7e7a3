package main

import (
	"fmt"
	"net/http"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// TestMailsAreTheCompanysOwn looks at what was written: to whom, by whom, with links to where.
func TestMailsAreTheCompanysOwn(t *testing.T) {
	t.Parallel()
	s, _ := worked(t)
	asked := map[string]bool{}
	isTeam := func(to mail.Address, company string) bool {
		return strings.HasSuffix(to.Address, "@"+company+".example")
	}
	require.Eventually(t, func() bool {
		for _, m := range s.outbox.all() {
			for company := range owners {
				if m.To[0].Address == "eve@both.example" && m.From.Address == "hello@"+company+".example" {
					asked[company] = true
				}
			}
		}
		return len(asked) == 2
	}, 30*time.Second, 20*time.Millisecond, "each company asks the lead to confirm, in its own name")
	for _, m := range s.outbox.all() {
		for company := range owners {
			if isTeam(m.To[0], company) {
				clean(t, company, "mail", m.Subject+m.Text+m.HTML)
				require.Contains(t, m.Text, "http://"+company+".saas.test/dashboard/leads/")
			}
			if m.From.Address == "hello@"+company+".example" {
				clean(t, company, "mail", m.Subject+m.Text+m.HTML)
			}
		}
	}
}

func TestSessionsAreTheCompanysOwn(t *testing.T) {
	t.Parallel()
	s := start(t)
	ann := s.browser("acme", "ann")
	status, _ := ann.do("GET", "/api/leads", "")
	require.Equal(t, http.StatusOK, status)
	token := ann.cookie()
	for name, at := range map[string]string{"another company": "umbra.saas.test", "no company": "saas.test", "an unknown one": "other.saas.test", "a name that ends alike": "xacme.saas.test", "elsewhere": "acme.example"} {
		c := &client{s: s, host: at, jar: carrying(t, at, token)}
		status, body := c.do("GET", "/api/leads", "")
		require.Equal(t, http.StatusUnauthorized, status, "%s: %s", name, body)
		status, _ = c.do("GET", "/dashboard/", "")
		require.Equal(t, http.StatusSeeOther, status, name)
	}
	for name, form := range map[string]string{"wrong password": "user=ann&password=x", "somebody else's user": "user=uma&password=" + s.program.sessions.password, "no password": "user=ann"} {
		status, _ := s.browser("acme", "").do("POST", "/login", form)
		require.Equal(t, http.StatusForbidden, status, name)
	}
	ann.signIn("ben")
	status, _ = (&client{s: s, host: ann.host, jar: carrying(t, ann.host, token)}).do("GET", "/api/leads", "")
	require.Equal(t, http.StatusUnauthorized, status, "who signs in as somebody else has left")
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s, ids := worked(t)
	for _, tt := range []struct {
		company, user, method, path, body string
		status                            int
	}{
		{"acme", "ann", "GET", "/api/api-keys", "", 200},
		{"acme", "ben", "GET", "/api/api-keys", "", 403},
		{"acme", "ben", "PUT", "/api/leads/" + ids["acme"] + "/status", `{"status":"contacted"}`, 200},
		{"umbra", "rob", "GET", "/api/leads/" + ids["umbra"], "", 200},
		{"umbra", "rob", "PUT", "/api/leads/" + ids["umbra"] + "/status", `{"status":"contacted"}`, 403},
	} {
		status, body := s.browser(tt.company, tt.user).do(tt.method, tt.path, tt.body)
		require.Equal(t, tt.status, status, "%s %s: %s", tt.user, tt.path, body)
	}
}

// TestABacklogStarvesNobody has one company's leads waiting by the hundred when the other's single one comes in.
func TestABacklogStarvesNobody(t *testing.T) {
	t.Parallel()
	const backlog = 400
	s := start(t)
	for i := range backlog {
		_, err := s.program.engine.Capture(t.Context(), ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: fmt.Sprintf("lead%d@many.example", i)}})
		require.NoError(t, err)
	}
	_, err := s.program.engine.Capture(t.Context(), ingest.Submission{Tenant: "umbra", Fields: ingest.Fields{Email: "eve@one.example"}})
	require.NoError(t, err)
	s.work()
	mails := s.await("uma@umbra.example")
	var acme []leads.Email
	for _, m := range mails {
		if m.To[0].Address == "ann@acme.example" {
			acme = append(acme, m)
		}
	}
	require.Less(t, len(acme), backlog/4, "leads of the backlog that went before")
}
