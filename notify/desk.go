package notify

import (
	"context"
	"encoding/json"

	"github.com/openleads/leads"
)

// Desk is what routing needs of a Store. Its methods may be called concurrently and from several processes at once.
type Desk interface {
	leads.Records
	// Route has decide choose who is responsible for a lead. Within a tenant only one decision is made at a time, whatever the process:
	// decide sees all that were made before, and what it decides is stored in the same transaction, the lead's change with its event,
	// the state and the tasks. decide may be called more than once and must not call the Store. An error of decide changes nothing and is
	// returned. It returns the lead as it was stored, or [leads.ErrNotFound].
	Route(ctx context.Context, tenant, leadID string, decide func(Book) (Decision, error)) (leads.Lead, error)
	// Unassigned returns up to limit leads of the tenant that nobody is responsible for and that are neither converted nor closed, the
	// oldest first. A limit of 0 means 100, and above 1,000 means 1,000.
	Unassigned(ctx context.Context, tenant string, limit int) ([]leads.Lead, error)
}

// Book is what a routing decision rests on.
type Book struct {
	Lead leads.Lead
	// Owner is who is responsible for the newest other lead that somebody is responsible for, by ID, with the same email domain (the part
	// after the last @, lower case), or "".
	// Whether the domain is one that strangers share is for the decision to know.
	Owner string
	// Open counts the leads by who is responsible for them, those converted or closed left out. Nobody is left out of it.
	Open map[string]int
	// State is what the last decision of the tenant left, or nil.
	State json.RawMessage
}

// Decision is what routing decides.
type Decision struct {
	// Assign is the change. An empty To leaves the lead as it is.
	Assign leads.Change
	// State is kept for the next decision of the tenant; nil leaves it as it is.
	State json.RawMessage
	Tasks []leads.Task
}
