// Package iploc tells the country of an address from data inside the program: no file, no network, no account.
//
//	enrich.Geo{Locators: []enrich.Locator{iploc.Locator{}}}
//
// It knows countries only, from IP2Location LITE as github.com/phuslu/iploc carries it. That data must be acknowledged wherever
// its results are shown: put [Attribution] there. It adds about 4.5 MB to a program and its data is renewed by updating the module, usually
// monthly; adapters/mmdb reads files with cities and networks that are renewed without a restart.
//
// Nothing is done before it is needed. The first look-up of an IPv6 address unpacks that half of the data (40 to 200 ms and
// 11 MB); the engine's Run does it beforehand.
package iploc

import (
	"context"
	"net/netip"

	"github.com/phuslu/iploc"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

// Attribution is the acknowledgement that the data's licence asks for, to be shown where its results are.
const Attribution = "This site or product includes IP2Location LITE data available from http://www.ip2location.com."

// Locator is an [enrich.Locator] that knows countries. The zero value is ready for use.
type Locator struct{}

var (
	_ enrich.Locator   = Locator{}
	_ leads.Background = Locator{}
)

// Locate returns the country of addr, or the zero Location for an address of none ("ZZ" in the data). It has no errors.
func (Locator) Locate(_ context.Context, addr netip.Addr) (enrich.Location, error) {
	if !addr.IsValid() {
		return enrich.Location{}, nil
	}
	country := ingest.CountryCode(iploc.IPCountry(addr.Unmap().WithZone("")))
	if country == "" {
		return enrich.Location{}, nil
	}
	return enrich.Location{Country: country, Source: "iploc " + iploc.Version}, nil
}

// Background unpacks the data for IPv6, so that no lead waits for it, and returns.
func (l Locator) Background(ctx context.Context, _ func()) error {
	_, err := l.Locate(ctx, netip.IPv6LinkLocalAllNodes())
	return err
}
