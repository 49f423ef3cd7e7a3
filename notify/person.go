package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
)

// Directory knows the people of a tenant. Its method may be called concurrently, for every notification; it answers from memory, or is
// quick. What it returns is not changed.
type Directory interface {
	// People returns everybody, always in the same order. An error is tried again later.
	People(ctx context.Context, tenant string) ([]Person, error)
}

// People are a [Directory]: the same for every tenant.
type People []Person

// People returns all of them.
func (p People) People(context.Context, string) ([]Person, error) { return p, nil }

// DirectoryFunc is a function that is a [Directory].
type DirectoryFunc func(ctx context.Context, tenant string) ([]Person, error)

// People calls f.
func (f DirectoryFunc) People(ctx context.Context, tenant string) ([]Person, error) {
	return f(ctx, tenant)
}

// Person is somebody of the team.
type Person struct {
	// ID is how leads name who is responsible for them: [leads.Lead.Assignee].
	ID   string `json:"id"`
	Name string `json:"name"`
	// Email is where mails go; "" means that there are none.
	Email string `json:"email"`
	// Zone is the IANA name of the time zone in which the person lives. "" means that of the [TeamOptions] or [RouteOptions].
	Zone        string      `json:"zone,omitempty"`
	Preferences Preferences `json:"preferences,omitzero"`

	// Weight is the share of new leads that [Route] hands to the person: one with 2 gets twice as many as one with 1. 0 means none.
	Weight int `json:"weight,omitempty"`
	// Capacity is how many open leads the person can have before Route hands out no more. 0 means that there is no bound.
	Capacity int `json:"capacity,omitempty"`
	// Hours are when Route hands out leads to the person. Empty means always.
	Hours Hours `json:"hours,omitempty"`
}

// Preferences are what somebody wants to hear of, and when. The zero value is everything, at once.
type Preferences struct {
	// Modes say how the person is told about each kind; a kind left out means Instant. A new or returned lead that is hot counts as
	// leads.NotifyHot where that is given. One's own new lead comes the way that is sooner of its kind and leads.NotifyAssigned.
	Modes map[leads.NotificationKind]Mode `json:"modes,omitempty"`
	// Quiet are hours in which only what is about a hot lead is sent at once; the rest comes as a digest at their end.
	Quiet Hours `json:"quiet,omitempty"`
	// QuietHot holds back hot leads too.
	QuietHot bool `json:"quietHot,omitempty"`
	// DigestAt are the times of day of the digest, "08:00". Empty means 08:00.
	DigestAt []string `json:"digestAt,omitempty"`
	// DigestDays are the days of the digest; empty means all.
	DigestDays []time.Weekday `json:"digestDays,omitempty"`

	// Sources, Qualifications and OwnOnly say which leads the person hears of: those whose newest submission came through one of the sources,
	// that are qualified so (or not scored: nobody knows), that the person is responsible for. Empty means all. One's own
	// leads, and what is for the person by name, come in any case.
	Sources        []string              `json:"sources,omitempty"`
	Qualifications []leads.Qualification `json:"qualifications,omitempty"`
	OwnOnly        bool                  `json:"ownOnly,omitempty"`
}

// Mode is how somebody is told.
type Mode string

// The modes.
const (
	Instant Mode = "instant" // a mail of its own, at once
	Digest  Mode = "digest"  // one mail with all that has come together
	Off     Mode = "off"
)

// Validate reports everything that cannot be read. What cannot be read is passed over, so that a slip in a preference keeps nobody from
// being told; whoever lets people edit theirs asks this first.
func (p Person) Validate() error {
	var errs []error
	if p.ID == "" || len(p.ID) > 255 {
		errs = append(errs, errors.New("notify: Person.ID must have 1 to 255 bytes"))
	}
	if _, err := address(p.Email); p.Email != "" && err != nil {
		errs = append(errs, fmt.Errorf("notify: Person.Email: %w", err))
	}
	if _, err := time.LoadLocation(p.Zone); err != nil {
		errs = append(errs, fmt.Errorf("notify: Person.Zone: %w", err))
	}
	for kind, mode := range p.Preferences.Modes {
		if !slices.Contains([]Mode{Instant, Digest, Off}, mode) {
			errs = append(errs, fmt.Errorf("notify: Preferences.Modes[%s]: %q is no mode", kind, mode))
		}
	}
	for _, at := range p.Preferences.DigestAt {
		if _, err := minutes(at); err != nil {
			errs = append(errs, fmt.Errorf("notify: Preferences.DigestAt: %w", err))
		}
	}
	return errors.Join(append(errs, p.Hours.Validate(), p.Preferences.Quiet.Validate())...)
}

// zone is the person's time zone.
func (p Person) zone(otherwise *time.Location) *time.Location {
	if loc, err := time.LoadLocation(p.Zone); err == nil && p.Zone != "" {
		return loc
	}
	return otherwise
}

// owns reports whether the person is responsible for the lead.
func (p Person) owns(lead leads.Lead) bool { return p.ID != "" && p.ID == lead.Assignee }

// mode is how the person wants to be told of n, whatever the hour.
func (p Person) mode(n leads.Notification) Mode {
	named := n.To != "" && n.To == p.ID
	if !named && !p.owns(n.Lead) && n.Lead.ID != "" && !p.interested(n.Lead) {
		return Off
	}
	mode := p.setting(n.Kind)
	arrived := n.Kind == leads.NotifyNew || n.Kind == leads.NotifyReturned
	if set, ok := p.Preferences.Modes[leads.NotifyHot]; ok && arrived && hot(n) {
		mode = set
	}
	if arrived && p.owns(n.Lead) {
		mode = sooner(mode, p.setting(leads.NotifyAssigned))
	}
	return mode
}

func (p Person) interested(lead leads.Lead) bool {
	f := p.Preferences
	switch {
	case f.OwnOnly:
		return false
	case len(f.Sources) > 0 && !slices.Contains(f.Sources, lead.Last.SourceID):
		return false
	case len(f.Qualifications) > 0 && lead.Score != nil && !slices.Contains(f.Qualifications, lead.Score.Qualification):
		return false
	}
	return true
}

// setting is the mode of a kind; one that cannot be read counts as Instant.
func (p Person) setting(kind leads.NotificationKind) Mode {
	if mode := p.Preferences.Modes[kind]; mode == Digest || mode == Off {
		return mode
	}
	return Instant
}

func sooner(a, b Mode) Mode {
	for _, mode := range []Mode{Instant, Digest} {
		if a == mode || b == mode {
			return mode
		}
	}
	return Off
}

// hot reports whether a notification is about a hot lead.
func hot(n leads.Notification) bool {
	return n.Kind == leads.NotifyHot || n.Lead.Score != nil && n.Lead.Score.Qualification == leads.Hot
}

// held reports whether the person is not to be disturbed by n now, and until when.
func (p Person) held(n leads.Notification, zone *time.Location) (time.Time, bool) {
	quiet := p.Preferences.Quiet.quiet()
	if quiet.IsZero() || hot(n) && !p.Preferences.QuietHot || !quiet.Contains(n.At, zone) {
		return time.Time{}, false
	}
	until := end(quiet, n.At, zone)
	if until.Sub(n.At) > 7*24*time.Hour { // it is always quiet
		until = p.digest(n.At, zone)
	}
	return until, true
}

// digest is the person's next digest after t.
func (p Person) digest(t time.Time, zone *time.Location) time.Time {
	f := p.Preferences
	if next, ok := nextAt(t, f.DigestAt, f.DigestDays, zone); ok {
		return next
	}
	next, _ := nextAt(t, []string{"08:00"}, nil, zone)
	return next
}
