package desk_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// spam captures a quarantined submission of the source and returns its ID.
func (w *world) spam(t *testing.T, source, email, client string) string {
	t.Helper()
	sub := ingest.Submission{Tenant: "acme", SourceID: source, Fields: ingest.Fields{Email: email, LastName: "Spam"}, Verdict: ingest.Quarantined, Reasons: []string{"honeypot"}}
	if client != "" {
		sub.Client = netip.MustParseAddr(client)
	}
	captured, err := w.engine.Capture(t.Context(), sub)
	require.NoError(t, err)
	return captured.SubmissionID
}

// blocked returns the block list of a source.
func (w *world) blocked(t *testing.T, source string) []string {
	t.Helper()
	s, err := w.Source(t.Context(), rita, source)
	require.NoError(t, err)
	return s.Spam.Blocked
}

func TestWhatCanBeBlocked(t *testing.T) {
	t.Parallel()
	const noMail, noDomain = "the submission has no email address that mail could come from", "the submission has no email address with a domain"
	for name, tt := range map[string]struct {
		email, client string
		what          ingest.BlockKind
		want          string // the entry
		refused       string // or why there is none
	}{
		"address":                    {email: "Jo+x@Spam.example", what: ingest.BlockEmail, want: "jo+x@spam.example"},
		"address of a free mailbox":  {email: "J.o+x@gmail.com", what: ingest.BlockEmail, want: "jo@gmail.com"},
		"no address":                 {what: ingest.BlockEmail, refused: noMail},
		"a domain is no address":     {email: "spam.example", what: ingest.BlockEmail, refused: noMail},
		"domain":                     {email: "jo@Mail.Spam.example", what: ingest.BlockDomain, want: "mail.spam.example"},
		"IDN":                        {email: "jo@bücher.de", what: ingest.BlockDomain, want: "xn--bcher-kva.de"},
		"domain of a bad address":    {email: "j o@spam.example", what: ingest.BlockDomain, want: "spam.example"},
		"no domain":                  {email: "jo@localhost", what: ingest.BlockDomain, refused: noDomain},
		"a network is no domain":     {email: "jo@203.0.113.9", what: ingest.BlockDomain, refused: noDomain},
		"throw-away mailboxes":       {email: "jo@mailinator.com", what: ingest.BlockDomain, want: "mailinator.com"},
		"free mailboxes":             {email: "jo@GMAIL.com", what: ingest.BlockDomain, refused: "gmail.com gives mailboxes to everybody: block the address or the network instead"},
		"mailboxes of a provider":    {email: "jo@t-online.de", what: ingest.BlockDomain, refused: "t-online.de gives mailboxes to everybody: block the address or the network instead"},
		"aliases":                    {email: "jo@privaterelay.appleid.com", what: ingest.BlockDomain, refused: "privaterelay.appleid.com gives mailboxes to everybody: block the address or the network instead"},
		"client":                     {client: "203.0.113.9", what: ingest.BlockNetwork, want: "203.0.113.9"},
		"IPv6 client":                {client: "2001:db8:1:2:3:4:5:6", what: ingest.BlockNetwork, want: "2001:db8:1:2::/64"},
		"IPv4 in IPv6":               {client: "::ffff:203.0.113.9", what: ingest.BlockNetwork, want: "203.0.113.9"},
		"no client":                  {what: ingest.BlockNetwork, refused: "it is not known where the submission came from"},
		"a proxy on the machine":     {client: "127.0.0.1", what: ingest.BlockNetwork, refused: "127.0.0.1 is a proxy or belongs to your own network: who is behind it cannot be told apart"},
		"a proxy in the network":     {client: "10.1.2.3", what: ingest.BlockNetwork, refused: "10.1.2.3 is a proxy or belongs to your own network: who is behind it cannot be told apart"},
		"what there is not":          {email: "jo@spam.example", what: "phone", refused: "one of [email domain network]"},
		"what was not said":          {email: "jo@spam.example", refused: "one of [email domain network]"},
		"the domain, and no address": {email: "@", what: ingest.BlockDomain, refused: noDomain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.spam(t, w.source, tt.email, tt.client)
			before := w.actions(t)
			report, err := w.Block(t.Context(), ada, desk.BlockRequest{SubmissionID: id, What: tt.what})
			if tt.refused != "" {
				var wrong *desk.InvalidError
				require.ErrorAs(t, err, &wrong)
				require.Len(t, wrong.Fields, 1)
				require.Equal(t, "/what "+tt.refused, wrong.Fields[0].Pointer+" "+wrong.Fields[0].Message)
				require.Empty(t, w.blocked(t, w.source))
				require.Equal(t, before, w.actions(t))
				return
			}
			require.NoError(t, err)
			require.Equal(t, desk.BlockReport{Entry: ingest.Blocked{Kind: tt.what, Text: tt.want}, Sources: []string{w.source}, Added: 1}, report)
			require.Equal(t, []string{tt.want}, w.blocked(t, w.source))
		})
	}
}

func TestAnUnpreparedClientIsOne(t *testing.T) {
	t.Parallel()
	entry, err := desk.BlockEntry(ingest.Submission{Client: netip.MustParseAddr("::ffff:203.0.113.9")}, ingest.BlockNetwork)
	require.NoError(t, err)
	require.Equal(t, "203.0.113.9", entry.Text)
}

func TestBlockingHereAndEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	second, err := w.CreateSource(ctx, ada, ingest.Source{Name: "Second", Spam: ingest.Spam{Honeypot: "website", Blocked: []string{"SPAM.example.", "x@y.example"}}})
	require.NoError(t, err)
	gone, err := w.CreateSource(ctx, ada, ingest.Source{Name: "Gone"})
	require.NoError(t, err)
	foreign, err := w.CreateSource(ctx, eve, ingest.Source{Name: "Eve's"})
	require.NoError(t, err)
	lost := w.spam(t, gone.ID, "jo@spam.example", "")
	require.NoError(t, w.DeleteSource(ctx, ada, gone.ID))
	id := w.spam(t, w.source, "jo@spam.example", "")

	_, err = w.Block(ctx, ada, desk.BlockRequest{SubmissionID: lost, What: ingest.BlockDomain})
	require.ErrorContains(t, err, "/everywhere: the submission came through no source that is still there")

	here := desk.BlockRequest{SubmissionID: id, What: ingest.BlockDomain}
	report, err := w.Block(ctx, ada, here)
	require.NoError(t, err)
	require.Equal(t, []string{w.source}, report.Sources)
	require.Equal(t, []string{"SPAM.example.", "x@y.example"}, w.blocked(t, second.ID), "the other source is left alone")

	version := func() int64 {
		s, err := w.Source(ctx, rita, w.source)
		require.NoError(t, err)
		return s.Version
	}
	before, trail := version(), w.actions(t)
	report, err = w.Block(ctx, ada, here)
	require.NoError(t, err)
	require.Equal(t, 0, report.Added)
	require.Equal(t, []string{w.source}, report.Sources)
	require.Equal(t, before, version(), "again changes nothing")
	require.Equal(t, trail, w.actions(t))

	report, err = w.Block(ctx, ada, desk.BlockRequest{SubmissionID: lost, What: ingest.BlockEmail, Everywhere: true})
	require.NoError(t, err)
	require.Equal(t, 2, report.Added)
	report, err = w.Block(ctx, ada, desk.BlockRequest{SubmissionID: id, What: ingest.BlockDomain, Everywhere: true})
	require.NoError(t, err)
	require.Equal(t, 0, report.Added, "written otherwise it is the same")
	require.Equal(t, []string{"spam.example", "jo@spam.example"}, w.blocked(t, w.source))
	require.Equal(t, []string{"SPAM.example.", "x@y.example", "jo@spam.example"}, w.blocked(t, second.ID))
	kept, err := w.Source(ctx, rita, second.ID)
	require.NoError(t, err)
	require.Equal(t, "website", kept.Spam.Honeypot)
	require.Equal(t, second.Tokens, kept.Tokens)
	deleted, err := w.store.Source(ctx, "acme", gone.ID)
	require.NoError(t, err)
	require.Empty(t, deleted.Spam.Blocked)
	others, err := w.Source(ctx, eve, foreign.ID)
	require.NoError(t, err)
	require.Empty(t, others.Spam.Blocked, "another tenant's source was changed")

	entries, err := w.Trail(ctx, ada, "", 100)
	require.NoError(t, err)
	n := 0
	for _, e := range entries {
		if e.Action == "source.block" {
			n++
			require.Contains(t, string(e.Data), `"submission":"`)
			require.NotContains(t, string(e.Data), "jo", "the trail tells no personal data")
		}
	}
	require.Equal(t, 3, n)

	_, err = w.Release(ctx, ben, id)
	require.NoError(t, err)
	_, err = w.Block(ctx, ada, here)
	require.ErrorIs(t, err, leads.ErrNotFound, "it is quarantined no more")
}

func TestAFullBlockList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	full := make([]string, ingest.MaxBlocked)
	for i := range full {
		full[i] = fmt.Sprintf("spam%d.example", i)
	}
	_, err := w.CreateSource(ctx, ada, ingest.Source{Name: "Full", Spam: ingest.Spam{Blocked: full}})
	require.NoError(t, err)
	_, err = w.Block(ctx, ada, desk.BlockRequest{SubmissionID: w.spam(t, w.source, "jo@new.example", ""), What: ingest.BlockDomain, Everywhere: true})
	require.ErrorContains(t, err, `/everywhere: the block list of "Full" is full: take something out of it`)
	require.Empty(t, w.blocked(t, w.source), "nothing is done by halves")
	report, err := w.Block(ctx, ada, desk.BlockRequest{SubmissionID: w.spam(t, w.source, "jo@spam999.example", ""), What: ingest.BlockDomain, Everywhere: true})
	require.NoError(t, err)
	require.Equal(t, 1, report.Added, "what stands there needs no room")
}

func TestBlockListsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.ChangeSource(t.Context(), ada, w.source, 0, func(s *ingest.Source) { s.Spam.Blocked = []string{"ok.example", "x] y", "https://spam.example/"} })
	var wrong *desk.InvalidError
	require.ErrorAs(t, err, &wrong)
	const so = " is no email address, domain or network: write it like jo@example.com, example.com, 203.0.113.7 or 2001:db8::/32"
	require.Equal(t, []desk.FieldError{{Pointer: "/spam/blocked/1", Message: `"x] y"` + so}, {Pointer: "/spam/blocked/2", Message: `"https://spam.example/"` + so}}, wrong.Fields)
	_, err = w.ChangeSource(t.Context(), ada, w.source, 0, func(s *ingest.Source) { s.Spam.Blocked = make([]string, ingest.MaxBlocked+1) })
	require.ErrorContains(t, err, "/spam/blocked: has 1001 entries: leave at most 1000; /spam/blocked/0: ")
	require.Empty(t, w.blocked(t, w.source))
}

// meddling is a store in which somebody else is quicker once.
type meddling struct {
	*memstore.Store
	once   sync.Once
	meddle func()
}

func (m *meddling) PutRecord(ctx context.Context, r leads.Record) (leads.Record, error) {
	if r.Kind == "desk.source" {
		m.once.Do(m.meddle)
	}
	return m.Store.PutRecord(ctx, r)
}

func TestBlockingWhileSomebodyElseDoes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		others string
		added  int
		list   []string
	}{
		"another":  {"other@spam.example", 1, []string{"other@spam.example", "jo@spam.example"}},
		"the same": {"jo@spam.example", 0, []string{"jo@spam.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ours, theirs := w.spam(t, w.source, "jo@spam.example", ""), w.spam(t, w.source, tt.others, "")
			store := &meddling{Store: w.store, meddle: func() {
				_, err := w.Block(t.Context(), ann, desk.BlockRequest{SubmissionID: theirs, What: ingest.BlockEmail})
				require.NoError(t, err)
			}}
			slow, err := desk.New(desk.Config{Engine: w.engine, Store: store, Clock: w.clock.Now})
			require.NoError(t, err)
			report, err := slow.Block(t.Context(), ada, desk.BlockRequest{SubmissionID: ours, What: ingest.BlockEmail})
			require.NoError(t, err)
			require.Equal(t, tt.added, report.Added)
			require.Equal(t, tt.list, w.blocked(t, w.source))
		})
	}
}

// TestFromBlockedToReleased goes the whole way through the door.
func TestFromBlockedToReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	door := w.engine.Handler()
	post := func(email string) {
		t.Helper()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/"+w.token, strings.NewReader(`{"email":"`+email+`"}`))
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		door.ServeHTTP(answer, r)
		require.Equal(t, http.StatusOK, answer.Code)
		w.clock.now = w.clock.now.Add(time.Minute) // longer than the door remembers a source, and no double click
	}
	newest := func() ingest.Submission {
		t.Helper()
		subs, err := w.Payloads(ctx, rita, w.source, 1)
		require.NoError(t, err)
		return subs[0]
	}
	post("one@spam.example")
	require.Equal(t, ingest.Accepted, newest().Verdict)
	_, err := w.Block(ctx, ada, desk.BlockRequest{SubmissionID: w.spam(t, w.source, "jo@spam.example", ""), What: ingest.BlockDomain})
	require.NoError(t, err)
	w.clock.now = w.clock.now.Add(time.Minute)

	post("two@mail.spam.example")
	sub := newest()
	require.Equal(t, ingest.Quarantined, sub.Verdict)
	require.Equal(t, []string{"blocked"}, sub.Reasons)
	released, err := w.Release(ctx, ben, sub.ID)
	require.NoError(t, err)
	require.True(t, released.Created, "it is not judged again")
	require.Contains(t, w.events(t, released.LeadID), leads.EventReleased)
	tasks, err := w.store.Tasks(ctx, "acme", released.LeadID)
	require.NoError(t, err)
	require.NotEmpty(t, tasks, "the line runs for it")

	_, err = w.ChangeSource(ctx, ada, w.source, 0, func(s *ingest.Source) { s.Spam.Blocked = nil })
	require.NoError(t, err)
	w.clock.now = w.clock.now.Add(time.Minute)
	post("three@spam.example")
	require.Equal(t, ingest.Accepted, newest().Verdict)
}
