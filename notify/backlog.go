package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
)

// RecordUnassigned is the kind of the [leads.Record] by which a [Router] knows a lead that it could hand to nobody; its ID is the lead's. Leads that were imported, or there
// before the Router was, have none and stay as they are; see [Router.HandOut].
const RecordUnassigned = "unassigned"

const (
	backlogPage = 100
	// backlogRest is the time that is left of an attempt when it stops handing out and leaves the rest to another.
	backlogRest = 2 * time.Second
)

// errTime says that an attempt's time is nearly over.
var errTime = errors.New("the time is over")

// remember puts a lead into the backlog.
func (r *Router) remember(ctx context.Context, tenant, leadID string) error {
	_, err := r.desk.PutRecord(ctx, leads.Record{Tenant: tenant, Kind: RecordUnassigned, ID: leadID, Data: []byte("{}")})
	if err != nil && !leads.IsStale(err) { // it is there already
		return fmt.Errorf("notify: backlog: %w", err)
	}
	return nil
}

// drain hands out the backlog, the oldest first, until nobody can take more, and comes back as long as some are left. What an attempt has handed out stays so if it
// fails.
func (r *Router) drain(ctx context.Context, n leads.Notification) error {
	people, err := r.people.People(ctx, n.Tenant)
	if err != nil {
		return fmt.Errorf("notify: the people of a tenant: %w", err)
	}
	now := n.At
	if due, err := time.Parse(time.RFC3339, n.Note); err == nil && due.After(now) { // the Store's clock is ahead of ours
		now = due
	}
	left, err := r.backlog(ctx, n, people)
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

// backlog offers every lead of the backlog; IDs are in the order of time. It reports whether some are left.
func (r *Router) backlog(ctx context.Context, n leads.Notification, people []Person) (bool, error) {
	left, after := false, ""
	for {
		page, err := r.desk.Records(ctx, n.Tenant, RecordUnassigned, after, backlogPage)
		if err != nil || len(page) == 0 {
			return left, err
		}
		for _, waiting := range page {
			after = waiting.ID
			if end, ok := ctx.Deadline(); ok && time.Until(end) < backlogRest {
				return true, errTime
			}
			lead, somebody, err := r.assign(ctx, n, people, waiting.ID, true)
			switch {
			case leads.IsNotFound(err), err == nil && (lead.Assignee != "" || !open(lead)):
				if err := r.desk.DeleteRecord(ctx, n.Tenant, RecordUnassigned, waiting.ID); err != nil {
					return left, err
				}
				continue
			case err != nil:
				return left, err
			}
			if left = true; !somebody { // nobody can take another one
				return left, nil
			}
		}
	}
}

// HandOut hands out up to limit leads of a tenant that nobody is responsible for, the oldest first, and returns how many. They may be older than the Router, or imported; who gets
// them is told of each by the engine's Notifier. It stops when nobody can take more; those who could not be handed out are not remembered. A limit of 0 means 100,
// and above 1,000 means 1,000.
func (r *Router) HandOut(ctx context.Context, tenant string, limit int) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	people, err := r.people.People(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("notify: the people of a tenant: %w", err)
	}
	waiting, err := r.desk.Unassigned(ctx, tenant, limit)
	if err != nil {
		return 0, fmt.Errorf("notify: hand out: %w", err)
	}
	taken := 0
	for _, lead := range waiting {
		lead, somebody, err := r.assign(ctx, leads.Notification{Tenant: tenant, At: time.Now()}, people, lead.ID, true)
		switch {
		case leads.IsNotFound(err):
		case err != nil:
			return taken, fmt.Errorf("notify: hand out: %w", err)
		case lead.Assignee != "":
			taken++
		case !somebody:
			return taken, nil
		}
	}
	return taken, nil
}
