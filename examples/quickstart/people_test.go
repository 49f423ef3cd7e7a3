package main_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// signIn is a browser that has opened the link.
func (p *program) signIn(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	require.Equal(t, 200, do(t, browser, "GET", p.dashboard, "").status)
	return browser
}

// send sends a form of the dashboard, and expects the page that it leads to.
func (p *program) send(t *testing.T, browser *http.Client, path string, form url.Values) string {
	t.Helper()
	a := do(t, browser, "POST", p.base+path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", p.base)
	require.Equal(t, 200, a.status, a.body)
	return a.body
}

// submit has a lead come in and waits until the line has done with it.
func (p *program) submit(t *testing.T, email string) (id string) {
	t.Helper()
	p.post(t, strings.Replace(ann, "ann@acme.com", email, 1))
	until(t, 10*time.Second, "the line", func() bool {
		found := p.leads(t, "?search="+email)
		if len(found.Data) != 1 {
			return false
		}
		var x struct {
			Tasks []struct{ Kind string }
		}
		id = found.Data[0].ID
		require.NoError(t, json.Unmarshal([]byte(do(t, http.DefaultClient, "GET", p.base+"/api/leads/"+id+"/explain", "", "X-API-Key", p.key).body), &x))
		return !slices.ContainsFunc(x.Tasks, func(task struct{ Kind string }) bool { return task.Kind != "step" }) // its sequence goes on
	})
	return id
}

// What is set on the dashboard is how NOTIFY_EMAIL is told: at once, not at all, with the others as a digest.
func TestPreferences(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outbox := filepath.Join(dir, "outbox")
	p := start(t, dir, []string{"NOTIFY_EMAIL=team@example.org"})
	browser := p.signIn(t)
	settings := do(t, browser, "GET", p.base+"/settings", "")
	require.Equal(t, 200, settings.status)

	p.submit(t, "first@acme-tools.com")
	require.Len(t, awaitMails(t, outbox, 1), 1, "without a preference, at once")

	p.send(t, browser, "/settings", url.Values{"mode.new": {"off"}, "mode.hot": {"off"}, "mode.assigned": {"off"}})
	p.submit(t, "second@acme-tools.com")
	require.Len(t, mails(t, outbox), 1, "the mail is switched off")

	p.send(t, browser, "/settings", url.Values{"mode.new": {"digest"}, "mode.hot": {"digest"}, "mode.assigned": {"digest"}})
	ids := []string{p.submit(t, "third@acme-tools.com"), p.submit(t, "fourth@acme-tools.com")}
	require.Len(t, mails(t, outbox), 1, "the digest is for the morning")
	hurry(t, filepath.Join(dir, "quickstart.db"))
	until(t, 20*time.Second, "the digest", func() bool { return len(mails(t, outbox)) == 2 })
	digest := mails(t, outbox)[0]
	require.Contains(t, digest.Subject, "Digest: 2 leads")
	require.Equal(t, "<team@example.org>", digest.To)
	for _, id := range ids {
		require.Contains(t, digest.HTML, p.base+"/leads/"+id)
	}

	p.send(t, browser, "/settings", url.Values{"mode.new": {"instant"}, "mode.hot": {"instant"}})
	p.submit(t, "fifth@acme-tools.com")
	require.Contains(t, awaitMails(t, outbox, 3)[0].Subject, "Ann Lee")
	p.stop(t)
}

// hurry has the digest made now.
func hurry(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	r, err := db.ExecContext(t.Context(), `UPDATE leads_tasks SET due = 0 WHERE kind = 'notify' AND instr(payload, '"digest"') > 0`)
	require.NoError(t, err)
	n, err := r.RowsAffected()
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

// Nobody is handed a lead until somebody has a share; then new ones go to them.
func TestShares(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, nil)
	browser := p.signIn(t)
	p.submit(t, "first@acme-tools.com")
	require.Contains(t, do(t, http.DefaultClient, "GET", p.base+"/api/leads?assignedTo=unassigned", "", "X-API-Key", p.key).body, "first@acme-tools.com")
	for i, person := range []string{"you", "ann"} {
		p.send(t, browser, "/settings/team", url.Values{"person": {person}, "weight": {"1"}, "capacity": {"0"}})
		if i == 1 {
			p.send(t, browser, "/settings/team", url.Values{"person": {"you"}, "weight": {"0"}, "capacity": {"0"}})
		}
		email := fmt.Sprintf("to-%s@company-%d.com", person, i) // a company of its own
		p.submit(t, email)
		require.Contains(t, do(t, http.DefaultClient, "GET", p.base+"/api/leads?assignedTo="+person, "", "X-API-Key", p.key).body, email)
	}
	for _, m := range awaitMails(t, filepath.Join(dir, "outbox"), 3) {
		require.Equal(t, "<sales@example.com>", m.To)
	}
	p.stop(t)
}

// The rules of retention are applied without anybody calling for it, within a minute of the start and then daily.
func TestRetention(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), nil)
	browser := p.signIn(t)
	p.send(t, browser, "/settings/retention", url.Values{"raw": {"90"}, "clients": {"30"}, "quarantined": {"30"}, "events": {"0"}, "leads": {"0"}})
	until(t, 90*time.Second, "a run", func() bool {
		return strings.Contains(do(t, browser, "GET", p.base+"/settings/retention", "").body, "Applied last")
	})
	p.stop(t)
}
