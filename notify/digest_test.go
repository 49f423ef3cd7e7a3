package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
	"github.com/openleads/leads/notify"
)

var night = notify.Hours{{From: "20:00", To: "07:00"}}

func digestTeam(s *simulation, store notify.DigestStore, people ...notify.Person) leads.Notifier {
	if store == nil {
		store = s.store
	}
	return notify.Team(s.box, notify.People(people), &notify.TeamOptions{Store: store})
}

func until(hour, minute int) {
	now := time.Now().UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, time.UTC)
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	pass(time.Until(at))
}

// What comes at night comes together in the morning; what is hot comes at once.
func TestQuietHours(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		s := start(t, func(s *simulation) leads.Notifier {
			return digestTeam(s, nil,
				notify.Person{ID: "ann", Email: "ann@example.com", Preferences: notify.Preferences{Quiet: night}},
				notify.Person{ID: "ben", Email: "ben@example.com"},
				notify.Person{ID: "cy", Email: "cy@example.com", Zone: "Asia/Tokyo", Preferences: notify.Preferences{Quiet: night, QuietHot: true}})
		})
		s.capture(t, "noon@acme.com") // 21:00 in Tokyo
		require.ElementsMatch(t, []string{"ann@example.com: Warm lead: noon@acme.com (50)", "ben@example.com: Warm lead: noon@acme.com (50)"}, s.taken())
		until(21, 30)
		s.capture(t, "cold@acme.com")
		s.capture(t, "hot@acme.com")
		require.ElementsMatch(t, []string{
			"ben@example.com: Cold lead: cold@acme.com (10)", "ben@example.com: Hot lead: hot@acme.com (90)", "ann@example.com: Hot lead: hot@acme.com (90)",
		}, remove(s.taken(), "cy@"))
		until(23, 0)
		s.capture(t, "late@acme.com")
		_ = s.taken()
		until(6, 59)
		require.Empty(t, s.taken())
		until(7, 1)
		require.Equal(t, []string{"ann@example.com: Digest: 2 leads"}, s.taken())
		pass(5 * 24 * time.Hour)
		require.Empty(t, remove(s.taken(), "cy@"), "once")
		s.settled(t)
	})
}

// remove leaves out the lines that begin so.
func remove(lines []string, prefix string) []string {
	var rest []string
	for _, line := range lines {
		if !strings.HasPrefix(line, prefix) {
			rest = append(rest, line)
		}
	}
	return rest
}

var daily = notify.Person{ID: "ann", Email: "ann@example.com", Zone: "Europe/Berlin", Preferences: notify.Preferences{
	Modes:    modes{leads.NotifyNew: notify.Digest, leads.NotifyReplied: notify.Digest, leads.NotifyCustom: notify.Digest, leads.NotifyHot: notify.Digest},
	DigestAt: []string{"09:00", "17:00"},
}}

func TestADigest(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		s := start(t, func(s *simulation) leads.Notifier { return digestTeam(s, nil, daily) })
		s.capture(t, "cold@acme.com")
		hot := s.capture(t, "hot@acme.com")
		s.tell(t, hot, leads.Notice{Kind: leads.NotifyReplied, Note: "Tuesday\nsuits me"})
		s.tell(t, hot, leads.Notice{Kind: leads.NotifyReplied, Note: "or Friday"})
		s.capture(t, "warm@acme.com")
		until(15, 59)
		require.Empty(t, s.taken())
		until(16, 1)
		require.Len(t, s.box.mails, 1)
		m := s.box.mails[0]
		require.Equal(t, "Digest: 3 leads, 1 hot", m.Subject)
		text := visible(t, m.HTML)
		for _, body := range []string{text, m.Text} {
			requireOrder(t, body, "hot@acme.com", "“or Friday”", "new, answered", "Mon 3 Jan, 13:00", "warm@acme.com", "cold@acme.com")
		}
		require.Equal(t, []string{
			"https://crm.example.com/leads/", "https://crm.example.com/leads/" + s.ids[1], "https://crm.example.com/leads/" + s.ids[2], "https://crm.example.com/leads/" + s.ids[0],
		}, parse(t, m.HTML).links)
		require.True(t, strings.HasSuffix(m.MessageID, "@example.com"))
		_ = s.taken()

		s.capture(t, "next@acme.com")
		until(8, 1)
		require.Equal(t, []string{"ann@example.com: Digest: 1 lead"}, s.taken(), "what came later is in the next one only")
		s.settled(t)
	})
}

func requireOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		at := strings.Index(text, part)
		require.GreaterOrEqualf(t, at, 0, "%q is not there, or not there any more, in:\n%s", part, text)
		text = text[at:]
	}
}

// faulty is a store in which the process dies at chosen moments: writing a record fails before or after it is done.
type faulty struct {
	*memstore.Store
	writes atomic.Int64
	fail   func(write int64) (before, after bool)
}

func (f *faulty) PutRecord(ctx context.Context, r leads.Record) (leads.Record, error) {
	before, after := f.fail(f.writes.Add(1))
	if before {
		return leads.Record{}, errors.New("killed")
	}
	r, err := f.Store.PutRecord(ctx, r)
	if err == nil && after {
		err = errors.New("killed")
	}
	return r, err
}

// A crash at any write, before or behind it, and a mail that is taken although an error comes back, cost no lead and send none twice.
func TestADigestSurvivesCrashes(t *testing.T) {
	t.Parallel()
	for write := int64(1); write <= 6; write++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, behind it: %t", write, after), func(t *testing.T) {
				t.Parallel()
				simulate(t, func(t *testing.T) {
					var store *faulty
					s := start(t, func(s *simulation) leads.Notifier {
						store = &faulty{Store: s.store, fail: func(n int64) (bool, bool) { return n == write && !after, n == write && after }}
						return digestTeam(s, store, daily)
					})
					s.capture(t, "one@acme.com")
					s.capture(t, "two@acme.com")
					until(15, 59)
					s.capture(t, "three@acme.com")
					pass(3 * 24 * time.Hour)
					require.GreaterOrEqual(t, store.writes.Load(), int64(5))
					all := ""
					for _, m := range s.box.mails {
						all += m.Text
					}
					for _, lead := range []string{"one@", "two@", "three@"} {
						require.Equal(t, 1, strings.Count(all, lead), "%s in:\n%s", lead, all)
					}
					s.settled(t)
				})
			})
		}
	}
}

// While a digest cannot be sent, the same mail is tried again; when the next one is due it takes over what is left.
func TestADigestThatCannotBeSent(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		s := start(t, func(s *simulation) leads.Notifier { return digestTeam(s, nil, daily) })
		s.box.fail = func(leads.Email) error { return leads.Permanent(errors.New("550 no such mailbox")) }
		s.capture(t, "one@acme.com")
		until(16, 30)
		s.box.mu.Lock()
		s.box.fail = nil
		s.box.mu.Unlock()
		s.capture(t, "two@acme.com")
		until(8, 1)
		require.Equal(t, []string{"ann@example.com: Digest: 2 leads"}, s.taken())
	})
}

// What comes while a digest is being tried is not in it, as a retry sends the bytes of the first attempt, and so is in the next one.
func TestWhatComesWhileADigestIsTried(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		s := start(t, func(s *simulation) leads.Notifier { return digestTeam(s, nil, daily) })
		away := true
		s.box.fail = func(leads.Email) error {
			if away {
				return errors.New("451 later")
			}
			return nil
		}
		s.capture(t, "one@acme.com")
		until(16, 10)
		s.capture(t, "two@acme.com")
		s.box.mu.Lock()
		away = false
		s.box.mu.Unlock()
		pass(2 * time.Hour)
		require.Len(t, s.box.mails, 1)
		require.Contains(t, s.box.mails[0].Text, "one@acme.com")
		require.NotContains(t, s.box.mails[0].Text, "two@acme.com")
		_ = s.taken()
		until(8, 1)
		require.Len(t, s.box.mails, 1)
		require.Contains(t, s.box.mails[0].Text, "two@acme.com")
		s.settled(t)
	})
}

func TestALeadThatIsGoneIsInNoDigest(t *testing.T) {
	t.Parallel()
	store := gone{memstore.New(nil)}
	box := &outbox{}
	team := notify.Team(box, notify.People{daily}, &notify.TeamOptions{Store: store})
	n := notification()
	n.Kind = leads.NotifyNew
	require.NoError(t, team.Notify(t.Context(), n))
	digest := leads.Notification{Tenant: n.Tenant, Kind: leads.NotifyDigest, To: "ann", At: noon}
	require.NoError(t, team.Notify(t.Context(), digest))
	require.Empty(t, box.mails)
	r, err := store.Record(t.Context(), n.Tenant, notify.RecordDigest, "ann")
	require.NoError(t, err)
	require.JSONEq(t, "{}", string(r.Data), "nothing is left of it")
}

// What is collected again after a crash is known by its key.
func TestWhatIsCollectedTwiceComesOnce(t *testing.T) {
	t.Parallel()
	box := &outbox{}
	team := notify.Team(box, notify.People{daily}, &notify.TeamOptions{Store: memstore.New(nil)})
	for _, note := range []string{"the webhook is off", "the webhook is off", "the webhook is on"} {
		require.NoError(t, team.Notify(t.Context(), leads.Notification{Tenant: "acme", Kind: leads.NotifyCustom, Note: note, At: noon}))
	}
	require.NoError(t, team.Notify(t.Context(), leads.Notification{Tenant: "acme", Kind: leads.NotifyDigest, To: "ann", At: noon}))
	require.Equal(t, "Digest: 2 notes", box.mails[0].Subject)
	require.Equal(t, 1, strings.Count(box.mails[0].Text, "is off"))
}

type gone struct{ *memstore.Store }

func (gone) Lead(context.Context, string, string) (leads.Lead, error) {
	return leads.Lead{}, leads.ErrNotFound
}

// crowd answers every lead with the same one.
type crowd struct {
	*memstore.Store
	lead leads.Lead
}

func (c crowd) Lead(_ context.Context, _, id string) (leads.Lead, error) {
	lead := c.lead
	lead.ID = id
	return lead, nil
}

// However many leads there are and whatever they are called, the record can be stored and the mail is not cut off.
func TestALongDigest(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"plain": "Ann Lee", "hostile": strings.Repeat("<a.b@c:/\"&'\x01", 100), "wide": strings.Repeat("\U0001F469\u200d\U0001F4BB", 200)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lead := leads.Lead{Fields: ingest.Fields{FirstName: text, Company: text}, Score: &leads.Score{Value: 77, Qualification: leads.Hot, Summary: text}}
			store := crowd{memstore.New(nil), lead}
			box := &outbox{}
			team := notify.Team(box, notify.People{daily}, &notify.TeamOptions{Store: store})
			many := 540
			if name != "plain" { // the record is read and written for each, which takes the race detector long
				many /= min(hostile.Share, 3)
			}
			for range many {
				n := leads.Notification{Tenant: "acme", Kind: leads.NotifyReplied, Lead: leads.Lead{ID: leads.NewID()}, Note: text, At: noon}
				require.NoError(t, team.Notify(t.Context(), n))
			}
			r, err := store.Record(t.Context(), "acme", notify.RecordDigest, "ann")
			require.NoError(t, err)
			require.LessOrEqual(t, len(r.Data), 256<<10)
			require.NoError(t, team.Notify(t.Context(), leads.Notification{Tenant: "acme", Kind: leads.NotifyDigest, To: "ann", At: noon, URL: "https://crm.example.com/leads/"}))
			m := box.mails[0]
			require.Less(t, len(m.HTML), 100_000)
			require.Less(t, len(m.Text), 100_000)
			require.LessOrEqual(t, len([]rune(m.Subject)), 150)
			rows := len(parse(t, m.HTML).links) - 1
			require.Greater(t, rows, 40, "many are listed")
			require.Contains(t, visible(t, m.HTML), fmt.Sprintf("and %d more", many-rows))
			require.Contains(t, m.Text, "more\n")
			encoded, err := json.Marshal(m)
			require.NoError(t, err)
			require.NotContains(t, string(encoded), `\u0001`)
		})
	}
}

// A digest is found again by its person only.
func TestADigestForNobody(t *testing.T) {
	t.Parallel()
	box := &outbox{}
	team := notify.Team(box, notify.People{daily}, &notify.TeamOptions{Store: memstore.New(nil)})
	for _, to := range []string{"", "zoe", "ann"} {
		require.NoError(t, team.Notify(t.Context(), leads.Notification{Tenant: "acme", Kind: leads.NotifyDigest, To: to, At: noon}))
	}
	require.Empty(t, box.mails)
}
