package enrich

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// The keys of the facts that [Geo] learns.
const (
	GeoCountry      = "geo.country"      // ISO 3166-1 alpha-2
	GeoRegion       = "geo.region"       // the first-level subdivision: its name, or its code where the source has no name
	GeoCity         = "geo.city"         // its name
	GeoTimezone     = "geo.timezone"     // an IANA name ("Europe/Berlin")
	GeoASN          = "geo.asn"          // the network's number: "AS3320"
	GeoOrganisation = "geo.organisation" // who runs the network: a provider, seldom the lead's employer
)

var geoKeys = []string{GeoCountry, GeoRegion, GeoCity, GeoTimezone, GeoASN, GeoOrganisation}

// Location is what a [Locator] knows of an address. Every field may be empty.
type Location struct {
	Country      string // ISO 3166-1 alpha-2; "ZZ" and "XX" are taken for empty
	Region       string
	City         string
	TimeZone     string // an IANA name
	ASN          uint32 // the number of the autonomous system; 0 means unknown
	Organisation string // who runs it
	// Source names the database and its date, for the provenance of the facts. Empty means the Locator's Go type.
	Source string
}

// Locator tells where an address is.
type Locator interface {
	// Locate returns what is known of a public address, which is never IPv4 in IPv6; the zero Location, and no error, when that is
	// nothing. An error means that it could not be found out now; one that is [leads.Permanent] is not tried again. It may be called
	// concurrently and must return soon after ctx ends. One that is a [leads.Checker] or [leads.Background] is asked as such.
	Locate(ctx context.Context, addr netip.Addr) (Location, error)
}

// LocatorFunc is a function that is a [Locator].
type LocatorFunc func(ctx context.Context, addr netip.Addr) (Location, error)

// Locate calls f.
func (f LocatorFunc) Locate(ctx context.Context, addr netip.Addr) (Location, error) {
	return f(ctx, addr)
}

// Geo learns where a lead was at its newest submission: [GeoCountry], [GeoRegion], [GeoCity], [GeoTimezone], [GeoASN] and
// [GeoOrganisation]. What a trusted CDN said ([ingest.ClientPlace]) comes first, then each Locator fills what is still missing; one that names
// another country than is known by then tells only of the network. An address that is not public is nobody's, and not looked up.
// The zero value believes the CDN only.
//
// When nothing is known, the country is Unknown. When the country has changed, what is not known of the new place becomes Unknown.
// A Locator's error is returned beside what the others know.
type Geo struct {
	// Locators are asked in their order. A nil one is passed over.
	Locators []Locator
	// Skip reports whether a touch does not come from the person's own machine: a form service that posts for its visitors has its
	// own address. Such a touch is not looked at. Nil means that none is skipped.
	Skip func(touch leads.Touch) bool
	// Clock gives the time of the facts. Nil means time.Now.
	Clock func() time.Time
}

// Enrich learns where the lead was.
func (g Geo) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	now := clockOr(g.Clock)
	seen, err := g.look(ctx, lead.Last)
	if len(seen.facts) == 0 {
		return learned(lead, now, leads.Fact{Key: GeoCountry, Truth: leads.Unknown, Reason: seen.why, Source: "geo"}), err
	}
	var gone []leads.Fact
	if old := lead.Enrichment.Value(GeoCountry); seen.country != "" && old != "" && old != seen.country {
		gone = withdraw(lead, now, "geo", "the lead has been in another country since", missing(seen.facts, geoKeys)...)
	}
	return append(learned(lead, now, seen.facts...), gone...), err
}

// Check asks the Locators.
func (g Geo) Check(ctx context.Context) []leads.Finding { return checkParts(ctx, g.Locators) }

// Background runs the Locators' own work.
func (g Geo) Background(ctx context.Context, wake func()) error {
	return runParts(ctx, wake, g.Locators)
}

// sighting collects what is known of one touch.
type sighting struct {
	facts   []leads.Fact
	country string
	why     string // nothing is known
}

// look asks the CDN's word and the Locators about a touch.
func (g Geo) look(ctx context.Context, touch leads.Touch) (sighting, error) {
	var seen sighting
	if g.Skip != nil && g.Skip(touch) {
		seen.why = "the address is not the person's own"
		return seen, nil
	}
	place := touch.Place.Clean()
	seen.add(Location{Country: place.Country, Region: place.Region, City: place.City, TimeZone: place.TimeZone, Source: "cdn"}, "the CDN in front of the site says so")
	addr := touch.Client.Unmap().WithZone("")
	if seen.why = notPublic(addr); seen.why != "" {
		return seen, nil
	}
	seen.why = "nothing is known of the client's address"
	var errs []error
	for _, locator := range g.Locators {
		if locator == nil || len(seen.facts) == len(geoKeys) {
			continue
		}
		found, err := locator.Locate(ctx, addr)
		if err != nil {
			errs = append(errs, fmt.Errorf("enrich: %T: %w", locator, err))
			continue
		}
		found.Source = cmp.Or(found.Source, fmt.Sprintf("%T", locator))
		seen.add(found, "by the client's address")
	}
	if len(errs) > 0 {
		seen.why = "the client's address could not be looked up"
	}
	return seen, join(errs)
}

// add takes what is still missing. Nothing of a place is taken from who names another country or none, and region and city come from
// one source: two must not be mixed into a place that does not exist.
func (s *sighting) add(l Location, reason string) {
	place := ingest.Place{Country: l.Country, Region: l.Region, City: l.City, TimeZone: l.TimeZone}.Clean()
	if place.Country != "" && (s.country == "" || place.Country == s.country) {
		s.country = place.Country
		s.put(GeoCountry, place.Country, l.Source, reason)
		if !hasKey(s.facts, GeoRegion) && !hasKey(s.facts, GeoCity) {
			s.put(GeoRegion, place.Region, l.Source, reason)
			s.put(GeoCity, place.City, l.Source, reason)
		}
		s.put(GeoTimezone, place.TimeZone, l.Source, reason)
	}
	if hasKey(s.facts, GeoASN) || hasKey(s.facts, GeoOrganisation) {
		return
	}
	if l.ASN != 0 {
		s.put(GeoASN, "AS"+strconv.FormatUint(uint64(l.ASN), 10), l.Source, reason)
	}
	s.put(GeoOrganisation, ingest.Place{City: l.Organisation}.Clean().City, l.Source, reason)
}

func (s *sighting) put(key, value, source, reason string) {
	if value != "" && !hasKey(s.facts, key) {
		s.facts = append(s.facts, leads.Fact{Key: key, Truth: leads.Yes, Value: value, Reason: reason, Source: source})
	}
}

// reserved are the networks of the IANA registries of special-purpose addresses that pass for global unicast otherwise.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"),
}

// globalIPv6 is what IANA has given out (RFC 4291).
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// notPublic says why an address cannot be located, or "".
func notPublic(addr netip.Addr) string {
	if !addr.IsValid() {
		return "the client's address is not known"
	}
	public := addr.IsGlobalUnicast() && !addr.IsPrivate() && (addr.Is4() || globalIPv6.Contains(addr))
	for _, network := range reserved {
		public = public && !network.Contains(addr)
	}
	if !public {
		return "the client's address is not a public one"
	}
	return ""
}
