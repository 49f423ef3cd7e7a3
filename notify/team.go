package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// DigestStore is what digests need of a Store.
type DigestStore interface {
	leads.Records
	// Lead returns one lead, or [leads.ErrNotFound].
	Lead(ctx context.Context, tenant, id string) (leads.Lead, error)
}

// TeamOptions sets a [TeamNotifier]. The zero value of each field is its default.
type TeamOptions struct {
	// Store collects what is for a digest. Nil means that there are no digests: what would be collected is mailed at once.
	Store DigestStore
	// From is the sender. A zero Address means "leads@" at the domain of the person who is written to, and an empty Name "Leads".
	From mail.Address
	// Prefix is put before every subject ("[Acme] "), at most 40 characters. "" means none.
	Prefix string
	// Zone is the IANA name of the time zone of people who have none. "" means UTC.
	Zone string
}

// TeamNotifier mails each person what concerns them, as they prefer it. It is made by [Team] and never changes.
type TeamNotifier struct {
	mailer    leads.Mailer
	directory Directory
	opts      TeamOptions
	zone      *time.Location
	err       error // what is wrong with the configuration, if anything
}

// Team returns a notifier that mails the people of the lead's tenant. What happened to a lead that somebody is responsible for (assigned, replied,
// waiting) concerns that person, and everybody as long as nobody is. What arrives, gets hot or fails concerns everybody. A notification to one person
// concerns that person, or everybody when there is no such person any more. Among those it concerns, each one's [Preferences] decide.
//
// A tenant without people is an error that is tried again: somebody should be told. opts may be nil.
func Team(mailer leads.Mailer, directory Directory, opts *TeamOptions) *TeamNotifier {
	t := &TeamNotifier{mailer: mailer, directory: directory}
	if opts != nil {
		t.opts = *opts
	}
	t.opts.From.Name = cmp.Or(header(t.opts.From.Name, 60), "Leads")
	var errs []error
	if mailer == nil {
		errs = append(errs, errors.New("notify: Team: the mailer is required"))
	}
	if directory == nil {
		errs = append(errs, errors.New("notify: Team: the directory is required"))
	}
	zone, err := time.LoadLocation(t.opts.Zone)
	if err != nil {
		errs = append(errs, fmt.Errorf("notify: TeamOptions.Zone: %w", err))
	}
	t.zone = zone
	if t.opts.From.Address != "" {
		if _, err := emailaddr.Parse(t.opts.From.Address); err != nil {
			errs = append(errs, fmt.Errorf("notify: TeamOptions.From: %q: %w", t.opts.From.Address, err))
		}
	}
	t.err = errors.Join(errs...)
	return t
}

// Check reports what is wrong with the configuration and with the people of the default tenant, and asks the mailer if it is a
// [leads.Checker].
func (t *TeamNotifier) Check(ctx context.Context) []leads.Finding {
	if t.err != nil {
		return []leads.Finding{{Fatal: true, Part: "notify", Message: t.err.Error(), Fix: "see notify.Team and notify.TeamOptions"}}
	}
	findings := checkAll(ctx, t.mailer, t.directory)
	people, err := t.directory.People(ctx, leads.DefaultTenant)
	if err != nil {
		return append(findings, leads.Finding{Part: "notify", Message: "the people cannot be read: " + err.Error(), Fix: "see the Directory"})
	}
	for _, p := range people {
		if err := p.Validate(); err != nil {
			findings = append(findings, leads.Finding{Part: "notify", Message: fmt.Sprintf("person %q: %s", p.ID, err), Fix: "mend it; meanwhile it is passed over"})
		}
	}
	return findings
}

// Background does the mailer's own work, if it has any.
func (t *TeamNotifier) Background(ctx context.Context, wake func()) error {
	return background(ctx, wake, t.mailer, t.directory)
}

// Notify mails, or collects for later, what each person concerned has not got yet. A failure with one does not keep the others from
// theirs. Its error is permanent only when nobody is worth another attempt.
func (t *TeamNotifier) Notify(ctx context.Context, n leads.Notification) error {
	if t.err != nil {
		return leads.Permanent(t.err)
	}
	if n.Kind == leads.NotifyBacklog {
		return nil
	}
	people, err := t.directory.People(ctx, n.Tenant)
	switch {
	case err != nil:
		return fmt.Errorf("notify: the people of a tenant: %w", err)
	case n.Kind == leads.NotifyDigest:
		return t.flush(ctx, n, people)
	case len(people) == 0:
		return errors.New("notify: the tenant has nobody to tell")
	}
	names := names(people)
	var errs []error
	for _, p := range concerned(n, people) {
		if err := t.tell(ctx, n, p, names); err != nil {
			errs = append(errs, err)
		}
	}
	return combine(errs)
}

// concerned are those who should hear of n, if they like to.
func concerned(n leads.Notification, people []Person) []Person {
	whom := n.To
	if whom == "" && (n.Kind == leads.NotifyAssigned || n.Kind == leads.NotifyReplied || n.Kind == leads.NotifyWaiting) {
		whom = n.Lead.Assignee
	}
	i := slices.IndexFunc(people, func(p Person) bool { return whom != "" && p.ID == whom })
	if i < 0 {
		return people
	}
	return people[i : i+1]
}

func names(people []Person) map[string]string {
	names := make(map[string]string, len(people))
	for _, p := range people {
		names[p.ID] = p.Name
	}
	return names
}

// tell mails one person, now or with the next digest.
func (t *TeamNotifier) tell(ctx context.Context, n leads.Notification, p Person, names map[string]string) error {
	zone := p.zone(t.zone)
	mode := p.mode(n)
	if p.Email == "" || mode == Off {
		return nil
	}
	if t.opts.Store != nil {
		if mode == Digest {
			return t.collect(ctx, n, p, time.Time{})
		}
		if until, held := p.held(n, zone); held {
			return t.collect(ctx, n, p, until)
		}
	}
	letter, err := render(n, reader{id: p.ID, names: names}, zone)
	if err != nil {
		return leads.Permanent(fmt.Errorf("notify: render: %w", err))
	}
	letter.Subject = subject(t.opts.Prefix, n, reader{id: p.ID, names: names})
	return t.post(ctx, n, letter, p)
}

// post mails a letter to a person.
func (t *TeamNotifier) post(ctx context.Context, n leads.Notification, letter leads.Email, p Person) error {
	to, err := address(p.Email)
	if err != nil {
		return leads.Permanent(fmt.Errorf("notify: the address of person %q: %w", p.ID, err))
	}
	to.Name = cmp.Or(header(p.Name, 60), to.Name)
	letter.From = t.opts.From
	if letter.From.Address == "" {
		_, domain, _ := strings.Cut(to.Address, "@")
		letter.From.Address = "leads@" + domain
	}
	return post(ctx, n, t.mailer, letter, to)
}
