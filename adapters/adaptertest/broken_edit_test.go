package adaptertest_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// errOther is an error that no contract names.
var errOther = errors.New("the database is locked")

// slowly lets the others run, as a slow database would.
func slowly() {
	for range 100 {
		runtime.Gosched()
	}
}

// spoilFollowUps alters the tasks of every outcome.
func spoilFollowUps(alter func(task *leads.Task)) func(*hooked) {
	return spoilOutcome(func(o *leads.Outcome) {
		o.Tasks = slices.Clone(o.Tasks)
		for i := range o.Tasks {
			alter(&o.Tasks[i])
		}
	})
}

// meeting lets callers go on once there are enough of them, so that what is done without a lock goes wrong for certain.
type meeting struct {
	mu   sync.Mutex
	n    int
	of   int // how many meet
	full chan struct{}
}

func newMeeting() *meeting { return meetingOf(3) }

func meetingOf(n int) *meeting { return &meeting{of: n, full: make(chan struct{})} }

func (m *meeting) wait() {
	m.mu.Lock()
	if m.n++; m.n == m.of {
		close(m.full)
	}
	m.mu.Unlock()
	select {
	case <-m.full:
	case <-time.After(5 * time.Second): // nobody else comes
	}
}

func brokenFollowUps() []breakage {
	return []breakage{
		{"refuses a task that is there", "settle/a task that is there", refusesTasks},
		{"adds a task that is there again", "settle/a task that is there", spoilFollowUps(func(task *leads.Task) { task.ID = leads.NewID() })},
		{"gives every task a lead", "settle/work that is about no lead", spoilFollowUps(func(task *leads.Task) {
			if task.LeadID == leads.NoLead {
				task.LeadID = ""
			}
		})},
		{"makes a digest of each lead's", "settle/work about no lead that is there", spoilFollowUps(func(task *leads.Task) {
			if task.LeadID == leads.NoLead {
				task.ID = leads.NewID()
			}
		})},
	}
}

func refusesTasks(s *hooked) {
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		there, err := s.Tasks(ctx, task.Tenant, task.LeadID)
		for _, t := range o.Tasks {
			if slices.ContainsFunc(there, func(old leads.Task) bool { return old.ID == t.ID }) {
				return leads.ErrInvalid
			}
		}
		return errors.Join(err, s.Store.Settle(ctx, task, o))
	}
}

// spoilEdit alters what edit makes of a lead.
func spoilEdit(alter func(lead *leads.Lead, events []leads.Event, tasks []leads.Task) ([]leads.Event, []leads.Task)) func(*hooked) {
	return func(s *hooked) {
		s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
			return s.Store.Edit(ctx, tenant, id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
				events, tasks, err := edit(lead)
				events, tasks = alter(lead, events, tasks)
				return events, tasks, err
			})
		}
	}
}

// afterEdit alters what Edit answers.
func afterEdit(alter func(lead leads.Lead, err error) (leads.Lead, error)) func(*hooked) {
	return func(s *hooked) {
		s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
			return alter(s.Store.Edit(ctx, tenant, id, edit))
		}
	}
}

func brokenEdits() []breakage {
	return []breakage{
		{"drops the tasks of an edit", "edit/the lead with events and tasks", spoilEdit(func(_ *leads.Lead, events []leads.Event, _ []leads.Task) ([]leads.Event, []leads.Task) {
			return events, nil
		})},
		{"drops the events of an edit", "edit/the lead with events and tasks", spoilEdit(func(_ *leads.Lead, _ []leads.Event, tasks []leads.Task) ([]leads.Event, []leads.Task) {
			return nil, tasks
		})},
		{"edits a stale copy", "edit/of the lead as it is", editsStaleCopy},
		{"stores half an edit", "edit/all or nothing", halfEdit},
		{"edits without a lock", "edit/under lock", editsWithoutLock},
		{"counts no edits", "edit/names and version", func(s *hooked) {
			s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
				lead, err := s.Store.Lead(ctx, tenant, id)
				lead.Version = min(lead.Version, 2)
				return lead, err
			}
		}},
		{"drops what an edit leaves unnamed", "edit/empty names are filled", spoilEdit(func(_ *leads.Lead, events []leads.Event, tasks []leads.Task) ([]leads.Event, []leads.Task) {
			return events, slices.DeleteFunc(slices.Clone(tasks), func(t leads.Task) bool { return t.ID == "" })
		})},
		{"adds a task of an edit again", "edit/a task that is there", spoilEdit(func(_ *leads.Lead, events []leads.Event, tasks []leads.Task) ([]leads.Event, []leads.Task) {
			for i := range tasks {
				tasks[i].ID = leads.NewID()
			}
			return events, tasks
		})},
		{"returns the lead as it was", "edit/the lead that is returned", afterEdit(func(lead leads.Lead, err error) (leads.Lead, error) {
			lead.Version--
			return lead, err
		})},
		{"stores an edit that failed", "edit/an error", storesFailedEdit},
		{"has an error of its own for an edit", "edit/an error", afterEdit(func(lead leads.Lead, err error) (leads.Lead, error) {
			if err != nil {
				err = errOther
			}
			return lead, err
		})},
		{"edits nobody in silence", "edit/no such lead", afterEdit(func(lead leads.Lead, err error) (leads.Lead, error) {
			if leads.IsNotFound(err) {
				err = nil
			}
			return lead, err
		})},
		{"chokes on a bad ID in an edit", "edit/malformed IDs", func(s *hooked) {
			s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
				if err := uuid.Validate(id); err != nil {
					return leads.Lead{}, err
				}
				return s.Store.Edit(ctx, tenant, id, edit)
			}
		}},
		{"edits after its caller has given up", "edit/ended context", func(s *hooked) {
			s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
				lead, err := s.Store.Edit(context.WithoutCancel(ctx), tenant, id, edit)
				return lead, errors.Join(err, ctx.Err())
			}
		}},
		{"shares an edited lead", "edit/memory", sharesEdited},
		{"lists no identities", "edit/which identity", func(s *hooked) {
			s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
				lead, err := s.Store.Lead(ctx, tenant, id)
				lead.Identities = nil
				return lead, err
			}
		}},
		{"finds leads by what they have submitted only", "edit/found by another identity", findsBySubmissions},
		{"says nothing of whose the address is", "edit/another lead's identity", afterEdit(func(lead leads.Lead, err error) (leads.Lead, error) {
			if errors.As(err, new(*leads.TakenError)) {
				err = leads.ErrInvalid
			}
			return lead, err
		})},
		{"gives two leads one address", "edit/one identity for two at once", afterEdit(func(lead leads.Lead, err error) (leads.Lead, error) {
			if errors.As(err, new(*leads.TakenError)) {
				err = nil
			}
			return lead, err
		})},
	}
}

// findsBySubmissions makes a new lead of what comes from an address that nobody has submitted before.
func findsBySubmissions(s *hooked) {
	seen := make(map[string]bool)
	s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
		subs = slices.Clone(subs)
		for i := range subs {
			if email := subs[i].Fields.Email; len(seen) > 0 && !seen[email] {
				subs[i].Fields.Email = leads.NewID() + "@example.com"
			}
			seen[subs[i].Fields.Email] = true
		}
		return s.Store.Capture(ctx, subs)
	}
}

// editsStaleCopy hands every edit the lead as it was when it was edited first.
func editsStaleCopy(s *hooked) {
	copies := make(map[string]leads.Lead)
	s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
		return s.Store.Edit(ctx, tenant, id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
			if old, ok := copies[id]; ok {
				*lead = old
			}
			copies[id] = *lead
			return edit(lead)
		})
	}
}

// halfEdit keeps the lead when the rest cannot be stored.
func halfEdit(s *hooked) {
	s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
		lead, err := s.Store.Edit(ctx, tenant, id, edit)
		if errors.Is(err, leads.ErrInvalid) {
			_, again := s.Store.Edit(ctx, tenant, id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
				_, _, err := edit(lead)
				return nil, nil, err
			})
			err = errors.Join(err, again)
		}
		return lead, err
	}
}

func editsWithoutLock(s *hooked) {
	others := newMeeting()
	s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
		lead, err := s.Store.Lead(ctx, tenant, id)
		if err != nil {
			return leads.Lead{}, err
		}
		events, tasks, err := edit(&lead)
		others.wait()
		return s.Store.Edit(ctx, tenant, id, func(stored *leads.Lead) ([]leads.Event, []leads.Task, error) {
			*stored = lead
			return events, tasks, err
		})
	}
}

func storesFailedEdit(s *hooked) {
	s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
		var failed error
		lead, err := s.Store.Edit(ctx, tenant, id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
			events, tasks, err := edit(lead)
			failed = err
			return events, tasks, nil
		})
		return lead, errors.Join(failed, err)
	}
}

// sharesEdited answers later reads with the lead that Edit has returned.
func sharesEdited(s *hooked) {
	var mu sync.Mutex
	shared := make(map[string]leads.Lead)
	s.edit = func(ctx context.Context, tenant, id string, edit editing) (leads.Lead, error) {
		lead, err := s.Store.Edit(ctx, tenant, id, edit)
		mu.Lock()
		defer mu.Unlock()
		shared[id] = lead
		return lead, err
	}
	s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
		mu.Lock()
		defer mu.Unlock()
		if lead, ok := shared[id]; ok {
			return lead, nil
		}
		return s.Store.Lead(ctx, tenant, id)
	}
}
