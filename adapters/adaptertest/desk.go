package adaptertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

const (
	saysRoute      = "Route has decide choose who is responsible for a lead."
	saysRouteOne   = "Within a tenant only one decision is made at a time, whatever the process:"
	saysRouteAll   = "decide sees all that were made before, and what it decides is stored in the same transaction, the lead's change with its event, the state and the tasks."
	saysRouteError = "An error of decide changes nothing and is returned."
	saysRouteLead  = "It returns the lead as it was stored, or [leads.ErrNotFound]."
	saysNobody     = "Assign is the change. An empty To leaves the lead as it is."
)

// TestedDesk is what a Store must offer to be tested as one for routing.
type TestedDesk interface {
	TestedStore
	notify.Desk
}

// TestDesk holds a store to the contract of [notify.Desk], as [TestStore] does to that of [leads.Store]: open returns a new, empty
// store for each case, and the cases run in parallel.
func TestDesk(t *testing.T, open func(t *testing.T) TestedDesk) {
	for _, c := range deskContracts() {
		c.run(t, func(t *testing.T) TestedStore { return open(t) })
	}
}

// deskContracts returns every case of TestDesk.
func deskContracts() []contract { return slices.Concat(routeContracts(), bookContracts()) }

func routeContracts() []contract {
	return []contract{
		{"route/assigned", saysRoute, routeAssigned},
		{"route/nobody", saysNobody, routeNobody},
		{"route/all or nothing", saysRouteAll, routeAllOrNothing},
		{"route/tasks", saysRouteAll, routeTasks},
		{"route/one at a time", saysRouteOne, routeTogether},
		{"route/one lead at once", "Its methods may be called concurrently and from several processes at once.", routeSame},
		{"route/an error", saysRouteError, routeError},
		{"route/the lead that is returned", saysRouteLead, routeReturned},
		{"route/no such lead", saysRouteLead, routeAbsent},
		{"route/ended context", saysEnded, routeEnded},
		{"route/memory", saysMemory, routeMemory},
	}
}

func (r *rig) desk() notify.Desk {
	r.t.Helper()
	return ability[notify.Desk](r)
}

type deciding = func(notify.Book) (notify.Decision, error)

func (r *rig) route(leadID string, decide deciding) leads.Lead {
	r.t.Helper()
	lead, err := r.desk().Route(r.t.Context(), r.tenant, leadID, decide)
	if err != nil {
		r.t.Fatalf("Route: %v", err)
	}
	return lead
}

// to decides for somebody.
func to(name string) deciding {
	return func(notify.Book) (notify.Decision, error) {
		return notify.Decision{Assign: leads.Change{To: name, By: "routing"}}, nil
	}
}

// book is what a decision about a lead rests on.
func (r *rig) book(leadID string) notify.Book {
	r.t.Helper()
	var book notify.Book
	r.route(leadID, func(b notify.Book) (notify.Decision, error) {
		book = b
		return notify.Decision{}, nil
	})
	return book
}

// becomesOf moves a lead, through its first task.
func (r *rig) becomesOf(email string, change func(lead *leads.Lead)) string {
	r.t.Helper()
	id := r.person(email)
	r.settle(r.task(), leads.Outcome{Change: change})
	return id
}

// owned captures a person for whom somebody is responsible.
func (r *rig) owned(email, assignee string, status leads.Status) string {
	r.t.Helper()
	return r.becomesOf(email, func(lead *leads.Lead) { lead.Assignee, lead.Status = assignee, status })
}

func routeAssigned(r *rig) {
	id := r.person("ann@example.com")
	before := r.lead(id)
	r.route(id, func(notify.Book) (notify.Decision, error) {
		return notify.Decision{Assign: leads.Change{To: "bob", By: "routing", Reason: "it was bob's turn"}}, nil
	})
	got := r.lead(id)
	r.check(got.Assignee == "bob" && got.Version == 2 && !got.Response.Assigned.IsZero(), "the lead is %+v", got)
	r.stamped("the time of the assignment", got.Response.Assigned)
	r.same("the rest of the lead", got, before, "Assignee", "Version", "Response", "UpdatedAt")
	if events := r.timeline(id); len(events) > 0 {
		var change leads.Change
		err := json.Unmarshal(events[0].Data, &change)
		r.check(err == nil && events[0].Kind == leads.EventAssigned && events[0].LeadID == id && events[0].Tenant == r.tenant, "the event is %+v, %v", events[0], err)
		r.same("the event", change, leads.Change{To: "bob", By: "routing", Reason: "it was bob's turn"})
	}
	r.told("after the assignment", id, 1)
}

func routeNobody(r *rig) {
	id := r.person("ann@example.com")
	r.route(id, func(notify.Book) (notify.Decision, error) {
		return notify.Decision{Assign: leads.Change{By: "routing"}, State: []byte(`1`), Tasks: []leads.Task{{Kind: leads.TaskNotify, CreatedAt: r.start}}}, nil
	})
	got := r.lead(id)
	r.check(got.Assignee == "" && got.Response.Assigned.IsZero(), "the lead is %+v", got)
	r.told("after a decision for nobody", id, 0)
	r.task(leads.TaskNotify)
	r.check(string(r.book(id).State) == `1`, "the state is not kept")
	r.route(id, to("bob"))
	r.route(id, to(""))
	r.check(r.lead(id).Assignee == "bob", "a decision for nobody took the lead from bob: it is %q's", r.lead(id).Assignee)
}

func routeAllOrNothing(r *rig) {
	id := r.person("ann@example.com")
	before := r.state(id)
	_, err := r.desk().Route(r.t.Context(), r.tenant, id, func(notify.Book) (notify.Decision, error) {
		return notify.Decision{Assign: leads.Change{To: "bob"}, State: []byte(`1`), Tasks: []leads.Task{
			{ID: leads.NewID(), Kind: leads.TaskNotify, CreatedAt: r.start}, {ID: "not-a-uuid", Kind: leads.TaskNotify, CreatedAt: r.start},
		}}, nil
	})
	r.check(err != nil, "a task's ID cannot be stored, and Route says nothing")
	r.unchanged("the lead", id, before)
	r.check(r.book(id).State == nil && len(r.claim(10, leads.TaskNotify)) == 0, "the state or a task is stored")
}

func routeTasks(r *rig) {
	id := r.person("ann@example.com")
	want := leads.Task{Tenant: r.tenant, ID: leads.NewID(), Kind: leads.TaskNotify, LeadID: id, Payload: []byte(`{"kind":"assigned"}`), Due: r.start, CreatedAt: r.start}
	r.route(id, func(notify.Book) (notify.Decision, error) {
		return notify.Decision{Assign: leads.Change{To: "bob"}, Tasks: []leads.Task{want}}, nil
	})
	r.same("task", r.task(leads.TaskNotify), want, "State", "Attempts", "Fence", "LeaseUntil")
}

// turn gives leads to three people in turn, and counts in the state.
func turn(b notify.Book) (notify.Decision, error) {
	var n int
	if b.State != nil {
		if err := json.Unmarshal(b.State, &n); err != nil {
			return notify.Decision{}, err
		}
	}
	all := 0
	for _, open := range b.Open {
		all += open
	}
	if all != n {
		return notify.Decision{}, fmt.Errorf("%d leads were given away, but %d decisions made", all, n)
	}
	state, err := json.Marshal(n + 1)
	return notify.Decision{Assign: leads.Change{To: fmt.Sprintf("person%d", n%3), By: "routing"}, State: state}, err
}

// routeTogether gives many leads of two tenants away at once, each tenant's to three people in turn.
func routeTogether(r *rig) {
	const n = 24
	tenants := []*rig{r, r.as("other")}
	ids := make([][]string, 2)
	for i, tenant := range tenants {
		ids[i] = tenant.crowd(n)
	}
	r.together(2*n, func(i int) error {
		_, err := r.desk().Route(r.t.Context(), tenants[i%2].tenant, ids[i%2][i/2], turn)
		return err
	})
	for _, tenant := range tenants {
		book := tenant.book(tenant.person("last@example.com"))
		r.check(string(book.State) == fmt.Sprint(n), "%d decisions counted to %s", n, book.State)
		for person := range 3 {
			name := fmt.Sprintf("person%d", person)
			r.check(book.Open[name] == n/3, "%s has %d leads of %d", name, book.Open[name], n)
		}
	}
}

// routeSame routes one lead many times at once: the first decision stands, because the others see it.
func routeSame(r *rig) {
	id := r.person("ann@example.com")
	r.together(12, func(i int) error {
		_, err := r.desk().Route(r.t.Context(), r.tenant, id, func(b notify.Book) (notify.Decision, error) {
			if b.Lead.Assignee != "" {
				return notify.Decision{Assign: leads.Change{To: b.Lead.Assignee}}, nil
			}
			return notify.Decision{Assign: leads.Change{To: fmt.Sprintf("person%d", i)}}, nil
		})
		return err
	})
	r.told("after many decisions", id, 1)
	book := r.book(id)
	r.check(book.Open[r.lead(id).Assignee] == 1 && book.Lead.Assignee != "", "the book says %+v", book)
}

func routeError(r *rig) {
	id := r.person("ann@example.com")
	before := r.state(id)
	refused := errors.New("refused")
	_, err := r.desk().Route(r.t.Context(), r.tenant, id, func(b notify.Book) (notify.Decision, error) {
		scribble(&b)
		return notify.Decision{Assign: leads.Change{To: "bob"}, State: []byte(`1`), Tasks: []leads.Task{{Kind: leads.TaskNotify}}}, refused
	})
	r.fails("Route", err, refused)
	r.unchanged("the lead", id, before)
	r.check(r.book(id).State == nil && len(r.claim(10, leads.TaskNotify)) == 0, "the state or a task is stored")
}

func routeReturned(r *rig) {
	id := r.person("ann@example.com")
	for _, name := range []string{"", "bob", "bob", "eve"} {
		got := r.route(id, to(name))
		r.same("the lead that Route returned", got, r.lead(id))
		r.check(got.Assignee == name, "it is %q's, want %q's", got.Assignee, name)
	}
}

func routeAbsent(r *rig) {
	id := r.person("ann@example.com")
	r.as("other")
	none := func(tenant, id string) {
		r.t.Helper()
		_, err := r.desk().Route(r.t.Context(), tenant, id, func(notify.Book) (notify.Decision, error) {
			r.t.Errorf("decide is called for the lead %s of %q", shown(id), tenant)
			return notify.Decision{}, nil
		})
		r.fails("Route of "+shown(id), err, leads.ErrNotFound)
	}
	none("other", id)
	none("", id)
	none(r.tenant, leads.NewID())
	for _, bad := range badIDs() {
		none(r.tenant, bad)
	}
}

func routeEnded(r *rig) {
	id := r.person("ann@example.com")
	before := r.state(id)
	_, err := r.desk().Route(ended(r.t), r.tenant, id, to("bob"))
	r.check(err != nil, "Route with an ended context returned no error")
	r.unchanged("the lead", id, before)
}

func routeMemory(r *rig) {
	task := r.rich()
	decision := notify.Decision{Assign: leads.Change{To: "bob"}, State: []byte(`{"a":1}`), Tasks: []leads.Task{
		{ID: leads.NewID(), Kind: leads.TaskNotify, Payload: []byte(`{"a":1}`), Due: r.soon().Add(hour), CreatedAt: r.start},
	}}
	lead := r.route(task.LeadID, func(b notify.Book) (notify.Decision, error) {
		scribble(&b)
		return decision, nil
	})
	before := r.state(task.LeadID)
	scribble(&lead)
	scribble(decision)
	book := r.book(task.LeadID)
	r.check(string(book.State) == `{"a":1}`, "the state was changed from outside: %s", book.State)
	scribble(&book)
	r.check(string(r.book(task.LeadID).State) == `{"a":1}`, "the state was changed through the book")
	r.unchanged("after the caller reused what it had given and got", task.LeadID, before)
}
