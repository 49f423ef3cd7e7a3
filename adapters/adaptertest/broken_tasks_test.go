package adaptertest_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/openleads/leads"
)

// spoilClaim claims with an altered query.
func spoilClaim(alter func(q *leads.ClaimQuery)) func(*hooked) {
	return func(s *hooked) {
		s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
			alter(&q)
			return s.Store.Claim(ctx, q)
		}
	}
}

// spoilOutcome stores every outcome altered.
func spoilOutcome(alter func(o *leads.Outcome)) func(*hooked) {
	return func(s *hooked) {
		s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
			alter(&o)
			return s.Store.Settle(ctx, task, o)
		}
	}
}

// spoilChange alters every lead after it was changed.
func spoilChange(alter func(lead *leads.Lead)) func(*hooked) {
	return spoilOutcome(func(o *leads.Outcome) {
		if change := o.Change; change != nil {
			o.Change = func(lead *leads.Lead) {
				change(lead)
				alter(lead)
			}
		}
	})
}

func brokenTasks() []breakage {
	return []breakage{
		{"claims after its caller has given up", "ended context/claim", func(s *hooked) {
			s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
				tasks, err := s.Store.Claim(context.WithoutCancel(ctx), q)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				return tasks, err
			}
		}},
		{"forgets that leases end", "claim/lease has ended", spoilClaim(func(q *leads.ClaimQuery) { q.Lease = 10000 * time.Hour })},
		{"gives tasks early", "claim/not before it is due", spoilClaim(func(q *leads.ClaimQuery) { q.Now = q.Now.Add(24 * time.Hour) })},
		{"gives more than was asked for", "claim/slots of each kind", spoilClaim(func(q *leads.ClaimQuery) {
			slots := make(map[leads.TaskKind]int)
			for kind, n := range q.Slots {
				slots[kind] = n + 1
			}
			q.Slots = slots
		})},
		{"goes by its own clock only", "claim/lease has ended", spoilClaim(func(q *leads.ClaimQuery) { q.Now = time.Time{} })},
		{"gives a task twice", "claim/leased to one caller", givesTwice},
		{"counts no attempts", "claim/attempts and fences", func(s *hooked) {
			s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
				tasks, err := s.Store.Claim(ctx, q)
				for i := range tasks {
					tasks[i].Attempts = 1
				}
				return tasks, err
			}
		}},
		{"serves the oldest only", "claim/turns in one claim", hoards(oldestFirst)},
		{"forgets whose turn it is", "claim/turns from claim to claim", hoards(byTenant)},
	}
}

// givesTwice gives the tasks of the last claim again.
func givesTwice(s *hooked) {
	var last []leads.Task
	s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
		tasks, err := s.Store.Claim(ctx, q)
		if len(tasks) == 0 {
			return last, err
		}
		last = tasks
		return tasks, err
	}
}

// hoards claims everything, keeps what comes first in its own order, and puts the rest back.
func hoards(order func(tasks []leads.Task)) func(*hooked) {
	return func(s *hooked) {
		s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
			n := q.Slots[leads.TaskEnrich]
			q.Slots = map[leads.TaskKind]int{leads.TaskEnrich: 1000}
			tasks, err := s.Store.Claim(ctx, q)
			order(tasks)
			n = min(n, len(tasks))
			for _, task := range tasks[n:] {
				if err := s.Store.Settle(ctx, task, leads.Outcome{Settlement: leads.Retry, KeepAttempt: true}); err != nil {
					return nil, err
				}
			}
			return tasks[:n], err
		}
	}
}

func oldestFirst(tasks []leads.Task) {
	slices.SortFunc(tasks, func(a, b leads.Task) int { return a.CreatedAt.Compare(b.CreatedAt) })
}

// byTenant lets the tenants take turns, but begins with the same one every time.
func byTenant(tasks []leads.Task) {
	turns := make(map[string]int)
	turn := make(map[string]int)
	for _, task := range tasks {
		turn[task.ID] = turns[task.Tenant]
		turns[task.Tenant]++
	}
	slices.SortFunc(tasks, func(a, b leads.Task) int {
		if turn[a.ID] != turn[b.ID] {
			return turn[a.ID] - turn[b.ID]
		}
		return slices.Compare([]byte(a.Tenant), []byte(b.Tenant))
	})
}

// datesDeliveries hands deliveries on as if they had been created when they were updated.
func datesDeliveries(s *hooked) {
	s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
		tasks, err := s.Store.Claim(ctx, q)
		for _, task := range tasks {
			for i := range task.Deliveries {
				task.Deliveries[i].CreatedAt = task.Deliveries[i].UpdatedAt
			}
		}
		return tasks, err
	}
}

func brokenOutcomes() []breakage {
	return []breakage{
		{"ignores the fence", "settle/taken by another", ignoresFence},
		{"drops events", "settle/events and tasks", spoilOutcome(func(o *leads.Outcome) { o.Events = nil })},
		{"drops follow-up tasks", "settle/all of it", spoilOutcome(func(o *leads.Outcome) { o.Tasks = nil })},
		{"retries at once", "settle/retry", spoilOutcome(func(o *leads.Outcome) { o.Delay = 0 })},
		{"keeps no lease alive", "settle/extend", spoilOutcome(func(o *leads.Outcome) { o.Delay = min(o.Delay, time.Hour) })},
		{"takes no attempt back", "settle/the attempt is taken back", spoilOutcome(func(o *leads.Outcome) { o.KeepAttempt = false })},
		{"stores half an outcome", "settle/all or nothing", halfOutcome},
		{"applies Change to a stale copy", "change/of the lead as it is then", changesStaleCopy},
		{"dates changes itself", "change/the time of the update", spoilChange(func(lead *leads.Lead) { lead.UpdatedAt = lead.UpdatedAt.Add(time.Second) })},
		{"gives an updated delivery a new age", "deliveries/what an update keeps", datesDeliveries},
		{"takes back what was sent", "deliveries/what was sent stays sent", unsends},
		{"leaves deliveries unnamed", "deliveries/empty names are filled", spoilOutcome(func(o *leads.Outcome) {
			o.Deliveries = slices.DeleteFunc(slices.Clone(o.Deliveries), func(d leads.Delivery) bool { return d.TaskID == "" })
		})},
		{"changes without a lock", "races/captures and outcomes", changesWithoutLock},
		{"counts no versions", "change/version counts", func(s *hooked) {
			s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
				lead, err := s.Store.Lead(ctx, tenant, id)
				lead.Version = min(lead.Version, 2)
				return lead, err
			}
		}},
		{"forgets deliveries", "deliveries/handed to the next attempt", spoilOutcome(func(o *leads.Outcome) { o.Deliveries = nil })},
		{"adds a delivery instead of updating it", "deliveries/updated by key", spoilOutcome(func(o *leads.Outcome) {
			o.Deliveries = slices.Clone(o.Deliveries)
			for i := range o.Deliveries {
				o.Deliveries[i].Key += leads.NewID()
			}
		})},
	}
}

// ignoresFence settles a task for whoever asks, with the fence of its present holder.
func ignoresFence(s *hooked) {
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		err := s.Store.Settle(ctx, task, o)
		if !errors.Is(err, leads.ErrStale) {
			return err
		}
		tasks, _ := s.Tasks(ctx, task.Tenant, task.LeadID)
		for _, held := range tasks {
			if held.ID == task.ID {
				return s.Store.Settle(ctx, held, o)
			}
		}
		return err
	}
}

// halfOutcome keeps the change when the rest cannot be stored.
func halfOutcome(s *hooked) {
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		err := s.Store.Settle(ctx, task, o)
		if errors.Is(err, leads.ErrInvalid) {
			return errors.Join(err, s.Store.Settle(ctx, task, leads.Outcome{Settlement: leads.Extend, Delay: time.Hour, Change: o.Change}))
		}
		return err
	}
}

// changesStaleCopy applies Change to the lead as it was when its task was claimed.
func changesStaleCopy(s *hooked) {
	copies := make(map[string]leads.Lead)
	s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
		tasks, err := s.Store.Claim(ctx, q)
		for _, task := range tasks {
			copies[task.ID], _ = s.Store.Lead(ctx, task.Tenant, task.LeadID)
		}
		return tasks, err
	}
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		change := o.Change
		o.Change = func(lead *leads.Lead) {
			*lead = copies[task.ID]
			change(lead)
		}
		return s.Store.Settle(ctx, task, o)
	}
}

// changesWithoutLock reads the lead, changes it, and writes it back whatever has happened meanwhile.
func changesWithoutLock(s *hooked) {
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		lead, err := s.Store.Lead(ctx, task.Tenant, task.LeadID)
		if err != nil {
			return err
		}
		o.Change(&lead)
		for range 100 {
			runtime.Gosched() // let the others run, as a slow database would
		}
		o.Change = func(stored *leads.Lead) { *stored = lead }
		return s.Store.Settle(ctx, task, o)
	}
}

// unsends gives the deliveries of a task the states that were recorded last.
func unsends(s *hooked) {
	states := make(map[string]leads.DeliveryState)
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		for _, d := range o.Deliveries {
			states[d.Key] = d.State
		}
		return s.Store.Settle(ctx, task, o)
	}
	s.claim = func(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
		tasks, err := s.Store.Claim(ctx, q)
		for _, task := range tasks {
			for i, d := range task.Deliveries {
				task.Deliveries[i].State = states[d.Key]
			}
		}
		return tasks, err
	}
}
