package ingest_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads/ingest"
)

func TestCountryCode(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"DE": "DE", "de": "DE", " fr ": "FR", "XK": "XK",
		"": "", "XX": "", "T1": "", "ZZ": "", "zz": "", "A1": "", "EU": "", "AP": "", "D": "", "DEU": "", "49": "", "É": "", "ſs": "",
	} {
		require.Equal(t, want, ingest.CountryCode(code), code)
	}
}

func TestClientPlace(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	const cdn, visitor = "203.0.113.9:4711", "198.51.100.1:4711"
	berlin := ingest.Place{Country: "DE", Region: "Land Berlin", City: "Berlin", TimeZone: "Europe/Berlin"}
	cases := map[string]struct {
		peer    string
		trusted []netip.Prefix
		headers []string
		want    ingest.Place
	}{
		"nothing said":               {cdn, proxies, nil, ingest.Place{}},
		"Cloudflare, country only":   {cdn, proxies, []string{"CF-IPCountry", "DE"}, ingest.Place{Country: "DE"}},
		"Cloudflare, all":            {cdn, proxies, []string{"CF-IPCountry", "DE", "CF-Region", "Land Berlin", "CF-Region-Code", "BE", "CF-IPCity", "Berlin", "CF-Timezone", "Europe/Berlin"}, berlin},
		"Cloudflare, unknown":        {cdn, proxies, []string{"CF-IPCountry", "XX", "CF-IPCity", "Berlin"}, ingest.Place{}},
		"Cloudflare, Tor":            {cdn, proxies, []string{"CF-IPCountry", "T1"}, ingest.Place{}},
		"CloudFront":                 {cdn, proxies, []string{"CloudFront-Viewer-Country", "BR", "CloudFront-Viewer-Country-Region", "SP", "CloudFront-Viewer-City", "S%C3%A3o Paulo", "CloudFront-Viewer-Time-Zone", "America/Sao_Paulo"}, ingest.Place{Country: "BR", Region: "SP", City: "São Paulo", TimeZone: "America/Sao_Paulo"}},
		"Vercel":                     {cdn, proxies, []string{"X-Vercel-IP-Country", "DE", "X-Vercel-IP-Country-Region", "BY", "X-Vercel-IP-City", "M%C3%BCnchen", "X-Vercel-IP-Timezone", "Europe/Berlin"}, ingest.Place{Country: "DE", Region: "BY", City: "München", TimeZone: "Europe/Berlin"}},
		"App Engine":                 {cdn, proxies, []string{"X-Appengine-Country", "US", "X-Appengine-Region", "ca", "X-Appengine-City", "mountain view"}, ingest.Place{Country: "US", Region: "ca", City: "mountain view"}},
		"App Engine, unknown":        {cdn, proxies, []string{"X-Appengine-Country", "ZZ", "X-Appengine-City", "?"}, ingest.Place{}},
		"App Engine, city unknown":   {cdn, proxies, []string{"X-Appengine-Country", "US", "X-Appengine-City", "?"}, ingest.Place{Country: "US"}},
		"city without a country":     {cdn, proxies, []string{"CF-IPCity", "Berlin"}, ingest.Place{}},
		"the peer is not trusted":    {visitor, proxies, []string{"CF-IPCountry", "DE"}, ingest.Place{}},
		"nobody is trusted":          {cdn, nil, []string{"CF-IPCountry", "DE"}, ingest.Place{}},
		"a Unix socket":              {"@", proxies, []string{"CF-IPCountry", "DE"}, ingest.Place{Country: "DE"}},
		"a Unix socket, none listed": {"@", nil, []string{"CF-IPCountry", "DE"}, ingest.Place{}},
		"a mapped peer":              {"[::ffff:203.0.113.9]:1", proxies, []string{"CF-IPCountry", "DE"}, ingest.Place{Country: "DE"}},
		"two vendors agree":          {cdn, proxies, []string{"X-Vercel-IP-Country", "DE", "CF-IPCountry", "de"}, ingest.Place{Country: "DE"}},
		"two vendors disagree":       {cdn, proxies, []string{"X-Vercel-IP-Country", "DE", "CF-IPCountry", "US"}, ingest.Place{}},
		"unknown against known":      {cdn, proxies, []string{"X-Vercel-IP-Country", "DE", "CF-IPCountry", "XX"}, ingest.Place{}},
		"other vendor's city":        {cdn, proxies, []string{"CF-IPCountry", "DE", "X-Vercel-IP-City", "Paris"}, ingest.Place{Country: "DE"}},
		"a header twice":             {cdn, proxies, []string{"CF-IPCountry", "DE", "CF-IPCountry", "US"}, ingest.Place{}},
		"a city twice":               {cdn, proxies, []string{"CF-IPCountry", "DE", "CF-IPCity", "A", "CF-IPCity", "B"}, ingest.Place{Country: "DE"}},
		"broken encoding":            {cdn, proxies, []string{"CF-IPCountry", "DE", "CF-IPCity", "100%"}, ingest.Place{Country: "DE", City: "100%"}},
		"encoded control characters": {cdn, proxies, []string{"CF-IPCountry", "DE", "CF-IPCity", "A%0D%0ABcc:%00%E2%80%AEx"}, ingest.Place{Country: "DE", City: "A Bcc: x"}},
		"invalid UTF-8":              {cdn, proxies, []string{"CF-IPCountry", "DE", "CF-IPCity", "M%FCnchen"}, ingest.Place{Country: "DE", City: "M\uFFFDnchen"}},
		"no time zone":               {cdn, proxies, []string{"CF-IPCountry", "DE", "CF-Timezone", "<script>"}, ingest.Place{Country: "DE"}},
		"where the edge is":          {cdn, proxies, []string{"Fly-Region", "fra"}, ingest.Place{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
			for i := 0; i < len(c.headers); i += 2 {
				r.Header.Add(c.headers[i], c.headers[i+1])
			}
			require.Equal(t, c.want, ingest.ClientPlace(r, c.trusted))
		})
	}
}

func TestPlaceReachesTheSubmission(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
	require.Equal(t, 200, d.post(leadBody, "CF-IPCountry", "DE", "CF-IPCity", "Berlin").Code)
	require.Equal(t, ingest.Place{Country: "DE", City: "Berlin"}, d.last(t).Place)

	d = newDoor(nil)
	require.Equal(t, 200, d.post(leadBody, "CF-IPCountry", "DE").Code)
	require.Zero(t, d.last(t).Place)
}

func TestPrepareCleansThePlace(t *testing.T) {
	t.Parallel()
	sub, err := ingest.Prepare(ingest.Submission{
		Tenant: "t1", Fields: ingest.Fields{Email: "ann@example.com"},
		Place: ingest.Place{Country: "de", City: "Ber\nlin", TimeZone: "Europe/Berlin "},
	}, time.Now())
	require.NoError(t, err)
	require.Equal(t, ingest.Place{Country: "DE", City: "Ber lin", TimeZone: "Europe/Berlin"}, sub.Place)
	require.Empty(t, sub.Flags)
}

func TestPlaceIsCleanForGood(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.Map(rapid.String(), func(s string) string { return strings.Repeat("ü"+s, 40) }))
		p := ingest.Place{Country: text.Draw(t, "country"), Region: text.Draw(t, "region"), City: text.Draw(t, "city"), TimeZone: text.Draw(t, "zone")}.Clean()
		for _, name := range []string{p.Country, p.Region, p.City, p.TimeZone} {
			if len(name) > 128 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.TrimSpace(name) != name {
				t.Fatalf("%q", name)
			}
		}
		if again := p.Clean(); again != p {
			t.Fatalf("%+v becomes %+v", p, again)
		}
	})
}
