package dashboard

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

var workRoutes = []route{
	{Method: "GET", Path: "/work", Role: desk.Reader, Area: "work", Do: showWork},
	{Method: "POST", Path: "/work", Role: desk.Member, Area: "work", Do: replayTasks},
	{Method: "GET", Path: "/work/trail", Role: desk.Admin, Area: "work", Do: showTrail},
}

const (
	deadShown  = 50
	trailShown = 100
)

// queueRow is the queue of one kind of task.
type queueRow struct {
	Kind                      leads.TaskKind
	Due, Later, Running, Dead int
	Oldest                    time.Time // the longest due that nobody has begun
}

// workPage is the state of the background work.
type workPage struct {
	Queue  []queueRow
	Total  queueRow
	Dead   []deadTask
	After  string
	Next   string
	Late   bool // something has been due for more than lateAfter
	Oldest time.Duration
}

// lateAfter is from when on a task that is due counts as late: it means that nothing works on the queue, or not fast enough.
const lateAfter = time.Minute

// deadTask is a task that was given up.
type deadTask struct {
	leads.Task
	Lead leads.Lead // zero if it is about none
}

func showWork(p *page) error {
	counts, err := p.desk().Queue(p.ctx(), p.user)
	if err != nil {
		return err
	}
	dead, err := p.desk().DeadTasks(p.ctx(), p.user, p.query("after"), deadShown)
	if err != nil {
		return err
	}
	data := workPage{Queue: queueRows(counts), After: p.query("after")}
	for _, row := range data.Queue {
		data.Total.add(row)
	}
	if !data.Total.Oldest.IsZero() {
		data.Oldest = p.now().Sub(data.Total.Oldest)
		data.Late = data.Oldest > lateAfter
	}
	for _, task := range dead {
		lead, err := p.desk().Lead(p.ctx(), p.user, task.LeadID)
		if err != nil && !errors.Is(err, leads.ErrNotFound) {
			return err
		}
		data.Dead = append(data.Dead, deadTask{task, lead})
	}
	if len(dead) == deadShown {
		data.Next = dead[len(dead)-1].ID
	}
	return p.show("work", view{Title: p.say("nav.work"), Data: data})
}

func (r *queueRow) add(other queueRow) {
	r.Due, r.Later, r.Running, r.Dead = r.Due+other.Due, r.Later+other.Later, r.Running+other.Running, r.Dead+other.Dead
	if !other.Oldest.IsZero() && (r.Oldest.IsZero() || other.Oldest.Before(r.Oldest)) {
		r.Oldest = other.Oldest
	}
}

// queueRows puts the counts of each kind into one row.
func queueRows(counts []desk.QueueCount) []queueRow {
	var rows []queueRow
	for _, c := range counts {
		row := queueRow{Kind: c.Kind}
		switch {
		case c.State == leads.TaskDead:
			row.Dead = c.Count
		case c.State == leads.TaskRunning:
			row.Running = c.Count
		case c.Due:
			row.Due, row.Oldest = c.Count, c.Oldest
		default:
			row.Later = c.Count
		}
		if i := slices.IndexFunc(rows, func(r queueRow) bool { return r.Kind == c.Kind }); i >= 0 {
			rows[i].add(row)
		} else {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b queueRow) int { return cmp.Compare(a.Kind, b.Kind) })
	return rows
}

// replayTasks has what was picked run again, or everything on the page.
func replayTasks(p *page) error {
	picked := p.r.PostForm["id"]
	if one := p.form("task"); one != "" {
		picked = []string{one}
	}
	if len(picked) > desk.MaxBulk {
		return errForm
	}
	n := 0
	for _, id := range picked {
		switch err := p.desk().Replay(p.ctx(), p.user, id); {
		case err == nil:
			n++
		case !errors.Is(err, leads.ErrNotFound): // somebody else was quicker, or its lead is gone
			return err
		}
	}
	return p.done("/work", "tasks.replayed", n)
}

// trailPage is what people and programs did.
type trailPage struct {
	Entries []desk.Entry
	After   string
	Next    string
}

func showTrail(p *page) error {
	found, err := p.desk().Trail(p.ctx(), p.user, p.query("after"), trailShown)
	if err != nil {
		return err
	}
	data := trailPage{Entries: found, After: p.query("after")}
	if len(found) == trailShown {
		data.Next = found[len(found)-1].ID
	}
	return p.show("trail", view{Title: p.say("tasks.trail"), Data: data})
}
