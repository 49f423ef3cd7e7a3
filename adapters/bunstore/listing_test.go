package bunstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

func found(t testing.TB, s *bunstore.Store, f desk.Filter) (ids []string) {
	t.Helper()
	for {
		page, err := s.FindLeads(t.Context(), f)
		require.NoError(t, err)
		for _, lead := range page.Leads {
			ids = append(ids, lead.ID)
		}
		if page.Next == "" || f.Limit < 20 && len(ids) > 45 {
			return ids
		}
		f.After = page.Next
	}
}

// TestListedOrNot asks for the same before leads are listed, while some are, and when all are: what SQL finds and what is found by reading the leads
// must be the same. There are more leads than are looked at in the order of a list, so that every way to rare ones is gone.
func TestListedOrNot(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		s.ListNever()
		s.ShortSteps(20, 15)
		const n = 320
		r := rand.New(rand.NewPCG(3, 4))
		sources := []string{leads.NewID(), leads.NewID(), leads.NewID()}
		all := make([]leads.Lead, n)
		for i := range all {
			all[i] = crowdLead(r, i, n, today(), sources)
			if i%7 == 0 && i > 0 { // several at once
				all[i].CreatedAt, all[i].UpdatedAt = all[i-1].CreatedAt, all[i-1].UpdatedAt
			}
			if i < 20 {
				all[i].Score, all[i].Status, all[i].Stage, all[i].Assignee = nil, leads.StatusClosed, "lab", "eve"
			}
			if i%31 == 5 {
				all[i].Status = "odd"
			}
			if i%37 == 30 {
				all[i].Score.Qualification = "odd"
			}
		}
		require.NoError(t, s.PutLeads(t.Context(), all))
		other := crowdLead(r, 1, 2, today(), sources)
		other.Tenant = "other"
		require.NoError(t, s.PutLeads(t.Context(), []leads.Lead{other}))

		filters := someFilters(sources, all)
		answers := make([]string, len(filters))
		ask := func(when string) {
			for i, f := range filters {
				ids := found(t, s, f)
				count, err := s.CountLeads(t.Context(), f, 3000)
				require.NoError(t, err)
				if f.Offset == 0 && len(ids) <= 45 {
					require.Equal(t, len(ids), count, "%+v", f)
				}
				answer := fmt.Sprint(count, ids)
				if answers[i] == "" {
					answers[i] = answer
				}
				require.Equal(t, answers[i], answer, "%s: %+v", when, f)
			}
		}
		ask("none is listed")
		want := reports(t, s, all)
		require.NoError(t, s.ListSome(t.Context(), "acme"))
		ask("some are listed")
		require.Equal(t, want, reports(t, s, all))
		s.ListAll(t.Context())
		require.NoError(t, s.Analyze(t.Context()))
		ask("all are listed")
		require.Equal(t, want, reports(t, s, all))
		unlisted, err := s.Query(t.Context(), unlistedQuery(s))
		require.NoError(t, err)
		require.Empty(t, unlisted)

		// Now some of them change.
		for _, lead := range all[30:80] {
			_, err := s.Edit(t.Context(), "acme", lead.ID, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
				l.Status, l.Tags, l.LastName, l.Assignee = leads.StatusQualified, []string{"vip", "tag1"}, "Changed", "person01"
				l.UpdatedAt = today()
				return nil, nil, nil
			})
			require.NoError(t, err)
		}
		clear(answers)
		ask("listed as they were")
		changed := reports(t, s, all)
		require.NotEqual(t, want, changed)
		s.ListAll(t.Context())
		ask("listed anew")
		require.Equal(t, changed, reports(t, s, all))
		for _, lead := range all[:100] {
			require.NoError(t, s.EraseLead(t.Context(), "acme", lead.ID))
		}
		reports(t, s, all[100:]) // who was erased does not count
	})
}

// reports are what is counted ahead, by everything and in zones whose days begin at odd hours, and how many leads there are of some spans. Each is held
// against the leads.
func reports(t *testing.T, s *bunstore.Store, all []leads.Lead) (got []string) {
	t.Helper()
	for _, span := range [][2]time.Time{{all[0].CreatedAt, time.Time{}}, {all[len(all)/3].CreatedAt, all[len(all)/2].CreatedAt}, {{}, all[len(all)/2].CreatedAt.Add(time.Hour)}} {
		n, err := s.CountLeads(t.Context(), desk.Filter{Tenant: "acme", From: span[0], To: span[1]}, 1<<30)
		require.NoError(t, err)
		within := 0
		for _, lead := range all {
			if !lead.CreatedAt.Before(span[0]) && (span[1].IsZero() || lead.CreatedAt.Before(span[1])) {
				within++
			}
		}
		if !span[0].IsZero() {
			require.Equal(t, within, n)
		}
		got = append(got, fmt.Sprint(n))
	}
	for _, by := range []desk.ReportBy{desk.ByNothing, desk.BySource, desk.ByChannel, desk.ByQualification, desk.ByStatus} {
		for _, zone := range []string{"UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"} {
			loc, err := time.LoadLocation(zone)
			require.NoError(t, err)
			q := desk.ReportQuery{Tenant: "acme", From: today().AddDate(0, 0, -340).Add(17 * time.Minute), To: today().Add(-3 * time.Hour), By: by, Zone: loc}
			days, err := s.LeadsByDay(t.Context(), q)
			require.NoError(t, err)
			byDay := make(map[string]int)
			for _, lead := range all {
				if !lead.CreatedAt.Before(q.From) && lead.CreatedAt.Before(q.To) {
					byDay[lead.CreatedAt.In(loc).Format(time.DateOnly)]++
				}
			}
			for _, d := range days {
				byDay[d.Day] -= d.Count
			}
			for day, n := range byDay {
				require.Zero(t, n, "%s in %s by %q", day, zone, by)
			}
			got = append(got, fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, days))))
		}
	}
	return got
}

func unlistedQuery(s *bunstore.Store) string {
	condition := "listed < version"
	if strings.Contains(s.Followings()["owner"], "$1") {
		condition = "NOT listed"
	}
	return "SELECT tenant_id FROM leads_leads WHERE " + condition
}

// someFilters are filters of every kind, alone and together, in every order.
func someFilters(sources []string, all []leads.Lead) (filters []desk.Filter) {
	for i, f := range []desk.Filter{
		{}, {Statuses: []leads.Status{leads.StatusClosed}}, {Statuses: []leads.Status{leads.StatusClosed, leads.StatusConverted}, MinScore: 90},
		{Stages: []string{"lab"}}, {Stages: []string{"lab", "new"}, Unassigned: true}, {Sources: sources[:1], Tag: "vip"}, {Sources: sources[1:]},
		{Qualifications: []leads.Qualification{leads.Hot}, Unanswered: true}, {Qualifications: []leads.Qualification{""}}, {MinScore: 100}, {Assignee: "eve"}, {Assignee: "person01", MinScore: 50},
		{Unassigned: true}, {Tag: "vip"}, {Tag: "tag1", Duplicates: desk.DuplicatesOnly}, {Tag: "nobody"}, {Duplicates: desk.DuplicatesOnly}, {Duplicates: desk.DuplicatesExclude, Tag: "tag2"},
		{From: all[60].CreatedAt, To: all[160].CreatedAt}, {From: all[60].CreatedAt, To: all[120].CreatedAt, Search: "a"},
		{Search: "changed"}, {Search: all[7].LastName}, {Search: all[7].Company}, {Search: all[9].Email}, {Search: all[11].Phone}, {Search: "example ann ba"}, {Search: "an ann"}, {Search: "+49 30 1"},
		{Search: "zzz example"}, {Search: "mar", Statuses: []leads.Status{leads.StatusClosed}}, {Search: "mar", Tag: "vip"}, {Search: "b", Unanswered: true, MinScore: 60}, {Search: "gmbh labs"},
		{Unassigned: true, Statuses: []leads.Status{leads.StatusClosed}}, {Statuses: []leads.Status{"odd"}}, {Statuses: []leads.Status{"odd", leads.StatusClosed}, Assignee: "eve"},
		{Sources: sources[:1], Statuses: []leads.Status{leads.StatusConverted}, MinScore: 40}, {Qualifications: []leads.Qualification{"odd", leads.Cold}, Unassigned: true},
		{Stages: []string{"lab"}, Assignee: "eve"}, {Stages: []string{"qualified"}, Unanswered: true}, {Stages: []string{"contacted"}, Duplicates: desk.DuplicatesExclude},
		{Qualifications: []leads.Qualification{leads.Hot}, Statuses: []leads.Status{leads.StatusNew, leads.StatusContacted, leads.StatusQualified}, Unanswered: true},
		{Search: "ann", Sources: sources[2:], MinScore: 80}, {Search: "example", Assignee: "person01"}, {Assignee: "person02", Tag: "tag3"}, {MinScore: 99, Duplicates: desk.DuplicatesOnly},
		{Search: "jonas gmbh", Statuses: []leads.Status{leads.StatusNew}},
	} {
		for j, sort := range []desk.Sort{desk.NewestFirst, desk.OldestFirst, desk.HottestFirst, desk.ChangedFirst} {
			f.Tenant, f.Sort, f.Limit, f.Offset = "acme", sort, 15, 0
			if j > 0 && j != 1+i%3 { // the usual order and one more
				continue
			}
			if (i+j)%3 == 0 {
				f.Limit, f.Offset = 11, 3
			}
			filters = append(filters, f)
		}
	}
	return filters
}

// TestUpgradeToListing has more leads from before than a list reads by itself, and a program of the version before at work.
func TestUpgradeToListing(t *testing.T) {
	addresses(t, func(t *testing.T, address string) {
		old := openAt(t, address)
		require.NoError(t, old.MigrateTo(t.Context(), 2))
		capturePeople(t, old, "acme", 1200)
		first, err := old.Leads(t.Context(), leadsOf("acme"))
		require.NoError(t, err)

		s := openAt(t, address)
		require.Len(t, found(t, s, desk.Filter{Tenant: "acme", Limit: 1000}), 1200, "no lead is missing, though nothing runs in the background")
		require.Len(t, found(t, s, desk.Filter{Tenant: "acme", Search: first[0].Email}), 1)
		s.ListAll(t.Context())

		change := `UPDATE leads_leads SET version = version + 1, last_name = 'Changed' WHERE email = '` + first[0].Email + `'`
		require.NoError(t, s.Exec(t.Context(), change))
		require.Equal(t, []string{first[0].ID}, found(t, s, desk.Filter{Tenant: "acme", Search: "changed"}), "what the version before has changed")
		s.ListAll(t.Context())
		require.Equal(t, []string{first[0].ID}, found(t, s, desk.Filter{Tenant: "acme", Search: "changed"}))
	})
}

func TestBackgroundLists(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		capturePeople(t, s, "acme", 300)
		capturePeople(t, s, "other", 300)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Background(ctx, func() {}) }()
		listed := assert.Eventually(t, func() bool {
			left, err := s.Query(t.Context(), unlistedQuery(s))
			return err == nil && len(left) == 0
		}, time.Minute, 50*time.Millisecond, "all leads are listed")
		stop()
		require.NoError(t, <-ended)
		require.True(t, listed)
		require.Len(t, found(t, s, desk.Filter{Tenant: "acme", Limit: 1000}), 300)
	})
}

// TestErasedFromTheFiles looks for an erased person in the files of the database.
func TestErasedFromTheFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "leads.db")
	s := sqliteAt(t, path)
	capturePeople(t, s, "acme", 1000)
	sub := submission("acme", "canaryb4d9e1@canaryb4d9e1.example")
	sub.Fields.FirstName, sub.Fields.Company, sub.Key = "canaryb4d9e1", "canaryb4d9e1", "canaryb4d9e1"
	id := captureOne(t, s, sub).LeadID
	_, err := s.Edit(t.Context(), "acme", id, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
		l.Tags, l.Stage, l.Assignee = []string{"canaryb4d9e1"}, "canaryb4d9e1", "canaryb4d9e1"
		return nil, nil, nil
	})
	require.NoError(t, err)
	s.ListAll(t.Context())
	capturePeople(t, s, "acme", 1000)
	s.ListAll(t.Context())
	require.Len(t, found(t, s, desk.Filter{Tenant: "acme", Search: "canary"}), 1)
	require.NoError(t, s.EraseLead(t.Context(), "acme", id))
	require.Empty(t, found(t, s, desk.Filter{Tenant: "acme", Search: "canary"}))
	require.NoError(t, s.Close())
	clean(t, path)
	for _, name := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		at := bytes.Index(data, []byte("canary"))
		require.Negative(t, at, "the person is in %s at %d: %q", filepath.Base(name), at, data[max(0, at-40):max(0, min(len(data), at+40))])
	}
}

// clean does what an operator does after people have been erased.
func clean(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer db.Close()
	for _, text := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		_, err := db.Exec(text)
		require.NoError(t, err)
	}
}

// TestErasedWhileAtWork erases leads while they are captured and worked on.
func TestErasedWhileAtWork(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		var group sync.WaitGroup
		for worker := range 4 {
			group.Go(func() {
				for i := range 25 {
					sub := submission("acme", fmt.Sprintf("p%d@example.com", i%5))
					if got, err := s.Capture(t.Context(), []ingest.Submission{sub}); err != nil || got[0].Err != nil {
						t.Error(err, got)
					}
					for _, task := range claim(t, s, 2) {
						change := func(l *leads.Lead) { l.Tags = []string{fmt.Sprint("tag", worker)} }
						if err := s.Settle(t.Context(), task, leads.Outcome{Change: change}); err != nil && !errors.Is(err, leads.ErrStale) {
							t.Error(err)
						}
					}
					s.ListAll(t.Context())
					page, err := s.FindLeads(t.Context(), desk.Filter{Tenant: "acme", Search: "ann"})
					if err != nil {
						t.Error(err)
					}
					for _, lead := range page.Leads {
						if err := s.EraseLead(t.Context(), "acme", lead.ID); err != nil && !errors.Is(err, leads.ErrNotFound) {
							t.Error(err)
						}
					}
				}
			})
		}
		group.Wait()
		for _, id := range found(t, s, desk.Filter{Tenant: "acme"}) {
			require.NoError(t, s.EraseLead(t.Context(), "acme", id))
		}
		for _, table := range []string{"leads", "identities", "submissions", "events", "tasks", "listing", "tags"} {
			left, err := s.Query(t.Context(), "SELECT tenant_id FROM leads_"+table)
			require.NoError(t, err)
			require.Empty(t, left, table)
		}
		counted, err := s.Query(t.Context(), "SELECT tenant_id FROM leads_hours WHERE n <> 0")
		require.NoError(t, err)
		require.Empty(t, counted, "nobody is counted any more")
	})
}

// TestTaskMadeAgainFromAKey has the holder of a task settle it after it was done by somebody else and made again under its ID.
func TestTaskMadeAgainFromAKey(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		captureOne(t, s, submission("acme", "ann@example.com"))
		maker := claim(t, s, 1)[0]
		digest := leads.Task{ID: leads.TaskID("acme", "digest"), Kind: leads.TaskNotify, LeadID: leads.NoLead}
		take := func() leads.Task {
			require.NoError(t, s.Settle(t.Context(), maker, leads.Outcome{Settlement: leads.Extend, Delay: time.Hour, Tasks: []leads.Task{digest}}))
			tasks, err := s.Claim(t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskNotify: 1}, Lease: time.Hour})
			require.NoError(t, err)
			require.Len(t, tasks, 1)
			return tasks[0]
		}
		old := take()
		require.NoError(t, s.Settle(t.Context(), old, leads.Outcome{}))
		again := take()
		require.NotEqual(t, old.Fence, again.Fence)
		require.ErrorIs(t, s.Settle(t.Context(), old, leads.Outcome{}), leads.ErrStale)
		require.NoError(t, s.Settle(t.Context(), again, leads.Outcome{}))
	})
}

// TestDeskUsesItsIndexes holds the promise that no statement of a desk reads a whole table.
func TestDeskUsesItsIndexes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		lead := captureOne(t, s, submission("acme", "ann@example.com")).LeadID
		e, err := s.Enroll(t.Context(), enrollment("acme", lead, today()), today())
		require.NoError(t, err)
		require.NotEmpty(t, e.ID)
		multiply(t, s, "20000")
		capturePeople(t, s, "acme", 2000)
		s.ListAll(t.Context())
		hours := `INSERT INTO leads_hours (tenant_id, kind, hour, value, n) SELECT tenant_id, 'status', updated_at, '', 1 FROM leads_listing GROUP BY tenant_id, updated_at`
		require.NoError(t, s.Exec(t.Context(), hours))
		require.NoError(t, s.Analyze(t.Context()))
		texts := s.Deskings()
		for name, index := range map[string]string{
			"unlisted": "leads_leads_unlisted", "unlisted behind": "leads_leads_unlisted", "last seen": "leads_submissions", "payloads": "leads_submissions",
			"quarantined": "leads_submissions", "dead tasks": "leads_tasks_dead", "moves": "leads_events_status", "responses": "leads_listing_created",
			"hours": "leads_hours", "consents": "leads_consents_lead",
		} {
			plan := planOf(t, s, texts[name])
			require.Contains(t, plan, index, "%s:\n%s", name, plan)
			require.NotContains(t, plan, "SCAN leads_", "%s:\n%s", name, plan)
			require.NotContains(t, plan, "Seq Scan on leads_", "%s:\n%s", name, plan)
		}
	})
}
