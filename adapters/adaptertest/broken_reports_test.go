package adaptertest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

func brokenWork() []breakage {
	queue := func(alter func(c *desk.QueueCount)) func(*hooked) {
		return func(s *hooked) {
			s.queue = func(ctx context.Context, tenant string) ([]desk.QueueCount, error) {
				counts, err := s.Store.Queue(ctx, tenant)
				for i := range counts {
					alter(&counts[i])
				}
				return counts, err
			}
		}
	}
	dead := func(alter func(tasks []leads.Task)) func(*hooked) {
		return func(s *hooked) {
			s.deadTasks = func(ctx context.Context, tenant, after string, limit int) ([]leads.Task, error) {
				tasks, err := s.Store.DeadTasks(ctx, tenant, after, limit)
				alter(tasks)
				return tasks, err
			}
		}
	}
	return slices.Concat(brokenTrails(), []breakage{
		{"counts the dead as waiting", "queue/kinds and states", queue(func(c *desk.QueueCount) { c.State = leads.TaskWaiting })},
		{"takes all that waits for due", "queue/due", queue(func(c *desk.QueueCount) { c.Due = c.State == leads.TaskWaiting })},
		{"does not know since when", "queue/oldest", queue(func(c *desk.QueueCount) { c.Oldest = time.Time{} })},
		{"begins with the oldest", "dead tasks/pages", dead(func(tasks []leads.Task) { slices.Reverse(tasks) })},
		{"leaves the deliveries out", "dead tasks/as they are", dead(func(tasks []leads.Task) {
			for i := range tasks {
				tasks[i].Deliveries = nil
			}
		})},
	})
}

func brokenTrails() []breakage {
	added := func(alter func(e *desk.Entry)) func(*hooked) {
		return func(s *hooked) {
			s.addEntry = func(ctx context.Context, e desk.Entry) error {
				alter(&e)
				return s.Store.AddEntry(ctx, e)
			}
		}
	}
	return []breakage{
		{"forgets what it was done to", "trail/every field", added(func(e *desk.Entry) { e.Object = "" })},
		{"takes quotes in the trail for its own", "trail/hostile text", added(func(e *desk.Entry) { e.Object = strings.ReplaceAll(e.Object, "''", "'") })},
		{"tidies the trail up", "trail/data as it is", added(func(e *desk.Entry) {
			var tidy bytes.Buffer
			if e.Data != nil && json.Compact(&tidy, e.Data) == nil {
				e.Data = tidy.Bytes()
			}
		})},
		{"adds what cannot be added in silence", "trail/again", func(s *hooked) {
			s.addEntry = func(ctx context.Context, e desk.Entry) error {
				return silent(s.Store.AddEntry(ctx, e), leads.ErrInvalid)
			}
		}},
		{"has one trail for all", "trail/of the tenant", func(s *hooked) {
			s.entries = func(ctx context.Context, _, after string, limit int) ([]desk.Entry, error) {
				return s.Store.Entries(ctx, "acme", after, limit)
			}
		}},
		{"erases the trail too", "trail/added to", func(s *hooked) {
			gone := make(map[string]bool)
			s.eraseLead = func(ctx context.Context, tenant, id string) error {
				gone[id] = true
				return s.Store.EraseLead(ctx, tenant, id)
			}
			s.entries = func(ctx context.Context, tenant, after string, limit int) ([]desk.Entry, error) {
				entries, err := s.Store.Entries(ctx, tenant, after, limit)
				return slices.DeleteFunc(entries, func(e desk.Entry) bool { return gone[e.Object] }), err
			}
		}},
		{"shows the first page again", "trail/pages", func(s *hooked) {
			s.entries = func(ctx context.Context, tenant, _ string, limit int) ([]desk.Entry, error) {
				return s.Store.Entries(ctx, tenant, "", limit)
			}
		}},
	}
}

func brokenReports() []breakage {
	days := func(ask func(q *desk.ReportQuery), alter func(days []desk.DayCount) []desk.DayCount) func(*hooked) {
		return func(s *hooked) {
			s.leadsByDay = func(ctx context.Context, q desk.ReportQuery) ([]desk.DayCount, error) {
				if ask != nil {
					ask(&q)
				}
				found, err := s.Store.LeadsByDay(ctx, q)
				if alter != nil {
					found = alter(found)
				}
				return found, err
			}
		}
	}
	return []breakage{
		{"counts backwards", "report/days", days(nil, func(found []desk.DayCount) []desk.DayCount {
			slices.Reverse(found)
			return found
		})},
		{"knows no zones", "report/zones", days(func(q *desk.ReportQuery) { q.Zone = nil }, nil)},
		{"counts by its own clock", "report/UTC", days(func(q *desk.ReportQuery) {
			if q.Zone == nil {
				q.Zone = time.FixedZone("here", 3600)
			}
		}, nil)},
		{"counts whole days", "report/the span", days(func(q *desk.ReportQuery) { q.From = q.From.Truncate(24 * time.Hour) }, nil)},
		{"fills the gaps", "report/days without leads", days(nil, func(found []desk.DayCount) []desk.DayCount {
			return slices.Insert(found, 1, desk.DayCount{Day: "2026-11-02"})
		})},
		{"has no channels", "report/groups", days(func(q *desk.ReportQuery) {
			if q.By == desk.ByChannel {
				q.By = desk.ByNothing
			}
		}, nil)},
		{"names those of no group", "report/leads of no group", days(nil, func(found []desk.DayCount) []desk.DayCount {
			for i := range found {
				if found[i].Group == "" {
					found[i].Group = "unknown"
				}
			}
			return found
		})},
		{"shows the newest moves", "report/moves", func(s *hooked) {
			s.moves = func(ctx context.Context, q desk.ReportQuery, limit int) ([]leads.Event, error) {
				all, err := s.Store.Moves(ctx, q, 1000)
				return all[max(0, len(all)-limit):], err
			}
		}},
		{"shows moves of the last instant", "report/moves of the span", func(s *hooked) {
			s.moves = func(ctx context.Context, q desk.ReportQuery, limit int) ([]leads.Event, error) {
				if !q.To.IsZero() {
					q.To = q.To.Add(time.Microsecond)
				}
				return s.Store.Moves(ctx, q, limit)
			}
		}},
		{"shows the oldest responses", "report/responses", func(s *hooked) {
			s.responses = func(ctx context.Context, q desk.ReportQuery, limit int) ([]desk.ResponseRow, error) {
				rows, err := s.Store.Responses(ctx, q, 1000)
				slices.Reverse(rows)
				return rows[:min(limit, len(rows))], err
			}
		}},
	}
}
