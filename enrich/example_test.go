package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

func ExampleChain() {
	// A program would leave DNS out, and net.DefaultResolver would be asked.
	offline := enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
		return nil, errors.New("no network")
	}), nil)
	crm := leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
		return []leads.Fact{{Key: "crm.customer", Truth: leads.No, Source: "crm", Reason: "no account with this address"}}, nil
	})
	chain := enrich.Chain{enrich.Email{DNS: offline}, enrich.Company{}, crm}

	lead := leads.Lead{Fields: ingest.Fields{Email: "ann@acme-tools.co.uk"}}
	facts, err := chain.Enrich(context.Background(), lead)
	for _, f := range facts {
		fmt.Printf("%s: %s %q\n", f.Key, f.Truth, f.Value)
	}
	fmt.Println(err)
	// Output:
	// email.valid: yes "ann@acme-tools.co.uk"
	// email.class: yes "business"
	// email.deliverable: unknown "acme-tools.co.uk"
	// company.domain: yes "acme-tools.co.uk"
	// company.name: yes "Acme Tools"
	// crm.customer: no ""
	// <nil>
}

func ExampleEmail() {
	offline := enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
		return nil, errors.New("no network")
	}), nil)
	for _, typed := range []string{"ann@gmial.com", "info@acme.com", "ann@duck.com", "ann@acme"} {
		facts, _ := enrich.Email{DNS: offline}.Enrich(context.Background(), leads.Lead{Fields: ingest.Fields{Email: typed}})
		known := leads.Enrichment{}.Merge(facts)
		class := known[enrich.EmailClass]
		fmt.Printf("%s is %s: %s; %s\n", typed, class.Value, class.Truth, class.Reason)
		if meant := known.Value(enrich.EmailSuggestion); meant != "" {
			fmt.Println("  meant:", meant)
		}
	}
	// Output:
	// ann@gmial.com is disposable: unknown; gmial.com is on a list of throw-away domains, but ann@gmail.com may be meant
	//   meant: ann@gmail.com
	// info@acme.com is role: yes; info@ is a shared mailbox
	// ann@duck.com is relay: yes; duck.com forwards to a private mailbox
	// ann@acme is invalid: yes; the domain is not a valid host name
}

func ExampleNewHomepage() {
	// A program would leave Transport out, and the real homepage would be read.
	page := `<head><script type="application/ld+json">{"@type": "Organization", "name": "ACME Tools Ltd"}</script>
		<meta name="description" content="Anvils, since 1949."></head>`
	transport := roundTrip(func(req *http.Request) (*http.Response, error) {
		header := http.Header{"Content-Type": {"text/html"}}
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(page)), Request: req}, nil
	})
	chain := enrich.Chain{enrich.Company{}, enrich.NewHomepage(&enrich.HomepageOptions{Transport: transport})}
	facts, err := chain.Enrich(context.Background(), leads.Lead{Fields: ingest.Fields{Email: "ann@acme-tools.co.uk"}})
	for _, f := range facts {
		fmt.Printf("%s: %q (%s)\n", f.Key, f.Value, f.Source)
	}
	fmt.Println(err)
	// Output:
	// company.domain: "acme-tools.co.uk" (domain)
	// company.homepage: "acme-tools.co.uk" (homepage)
	// company.name: "ACME Tools Ltd" (homepage: JSON-LD)
	// company.description: "Anvils, since 1949." (homepage)
	// <nil>
}

func ExampleWithBudget() {
	calls := 0
	provider := leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
		calls++ // and each costs money
		return []leads.Fact{{Key: "company.size", Truth: leads.Yes, Value: "50-200", Source: "provider"}}, nil
	})
	byDomain := func(lead leads.Lead) string { return lead.Enrichment.Value(enrich.CompanyDomain) }
	paid := enrich.WithCache(enrich.WithBudget(provider, 2), byDomain, 30*24*time.Hour)
	steps := enrich.Steps{enrich.Company{}, paid} // the key needs what Company finds

	for _, email := range []string{"ann@acme.com", "bob@acme.com", "cid@other.com", "dan@third.com"} {
		facts, err := steps.Enrich(context.Background(), leads.Lead{Tenant: "t1", Fields: ingest.Fields{Email: email}})
		fmt.Println(email, len(facts), errors.Is(err, enrich.ErrBudget))
	}
	fmt.Println("calls:", calls)
	// Output:
	// ann@acme.com 3 false
	// bob@acme.com 3 false
	// cid@other.com 3 false
	// dan@third.com 2 true
	// calls: 2
}
