package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openleads/leads"
)

// Claim leases due tasks to the caller. See [leads.Store]. Within a tenant the longest due comes first.
func (s *Store) Claim(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
	if err := s.begin(ctx, "claim"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	now := q.Now.UTC().Truncate(time.Microsecond)
	if q.Now.IsZero() {
		now = s.now()
	}
	var claimed []leads.Task
	for _, kind := range slices.Sorted(maps.Keys(q.Slots)) {
		for _, k := range s.next(kind, now, q.Slots[kind]) {
			claimed = append(claimed, s.lease(k, now.Add(q.Lease)))
		}
	}
	return claimed, nil
}

// next chooses up to n due tasks of a kind. The tenants take turns, one task each, in the order of their names, beginning behind the
// one that was served last.
func (s *Store) next(kind leads.TaskKind, now time.Time, n int) []key {
	due := s.due(kind, now)
	tenants := slices.Sorted(maps.Keys(due))
	at, served := slices.BinarySearch(tenants, s.turns[kind])
	if served {
		at++
	}
	var chosen []key
	for len(due) > 0 && len(chosen) < n {
		tenant := tenants[at%len(tenants)]
		at++
		if waiting := due[tenant]; len(waiting) > 0 {
			chosen, due[tenant] = append(chosen, waiting[0]), waiting[1:]
			s.turns[kind] = tenant
		} else {
			delete(due, tenant)
		}
	}
	return chosen
}

// due lists the due tasks of a kind by tenant, the longest due first.
func (s *Store) due(kind leads.TaskKind, now time.Time) map[string][]key {
	due := make(map[string][]key)
	for k, task := range s.tables.tasks {
		if task.Kind == kind && claimable(task, now) {
			due[k.tenant] = append(due[k.tenant], k)
		}
	}
	for _, keys := range due {
		slices.SortFunc(keys, func(a, b key) int {
			return cmp.Or(s.tables.tasks[a].Due.Compare(s.tables.tasks[b].Due), cmp.Compare(a.id, b.id))
		})
	}
	return due
}

// claimable reports whether a task can be given to a caller: it waits and is due, or was abandoned.
func claimable(task leads.Task, now time.Time) bool {
	waiting := task.State == leads.TaskWaiting && !task.Due.After(now)
	abandoned := task.State == leads.TaskRunning && !task.LeaseUntil.After(now)
	return waiting || abandoned
}

// lease gives a task to the caller.
func (s *Store) lease(k key, until time.Time) leads.Task {
	task := s.tables.tasks[k]
	s.fence++
	task.State, task.LeaseUntil, task.Fence = leads.TaskRunning, until, s.fence
	task.Attempts++
	s.tables.tasks[k] = task
	return s.withDeliveries(task)
}

// Settle records the outcome of a claimed task. See [leads.Store]. Outcome.Change is called under the Store's lock: it must not call
// the Store.
func (s *Store) Settle(ctx context.Context, task leads.Task, outcome leads.Outcome) error {
	if err := s.begin(ctx, "settle"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	current, ok := s.tables.tasks[key{task.Tenant, task.ID}]
	if !ok || current.State != leads.TaskRunning || current.Fence != task.Fence {
		return leads.ErrStale
	}
	outcome, err := complete(current, outcome)
	if err != nil {
		return err
	}
	s.change(key{current.Tenant, current.LeadID}, outcome.Change)
	s.add(outcome.Events, outcome.Tasks)
	for _, delivery := range outcome.Deliveries {
		s.deliver(delivery)
	}
	s.settle(current, outcome)
	return nil
}

// complete fills what an outcome leaves empty from its task, and refuses what cannot be stored. It changes nothing of the caller's.
func complete(task leads.Task, o leads.Outcome) (leads.Outcome, error) {
	var err error
	if o.Events, o.Tasks, err = completed(task.Tenant, task.LeadID, o.Events, o.Tasks); err != nil {
		return o, err
	}
	o.Deliveries = slices.Clone(o.Deliveries)
	for i := range o.Deliveries {
		d := &o.Deliveries[i]
		fill(task.Tenant, task.LeadID, &d.Tenant, &d.ID, &d.LeadID)
		d.TaskID = cmp.Or(d.TaskID, task.ID)
		if err := checkID("a delivery", d.ID); err != nil {
			return o, err
		}
	}
	return o, nil
}

// completed returns copies of events and tasks, with what they leave empty filled from their lead.
func completed(tenant, leadID string, events []leads.Event, tasks []leads.Task) ([]leads.Event, []leads.Task, error) {
	events, tasks = slices.Clone(events), slices.Clone(tasks)
	for i := range events {
		e := &events[i]
		fill(tenant, leadID, &e.Tenant, &e.ID, &e.LeadID)
		if err := checkID("an event", e.ID); err != nil {
			return nil, nil, err
		}
	}
	for i := range tasks {
		t := &tasks[i]
		fill(tenant, leadID, &t.Tenant, &t.ID, &t.LeadID)
		if err := checkID("a task", t.ID); err != nil {
			return nil, nil, err
		}
	}
	return events, tasks, nil
}

func fill(tenant, leadID string, itsTenant, itsID, itsLead *string) {
	*itsTenant = cmp.Or(*itsTenant, tenant)
	*itsLead = cmp.Or(*itsLead, leadID)
	if *itsID == "" {
		*itsID = leads.NewID()
	}
}

// add stores events and tasks that are complete.
func (s *Store) add(events []leads.Event, tasks []leads.Task) {
	for _, event := range events {
		s.record(event)
	}
	for _, task := range tasks {
		s.enqueue(task)
	}
}

// change applies a change to a lead as it is now. What names the lead and counts its changes is not for the change to decide.
func (s *Store) change(k key, change func(*leads.Lead)) {
	if lead, ok := s.tables.leads[k]; ok && change != nil {
		changed := cloneLead(lead)
		change(&changed)
		s.update(lead, changed)
	}
}

// update stores a changed lead and returns it as it is stored.
func (s *Store) update(lead, changed leads.Lead) leads.Lead {
	changed.Tenant, changed.ID, changed.Version, changed.CreatedAt = lead.Tenant, lead.ID, lead.Version+1, lead.CreatedAt
	s.tables.leads[key{lead.Tenant, lead.ID}] = cloneLead(changed)
	return cloneLead(changed)
}

// deliver inserts a delivery or updates the one with its key, whose ID and time of creation stay.
func (s *Store) deliver(d leads.Delivery) {
	d = cloneDelivery(d)
	k := key{d.Tenant, d.Key}
	if old, ok := s.tables.deliveries[k]; ok {
		d.ID, d.CreatedAt = old.ID, old.CreatedAt
		if old.State == leads.DeliverySent {
			d.State = old.State
		}
		if old.Body == nil {
			d.Body = nil
		}
		former := key{old.Tenant, old.TaskID}
		s.tables.effects[former] = slices.DeleteFunc(s.tables.effects[former], func(key string) bool { return key == d.Key })
	}
	s.tables.deliveries[k] = settled(d)
	task := key{d.Tenant, d.TaskID}
	s.tables.effects[task] = append(s.tables.effects[task], d.Key)
}

// settled is the delivery as it is kept: what may name several people, no longer than it is needed.
func settled(d leads.Delivery) leads.Delivery {
	if leadless(d) && d.State == leads.DeliverySent {
		d.Body = nil
	}
	return d
}

// leadless reports whether a delivery is about no lead.
func leadless(d leads.Delivery) bool { return d.LeadID == "" || d.LeadID == leads.NoLead }

// settle says what becomes of the task itself.
func (s *Store) settle(task leads.Task, o leads.Outcome) {
	k := key{task.Tenant, task.ID}
	now := s.now()
	switch o.Settlement {
	case leads.Done:
		delete(s.tables.tasks, k)
		return
	case leads.Retry:
		task.State, task.Due, task.LeaseUntil = leads.TaskWaiting, now.Add(o.Delay), time.Time{}
	case leads.Dead:
		task.State, task.LeaseUntil = leads.TaskDead, time.Time{}
	case leads.Extend:
		task.LeaseUntil = now.Add(o.Delay)
	}
	if o.KeepAttempt {
		task.Attempts--
	}
	if o.Payload != nil {
		task.Payload = slices.Clone(o.Payload)
	}
	task.LastError = cmp.Or(o.Error, task.LastError)
	s.tables.tasks[k] = task
}

// withDeliveries returns the task as a caller gets it.
func (s *Store) withDeliveries(task leads.Task) leads.Task {
	task = cloneTask(task)
	for _, name := range s.tables.effects[key{task.Tenant, task.ID}] {
		task.Deliveries = append(task.Deliveries, cloneDelivery(s.tables.deliveries[key{task.Tenant, name}]))
	}
	slices.SortStableFunc(task.Deliveries, func(a, b leads.Delivery) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return task
}
