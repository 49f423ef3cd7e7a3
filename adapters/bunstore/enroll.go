package bunstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// Enroll is described by [sequence.Enrollments]. Calls for one lead take turns by the lead's row.
func (s *Store) Enroll(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
	if _, ok := parseID(e.LeadID); !ok {
		return sequence.Enrollment{}, leads.ErrNotFound
	}
	e.Revision = 1
	row, err := rowOfEnrollment(&e)
	if err == nil {
		err = s.ready(ctx)
	}
	if err == nil {
		err = s.engine.write(ctx, func(ctx context.Context, t tx) error { return s.enroll(ctx, t, &row, since, events) })
	}
	if err != nil {
		if isDataError(err) {
			err = fmt.Errorf("%w: %w", leads.ErrInvalid, errors.Join(errTaken, err))
		}
		return sequence.Enrollment{}, fmt.Errorf("bunstore: enroll: %w", err)
	}
	return row.enrollment()
}

func (s *Store) enroll(ctx context.Context, t tx, row *enrollmentRow, since time.Time, events []leads.Event) error {
	e := s.engine
	args := []any{row.tenant, e.id(row.lead)}
	if there, err := finds(ctx, t, e.statements().holdLead, args); err != nil || !there {
		return orElse(err, leads.ErrNotFound)
	}
	args = append(args, row.sequence, since.IsZero(), e.at(micro(since)))
	if stands, err := finds(ctx, t, e.statements().standing, args); err != nil || stands {
		return orElse(err, sequence.ErrEnrolled)
	}
	c := changes{enrollments: []*enrollmentRow{row}}
	if row.works() {
		task, err := row.task()
		if err != nil {
			return err
		}
		c.tasks, c.announce = []taskRow{task}, !row.due.After(today())
	}
	if err := c.addOf(row.tenant, row.lead.String(), events, nil); err != nil {
		return err
	}
	return e.store(ctx, t, &c)
}

// finds reports whether a query finds anything.
func finds(ctx context.Context, t tx, text string, args []any) (found bool, err error) {
	err = t.query(ctx, text, args, func(scanFunc) error {
		found = true
		return nil
	})
	return found, err
}

// orElse is the first error there is.
func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// PutEnrollment is described by [sequence.Enrollments]. An enrolment stays that of its lead and sequence: with another one e is stale.
func (s *Store) PutEnrollment(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
	row, err := rowOfEnrollment(&e)
	if err == nil {
		err = s.ready(ctx)
	}
	if err == nil {
		err = s.engine.put(ctx, &putting{s: s, row: &row, events: events})
	}
	if err != nil {
		return sequence.Enrollment{}, fmt.Errorf("bunstore: put enrollment: %w", err)
	}
	row.revision++
	return row.enrollment()
}

// putting is a PutEnrollment on its way.
type putting struct {
	s      *Store
	row    *enrollmentRow
	events []leads.Event
}

func (p *putting) run(ctx context.Context, t tx) error {
	s, e, row := p.s, p.s.engine, p.row
	n, err := t.exec(ctx, e.statements().putEnrollment, row.tenant, e.id(row.id), e.id(row.lead), row.sequence, row.revision, row.version,
		row.address, row.state, row.reason, row.step, e.at(row.due.Time), row.passed, row.zone, row.by,
		e.at(row.created.Time), e.at(row.updated.Time), e.at(row.ended.Time))
	if err == nil && n == 0 {
		err = leads.ErrStale
	}
	if err == nil {
		err = s.schedule(ctx, t, row)
	}
	c := changes{}
	if err == nil {
		err = p.addTo(&c)
	}
	if err != nil {
		return err
	}
	return e.store(ctx, t, &c)
}

// addTo adds the events, and that there is work.
func (p *putting) addTo(c *changes) error {
	c.announce = c.announce || p.row.works() && !p.row.due.After(today())
	return c.addOf(p.row.tenant, p.row.lead.String(), p.events, nil)
}

// schedule gives a stored enrolment the task that its state demands, or takes it away.
func (s *Store) schedule(ctx context.Context, t tx, row *enrollmentRow) error {
	e := s.engine
	args := []any{row.tenant, e.id(row.lead), e.id(row.id)}
	if !row.works() {
		_, err := t.exec(ctx, e.statements().dropTask, args...)
		return err
	}
	task, err := row.nextTask()
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, e.statements().putTask, append(args, task.Kind, task.State, e.clock(task.Due.Time), task.Fence, e.at(task.CreatedAt.Time))...)
	return err
}

// nextTask is the task of the enrolment's next revision.
func (r *enrollmentRow) nextTask() (taskRow, error) {
	next := *r
	next.revision++
	return next.task()
}

// EndEnrollments is described by [sequence.Enrollments]. However many there are, they are ended by a few statements.
func (s *Store) EndEnrollments(
	ctx context.Context, which sequence.EnrollmentQuery, reason sequence.Reason, at time.Time,
) (ended []sequence.Enrollment, err error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	c, possible := s.selection(&which)
	c.text += " AND state < 3"
	if err := ctx.Err(); err != nil || !possible {
		return nil, err
	}
	if !storable(string(reason)) {
		return nil, fmt.Errorf("bunstore: end enrollments: %w: the reason is not UTF-8 or holds NUL", leads.ErrInvalid)
	}
	err = s.engine.write(ctx, func(ctx context.Context, t tx) (err error) {
		ended, err = s.endAll(ctx, t, &c, reason, whole(at))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("bunstore: end enrollments: %w", err)
	}
	return ended, nil
}

// endAll locks the enrolments first, then their tasks, and removes those by statements that begin after the lock was got: on PostgreSQL one
// that began before would not see a task that was made meanwhile.
func (s *Store) endAll(ctx context.Context, t tx, which *condition, reason sequence.Reason, at stamp) ([]sequence.Enrollment, error) {
	var ended []sequence.Enrollment
	e := ending{which: which, reason: string(reason), at: at}
	text := s.engine.text(`SELECT ` + enrollmentColumns + ` FROM {p}enrollments WHERE ` + which.text + ` ORDER BY {sort}id {lock}`)
	err := t.query(ctx, text, which.args, func(scan scanFunc) error {
		var r enrollmentRow
		if err := r.scan(scan); err != nil {
			return err
		}
		r.state, r.reason, r.step, r.due, r.updated, r.ended = stateExited, e.reason, "", stamp{}, at, at
		r.revision++
		e.rows = append(e.rows, r)
		enrollment, err := r.enrollment()
		ended = append(ended, enrollment)
		return err
	})
	if err != nil || len(ended) == 0 {
		return nil, err
	}
	for i := range ended {
		if err := e.tell(&e.rows[i], &ended[i]); err != nil {
			return nil, err
		}
	}
	return ended, s.engine.end(ctx, t, &e)
}

// ending is the end of enrolments.
type ending struct {
	which  *condition
	reason string
	at     stamp
	rows   []enrollmentRow // as they are then
	events []eventRow
}

// tell adds the event of the lead.
func (e *ending) tell(r *enrollmentRow, ended *sequence.Enrollment) error {
	data, err := json.Marshal(sequence.Progress{
		Enrollment: ended.ID, Sequence: ended.SequenceID, State: ended.State, Reason: ended.Reason,
	})
	if err != nil {
		return err
	}
	id, err := checkID("Event.ID", leads.NewID(), false)
	e.events = append(e.events, eventRow{TenantID: r.tenant, LeadID: r.lead, ID: id, Kind: string(leads.EventSequence), At: e.at, Data: data})
	return err
}
