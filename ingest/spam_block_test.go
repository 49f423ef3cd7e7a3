package ingest_test

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

func TestParseBlocked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in   string
		kind ingest.BlockKind // "" means that it is refused
		want string
	}{
		"address":                    {"jo@example.com", ingest.BlockEmail, "jo@example.com"},
		"address in capitals":        {" Jo@EXAMPLE.com\t", ingest.BlockEmail, "jo@example.com"},
		"address with another way":   {"J.o+news@googlemail.com", ingest.BlockEmail, "jo@gmail.com"},
		"address of an IDN":          {"jo@Bücher.de", ingest.BlockEmail, "jo@xn--bcher-kva.de"},
		"domain":                     {"Example.COM", ingest.BlockDomain, "example.com"},
		"domain with a dot behind":   {"example.com.", ingest.BlockDomain, "example.com"},
		"IDN":                        {"BÜCHER.de", ingest.BlockDomain, "xn--bcher-kva.de"},
		"domain that looks like hex": {"cafe.be", ingest.BlockDomain, "cafe.be"},
		"client":                     {"203.0.113.7", ingest.BlockNetwork, "203.0.113.7"},
		"client as a network":        {"203.0.113.7/32", ingest.BlockNetwork, "203.0.113.7"},
		"network with what it masks": {"203.0.113.7/24", ingest.BlockNetwork, "203.0.113.0/24"},
		"IPv6 client":                {"2001:DB8::1", ingest.BlockNetwork, "2001:db8::1"},
		"IPv6 network":               {"2001:db8:1:2::5/64", ingest.BlockNetwork, "2001:db8:1:2::/64"},
		"IPv4 in IPv6":               {"::ffff:203.0.113.7", ingest.BlockNetwork, "203.0.113.7"},
		"IPv4 network in IPv6":       {"::ffff:203.0.113.7/120", ingest.BlockNetwork, "203.0.113.0/24"},
		"client with a zone":         {"fe80::1%eth0", ingest.BlockNetwork, "fe80::1"},
		"nothing":                    {in: ""},
		"single label":               {in: "localhost"},
		"star":                       {in: "*.example.com"},
		"at sign and domain":         {in: "@example.com"},
		"address of a single label":  {in: "jo@localhost"},
		"display name":               {in: "Jo <jo@example.com>"},
		"short IPv4":                 {in: "203.0.113"},
		"IPv4 with zeros":            {in: "203.0.113.007"},
		"mask that is too long":      {in: "203.0.113.7/33"},
		"port":                       {in: "203.0.113.7:80"},
		"URL":                        {in: "https://example.com/"},
		"word and blank":             {in: "spam example.com"},
		"longest":                    {strings.Repeat("a.", 125) + "de", ingest.BlockDomain, strings.Repeat("a.", 125) + "de"},
		"too long":                   {in: strings.Repeat("a.", 126) + "com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := ingest.ParseBlocked(tt.in)
			require.Equal(t, ingest.Blocked{Kind: tt.kind, Text: tt.want}, b)
			require.Equal(t, tt.kind == "", err != nil)
			if err != nil {
				require.Contains(t, err.Error(), tt.in[:min(len(tt.in), 40)], "it names the entry")
				return
			}
			again, err := ingest.ParseBlocked(b.Text)
			require.NoError(t, err)
			require.Equal(t, b, again, "the plain form is an entry too")
		})
	}
}

func TestBlockList(t *testing.T) {
	t.Parallel()
	list := []string{"Jo.Doe+x@gmail.com", "ann@example.com", "spam.example", "BÜCHER.de", "203.0.113.7", "198.51.100.0/24", "2001:db8:1:2::/64", "2001:db8:ffff::1", "no entry at all"}
	for _, tt := range []struct {
		name, email, client string
		blocked             bool
	}{
		{"nobody on the list", "bob@example.com", "192.0.2.1", false},
		{"address", "ann@example.com", "192.0.2.1", true},
		{"address in capitals", "ANN@Example.COM", "192.0.2.1", true},
		{"another mailbox of the domain", "anna@example.com", "192.0.2.1", false},
		{"a tag where it counts", "ann+x@example.com", "192.0.2.1", false},
		{"another spelling of the mailbox", "jodoe@googlemail.com", "192.0.2.1", true},
		{"another mailbox of the provider", "jodoes@gmail.com", "192.0.2.1", false},
		{"domain", "x@SPAM.example", "192.0.2.1", true},
		{"subdomain", "x@a.b.spam.example", "192.0.2.1", true},
		{"what only ends alike", "x@nospam.example", "192.0.2.1", false},
		{"the domain above", "x@example", "192.0.2.1", false},
		{"a domain that begins alike", "x@spam.example.org", "192.0.2.1", false},
		{"IDN", "x@bücher.de", "192.0.2.1", true},
		{"IDN in ASCII", "x@XN--bcher-KVA.de", "192.0.2.1", true},
		{"an address that none could write to", `a b@spam.example`, "192.0.2.1", true},
		{"no address, of a domain that is listed", "spam.example", "192.0.2.1", true},
		{"no email", "", "192.0.2.1", false},
		{"no email, and a listed client", "", "203.0.113.7", true},
		{"client", "bob@example.com", "203.0.113.7", true},
		{"the client beside it", "bob@example.com", "203.0.113.8", false},
		{"client in IPv6", "bob@example.com", "::ffff:203.0.113.7", true},
		{"network", "bob@example.com", "198.51.100.255", true},
		{"the network beside it", "bob@example.com", "198.51.101.0", false},
		{"IPv6 network", "bob@example.com", "2001:db8:1:2:a:b:c:d", true},
		{"the IPv6 network beside it", "bob@example.com", "2001:db8:1:3::", false},
		{"IPv6 client", "bob@example.com", "2001:db8:ffff::1", true},
		{"the IPv6 client beside it", "bob@example.com", "2001:db8:ffff::2", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) { s.Spam.Blocked, s.Trusted = list, true })
			r := request("/"+goodToken, fmt.Sprintf(`{"x":1,"email":%q}`, tt.email))
			r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(tt.client), 4711).String()
			w := d.do(r)
			require.Equal(t, 200, w.Code)
			require.Equal(t, `{"success":true}`, w.Body.String(), "it is not told apart")
			sub := d.last(t)
			require.Equal(t, tt.blocked, sub.Verdict == ingest.Quarantined)
			if tt.blocked {
				require.Equal(t, []string{"blocked"}, sub.Reasons)
			}
		})
	}
}

func TestBlockedWithOtherReasons(t *testing.T) {
	t.Parallel()
	d := newDoor(nil).with(func(s *ingest.Source) { s.Spam = ingest.Spam{Blocked: []string{"example.com", "203.0.113.9"}} })
	require.Equal(t, 200, d.post(`{"email":"ann@example.com","_hp":"x","_t":1}`).Code)
	require.Equal(t, []string{"honeypot", "fill_time", "blocked"}, d.last(t).Reasons, "once, however many entries name it")
	d = newDoor(nil).with(func(s *ingest.Source) {
		s.Preset, s.Spam = ingest.NoPreset, ingest.Spam{Honeypot: "-", MinFill: -1, Blocked: []string{"example.com"}}
	})
	require.Equal(t, 200, d.post(`{"email":"ann@example.com","_hp":"x","_t":1}`).Code)
	require.Equal(t, []string{"blocked"}, d.last(t).Reasons, "the list stands without the rest of the gate, and without a preset")
}

func TestASignatureVouchesForNobodyOnTheList(t *testing.T) {
	t.Parallel()
	d := signedDoor("tally").with(func(s *ingest.Source) { s.Spam.Blocked = []string{"example.com"} })
	post := func(body string) *httptest.ResponseRecorder {
		r := request("/"+goodToken, body)
		signers["tally"](r, body, time.Now(), signingKey)
		return d.do(r)
	}
	require.Equal(t, 200, post(`{"email":"ann@example.com"}`).Code)
	sub := d.last(t)
	require.True(t, sub.HasFlag(ingest.FlagSigned))
	require.Equal(t, []string{"blocked"}, sub.Reasons)
	require.Equal(t, 200, post(`{"email":"ann@example.org"}`).Code)
	require.Equal(t, ingest.Accepted, d.last(t).Verdict)
}

func TestAChangedBlockListIsFollowed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d := newDoor(&ingest.Options{Clock: func() time.Time { return now }})
	verdict := func() ingest.Verdict {
		require.Equal(t, 200, d.post(`{"email":"ann@example.com"}`).Code)
		return d.last(t).Verdict
	}
	require.Equal(t, ingest.Accepted, verdict())
	list := []string{"example.org", "example.com"}
	d.with(func(s *ingest.Source) { s.Spam.Blocked = list })
	now = now.Add(5 * time.Second)
	require.Equal(t, ingest.Quarantined, verdict())
	list[1] = "example.net"
	now = now.Add(5 * time.Second)
	require.Equal(t, ingest.Accepted, verdict(), "the host has changed its own list in its place")
	list[0] = "example.com"
	now = now.Add(5 * time.Second)
	require.Equal(t, ingest.Quarantined, verdict())
	now = now.Add(5 * time.Second)
	require.Equal(t, ingest.Quarantined, verdict(), "a list that stays the same")
	d.with(func(s *ingest.Source) { s.Spam.Blocked = nil })
	now = now.Add(5 * time.Second)
	require.Equal(t, ingest.Accepted, verdict())
}

func TestBlockListValidate(t *testing.T) {
	t.Parallel()
	source := func(entries ...string) error {
		return ingest.Source{Tenant: "t", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Name: "n", Spam: ingest.Spam{Blocked: entries}}.Validate()
	}
	require.NoError(t, source(manyBlocked(ingest.MaxBlocked)...))
	require.EqualError(t, source(manyBlocked(ingest.MaxBlocked+1)...), "ingest: Source.Spam.Blocked has 1001 entries: leave at most 1000")
	require.EqualError(t, source("example.com", "jo at example.com"),
		`ingest: Source.Spam.Blocked[1] "jo at example.com" is no email address, domain or network: write it like jo@example.com, example.com, 203.0.113.7 or 2001:db8::/32`)
	wrong := source(strings.Split(strings.Repeat("x ", 12), " ")...)
	require.ErrorContains(t, wrong, "Source.Spam.Blocked[9] ")
	require.NotContains(t, wrong.Error(), "[10]")
	require.ErrorContains(t, wrong, "ingest: Source.Spam.Blocked has 3 more entries that are none")
}

// manyBlocked is a list of n entries of all kinds, with networks of eight lengths, none of which is about leadBody.
func manyBlocked(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = [...]string{
			fmt.Sprintf("person%d@example.com", i), fmt.Sprintf("spam%d.example", i),
			fmt.Sprintf("198.51.%d.0/%d", i/4, 24+i/4%4), fmt.Sprintf("2001:db8:%x::/%d", i, 48+i/4%4),
		}[i%4]
	}
	return list
}
