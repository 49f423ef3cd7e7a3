package desk

import (
	"cmp"
	"context"
	"slices"

	"github.com/openleads/leads"
)

// Queue counts the tasks of the tenant, by kind and state. For readers.
func (d *Desk) Queue(ctx context.Context, u User) ([]QueueCount, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	counts, err := d.store.Queue(ctx, u.Tenant)
	slices.SortFunc(counts, func(a, b QueueCount) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.State, b.State), a.Oldest.Compare(b.Oldest))
	})
	return counts, err
}

// DeadTasks returns what was given up, the newest first. For readers.
func (d *Desk) DeadTasks(ctx context.Context, u User, after string, limit int) ([]leads.Task, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	return d.store.DeadTasks(ctx, u.Tenant, after, limit)
}

// Trail returns what people and programs did, the newest first. For admins.
func (d *Desk) Trail(ctx context.Context, u User, after string, limit int) ([]Entry, error) {
	if err := may(u, Admin); err != nil {
		return nil, err
	}
	return d.store.Entries(ctx, u.Tenant, after, limit)
}

// Check is the pre-flight of the engine's parts. For admins.
func (d *Desk) Check(ctx context.Context, u User) ([]leads.Finding, error) {
	if err := may(u, Admin); err != nil {
		return nil, err
	}
	return d.cfg.Engine.Check(ctx), nil
}
