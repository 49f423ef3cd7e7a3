package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
)

const (
	backlogPage = 100
	backlogMost = 1000 // looked at in one go
	// backlogRest is the time that is left of an attempt when it stops handing out and leaves the rest to another.
	backlogRest = 2 * time.Second
)

// errTime says that an attempt's time is nearly over.
var errTime = errors.New("the time is over")

// drain hands out the leads that nobody is responsible for, the oldest first, until nobody can take more, and comes back as long as some
// are left. What an attempt has handed out stays so if it fails.
func (r *Router) drain(ctx context.Context, n leads.Notification) error {
	people, err := r.people.People(ctx, n.Tenant)
	if err != nil {
		return fmt.Errorf("notify: the people of a tenant: %w", err)
	}
	now := n.At
	if due, err := time.Parse(time.RFC3339, n.Note); err == nil && due.After(now) { // the Store's clock is ahead of ours
		now = due
	}
	left, err := r.handOut(ctx, n, people)
	switch {
	case errors.Is(err, errTime):
		return n.Schedule(ctx, "backlog/on/"+now.Format(time.RFC3339Nano), leads.Notice{Kind: leads.NotifyBacklog}, now)
	case err != nil:
		return fmt.Errorf("notify: backlog: %w", err)
	case left:
		return r.offer(ctx, n, people, now)
	}
	return nil
}

// handOut offers all leads that nobody is responsible for. It reports whether some are left.
func (r *Router) handOut(ctx context.Context, n leads.Notification, people []Person) (bool, error) {
	for limit := backlogPage; ; {
		waiting, err := r.desk.Unassigned(ctx, n.Tenant, limit)
		if err != nil || len(waiting) == 0 {
			return false, err
		}
		taken, more, err := r.page(ctx, n, people, waiting)
		switch {
		case err != nil:
			return false, err
		case !more, taken == 0 && (len(waiting) < limit || limit == backlogMost):
			return true, nil
		case taken == 0: // those in front wait for somebody by a rule; there may be others behind them
			limit = backlogMost
		}
	}
}

// page offers leads in their order. It returns how many were taken, and whether anybody can take more.
func (r *Router) page(ctx context.Context, n leads.Notification, people []Person, waiting []leads.Lead) (int, bool, error) {
	taken := 0
	for _, lead := range waiting {
		if end, ok := ctx.Deadline(); ok && time.Until(end) < backlogRest {
			return taken, true, errTime
		}
		lead, somebody, err := r.assign(ctx, n, people, lead.ID, true)
		switch {
		case leads.IsNotFound(err):
		case err != nil:
			return taken, false, err
		case lead.Assignee != "":
			taken++
		case !somebody:
			return taken, false, nil
		}
	}
	return taken, true, nil
}
