package enrich

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich/lists"
	"github.com/openleads/leads/internal/emailaddr"
)

// The values of the fact [EmailClass].
const (
	ClassBusiness   = string(lists.Business)   // a person at an organisation's own domain
	ClassPersonal   = string(lists.Personal)   // a private mailbox at a provider for everybody
	ClassDisposable = string(lists.Disposable) // a throw-away mailbox
	ClassRelay      = string(lists.Relay)      // an alias that forwards to a private mailbox
	ClassRole       = "role"                   // a shared mailbox (info@, sales@) at an organisation's own domain
	ClassInvalid    = "invalid"                // not an address
)

// Email learns from a lead's email address: whether it is well-formed, what kind it is, and whether its domain takes mail. It
// learns [EmailValid], [EmailClass] and [EmailDeliverable], and for what looks like a slip of the fingers (gmial.com) an
// [EmailSuggestion]; nothing when the lead has no address. The zero value is ready for use.
//
// Its only errors are those of a context that ended: a domain that could not be asked about is a fact, Unknown for an hour.
type Email struct {
	// DNS tells which domains take mail. Nil means one that the whole process shares, made by NewDNS(nil, nil).
	DNS *DNS
	// Classify tells what a domain is used for; it is given lower-case ASCII. Nil means [lists.Lookup].
	Classify func(domain string) lists.Entry
	// Clock gives the time of the facts. Nil means time.Now.
	Clock func() time.Time
}

// Enrich learns about the lead's address. The domain is asked about only if the lead has no fresh answer for it.
func (e Email) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	if strings.TrimSpace(lead.Email) == "" {
		return nil, nil
	}
	now := clockOr(e.Clock)
	a, err := emailaddr.Parse(lead.Email)
	if err != nil {
		return learned(lead, now, invalid(lead, err)...), nil
	}
	entry := e.classify(a.Domain)
	facts := []leads.Fact{{Key: EmailValid, Truth: leads.Yes, Value: a.String(), Reason: "well-formed", Source: "syntax"}, classOf(a, entry)}
	deliverable, asked := lead.Enrichment[EmailDeliverable], false
	if !deliverable.Fresh(now) || deliverable.Value != a.Domain {
		answer := e.dns().takesMail(ctx, lead.Tenant, a.Domain, now)
		deliverable = leads.Fact{Key: EmailDeliverable, Truth: answer.truth, Value: a.Domain, Reason: answer.reason, Source: "dns"}
		facts, asked = append(facts, deliverable), true
	}
	if f, ok := suggestion(lead, a, entry, deliverable.Truth); ok {
		facts = append(facts, f)
		if class := &facts[1]; f.Truth == leads.Yes && class.Value == ClassDisposable {
			// A person whose finger slipped is not one who hides: what they are is not known.
			class.Truth, class.Reason = leads.Unknown, a.Domain+" is on a list of throw-away domains, but "+f.Value+" may be meant"
		}
	}
	if asked && deliverable.Truth == leads.Unknown && ctx.Err() != nil {
		return learned(lead, now, facts...), fmt.Errorf("enrich: mail domain: %w", ctx.Err())
	}
	return learned(lead, now, facts...), nil
}

// invalid returns the facts about what is not an address. What was learned of an earlier address is taken back.
func invalid(lead leads.Lead, err error) []leads.Fact {
	facts := []leads.Fact{
		{Key: EmailValid, Truth: leads.No, Reason: err.Error(), Source: "syntax"},
		{Key: EmailClass, Truth: leads.Yes, Value: ClassInvalid, Reason: err.Error(), Source: "syntax"},
	}
	for _, key := range []string{EmailDeliverable, EmailSuggestion} {
		if _, ok := lead.Enrichment[key]; ok {
			facts = append(facts, leads.Fact{Key: key, Truth: leads.No, Reason: err.Error(), Source: "syntax"})
		}
	}
	return facts
}

var sharedDNS = sync.OnceValue(func() *DNS { return NewDNS(nil, nil) })

func (e Email) dns() *DNS {
	if e.DNS != nil {
		return e.DNS
	}
	return sharedDNS()
}

func (e Email) classify(domain string) lists.Entry {
	if e.Classify != nil {
		return e.Classify(domain)
	}
	return lists.Lookup(domain)
}

func classOf(a emailaddr.Address, entry lists.Entry) leads.Fact {
	f := leads.Fact{Key: EmailClass, Truth: leads.Yes, Value: string(entry.Class), Source: sourceOf(entry)}
	switch entry.Class {
	case lists.Personal:
		f.Reason = a.Domain + " gives private mailboxes to everybody"
	case lists.Disposable:
		f.Reason = a.Domain + " gives throw-away mailboxes"
	case lists.Relay:
		f.Reason = a.Domain + " forwards to a private mailbox"
	case lists.Business:
		f.Reason = a.Domain + " is on no list of mailbox providers"
		if isRole(a.Local) {
			f.Value, f.Reason, f.Source = ClassRole, a.Local+"@ is a shared mailbox", "name"
		}
	default:
		f.Reason = a.Domain + " was classified by the program"
	}
	return f
}

// sourceOf names the list an entry is from and the list's date.
func sourceOf(e lists.Entry) string {
	source := e.List
	if source == "" {
		source = "lists"
	}
	if e.Date != "" {
		source += " (" + e.Date + ")"
	}
	return source
}
