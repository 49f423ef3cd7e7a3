package safehttp_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/safehttp"
)

// special are the networks of IANA's special-purpose registries and those that embed an IPv4 address, none of which is the public
// internet.
var special = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
	"::/128", "::1/128", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/32", "2001:1::/32",
	"2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16",
	"2620:4f:8000::/48", "3fff::/20", "5f00::/16", "4000::/3", "8000::/3", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
}

// targets are IPv4 addresses worth attacking, to be hidden in others.
var targets = []string{
	"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "169.254.169.254", "169.254.170.2",
	"172.16.0.1", "172.31.255.254", "192.0.0.192", "192.168.0.1", "192.168.255.255", "198.18.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
}

// hidden are the ways to write an IPv4 address as another one.
var hidden = map[string]func(v4 [4]byte) [16]byte{
	"mapped":     func(a [4]byte) [16]byte { return [16]byte{10: 0xff, 11: 0xff, 12: a[0], 13: a[1], 14: a[2], 15: a[3]} },
	"compatible": func(a [4]byte) [16]byte { return [16]byte{12: a[0], 13: a[1], 14: a[2], 15: a[3]} },
	"translated": func(a [4]byte) [16]byte { return [16]byte{8: 0xff, 9: 0xff, 12: a[0], 13: a[1], 14: a[2], 15: a[3]} },
	"NAT64": func(a [4]byte) [16]byte {
		return [16]byte{1: 0x64, 2: 0xff, 3: 0x9b, 12: a[0], 13: a[1], 14: a[2], 15: a[3]}
	},
	"local NAT64": func(a [4]byte) [16]byte {
		return [16]byte{1: 0x64, 2: 0xff, 3: 0x9b, 5: 1, 12: a[0], 13: a[1], 14: a[2], 15: a[3]}
	},
	"6to4":            func(a [4]byte) [16]byte { return [16]byte{0: 0x20, 1: 0x02, 2: a[0], 3: a[1], 4: a[2], 5: a[3]} },
	"Teredo's server": func(a [4]byte) [16]byte { return [16]byte{0: 0x20, 1: 0x01, 4: a[0], 5: a[1], 6: a[2], 7: a[3]} },
	"Teredo's client": func(a [4]byte) [16]byte {
		return [16]byte{0: 0x20, 1: 0x01, 12: ^a[0], 13: ^a[1], 14: ^a[2], 15: ^a[3]}
	},
	"link-local ISATAP": func(a [4]byte) [16]byte {
		return [16]byte{0: 0xfe, 1: 0x80, 10: 0x5e, 11: 0xfe, 12: a[0], 13: a[1], 14: a[2], 15: a[3]}
	},
}

// battery makes the addresses: of each network the first, the last and random ones, and each target in each disguise.
func battery() []netip.Addr {
	random := rand.New(rand.NewPCG(3, 36)) // always the same addresses
	var all []netip.Addr
	for _, network := range special {
		prefix := netip.MustParsePrefix(network)
		all = append(all, prefix.Masked().Addr(), last(prefix))
		for range 28 {
			all = append(all, within(prefix, random))
		}
	}
	for _, target := range targets {
		v4 := netip.MustParseAddr(target)
		all = append(all, v4)
		for _, hide := range hidden {
			all = append(all, netip.AddrFrom16(hide(v4.As4())))
		}
	}
	for _, scoped := range []string{"fe80::1%1", "fe80::1%lo", "::1%lo", "ff02::1%1"} {
		all = append(all, netip.MustParseAddr(scoped))
	}
	return all
}

func last(p netip.Prefix) netip.Addr { return within(p, nil) }

// within returns a random address of the network, or without randomness its last.
func within(p netip.Prefix, random *rand.Rand) netip.Addr {
	raw := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(raw)*8; bit++ {
		if random == nil || random.IntN(2) == 1 {
			raw[bit/8] |= 0x80 >> (bit % 8)
		}
	}
	addr, _ := netip.AddrFromSlice(raw)
	return addr
}

// TestBattery asks for every address as a URL. The guard's error comes before the connection is tried, so none was.
func TestBattery(t *testing.T) {
	t.Parallel()
	all := battery()
	require.GreaterOrEqual(t, len(all), 1500)
	client := safehttp.Client(nil)
	for i, addr := range all {
		scheme := []string{"http", "https"}[i%2]
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s://%s/", scheme, inURL(addr)), nil)
		require.NoError(t, err, addr)
		_, err = client.Do(request)
		require.Error(t, err, addr)
		require.True(t, safehttp.Refused(err), "%s: %v", addr, err)
	}
	t.Logf("%d addresses, none dialled", len(all))
}

func inURL(addr netip.Addr) string {
	switch {
	case addr.Is4():
		return addr.String()
	case addr.Zone() != "":
		return "[" + addr.WithZone("").String() + "%25" + addr.Zone() + "]"
	}
	return "[" + addr.String() + "]"
}

// TestOddSpellings are addresses as no parser of addresses takes them, and some resolvers do.
func TestOddSpellings(t *testing.T) {
	t.Parallel()
	client := safehttp.Client(&safehttp.Options{Transport: safehttp.Transport(&safehttp.Reach{Resolver: denying(t)})})
	decimal := new(big.Int).SetBytes([]byte{127, 0, 0, 1}).String()
	for _, spelled := range []string{
		decimal, "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "0", "127.0.0.1.", "localhost", "localhost.", "LOCALHOST", "①②⑦.⓪.⓪.①", "[::ffff:7f00:1]",
		"[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+spelled+"/", nil)
		if err != nil {
			continue
		}
		_, err = client.Do(request)
		require.Error(t, err, spelled)
	}
}

// TestPublicAddressesPass keeps the battery honest: a guard that refuses everything would pass it.
func TestPublicAddressesPass(t *testing.T) {
	t.Parallel()
	for _, public := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0",
		"192.0.1.1", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2001:200::1", "2001:4860:4860::8888", "2003::1", "2400:cb00::1", "2606:4700::1111", "2a00:1450::1", "2c0f:fb50::1",
	} {
		addr := netip.MustParseAddr(public)
		require.True(t, safehttp.Allows(netip.AddrPortFrom(addr, 443)), public)
		require.True(t, safehttp.Allows(netip.AddrPortFrom(addr, 80)), public)
		for _, port := range []uint16{0, 22, 25, 8080, 6379} {
			require.False(t, safehttp.Allows(netip.AddrPortFrom(addr, port)), "%s port %d", public, port)
		}
	}
}
