package iploc_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/iploc"
	"github.com/openleads/leads/enrich"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLocate(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"8.8.8.8": "US", "::ffff:8.8.8.8": "US", "193.0.6.139": "NL", "58.240.115.210": "CN",
		"2001:dc7:1000::1": "CN", "2a00:1450:4001::1%eth0": "DE",
		"0.0.0.0": "", "10.1.2.3": "", "127.0.0.1": "", "192.168.1.1": "", "203.0.113.9": "", "255.255.255.255": "",
		"::": "", "::1": "", "fe80::1": "", "2001:db8::1": "", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "",
	} {
		found, err := iploc.Locator{}.Locate(t.Context(), netip.MustParseAddr(addr))
		require.NoError(t, err)
		if want == "" {
			require.Zero(t, found, addr)
			continue
		}
		require.Equal(t, enrich.Location{Country: want, Source: "iploc v1.0.20260915"}, found, addr)
	}
	found, err := iploc.Locator{}.Locate(t.Context(), netip.Addr{})
	require.NoError(t, err)
	require.Zero(t, found)
}

func TestEveryAnswerIsACountryOrNone(t *testing.T) {
	t.Parallel()
	for i := range 1 << 16 {
		found, err := iploc.Locator{}.Locate(t.Context(), netip.AddrFrom4([4]byte{byte(i >> 8), byte(i), 77, 1}))
		require.NoError(t, err)
		if found.Country != "" {
			require.Regexp(t, "^[A-Z]{2}$", found.Country)
			require.NotEqual(t, "ZZ", found.Country)
		}
	}
}

func TestAttributionNamesTheData(t *testing.T) {
	t.Parallel()
	require.Contains(t, iploc.Attribution, "IP2Location LITE data available from http://www.ip2location.com")
}

func TestConformance(t *testing.T) {
	t.Parallel()
	adaptertest.TestEnricher(t, enrich.Geo{Locators: []enrich.Locator{iploc.Locator{}}})
}

func TestBackgroundEnds(t *testing.T) {
	t.Parallel()
	var b leads.Background = iploc.Locator{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, b.Background(ctx, func() {}))
}

func BenchmarkGeo(b *testing.B) {
	for name, addr := range map[string]string{"IPv4": "193.0.6.139", "IPv6": "2a00:1450:4001::1"} {
		b.Run(name, func(b *testing.B) {
			geo := enrich.Geo{Locators: []enrich.Locator{iploc.Locator{}}}
			lead := leads.Lead{Last: leads.Touch{Client: netip.MustParseAddr(addr)}}
			b.ReportAllocs()
			for b.Loop() {
				if facts, err := geo.Enrich(b.Context(), lead); err != nil || len(facts) != 1 || facts[0].Truth != leads.Yes {
					b.Fatal(facts, err)
				}
			}
		})
	}
}
