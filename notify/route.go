package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/calendar"
)

// RouteOptions sets a [Router]. Only People is required.
type RouteOptions struct {
	// People are those who leads are handed to, with their Weight, Capacity and Hours.
	People Directory
	// Rules are asked in their order before the rest of the people.
	Rules []Rule
	// Shared says whether strangers share an email domain, so that the owner of one lead at it has nothing to do with another. Nil means that a domain is an
	// organisation's own only where the lead's fact "email.class" says "business" or "role".
	Shared func(domain string) bool
	// UnassignedAfter is how long after its submission everybody is told of a lead that nobody could take. 0 means 15m, less means never.
	UnassignedAfter time.Duration
	// ResponseTime is within what time of its submission somebody should have been in touch with a lead; when it is over without that, those concerned
	// are told. 0 means that nobody watches.
	ResponseTime time.Duration
	// Hours are the business hours in which those two times count. Empty means always.
	Hours Hours
	// Zone is the IANA name of the time zone of Hours, and of people who have none. "" means UTC.
	Zone string
}

// Rule hands the leads that it matches to some of the people. Each field that is not empty must match.
type Rule struct {
	Name           string   // for the lead's timeline: "rule German"
	Sources        []string // the newest submission came through one of these
	Countries      []string // the fact "geo.country", or else the phone's region, is one of these ISO 3166-1 alpha-2 codes
	Channels       []string // the fact "attribution.last.channel" is one of these
	Qualifications []leads.Qualification
	Tags           []string // the lead has one of these
	// If is asked last; nil means that nothing else has to be so. It may be called concurrently and must not change the lead.
	If func(lead leads.Lead) bool

	// To are the IDs of the people among whom the lead is handed out.
	To []string
	// Only has the lead wait for one of them. Without it the next rules, and then everybody, are tried when none of them can take it.
	Only bool
}

// matches reports whether the rule is for the lead.
func (r Rule) matches(lead leads.Lead) bool {
	country := cmp.Or(lead.Enrichment.Value("geo.country"), lead.Enrichment.Value("phone.region"))
	switch {
	case len(r.Sources) > 0 && !slices.Contains(r.Sources, lead.Last.SourceID):
		return false
	case len(r.Countries) > 0 && !slices.Contains(r.Countries, country):
		return false
	case len(r.Channels) > 0 && !slices.Contains(r.Channels, lead.Enrichment.Value("attribution.last.channel")):
		return false
	case len(r.Qualifications) > 0 && (lead.Score == nil || !slices.Contains(r.Qualifications, lead.Score.Qualification)):
		return false
	case len(r.Tags) > 0 && !slices.ContainsFunc(r.Tags, func(tag string) bool { return slices.Contains(lead.Tags, tag) }):
		return false
	}
	return r.If == nil || r.If(lead)
}

// Router makes somebody responsible for each lead before the team is told. It is made by [Route] and never changes.
type Router struct {
	desk   Desk
	next   leads.Notifier
	opts   RouteOptions
	people Directory
	zone   *time.Location
	hours  calendar.Week
	err    error // what is wrong with the configuration, if anything
}

// retryBacklog is how soon leads that nobody could take are offered again, when no one's hours are about to begin.
const retryBacklog = 5 * time.Minute

// aboutToRun is how long before its time a task may be running already as far as an attempt that has just begun can tell.
const aboutToRun = 15 * time.Second

// unassigned is the note of the alert by which it is known again.
const unassigned = "Nobody is responsible for this lead yet."

// Route returns a notifier that hands out a new or returned lead that nobody is responsible for, and then tells next. It goes to who is responsible for the
// newest other lead of the same organisation, whatever their weight and hours; else to those whom the first matching rule names, or everybody, in turn by weight
// ("smooth weighted round robin"), among those who have hours now and room for one more. The same leads in the same order go to the
// same people, from whatever processes.
//
// A lead that nobody can take is offered again every five minutes, or when somebody's hours begin, the oldest first; who gets it then is told so. next may be nil:
// then leads are handed out and nobody is told.
func Route(desk Desk, opts *RouteOptions, next leads.Notifier) *Router {
	r := &Router{desk: desk, next: next}
	if opts != nil {
		r.opts = *opts
		r.opts.Rules = slices.Clone(opts.Rules)
	}
	r.people = r.opts.People
	r.opts.UnassignedAfter = cmp.Or(r.opts.UnassignedAfter, 15*time.Minute)
	var errs []error
	if desk == nil {
		errs = append(errs, errors.New("notify: Route: the desk is required"))
	}
	if r.people == nil {
		errs = append(errs, errors.New("notify: RouteOptions.People is required"))
	}
	if r.opts.ResponseTime < 0 {
		errs = append(errs, errors.New("notify: RouteOptions.ResponseTime must not be negative"))
	}
	for i, rule := range r.opts.Rules {
		if len(rule.To) == 0 {
			errs = append(errs, fmt.Errorf("notify: RouteOptions.Rules[%d].To is required", i))
		}
	}
	zone, err := time.LoadLocation(r.opts.Zone)
	if err != nil {
		errs = append(errs, fmt.Errorf("notify: RouteOptions.Zone: %w", err))
	}
	r.zone, r.hours = zone, r.opts.Hours.office()
	r.err = errors.Join(append(errs, r.opts.Hours.Validate())...)
	return r
}

// Check reports what is wrong with the configuration, and asks next.
func (r *Router) Check(ctx context.Context) []leads.Finding {
	findings := checkAll(ctx, r.next)
	if r.err != nil {
		return append(findings, leads.Finding{Fatal: true, Part: "notify", Message: r.err.Error(), Fix: "see notify.RouteOptions"})
	}
	people, err := r.people.People(ctx, leads.DefaultTenant)
	if err == nil && len(people) > 0 && !slices.ContainsFunc(people, func(p Person) bool { return p.Weight > 0 }) {
		findings = append(findings, leads.Finding{Part: "notify", Message: "nobody has a Weight, so leads are handed to nobody", Fix: "give those who take leads a Weight of 1"})
	}
	return findings
}

// Background does next's own work.
func (r *Router) Background(ctx context.Context, wake func()) error {
	return background(ctx, wake, r.next)
}

// Notify hands the lead out if that is to be done, sees to what is due later, and tells next. A lead that cannot be routed at the moment is
// announced all the same: the error comes back with next's, and is tried again.
func (r *Router) Notify(ctx context.Context, n leads.Notification) error {
	if r.err != nil {
		return leads.Permanent(r.err)
	}
	var err error
	switch n.Kind {
	case leads.NotifyBacklog:
		return r.drain(ctx, n)
	case leads.NotifyNew, leads.NotifyReturned:
		n, err = r.arrived(ctx, n)
	case leads.NotifyWaiting:
		if !waits(n) {
			return nil
		}
	}
	if r.next != nil {
		err = combine(present(err, r.next.Notify(ctx, n)))
	}
	return err
}

// waits reports whether what a NotifyWaiting says is still so.
func waits(n leads.Notification) bool {
	l := n.Lead
	if l.Status == leads.StatusConverted || l.Status == leads.StatusClosed || !l.Response.Contacted.IsZero() {
		return false
	}
	return n.Note != unassigned || l.Assignee == ""
}

// arrived hands a lead out and has somebody look after it later. It returns n with the lead as it is then.
func (r *Router) arrived(ctx context.Context, n leads.Notification) (leads.Notification, error) {
	people, err := r.people.People(ctx, n.Tenant)
	if err != nil {
		return n, fmt.Errorf("notify: the people of a tenant: %w", err)
	}
	if open(n.Lead) && n.Lead.Assignee == "" {
		lead, _, err := r.assign(ctx, n, people, n.Lead.ID, false)
		if err != nil {
			return n, fmt.Errorf("notify: route: %w", err)
		}
		n.Lead = lead
	}
	return n, r.watch(ctx, n, people)
}

func open(l leads.Lead) bool {
	return l.Status != leads.StatusConverted && l.Status != leads.StatusClosed
}

// assign has the desk make one decision. With tell, who becomes responsible is told by a notice of its own. It reports whether somebody could take a lead at all.
func (r *Router) assign(ctx context.Context, n leads.Notification, people []Person, leadID string, tell bool) (leads.Lead, bool, error) {
	somebody := false
	lead, err := r.desk.Route(ctx, n.Tenant, leadID, func(b Book) (Decision, error) {
		d, err := r.decide(b, people, n.At)
		somebody = err == nil && (d.Assign.To != "" || r.anybody(b, people, n.At))
		if tell && err == nil && d.Assign.To != "" && d.Assign.To != b.Lead.Assignee {
			notice := leads.Notice{Kind: leads.NotifyAssigned, To: d.Assign.To}
			d.Tasks = append(d.Tasks, leads.NoticeTask(n.Tenant, leadID, notice, time.Time{}))
		}
		return d, err
	})
	return lead, somebody, err
}

// watch schedules what is to be looked at later. The same submission schedules the same once.
func (r *Router) watch(ctx context.Context, n leads.Notification, people []Person) error {
	if !open(n.Lead) {
		return nil
	}
	since := n.Lead.Last.At
	if since.IsZero() {
		since = n.At
	}
	name := n.Lead.ID + "/" + n.SubmissionID
	var errs []error
	if r.opts.ResponseTime > 0 && n.Lead.Response.Contacted.IsZero() {
		due := within(r.hours, since, r.opts.ResponseTime, r.zone)
		errs = append(errs, n.Schedule(ctx, "response/"+name, leads.Notice{Kind: leads.NotifyWaiting}, due))
	}
	if n.Lead.Assignee == "" {
		if r.opts.UnassignedAfter > 0 {
			due := within(r.hours, since, r.opts.UnassignedAfter, r.zone)
			errs = append(errs, n.Schedule(ctx, "unassigned/"+name, leads.Notice{Kind: leads.NotifyWaiting, Note: unassigned}, due))
		}
		errs = append(errs, r.remember(ctx, n.Tenant, n.Lead.ID), r.offer(ctx, n, people, n.At))
	}
	return errors.Join(errs...)
}

// offer has the leads that nobody is responsible for handed out after now: when the next one's hours begin, or soon. The moment names the task, so
// that many leads share one; one that is about to run may not see them any more.
func (r *Router) offer(ctx context.Context, n leads.Notification, people []Person, now time.Time) error {
	now = now.Add(aboutToRun)
	due := now.Truncate(retryBacklog).Add(retryBacklog)
	if opening, ok := r.opening(people, now); ok {
		due = opening
	}
	name := due.UTC().Format(time.RFC3339)
	return n.Schedule(ctx, "backlog/"+name, leads.Notice{Kind: leads.NotifyBacklog, Note: name}, due)
}

// opening is when the hours of the first of those who take leads begin. It is false when somebody has hours now, or nobody takes any.
func (r *Router) opening(people []Person, now time.Time) (time.Time, bool) {
	var soonest time.Time
	for _, p := range people {
		if p.Weight <= 0 {
			continue
		}
		next, ok := p.Hours.office().Next(now, p.zone(r.zone))
		if ok && !next.After(now) {
			return time.Time{}, false
		}
		if ok && (soonest.IsZero() || next.Before(soonest)) {
			soonest = next
		}
	}
	return soonest, !soonest.IsZero()
}
