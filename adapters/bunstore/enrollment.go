package bunstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

var _ sequence.Store = (*Store)(nil)

// states are those of an enrolment as they are stored: by their place. From the fourth on they are ends.
var states = []sequence.State{sequence.Pending, sequence.Active, sequence.Paused, sequence.Finished, sequence.Exited}

// The states that statements and indexes name.
const (
	stateActive   = 1
	stateFinished = 3
	stateExited   = 4
)

type enrollmentRow struct {
	tenant, sequence, address, reason, step, zone, by string
	id, lead                                          uid
	version, revision                                 int64
	state                                             int
	passed                                            []byte // JSON, nil while there are none
	due, created, updated, ended                      stamp
}

func rowOfEnrollment(e *sequence.Enrollment) (enrollmentRow, error) {
	r := enrollmentRow{
		tenant: e.Tenant, sequence: e.SequenceID, version: e.Version, address: e.AddressKey, state: slices.Index(states, e.State),
		reason: string(e.Reason), step: e.Step, zone: e.Zone, by: e.By, revision: e.Revision,
		due: whole(e.Due), created: whole(e.CreatedAt), updated: whole(e.UpdatedAt), ended: whole(e.EndedAt),
	}
	if r.state < 0 || !validTenant(r.tenant) || !keyable(r.sequence) || !keyable(r.address) {
		return r, fmt.Errorf("%w: Enrollment.State, Tenant, SequenceID or AddressKey", leads.ErrInvalid)
	}
	for _, text := range []string{r.reason, r.step, r.zone, r.by} {
		if !storable(text) {
			return r, fmt.Errorf("%w: a field of the enrolment is not UTF-8 or holds NUL", leads.ErrInvalid)
		}
	}
	err := checkIDs(idField{"Enrollment.ID", e.ID, &r.id, false}, idField{"Enrollment.LeadID", e.LeadID, &r.lead, false})
	if err == nil && len(e.Passed) > 0 {
		r.passed, err = encode(e.Passed)
	}
	return r, err
}

// whole is a time as it is stored.
func whole(t time.Time) stamp { return stamp{micro(t.UTC())} }

func (r *enrollmentRow) scan(scan scanFunc) error {
	return scan(&r.tenant, &r.id, &r.lead, &r.sequence, &r.version, &r.address, &r.state, &r.reason, &r.step, &r.due, &r.passed, &r.zone, &r.by,
		&r.revision, &r.created, &r.updated, &r.ended)
}

func (r *enrollmentRow) enrollment() (sequence.Enrollment, error) {
	if r.state < 0 || r.state >= len(states) {
		return sequence.Enrollment{}, fmt.Errorf("%w: an enrolment of state %d", errNewer, r.state)
	}
	e := sequence.Enrollment{
		Tenant: r.tenant, ID: r.id.String(), LeadID: r.lead.String(), SequenceID: r.sequence, Version: r.version, AddressKey: r.address,
		State: states[r.state], Reason: sequence.Reason(r.reason), Step: r.step, Due: r.due.Time, Zone: r.zone, By: r.by,
		Revision: r.revision, CreatedAt: r.created.Time, UpdatedAt: r.updated.Time, EndedAt: r.ended.Time,
	}
	if r.passed == nil {
		return e, nil
	}
	return e, decode(r.passed, &e.Passed)
}

// works reports whether the enrolment has a task.
func (r *enrollmentRow) works() bool { return r.state <= stateActive }

// fence is where the fences of a task begin that is made for this revision of the enrolment: above those of every task that was made
// before, so that whoever has claimed one of them cannot settle this one.
func (r *enrollmentRow) fence() int64 { return r.revision << 32 }

// task is the one that a new enrolment has.
func (r *enrollmentRow) task() (taskRow, error) {
	t, err := rowOfTask(&leads.Task{
		Tenant: r.tenant, ID: r.id.String(), Kind: leads.TaskStep, LeadID: r.lead.String(), Due: r.due.Time, CreatedAt: today(),
	})
	t.Fence = r.fence()
	return t, err
}

// Enrollment is described by [sequence.Enrollments].
func (s *Store) Enrollment(ctx context.Context, tenant, id string) (e sequence.Enrollment, err error) {
	u, ok := parseID(id)
	page, err := s.enrollments(ctx, s.engine.statements().enrollment, ok && validTenant(tenant), []any{tenant, s.engine.id(u)})
	if err == nil && len(page) == 0 {
		err = leads.ErrNotFound
	}
	if err != nil {
		return e, err
	}
	return page[0], nil
}

// Enrollments is described by [sequence.Enrollments].
func (s *Store) Enrollments(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
	c, ok := s.selection(&q)
	after, ok2 := parseID(q.After)
	if ok2 {
		c.add("id < ?", s.engine.id(after))
	}
	c.args = append(c.args, pageOf(q.Limit))
	order := "id"
	if q.LeadID != "" || q.AddressKey != "" || q.SequenceID != "" {
		order = "{sort}id"
	}
	text := fmt.Sprintf(`SELECT %s FROM {p}enrollments WHERE %s ORDER BY %s DESC LIMIT ?%d`, enrollmentColumns, c.text, order, len(c.args))
	return s.enrollments(ctx, s.engine.text(text), ok && (ok2 || q.After == ""), c.args)
}

func (s *Store) enrollments(ctx context.Context, text string, possible bool, args []any) (page []sequence.Enrollment, err error) {
	err = s.read(ctx, "enrollments", text, possible, args, func(scan scanFunc) error {
		var r enrollmentRow
		if err := r.scan(scan); err != nil {
			return err
		}
		e, err := r.enrollment()
		page = append(page, e)
		return err
	})
	return page, err
}

// condition is the condition of a statement that is being put together, with its arguments.
type condition struct {
	text string
	args []any
}

// add adds a part, in which ? is the argument.
func (c *condition) add(text string, arg any) {
	if c.text != "" {
		c.text += " AND "
	}
	c.args = append(c.args, arg)
	c.text += strings.Replace(text, "?", "?"+strconv.Itoa(len(c.args)), 1)
}

// selection is the condition of what a query selects. It reports false if there can be nothing.
func (s *Store) selection(q *sequence.EnrollmentQuery) (c condition, possible bool) {
	possible = validTenant(q.Tenant) && keyable(q.SequenceID) && keyable(q.AddressKey)
	c.add("tenant_id = ?", q.Tenant)
	for _, named := range []struct{ part, id string }{{"id = ?", q.ID}, {"lead_id = ?", q.LeadID}} {
		if named.id != "" {
			u, ok := parseID(named.id)
			possible = possible && ok
			c.add(named.part, s.engine.id(u))
		}
	}
	if q.SequenceID != "" {
		c.add("sequence_id = ?", q.SequenceID)
	}
	if q.AddressKey != "" {
		c.add("address_key = ?", q.AddressKey)
	}
	if len(q.States) > 0 {
		var in []string
		for i, state := range states {
			if slices.Contains(q.States, state) {
				in = append(in, strconv.Itoa(i))
			}
		}
		possible = possible && len(in) > 0
		c.text += " AND state IN (" + strings.Join(in, ", ") + ")"
	}
	return c, possible
}

// errTaken says that the ID of a new enrolment is that of another one.
var errTaken = errors.New("the enrolment's ID is taken")
