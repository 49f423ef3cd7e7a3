package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// maxError bounds Task.LastError, in bytes.
const maxError = 500

// Settle is described by [leads.Store].
func (s *Store) Settle(ctx context.Context, task leads.Task, outcome leads.Outcome) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	lead, ok1 := parseID(task.LeadID)
	id, ok2 := parseID(task.ID)
	if !ok2 || !ok1 && task.LeadID != "" || !validTenant(task.Tenant) {
		return leads.ErrStale
	}
	st := settling{s: s, task: task, lead: lead, id: id, outcome: outcome}
	if err := st.prepare(); err != nil {
		return fmt.Errorf("bunstore: settle: %w", err)
	}
	if err := s.engine.settle(ctx, &st); err != nil {
		return fmt.Errorf("bunstore: settle: %w", err)
	}
	s.written.Add(1)
	return nil
}

// settling is a Settle on its way.
type settling struct {
	s        *Store
	task     leads.Task
	lead, id uid
	outcome  leads.Outcome
	added    changes // the events, tasks and deliveries of the outcome
}

// prepare makes the rows of what the outcome adds.
func (st *settling) prepare() error {
	o, now := &st.outcome, today()
	deliveries := slices.Clone(o.Deliveries)
	for i := range deliveries {
		d := &deliveries[i]
		d.ID, d.LeadID, d.TaskID = cmp.Or(d.ID, leads.NewID()), cmp.Or(d.LeadID, st.task.LeadID), cmp.Or(d.TaskID, st.task.ID)
		d.Tenant = st.task.Tenant
		orNow(&d.CreatedAt, now)
		orNow(&d.UpdatedAt, now)
	}
	events, tasks := filledEvents(st.task.Tenant, st.task.LeadID, o.Events, now), filledTasks(st.task.Tenant, st.task.LeadID, o.Tasks, now)
	if err := st.added.add(events, tasks); err != nil {
		return err
	}
	return st.added.addDeliveries(deliveries)
}

func orNow(t *time.Time, now time.Time) {
	if t.IsZero() {
		*t = now
	}
}

// addDeliveries makes the rows of deliveries. Of several with one key the last one counts.
func (c *changes) addDeliveries(deliveries []leads.Delivery) error {
	at := make(map[string]int, len(deliveries))
	for i := range deliveries {
		r, err := rowOfDelivery(&deliveries[i])
		if err != nil {
			return err
		}
		if j, ok := at[r.DeliveryKey]; ok {
			r.ID, r.CreatedAt = c.deliveries[j].ID, c.deliveries[j].CreatedAt
			c.deliveries[j] = r
			continue
		}
		at[r.DeliveryKey] = len(c.deliveries)
		c.deliveries = append(c.deliveries, r)
	}
	return nil
}

func (st *settling) run(ctx context.Context, t tx) error {
	n, err := st.setTask(ctx, t)
	if err != nil {
		return err
	}
	if n == 0 {
		return leads.ErrStale
	}
	c := st.added
	if st.outcome.Change != nil {
		if err := st.change(ctx, t, &c); err != nil {
			return err
		}
	}
	return st.s.engine.store(ctx, t, &c)
}

// reshaping is what becomes of a task that stays.
type reshaping struct {
	state   int
	due     bool // it is due Outcome.Delay from now
	leased  bool // its lease ends then
	back    int  // the attempts taken back
	message string
	payload []byte
}

func (st *settling) reshaping() reshaping {
	o := &st.outcome
	r := reshaping{state: stateDead, message: clip(o.Error), payload: o.Payload}
	switch {
	case o.Settlement == leads.Extend:
		r.state, r.leased = stateRunning, true
	case o.Settlement == leads.Retry && o.Delay > 0:
		r.state, r.due = stateWaiting, true
	case o.Settlement == leads.Retry:
		r.state, r.due = stateReady, true
	}
	if o.KeepAttempt {
		r.back = 1
	}
	return r
}

// setTask ends, delays or extends the task if the caller still holds it.
func (st *settling) setTask(ctx context.Context, t tx) (int64, error) {
	e := st.s.engine
	args := []any{st.task.Tenant, e.id(st.lead), e.id(st.id), st.task.Fence}
	if st.outcome.Settlement == leads.Done {
		return t.exec(ctx, e.statements().finish, args...)
	}
	r := st.reshaping()
	return t.exec(ctx, e.statements().reshape, append(args, r.state, r.due, e.clock(noTime), st.outcome.Delay.Microseconds(),
		r.leased, r.back, r.message, r.payload)...)
}

// clip makes an error's text storable.
func clip(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", " "), "\uFFFD")
	if len(s) > maxError {
		s = strings.ToValidUTF8(s[:maxError], "")
	}
	return s
}

// change applies the outcome to the lead as it is now.
func (st *settling) change(ctx context.Context, t tx, c *changes) error {
	var lead leads.Lead
	if err := loadLead(ctx, st.s.engine, t, st.task.Tenant, st.lead, &lead); err != nil {
		return err
	}
	if lead.Version == 0 {
		return nil
	}
	st.apply(&lead)
	return c.addLead(&lead)
}

// apply changes the lead. What names it and counts its changes is not for the outcome to say.
func (st *settling) apply(lead *leads.Lead) {
	was := *lead
	st.outcome.Change(lead)
	lead.Tenant, lead.ID, lead.Version, lead.CreatedAt = was.Tenant, was.ID, was.Version+1, was.CreatedAt
}
