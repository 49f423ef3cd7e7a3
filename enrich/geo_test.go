package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

// knows is a Locator with one answer.
func knows(l enrich.Location) enrich.Locator {
	return enrich.LocatorFunc(func(context.Context, netip.Addr) (enrich.Location, error) { return l, nil })
}

func fails(err error) enrich.Locator {
	return enrich.LocatorFunc(func(context.Context, netip.Addr) (enrich.Location, error) { return enrich.Location{}, err })
}

// seen is a lead whose newest touch came from addr, through a CDN that said place.
func seen(addr string, place ingest.Place) leads.Lead {
	lead := leads.Lead{Last: leads.Touch{Place: place}}
	if addr != "" {
		lead.Last.Client = netip.MustParseAddr(addr)
	}
	return lead
}

// summary writes facts as "key=value@source", or "key?reason" for what is Unknown.
func summary(facts []leads.Fact) []string {
	all := make([]string, len(facts))
	for i, f := range facts {
		all[i] = fmt.Sprintf("%s=%s@%s", f.Key, f.Value, f.Source)
		if f.Truth == leads.Unknown {
			all[i] = f.Key + "? " + f.Reason
		}
	}
	return all
}

var (
	full     = enrich.Location{Country: "DE", Region: "Bavaria", City: "Munich", TimeZone: "Europe/Berlin", Source: "city"}
	networks = enrich.Location{ASN: 3320, Organisation: "Deutsche Telekom AG", Source: "asn"}
)

func TestGeo(t *testing.T) {
	t.Parallel()
	const public = "81.2.69.142"
	cases := map[string]struct {
		locators []enrich.Locator
		lead     leads.Lead
		want     []string
		err      string
	}{
		"nothing":                        {nil, seen("", ingest.Place{}), []string{"geo.country? the client's address is not known"}, ""},
		"nobody to ask":                  {nil, seen(public, ingest.Place{}), []string{"geo.country? nothing is known of the client's address"}, ""},
		"the CDN alone":                  {nil, seen(public, ingest.Place{Country: "DE", City: "Munich"}), []string{"geo.country=DE@cdn", "geo.city=Munich@cdn"}, ""},
		"the CDN, no address":            {nil, seen("", ingest.Place{Country: "DE"}), []string{"geo.country=DE@cdn"}, ""},
		"a database":                     {[]enrich.Locator{knows(full)}, seen(public, ingest.Place{}), []string{"geo.country=DE@city", "geo.region=Bavaria@city", "geo.city=Munich@city", "geo.timezone=Europe/Berlin@city"}, ""},
		"two databases":                  {[]enrich.Locator{nil, knows(full), knows(networks)}, seen(public, ingest.Place{}), []string{"geo.country=DE@city", "geo.region=Bavaria@city", "geo.city=Munich@city", "geo.timezone=Europe/Berlin@city", "geo.asn=AS3320@asn", "geo.organisation=Deutsche Telekom AG@asn"}, ""},
		"the CDN first, then a database": {[]enrich.Locator{knows(full)}, seen(public, ingest.Place{Country: "DE"}), []string{"geo.country=DE@cdn", "geo.region=Bavaria@city", "geo.city=Munich@city", "geo.timezone=Europe/Berlin@city"}, ""},
		"region and city of one source":  {[]enrich.Locator{knows(full)}, seen(public, ingest.Place{Country: "DE", City: "Berlin"}), []string{"geo.country=DE@cdn", "geo.city=Berlin@cdn", "geo.timezone=Europe/Berlin@city"}, ""},
		"another country":                {[]enrich.Locator{knows(full), knows(networks)}, seen(public, ingest.Place{Country: "AT"}), []string{"geo.country=AT@cdn", "geo.asn=AS3320@asn", "geo.organisation=Deutsche Telekom AG@asn"}, ""},
		"a city without a country":       {[]enrich.Locator{knows(enrich.Location{City: "Paris"}), knows(full)}, seen(public, ingest.Place{}), []string{"geo.country=DE@city", "geo.region=Bavaria@city", "geo.city=Munich@city", "geo.timezone=Europe/Berlin@city"}, ""},
		"unknown in the vendor's words":  {[]enrich.Locator{knows(enrich.Location{Country: "ZZ"})}, seen(public, ingest.Place{}), []string{"geo.country? nothing is known of the client's address"}, ""},
		"a hostile name":                 {[]enrich.Locator{knows(enrich.Location{Country: "de", City: "A\r\nB\u202e", Organisation: "X\x00Y", Source: "s"})}, seen(public, ingest.Place{}), []string{"geo.country=DE@s", "geo.city=A B@s", "geo.organisation=X Y@s"}, ""},
		"a locator without a name":       {[]enrich.Locator{knows(enrich.Location{Country: "DE"})}, seen(public, ingest.Place{}), []string{"geo.country=DE@enrich.LocatorFunc"}, ""},
		"one fails, another knows":       {[]enrich.Locator{fails(errors.New("down")), knows(networks)}, seen(public, ingest.Place{}), []string{"geo.asn=AS3320@asn", "geo.organisation=Deutsche Telekom AG@asn"}, "enrich: enrich.LocatorFunc: down"},
		"all fail":                       {[]enrich.Locator{fails(errors.New("down"))}, seen(public, ingest.Place{}), []string{"geo.country? the client's address could not be looked up"}, "enrich: enrich.LocatorFunc: down"},
	}
	for _, addr := range []string{"10.0.0.1", "172.16.5.4", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "0.0.0.0",
		"::", "::1", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "2001::1", "2002:0a00:1::", "64:ff9b::a00:1", "3fff::1", "::ffff:10.0.0.1", "100::1"} {
		cases["not public: "+addr] = struct {
			locators []enrich.Locator
			lead     leads.Lead
			want     []string
			err      string
		}{[]enrich.Locator{knows(full)}, seen(addr, ingest.Place{}), []string{"geo.country? the client's address is not a public one"}, ""}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts, err := enrich.Geo{Locators: c.locators, Clock: atNoon}.Enrich(t.Context(), c.lead)
			require.Equal(t, c.want, summary(facts))
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.err)
			}
			for _, f := range facts {
				require.Equal(t, noon, f.At)
				require.True(t, f.Expires.After(noon))
				require.NotEmpty(t, f.Reason)
			}
		})
	}
}

func TestLocatorsAreAskedForPlainAddresses(t *testing.T) {
	t.Parallel()
	asked := []string{}
	locator := enrich.LocatorFunc(func(_ context.Context, addr netip.Addr) (enrich.Location, error) {
		asked = append(asked, addr.String())
		return enrich.Location{}, nil
	})
	for _, addr := range []string{"::ffff:81.2.69.142", "2a00:1450::1%eth0"} {
		_, err := enrich.Geo{Locators: []enrich.Locator{locator}}.Enrich(t.Context(), seen(addr, ingest.Place{}))
		require.NoError(t, err)
	}
	require.Equal(t, []string{"81.2.69.142", "2a00:1450::1"}, asked)
}

func TestGeoSkips(t *testing.T) {
	t.Parallel()
	lead := seen("81.2.69.142", ingest.Place{Country: "DE"})
	lead.Last.UserAgent = "Zapier"
	geo := enrich.Geo{Locators: []enrich.Locator{knows(full)}, Skip: func(touch leads.Touch) bool { return touch.UserAgent == "Zapier" }}
	facts, err := geo.Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.Equal(t, []string{"geo.country? the address is not the person's own"}, summary(facts))
}

func TestGeoFollowsTheLead(t *testing.T) {
	t.Parallel()
	now := noon
	clock := func() time.Time { return now }
	lead := seen("81.2.69.142", ingest.Place{})
	update := func(locators ...enrich.Locator) []leads.Fact {
		facts, err := enrich.Geo{Locators: locators, Clock: clock}.Enrich(t.Context(), lead)
		require.NoError(t, err)
		lead.Enrichment = lead.Enrichment.Merge(facts)
		return facts
	}
	update(knows(full))
	require.Equal(t, "Munich", lead.Enrichment.Value(enrich.GeoCity))
	require.Empty(t, update(knows(full)), "what is known and fresh is not said again")

	now = now.Add(time.Hour)
	update()
	require.Equal(t, "DE", lead.Enrichment.Value(enrich.GeoCountry), "an Unknown does not displace what is known")
	update(knows(enrich.Location{Country: "DE"}))
	require.Equal(t, "Munich", lead.Enrichment.Value(enrich.GeoCity), "the same country does not contradict the city")

	update(knows(enrich.Location{Country: "US", Source: "x"}))
	require.Equal(t, "US", lead.Enrichment.Value(enrich.GeoCountry))
	for _, key := range []string{enrich.GeoCity, enrich.GeoRegion, enrich.GeoTimezone} {
		require.Equal(t, leads.Unknown, lead.Enrichment[key].Truth, "nobody is in Munich, US")
		require.Empty(t, lead.Enrichment[key].Value)
	}
	require.Empty(t, update(knows(enrich.Location{Country: "US", Source: "x"})))

	now = now.AddDate(0, 0, 31)
	require.Len(t, update(knows(enrich.Location{Country: "US", Source: "x"})), 1, "what has expired is renewed")
}

func TestLocatorCache(t *testing.T) {
	t.Parallel()
	now, asked := noon, 0
	var err error
	cache := enrich.NewLocatorCache(enrich.LocatorFunc(func(context.Context, netip.Addr) (enrich.Location, error) {
		asked++
		return enrich.Location{Country: "DE"}, err
	}), &enrich.LocatorCacheOptions{Size: 2, Keep: time.Hour, Clock: func() time.Time { return now }})
	at := func(addr string, want int) {
		t.Helper()
		found, got := cache.Locate(t.Context(), netip.MustParseAddr(addr))
		require.Equal(t, err, got)
		require.Equal(t, "DE", found.Country)
		require.Equal(t, want, asked)
	}
	at("1.1.1.1", 1)
	at("1.1.1.1", 1)
	at("1.1.1.2", 2)
	at("1.1.1.3", 3) // pushes 1.1.1.1 out
	at("1.1.1.1", 4)
	now = now.Add(time.Hour)
	at("1.1.1.1", 5)
	err = errors.New("down")
	at("1.1.1.4", 6)
	at("1.1.1.4", 7) // errors are not remembered

	err = nil
	found, _ := cache.Locate(t.Context(), netip.MustParseAddr("1.1.1.1"))
	require.Equal(t, "enrich.LocatorFunc", found.Source, "the provenance is who said it")
}

// watched is a Locator with work and a check of its own.
type watched struct {
	enrich.Locator
	began chan struct{}
	err   error
}

func (w watched) Check(context.Context) []leads.Finding {
	return []leads.Finding{{Part: "geo", Message: "old"}}
}

func (w watched) Background(ctx context.Context, wake func()) error {
	wake()
	close(w.began)
	if w.err != nil {
		return w.err
	}
	<-ctx.Done()
	return nil
}

func TestGeoPassesChecksAndWorkOn(t *testing.T) {
	t.Parallel()
	part := func(err error) (enrich.Chain, chan struct{}) {
		w := watched{knows(full), make(chan struct{}), err}
		geo := enrich.Geo{Locators: []enrich.Locator{knows(full), nil, w}}
		return enrich.Chain{enrich.Attribution{}, nil, enrich.WithTimeout(geo, time.Second)}, w.began
	}
	chain, began := part(nil)
	require.Equal(t, []leads.Finding{{Part: "geo", Message: "old"}}, chain.Check(t.Context()))
	require.Len(t, enrich.Phone{Geo: enrich.Geo{Locators: []enrich.Locator{watched{}}}}.Check(t.Context()), 1)

	ctx, cancel := context.WithCancel(t.Context())
	ended, woken := make(chan error, 1), make(chan struct{}, 1)
	go func() { ended <- chain.Background(ctx, func() { woken <- struct{}{} }) }()
	<-began
	<-woken
	cancel()
	require.NoError(t, <-ended)

	failing, _ := part(errors.New("gone"))
	steady := watched{knows(full), make(chan struct{}), nil}
	err := append(failing, enrich.Geo{Locators: []enrich.Locator{steady}}).Background(t.Context(), func() {})
	require.ErrorContains(t, err, "gone", "when one fails all end, so that the engine begins them again")
	require.NoError(t, enrich.Chain{enrich.Company{}}.Background(t.Context(), func() {}), "no work is soon done")
}

// Whatever sources say, a place is never made of two countries.
func TestGeoMixesNoCountries(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{"", "DE", "FR", "ZZ", "de", "x"})
	rapid.Check(t, func(t *rapid.T) {
		var locators []enrich.Locator
		for i := range rapid.IntRange(0, 4).Draw(t, "n") {
			c := word.Draw(t, "country")
			name := fmt.Sprintf("%d in %s", i, ingest.CountryCode(c))
			locators = append(locators, knows(enrich.Location{Country: c, City: name, Region: name, TimeZone: "Zone/" + ingest.CountryCode(c)}))
		}
		place := ingest.Place{Country: word.Draw(t, "cdn")}
		facts, err := enrich.Geo{Locators: locators}.Enrich(context.Background(), seen("81.2.69.142", place))
		if err != nil {
			t.Fatal(err)
		}
		e := leads.Enrichment{}.Merge(facts)
		country := e.Value(enrich.GeoCountry)
		if city := e.Value(enrich.GeoCity); city != e.Value(enrich.GeoRegion) || city != "" && (country == "" || city[len(city)-2:] != country) {
			t.Fatalf("%v", summary(facts))
		}
		if zone := e.Value(enrich.GeoTimezone); zone != "" && zone != "Zone/"+country {
			t.Fatalf("%v", summary(facts))
		}
	})
}

func BenchmarkGeo(b *testing.B) {
	cache := enrich.NewLocatorCache(knows(full), nil)
	for name, lead := range map[string]leads.Lead{"cdn": seen("81.2.69.142", ingest.Place{Country: "DE", City: "Munich"}), "cache": seen("81.2.69.142", ingest.Place{})} {
		b.Run(name, func(b *testing.B) {
			geo := enrich.Geo{Locators: []enrich.Locator{cache}}
			b.ReportAllocs()
			for b.Loop() {
				if facts, err := geo.Enrich(b.Context(), lead); err != nil || len(facts) < 2 {
					b.Fatal(facts, err)
				}
			}
		})
	}
}

func ExampleGeo() {
	crm := enrich.LocatorFunc(func(context.Context, netip.Addr) (enrich.Location, error) {
		return enrich.Location{Country: "DE", City: "Munich", TimeZone: "Europe/Berlin", Source: "office networks"}, nil
	})
	geo := enrich.Geo{Locators: []enrich.Locator{crm}}
	lead := leads.Lead{Last: leads.Touch{
		Client: netip.MustParseAddr("81.2.69.142"),
		Place:  ingest.Place{Country: "DE"}, // a trusted CDN's header
	}}
	facts, err := geo.Enrich(context.Background(), lead)
	for _, f := range facts {
		fmt.Printf("%s: %s (%s)\n", f.Key, f.Value, f.Source)
	}
	fmt.Println(err)
	// Output:
	// geo.country: DE (cdn)
	// geo.city: Munich (office networks)
	// geo.timezone: Europe/Berlin (office networks)
	// <nil>
}
