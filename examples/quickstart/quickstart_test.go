package main_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/emldir"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "quickstart")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "quickstart")
		if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

// program is a running quickstart.
type program struct {
	cmd                           *exec.Cmd
	webhook, dashboard, key, demo string
	base                          string
	stderr                        *strings.Builder
}

// start runs the program in dir and reads its four lines.
func start(t *testing.T, dir string, env []string, args ...string) *program {
	t.Helper()
	return startAs(t, dir, nil, env, args...)
}

// startAs is start with a command that runs the program.
func startAs(t *testing.T, dir string, command, env []string, args ...string) *program {
	t.Helper()
	p := &program{stderr: &strings.Builder{}}
	command = slices.Concat(command, []string{binary, "-addr", "127.0.0.1:0"}, args)
	p.cmd = exec.CommandContext(t.Context(), command[0], command[1:]...)
	p.cmd.Dir, p.cmd.Stderr = dir, p.stderr
	p.cmd.Env = append(os.Environ(), "DATABASE_URL=", "NOTIFY_EMAIL=")
	p.cmd.Env = append(p.cmd.Env, env...)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	lines := bufio.NewScanner(out)
	for _, line := range []struct {
		name string
		into *string
	}{{"webhook", &p.webhook}, {"dashboard", &p.dashboard}, {"api key", &p.key}, {"demo form", &p.demo}} {
		require.Truef(t, lines.Scan(), "no line %q: %s", line.name, p.stderr)
		name, value, ok := strings.Cut(lines.Text(), ": ")
		require.True(t, ok)
		require.Equal(t, line.name, name)
		*line.into = value
	}
	u, err := url.Parse(p.webhook)
	require.NoError(t, err)
	p.base = "http://" + u.Host
	require.NotEqual(t, "0", u.Port())
	require.True(t, strings.HasPrefix(u.Path, "/api/webhooks/"))
	require.True(t, strings.HasPrefix(p.dashboard, p.base+"/"))
	require.Equal(t, p.base+"/demo", p.demo)
	return p
}

// stop ends the program as a service manager does.
func (p *program) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoErrorf(t, p.cmd.Wait(), "SIGTERM exits 0: %s", p.stderr)
}

// until polls for what the program does in the background.
func until(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			require.FailNow(t, "not within "+within.String(), what)
		case <-tick.C:
		}
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func do(t *testing.T, client *http.Client, method, url, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// listed is the answer of GET /api/leads.
type listed struct {
	Data []struct {
		ID, FirstName, Email, Status, Qualification, CreatedAt string
		Score                                                  *int
		Submissions                                            int
		Source                                                 struct{ ID, Name string }
	}
	Pagination struct{ Page, Limit, Total, Pages int }
}

func (p *program) leads(t *testing.T, query string) (l listed) {
	t.Helper()
	a := do(t, http.DefaultClient, "GET", p.base+"/api/leads"+query, "", "X-API-Key", p.key)
	require.Equal(t, 200, a.status, a.body)
	require.NoError(t, json.Unmarshal([]byte(a.body), &l))
	return l
}

const ann = `{"email":"ann@acme.com","firstName":"Ann","lastName":"Lee","company":"Acme","message":"We need a demo and a price for 40 seats by March"}`

func (p *program) post(t *testing.T, body string) {
	t.Helper()
	a := do(t, http.DefaultClient, "POST", p.webhook, body, "Content-Type", "application/json")
	require.Equal(t, 200, a.status, a.body)
	require.JSONEq(t, `{"success":true}`, a.body)
}

// mails are those to the team, the newest first.
func mails(t *testing.T, dir string) []emldir.Mail {
	t.Helper()
	return slices.DeleteFunc(written(t, dir), func(m emldir.Mail) bool { return m.To != "<sales@example.com>" && m.To != "<team@example.org>" })
}

// written are all mails, the newest first.
func written(t *testing.T, dir string) []emldir.Mail {
	t.Helper()
	list, err := emldir.New(dir).List(100)
	require.NoError(t, err)
	return list
}

// awaitMails waits as long as the README promises.
func awaitMails(t *testing.T, dir string, n int) []emldir.Mail {
	t.Helper()
	until(t, 2*time.Second, "mails in the outbox", func() bool { return len(mails(t, dir)) >= n })
	return mails(t, dir)
}

func TestFromAPostToAMail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outbox := filepath.Join(dir, "outbox")
	p := start(t, dir, []string{"NOTIFY_EMAIL=team@example.org"})

	p.post(t, ann)
	first := awaitMails(t, outbox, 1)
	require.Contains(t, first[0].Subject, "lead: Ann Lee, Acme (")
	require.Equal(t, "<team@example.org>", first[0].To)
	require.Contains(t, first[0].Text, "We need a demo and a price for 40 seats by March")
	require.Contains(t, first[0].HTML, p.base+"/leads/")
	raw, err := os.Open(filepath.Join(outbox, first[0].Name))
	require.NoError(t, err)
	msg, err := mail.ReadMessage(raw)
	require.NoError(t, err)
	require.Equal(t, `"Ann Lee" <ann@acme.com>`, msg.Header.Get("Reply-To"))
	require.NoError(t, raw.Close())

	one := p.leads(t, "")
	require.Len(t, one.Data, 1)
	require.NotNil(t, one.Data[0].Score, "the mail is written after the scoring")
	require.NotEmpty(t, one.Data[0].Qualification)
	require.Equal(t, "new", one.Data[0].Status)
	require.Equal(t, "Website", one.Data[0].Source.Name)
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, one.Data[0].CreatedAt)

	p.post(t, strings.Replace(ann, "We need", "Again we need", 1))
	require.Contains(t, awaitMails(t, outbox, 2)[0].Subject, "lead again: Ann Lee, Acme (")
	again := p.leads(t, "")
	require.Len(t, again.Data, 1)
	require.Equal(t, one.Data[0].ID, again.Data[0].ID)
	require.Equal(t, 2, again.Data[0].Submissions)
	p.stop(t)

	second := start(t, dir, nil)
	require.Equal(t, path(t, p.webhook), path(t, second.webhook))
	require.Equal(t, p.key, second.key)
	require.NotEqual(t, path(t, p.dashboard), path(t, second.dashboard))
	require.Equal(t, again, second.leads(t, ""))
	second.stop(t)
	require.Len(t, mails(t, outbox), 2, "a restart tells nobody again")
}

func path(t *testing.T, s string) string {
	t.Helper()
	u, err := url.Parse(s)
	require.NoError(t, err)
	return u.RequestURI()
}

func TestDemoForm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, nil, "-mail", "mails")
	page := do(t, http.DefaultClient, "GET", p.demo, "")
	require.Equal(t, 200, page.status)
	require.Contains(t, page.body, `action="`+path(t, p.webhook)+`"`)
	require.NotContains(t, page.body, "<script")
	form := url.Values{"email": {"bob@example.net"}, "firstName": {"Bob"}, "lastName": {""}, "company": {""}, "phone": {""}, "message": {"Hello"}, "_hp": {""}}
	thanks := do(t, http.DefaultClient, "POST", p.webhook, form.Encode(), "Content-Type", "application/x-www-form-urlencoded",
		"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Origin", p.base, "Referer", p.demo)
	require.Equal(t, 200, thanks.status)
	require.True(t, strings.HasPrefix(thanks.header.Get("Content-Type"), "text/html"))
	require.Contains(t, thanks.body, "Thank you")
	require.Contains(t, awaitMails(t, filepath.Join(dir, "mails"), 1)[0].Subject, "Bob")
	p.stop(t)
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() }) // after the parallel cases
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	for name, test := range map[string]struct {
		args []string
		env  string
		want []string
	}{
		"port in use":       {[]string{"-addr", taken.Addr().String()}, "", []string{"address already in use", "-addr"}},
		"outbox is a file":  {[]string{"-mail", "file/outbox"}, "", []string{"not a directory", "mailer"}},
		"no folder for db":  {[]string{"-db", "nowhere/x.db"}, "", []string{"store"}},
		"malformed address": {nil, "NOTIFY_EMAIL=nobody", []string{"nobody", "notify"}},
		"half an account":   {nil, "MAILGUN_DOMAIN=mg.example.com", []string{"MAILGUN_API_KEY"}},
		"no such database":  {nil, "DATABASE_URL=postgres://nobody@127.0.0.1:1/none?connect_timeout=2", []string{"store", "127.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, binary, append([]string{"-addr", "127.0.0.1:0"}, test.args...)...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "DATABASE_URL=", test.env)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 1, exit.ExitCode())
			for _, want := range test.want {
				require.Contains(t, string(out), want)
			}
			require.NotContains(t, string(out), "webhook:")
			require.NotContains(t, string(out), "goroutine")
		})
	}
}

func TestUnusedSettingsAreTold(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), []string{"OPENAI_API_KEY=secret-value", "MAILGUN_API_BASE=EU"})
	p.stop(t)
	require.Contains(t, p.stderr.String(), "MAILGUN_API_BASE")
	require.NotContains(t, p.stderr.String(), "OPENAI_API_KEY", "it is used")
	require.NotContains(t, p.stderr.String(), "secret-value")
}

// With an account, mails go to Mailgun and not into the folder.
func TestMailgun(t *testing.T) {
	t.Parallel()
	taken := make(chan url.Values, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.FormValue("to")
		taken <- r.Form
		_, _ = io.WriteString(w, `{"id":"<1@mg.example.com>","message":"Queued. Thank you."}`)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	p := start(t, dir, []string{"MAILGUN_DOMAIN=mg.example.com", "MAILGUN_API_KEY=secret-value", "MAILGUN_API_BASE=" + server.URL + "/v3", "NOTIFY_EMAIL=team@example.org"})
	p.post(t, `{"email":"bob@example.net","firstName":"Bob"}`)
	select {
	case form := <-taken:
		require.Contains(t, form.Get("to"), "team@example.org")
		require.Contains(t, form.Get("subject"), "Bob")
	case <-time.After(10 * time.Second):
		require.Fail(t, "no mail was sent")
	}
	p.stop(t)
	require.Empty(t, written(t, filepath.Join(dir, "outbox")))
	require.NotContains(t, p.stderr.String(), "secret-value")
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("LEADS_TEST_PG_DSN")
	if dsn == "" {
		require.Empty(t, os.Getenv("STRICT")+os.Getenv("CI"), "LEADS_TEST_PG_DSN is not set: no PostgreSQL to start on")
		t.Skip("SKIPPED: LEADS_TEST_PG_DSN is not set, so there is no PostgreSQL to start on")
	}
	dsn = ownDatabase(t, dsn)
	dir := t.TempDir()
	p := start(t, dir, []string{"DATABASE_URL=" + dsn})
	p.post(t, ann)
	awaitMails(t, filepath.Join(dir, "outbox"), 1)
	p.stop(t)
	again := start(t, t.TempDir(), []string{"DATABASE_URL=" + dsn})
	require.Equal(t, path(t, p.webhook), path(t, again.webhook))
	require.Equal(t, p.key, again.key)
	require.Len(t, again.leads(t, "").Data, 1)
	again.stop(t)
}

// ownDatabase makes a database on the server and drops it after the test.
func ownDatabase(t *testing.T, dsn string) string {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	name := strings.ToLower("quickstart_" + rand.Text())
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}
