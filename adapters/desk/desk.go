// Package desk is what people and programs do with leads: list and search them, assign and move them, look after sources, keys, pipelines,
// sequences and what was quarantined. It is written once, with validation, roles and events; desk/restapi and desk/dashboard are its two faces
// and only translate.
//
//	d, err := desk.New(desk.Config{Engine: engine, Store: store})
//	mux.Handle("/api/", restapi.New(d, nil))
//	mux.Handle("/dashboard/", dashboard.New(d, &dashboard.Options{Authorize: authorize}))
//
// Every method takes the [User] who acts. It reaches only the User's tenant, whatever the arguments say, and only what the User's Role
// allows: [ErrForbidden] otherwise. What another tenant has does not exist: [leads.ErrNotFound]. Bad input is an [*InvalidError] that names
// every field.
package desk

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// ErrForbidden says that the user's role does not allow the action.
var ErrForbidden = errors.New("desk: the role does not allow this")

// User is who acts: a person, or a program with a key. The host's authorizer makes it; nothing of it comes from a request's body or query.
type User struct {
	Tenant string
	ID     string // as the host names people; assignees are these
	Name   string
	Email  string
	Role   Role
}

// Role is what a User may do.
type Role string

// The roles, each of which may what those after it may.
const (
	Owner  Role = "owner"  // everything, also erasing a tenant's data and the retention rules
	Admin  Role = "admin"  // sources, keys, pipelines, sequences, settings, suppressions, erasing and exporting
	Member Role = "member" // work with leads
	Reader Role = "reader" // look
)

// Config says what a Desk works with. Engine and Store are required.
type Config struct {
	Engine *leads.Engine
	Store  Store
	// Sequencer is the engine's, for enrolling, pausing and the like. Nil means that there are no sequences.
	Sequencer *sequence.Sequencer
	// Webhooks keeps the endpoints that are told of events. Nil means that there are none.
	Webhooks Webhooks
	// HandOut hands out leads that nobody is responsible for, at most so many, and returns how many: the HandOut of the engine's notify.Router. Nil means
	// that people do that one by one.
	HandOut func(ctx context.Context, tenant string, limit int) (int, error)
	// BaseURL is where people and senders reach this program ("https://crm.example.com"); the URLs of webhooks are made from it.
	BaseURL string
	// Logger is told of what an operator should know. Nil means none.
	Logger *slog.Logger
	// Clock gives the time. Nil means time.Now.
	Clock func() time.Time
}

// Desk is the working place of a team. Its methods may be called concurrently.
type Desk struct {
	cfg     Config
	store   Store
	exports exports
	reports reports
}

// New makes a Desk. It does no I/O. It reports every field of cfg that cannot be used.
func New(cfg Config) (*Desk, error) {
	var errs []error
	if cfg.Engine == nil {
		errs = append(errs, errors.New("desk: Config.Engine is required"))
	}
	if cfg.Store == nil {
		errs = append(errs, errors.New("desk: Config.Store is required"))
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	return &Desk{cfg: cfg, store: cfg.Store}, errors.Join(errs...)
}

func (d *Desk) now() time.Time { return d.cfg.Clock().UTC().Truncate(time.Microsecond) }

// audit adds an entry to the trail. What was done has been done: a trail that cannot be written is logged and does not undo it.
func (d *Desk) audit(ctx context.Context, u User, action, object string, data []byte) {
	e := Entry{Tenant: u.Tenant, ID: leads.NewID(), At: d.now(), Who: u.ID, Action: action, Object: object, Data: data}
	if err := d.store.AddEntry(context.WithoutCancel(ctx), e); err != nil {
		d.cfg.Logger.ErrorContext(ctx, "desk: an action could not be entered into the trail", "action", action, "error", err)
	}
}
