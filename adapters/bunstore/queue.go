package bunstore

import (
	"context"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// Queue is described by [desk.Work].
func (s *Store) Queue(ctx context.Context, tenant string) ([]desk.QueueCount, error) {
	type name struct {
		kind  leads.TaskKind
		state leads.TaskState
		due   bool
	}
	at := make(map[name]int)
	var counts []desk.QueueCount
	args := []any{tenant, s.engine.clock(noTime)}
	err := s.read(ctx, "queue", s.engine.statements().queue, validTenant(tenant), args, func(scan scanFunc) error {
		var r taskRow
		var due, n int
		if err := scan(&r.Kind, &r.State, &due, &n, &r.Due); err != nil {
			return err
		}
		task := r.task()
		k := name{task.Kind, task.State, due == 1}
		i, ok := at[k]
		if !ok { // ready and waiting are one
			i = len(counts)
			at[k] = i
			counts = append(counts, desk.QueueCount{Kind: k.kind, State: k.state, Due: k.due, Oldest: task.Due})
		}
		if counts[i].Count += n; task.Due.Before(counts[i].Oldest) {
			counts[i].Oldest = task.Due
		}
		return nil
	})
	return counts, err
}

// DeadTasks is described by [desk.Work].
func (s *Store) DeadTasks(ctx context.Context, tenant, after string, limit int) ([]leads.Task, error) {
	id, ok := behind(after)
	var rows []taskRow
	args := []any{tenant, s.engine.id(id), pageOf(limit)}
	err := s.read(ctx, "dead tasks", s.engine.statements().deadTasks, ok && validTenant(tenant), args, func(scan scanFunc) error {
		rows = append(rows, taskRow{})
		return rows[len(rows)-1].scan(scan)
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	tasks := make([]leads.Task, len(rows))
	at := make(map[string]int, len(rows))
	for i := range rows {
		tasks[i] = rows[i].task()
		at[tasks[i].LeadID+tasks[i].ID] = i
	}
	err = s.engine.efforts(ctx, s.engine.read(), rows, func(scan scanFunc) error {
		var r deliveryRow
		if err := r.scan(scan); err != nil {
			return err
		}
		d := r.delivery()
		if i, ok := at[d.LeadID+d.TaskID]; ok {
			tasks[i].Deliveries = append(tasks[i].Deliveries, d)
		}
		return nil
	})
	return tasks, wrapped("dead tasks", err)
}
