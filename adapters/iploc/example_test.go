package iploc_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/iploc"
	"github.com/openleads/leads/enrich"
)

func Example() {
	geo := enrich.Geo{Locators: []enrich.Locator{iploc.Locator{}}}
	lead := leads.Lead{Last: leads.Touch{Client: netip.MustParseAddr("193.0.6.139")}}
	facts, err := geo.Enrich(context.Background(), lead)
	for _, f := range facts {
		fmt.Println(f.Key, f.Truth, f.Value)
	}
	fmt.Println(err)
	fmt.Println(iploc.Attribution)
	// Output:
	// geo.country yes NL
	// <nil>
	// This site or product includes IP2Location LITE data available from http://www.ip2location.com.
}
