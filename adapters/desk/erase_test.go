package desk_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/webhook"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
	"github.com/openleads/leads/sequence"
)

// marker is in everything of the person, and of nobody else.
const marker = "zqmarker"

// line is a whole program on a SQLite file: routing, mails at once and as a digest, webhooks, sequences.
type line struct {
	*desk.Desk
	t      *testing.T
	db     *sql.DB // looks at the file from outside
	store  *bunstore.Store
	engine *leads.Engine
	follow *sequence.Sequencer

	mu     sync.Mutex
	sent   []leads.Email
	refuse bool // digests
	called int
}

func newLine(t *testing.T) *line {
	path := filepath.Join(t.TempDir(), "leads.db")
	l := &line{t: t}
	var err error
	l.store, err = bunstore.OpenSQLite(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.store.Close()) })
	require.NoError(t, l.store.Migrate(t.Context()))
	l.db, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.db.Close()) })
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { l.mu.Lock(); l.called++; l.mu.Unlock() }))
	t.Cleanup(server.Close)
	hooks := webhook.New(l.store, &webhook.Options{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, AnyPort: true, Plain: true})
	l.follow = sequence.New(l.store, leads.MailerFunc(l.send), &sequence.Options{
		Sender:  sequence.Sender{From: mail.Address{Address: "sales@acme.example"}, Postal: "1 Main Street, Bath"},
		BaseURL: "https://crm.example/mail",
		Definitions: []sequence.Definition{{ID: "welcome", Name: "Welcome", Purpose: "transactional", Steps: []sequence.Step{
			{ID: "hello", Email: &sequence.EmailStep{Subject: "Hello{{#firstName}} {{firstName}}{{/firstName}}", Body: "Hello{{#firstName}} {{firstName}}{{/firstName}}"}}, {ID: "wait", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 9}}},
		}}},
	})
	never := notify.Preferences{Quiet: notify.Hours{{From: "00:00", To: "24:00"}}, QuietHot: true, DigestAt: []string{time.Now().UTC().Add(12 * time.Hour).Format("15:04")}}
	people := desk.Directory(l.store, notify.People{{ID: "ann", Email: "ann@acme.example", Preferences: never}, {ID: "ben", Email: "ben@acme.example"}})
	team := notify.Team(leads.MailerFunc(l.send), people, &notify.TeamOptions{Store: l.store})
	l.engine, err = leads.New(leads.Config{
		Store: l.store, Enricher: enrich.Chain{enrich.Company{}, enrich.Attribution{}}, Scorer: score.DefaultRubric(), Sequencer: l.follow,
		Notifier: notify.Route(l.store, &notify.RouteOptions{People: people}, notify.All(team, hooks)), BaseURL: "https://crm.example",
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), // shown when the test fails
	})
	require.NoError(t, err)
	l.Desk, err = desk.New(desk.Config{Engine: l.engine, Store: l.store, Sequencer: l.follow, Webhooks: hooks, BaseURL: "https://crm.example"})
	require.NoError(t, err)
	_, err = l.CreateWebhook(t.Context(), ada, desk.Webhook{URL: server.URL})
	require.NoError(t, err)
	return l
}

func (l *line) send(_ context.Context, m leads.Email) (leads.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse && strings.HasPrefix(m.Subject, "Digest") {
		return leads.Receipt{}, errors.New("busy")
	}
	l.sent = append(l.sent, m)
	return leads.Receipt{ID: "1"}, nil
}

func (l *line) mails() []leads.Email {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

func (l *line) calls() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.called
}

// work runs the engine until something is so.
func (l *line) work(what string, done func() bool) {
	l.t.Helper()
	ctx, stop := context.WithCancel(l.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.engine.Run(ctx) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case err := <-ended:
			require.FailNow(l.t, "the engine has ended", "%v", err)
		case <-late:
			require.FailNow(l.t, "not in time", "%s: %d mails, %d calls, tasks: %s", what, len(l.mails()), l.calls(), l.tasks())
		}
	}
	stop()
	require.NoError(l.t, <-ended)
}

// undone is how many tasks are still to be done within a minute. When the backlog is looked at again, every five minutes, and when a sequence goes on do
// not count.
func (l *line) undone() int {
	l.t.Helper()
	return l.count(`SELECT count(*) FROM leads_tasks WHERE kind <> 'step' AND coalesce(instr(payload, '"backlog"'), 0) = 0 AND due <= ?`,
		time.Now().Add(time.Minute).UnixMicro())
}

// count is what a query of one number answers.
func (l *line) count(query string, args ...any) (n int) {
	l.t.Helper()
	require.NoError(l.t, l.db.QueryRow(query, args...).Scan(&n))
	return n
}

// tasks are those that there are: kind, state, seconds until they are due, attempts and error.
func (l *line) tasks() (all []string) {
	l.t.Helper()
	rows, err := l.db.Query(`SELECT kind || ' ' || state || ' ' || ((due - ?) / 1000000) || ' ' || attempts || ' ' || last_error || ' ' || coalesce(payload, '') FROM leads_tasks`, time.Now().UnixMicro())
	require.NoError(l.t, err)
	defer func() { require.NoError(l.t, rows.Close()) }()
	for rows.Next() {
		all = append(all, "")
		require.NoError(l.t, rows.Scan(&all[len(all)-1]))
	}
	require.NoError(l.t, rows.Err())
	return all
}

// traces are the tables in which a text stands, in whatever column and case.
func (l *line) traces(text string) map[string]int {
	l.t.Helper()
	rows, err := l.db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'`) // whose own tables are read
	require.NoError(l.t, err)
	var tables []string
	for rows.Next() {
		tables = append(tables, "")
		require.NoError(l.t, rows.Scan(&tables[len(tables)-1]))
	}
	require.NoError(l.t, rows.Err())
	require.Greater(l.t, len(tables), 20)
	found := make(map[string]int)
	for _, table := range tables {
		if n := l.tracesIn(table, text); n > 0 {
			found[table] = n
		}
	}
	return found
}

func (l *line) tracesIn(table, text string) (found int) {
	l.t.Helper()
	rows, err := l.db.Query(`SELECT * FROM ` + table)
	require.NoError(l.t, err)
	defer func() { require.NoError(l.t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(l.t, err)
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(l.t, rows.Scan(values...))
		for _, v := range values {
			if bytes.Contains(bytes.ToLower(fmt.Appendf(nil, "%s", *v.(*any))), []byte(text)) {
				found++
				break
			}
		}
	}
	require.NoError(l.t, rows.Err())
	return found
}

// marked captures a person who bears the marker in everything, has the line run for them, works on them, and returns the lead.
func (l *line) marked() string {
	ctx := l.t.Context()
	source, err := l.CreateSource(ctx, ada, ingest.Source{Name: "Website", Trusted: true})
	require.NoError(l.t, err)
	body := strings.ReplaceAll(`{"email":"M@M.example","firstName":"M","lastName":"M","company":"M","phone":"+49 30 1234567","message":"M","_utm":{"utm_source":"M"},"_referrer":"https://M.example/"}`, "M", marker)
	for _, key := range []string{"", marker} {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/webhooks/"+source.Tokens[0], strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		w := httptest.NewRecorder()
		l.engine.Handler().ServeHTTP(w, r)
		require.Equal(l.t, http.StatusOK, w.Code, w.Body.String())
		body = strings.Replace(body, `"message":"`, `"message":"Again `, 1)
	}
	_, err = l.Import(ctx, ada, strings.NewReader("email,note\n"+marker+"@"+marker+".example,"+marker+"\n"+marker+",\""+marker+"\n"), nil)
	require.NoError(l.t, err)
	found, err := l.Leads(ctx, rita, desk.Filter{})
	require.NoError(l.t, err)
	require.Len(l.t, found.Leads, 1)
	id := found.Leads[0].ID
	l.work("the line", func() bool {
		return l.undone() == 0 && len(l.mails()) >= 1 && l.calls() >= 2
	})
	_, err = l.Enroll(ctx, ben, id, "welcome")
	require.NoError(l.t, err)
	l.work("the sequence", func() bool {
		return l.count(`SELECT count(*) FROM leads_deliveries WHERE state = 'sent' AND recipient LIKE '`+marker+`%'`) == 1
	})
	var messageID string
	require.NoError(l.t, l.db.QueryRow(`SELECT message_id FROM leads_deliveries WHERE recipient LIKE '`+marker+`%'`).Scan(&messageID))
	require.NoError(l.t, l.follow.MailEvent(ctx, leads.MailEvent{
		Kind: leads.MailReplied, ID: "1", At: time.Now(), MessageID: messageID, Recipient: "sales@acme.example", Reply: &leads.Reply{From: marker + "@" + marker + ".example", Subject: marker, Text: marker},
	}))
	_, err = l.Update(ctx, ben, id, desk.Patch{Note: marker, AddTags: []string{"vip"}, Fields: map[string]string{"email": marker + "@former.example"}})
	require.NoError(l.t, err)
	_, err = l.Update(ctx, ben, id, desk.Patch{Fields: map[string]string{"email": marker + "@now.example", "lastName": marker + " Edited"}, Metadata: map[string]json.RawMessage{"size": json.RawMessage(`"` + marker + `"`)}})
	require.NoError(l.t, err)
	l.work("the reply", func() bool {
		return l.undone() == 0 && l.count(`SELECT count(*) FROM leads_records WHERE kind = 'digest' AND instr(data, 'replied') > 0`) == 1
	})
	for _, email := range []string{marker + "@former.example", marker + "@" + marker + ".example"} {
		_, err = l.engine.Capture(ctx, ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: email, LastName: marker}, Verdict: ingest.Quarantined})
		require.NoError(l.t, err)
	}
	_, err = l.Dossier(ctx, ada, id)
	require.NoError(l.t, err)
	return id
}

// TestNothingIsLeftOfAPerson looks for an erased person in every row of every table.
func TestNothingIsLeftOfAPerson(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	ctx := t.Context()
	other, err := l.engine.Capture(ctx, ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: "bob@example.com"}})
	require.NoError(t, err)
	require.NoError(t, l.Erase(ctx, ada, other.LeadID)) // makes what any erasure makes
	id := l.marked()
	bob, err := l.engine.Capture(ctx, ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: "rob@example.com", LastName: "Stays"}})
	require.NoError(t, err)
	l.work("the other one", func() bool {
		return l.undone() == 0
	})
	l.refuse = true
	digestsDue := func() {
		_, err := l.db.Exec(`UPDATE leads_tasks SET due = 0 WHERE kind = 'notify' AND state = 1 AND instr(payload, '"digest"') > 0`)
		require.NoError(t, err)
	}
	digestsDue()
	l.work("a digest that fails", func() bool {
		return l.count(`SELECT count(*) FROM leads_deliveries WHERE state = 'failed' AND lead_id = zeroblob(16)`) == 1
	})
	require.Equal(t, 1, l.count(`SELECT count(*) FROM leads_deliveries WHERE lead_id = zeroblob(16) AND instr(lower(body), '`+marker+`') > 0`), "the digest names the person")
	l.work("the listing", func() bool { return l.traces(marker)["leads_listing"] > 0 })
	for _, table := range []string{"leads_leads", "leads_submissions", "leads_events", "leads_deliveries", "leads_listing", "leads_identities", "leads_keys", "leads_records"} {
		require.NotZero(t, l.traces(marker)[table], "the person is not in %s before", table)
	}

	require.NoError(t, l.Erase(ctx, ada, id))
	// How much was written to a domain is counted until the day is over.
	_, err = l.db.Exec(`DELETE FROM leads_quotas WHERE quota_key LIKE 'mail/domain/` + marker + `.example/%'`)
	require.NoError(t, err)
	require.Empty(t, l.traces(marker))
	require.Equal(t, map[string]int{"leads_trail": 2}, l.traces(id), "the trail tells of a dossier and an erasure")

	l.refuse, l.sent = false, nil
	digestsDue()
	l.work("the digest", func() bool { return len(l.mails()) > 0 })
	require.Contains(t, l.sent[0].Subject, "Digest: 1 lead")
	require.Contains(t, l.sent[0].HTML, bob.LeadID)
	require.NotContains(t, strings.ToLower(l.sent[0].HTML+l.sent[0].Text), marker)
	require.Empty(t, l.traces(marker))
	require.Zero(t, l.count(`SELECT count(*) FROM leads_deliveries WHERE lead_id = zeroblob(16) AND body IS NOT NULL`), "what was sent is not kept")
	for _, address := range []string{marker + "@former.example", marker + "@now.example", marker + "@" + marker + ".example"} {
		key, err := l.follow.AddressKey(ctx, "acme", address)
		require.NoError(t, err)
		stops, err := l.store.Suppressed(ctx, "acme", key)
		require.NoError(t, err)
		require.Len(t, stops, 1, address)
	}
}
