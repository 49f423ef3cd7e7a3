package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"net"

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
