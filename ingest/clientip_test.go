package ingest_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

func TestClientIP(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		peer      string
		forwarded []string
		trusted   []string
		want      string // "" means the invalid address
	}{
		{"peer", "203.0.113.9:1", nil, nil, "203.0.113.9"},
		{"peer in IPv6", "[2001:db8::1]:1", nil, nil, "2001:db8::1"},
		{"peer mapped", "[::ffff:203.0.113.9]:1", nil, nil, "203.0.113.9"},
		{"peer with a zone", "[fe80::1%eth0]:1", nil, nil, "fe80::1"},
		{"peer without a port", "203.0.113.9", nil, nil, "203.0.113.9"},
		{"a header nobody vouches for", "203.0.113.9:1", []string{"198.51.100.1"}, nil, "203.0.113.9"},
		{"a header from a peer that is not trusted", "203.0.113.9:1", []string{"198.51.100.1"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		{"one proxy", "10.0.0.1:1", []string{"198.51.100.1"}, []string{"10.0.0.0/8"}, "198.51.100.1"},
		{"a trusted proxy without a header", "10.0.0.1:1", nil, []string{"10.0.0.0/8"}, "10.0.0.1"},
		{"two proxies", "10.0.0.1:1", []string{"198.51.100.1, 10.0.0.2"}, []string{"10.0.0.0/8"}, "198.51.100.1"},
		{"what the client made up is to the left", "10.0.0.1:1", []string{"1.1.1.1, 10.9.9.9, 198.51.100.1, 10.0.0.2"}, []string{"10.0.0.0/8"}, "198.51.100.1"},
		{"several headers in their order", "10.0.0.1:1", []string{"1.1.1.1", "198.51.100.1", "10.0.0.2"}, []string{"10.0.0.0/8"}, "198.51.100.1"},
		{"all trusted", "10.0.0.1:1", []string{"10.0.0.3,10.0.0.2"}, []string{"10.0.0.0/8"}, "10.0.0.3"},
		{"an entry that is no address ends the walk", "10.0.0.1:1", []string{"198.51.100.1, unknown, 10.0.0.2"}, []string{"10.0.0.0/8"}, "10.0.0.2"},
		{"an empty entry ends the walk", "10.0.0.1:1", []string{"198.51.100.1,,10.0.0.2"}, []string{"10.0.0.0/8"}, "10.0.0.2"},
		{"an empty header ends the walk", "10.0.0.1:1", []string{"198.51.100.1", ""}, []string{"10.0.0.0/8"}, "10.0.0.1"},
		{"with a port", "10.0.0.1:1", []string{"198.51.100.1:4711"}, []string{"10.0.0.0/8"}, "198.51.100.1"},
		{"IPv6 with a port", "10.0.0.1:1", []string{"[2001:db8::1]:4711"}, []string{"10.0.0.0/8"}, "2001:db8::1"},
		{"IPv6 in brackets", "10.0.0.1:1", []string{"[2001:db8::1]"}, []string{"10.0.0.0/8"}, "2001:db8::1"},
		{"IPv6 with a zone", "10.0.0.1:1", []string{"fe80::1%25eth0"}, []string{"10.0.0.0/8"}, "fe80::1"},
		{"a mapped entry", "10.0.0.1:1", []string{"::ffff:198.51.100.1"}, []string{"10.0.0.0/8"}, "198.51.100.1"},
		{"a mapped peer of a trusted network", "[::ffff:10.0.0.1]:1", []string{"198.51.100.1"}, []string{"10.0.0.0/8"}, "198.51.100.1"},
		{"IPv6 proxies", "[fd00::1]:1", []string{"2001:db8::5, fd00::2"}, []string{"fd00::/8"}, "2001:db8::5"},
		{"octal is no address", "10.0.0.1:1", []string{"198.51.100.01"}, []string{"10.0.0.0/8"}, "10.0.0.1"},
		{"a socket that trusts nobody", "@", []string{"198.51.100.1"}, nil, ""},
		{"a socket behind a proxy", "@", []string{"198.51.100.1"}, []string{"10.0.0.0/8"}, "198.51.100.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
			got := ingest.ClientIP(r, prefixes(tt.trusted...))
			if tt.want == "" {
				require.False(t, got.IsValid())
				return
			}
			require.Equal(t, netip.MustParseAddr(tt.want), got)
		})
	}
}

func prefixes(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

func TestTrustedNetworkWrittenAsIPv6(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{TrustedProxies: prefixes("::ffff:203.0.113.0/120")})
	require.Equal(t, 200, d.post(leadBody, "X-Forwarded-For", "198.51.100.1").Code)
	require.Equal(t, "198.51.100.1", d.last(t).Client.String())
}

func TestUntrustedProxyIsWarnedAboutOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := newDoor(&ingest.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		r := request("/"+goodToken, leadBody, "X-Forwarded-For", "198.51.100.1")
		r.RemoteAddr = "10.0.0.1:1"
		require.Equal(t, 200, d.do(r).Code)
	}
	require.Equal(t, 1, strings.Count(log.String(), "TrustedProxies"), log.String())
	require.NotContains(t, log.String(), "198.51.100.1")

	log.Reset()
	d = newDoor(&ingest.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.Equal(t, 200, d.post(leadBody, "X-Forwarded-For", "198.51.100.1").Code)
	require.NotContains(t, log.String(), "TrustedProxies", "a public peer is a client that lies, not a proxy")
}
