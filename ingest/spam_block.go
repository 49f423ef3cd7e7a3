package ingest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/openleads/leads/internal/emailaddr"
)

// The limits of a block list.
const (
	MaxBlocked      = 1000 // entries
	maxBlockedEntry = 254  // bytes of one
	maxBlockedWrong = 10   // entries that Validate complains of before it only counts
)

// BlockKind is what an entry of a block list names.
type BlockKind string

// The kinds.
const (
	BlockEmail   BlockKind = "email"   // one mailbox, in all its spellings
	BlockDomain  BlockKind = "domain"  // a mail domain and what is below it
	BlockNetwork BlockKind = "network" // a client or a network of clients
)

// Blocked is an entry of a block list as it is compared: two entries that mean the same are equal.
type Blocked struct {
	Kind BlockKind
	// Text is the entry in its plain form: an address with its domain in lower-case ASCII and without what its provider ignores
	// ("jo@gmail.com" for "J.o+news@googlemail.com"), a domain in lower-case ASCII, or a network without what it masks.
	Text string
}

// ParseBlocked reads an entry of [Spam.Blocked]; blanks around it are ignored. Its error quotes an entry that cannot be one and says how to
// write it.
func ParseBlocked(entry string) (Blocked, error) {
	entry = strings.TrimSpace(entry)
	if len(entry) > maxBlockedEntry {
		return Blocked{}, fmt.Errorf("%q is longer than %d bytes: take it out", strings.ToValidUTF8(entry[:40], "")+"…", maxBlockedEntry)
	}
	if strings.Contains(entry, "@") {
		if address, err := emailaddr.Parse(entry); err == nil {
			return Blocked{BlockEmail, address.Canonical()}, nil
		}
	} else if network, ok := parseNetwork(entry); ok {
		if network.IsSingleIP() {
			return Blocked{BlockNetwork, network.Addr().String()}, nil
		}
		return Blocked{BlockNetwork, network.String()}, nil
	} else if domain, err := emailaddr.Domain(entry); err == nil {
		return Blocked{BlockDomain, domain}, nil
	}
	return Blocked{}, fmt.Errorf("%q is no email address, domain or network: write it like jo@example.com, example.com, 203.0.113.7 or 2001:db8::/32", entry)
}

// parseNetwork reads an address or a network as it is compared: masked, without a zone, and IPv4 in IPv6 unmapped.
func parseNetwork(s string) (netip.Prefix, bool) {
	network, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, false
		}
		addr = addr.Unmap().WithZone("")
		network = netip.PrefixFrom(addr, addr.BitLen())
	}
	return plainPrefixes([]netip.Prefix{network})[0], true
}

// checkBlocked reports the entries of the block list that are none, and too many of them.
func (s Spam) checkBlocked() error {
	var all []error
	if n := len(s.Blocked); n > MaxBlocked {
		all = append(all, fmt.Errorf("ingest: Source.Spam.Blocked has %d entries: leave at most %d", n, MaxBlocked))
	}
	wrong := 0
	for i, entry := range s.Blocked {
		_, err := ParseBlocked(entry)
		if err == nil {
			continue
		}
		if wrong++; wrong <= maxBlockedWrong {
			all = append(all, fmt.Errorf("ingest: Source.Spam.Blocked[%d] %w", i, err))
		}
	}
	if more := wrong - maxBlockedWrong; more > 0 {
		all = append(all, fmt.Errorf("ingest: Source.Spam.Blocked has %d more entries that are none", more))
	}
	return errors.Join(all...)
}

// blockList is the block list of a source as the door asks it: what that takes does not grow with the list.
type blockList struct {
	entries  []string
	senders  map[string]struct{} // addresses, which have an @, and domains
	networks map[netip.Prefix]struct{}
	bits     [2][]int // the lengths that the networks have: of IPv4, and of IPv6
}

// as returns the list with these entries, nil for none, which is l while they are the same: to open a long one takes a millisecond. What
// Validate would refuse is left out.
func (l *blockList) as(entries []string) *blockList {
	if l != nil && slices.Equal(l.entries, entries) {
		return l
	}
	if len(entries) == 0 {
		return nil
	}
	l = &blockList{entries: slices.Clone(entries), senders: make(map[string]struct{}), networks: make(map[netip.Prefix]struct{})}
	for _, entry := range entries {
		b, err := ParseBlocked(entry)
		if err != nil {
			continue
		}
		if b.Kind != BlockNetwork {
			l.senders[b.Text] = struct{}{}
			continue
		}
		network, _ := parseNetwork(b.Text) // it was parsed before
		l.networks[network] = struct{}{}
		bits := &l.bits[family(network.Addr())]
		if !slices.Contains(*bits, network.Bits()) {
			*bits = append(*bits, network.Bits())
		}
	}
	return l
}

func family(addr netip.Addr) int {
	if addr.Is4() {
		return 0
	}
	return 1
}

// names reports whether an entry is about the sender or the client, whichever of them is known.
func (l *blockList) names(email string, client netip.Addr) bool {
	return l != nil && (l.namesSender(email) || l.namesClient(client))
}

// namesSender looks the address up, its domain and what that is below. An address that none could write to still has its domain.
func (l *blockList) namesSender(email string) bool {
	if email == "" || len(l.senders) == 0 {
		return false
	}
	address, err := emailaddr.Parse(email)
	if err != nil {
		address.Domain, _ = emailaddr.Domain(strings.TrimSpace(email[strings.LastIndexByte(email, '@')+1:]))
	} else if _, ok := l.senders[address.Canonical()]; ok {
		return true
	}
	for domain := address.Domain; domain != ""; _, domain, _ = strings.Cut(domain, ".") {
		if _, ok := l.senders[domain]; ok {
			return true
		}
	}
	return false
}

func (l *blockList) namesClient(client netip.Addr) bool {
	if !client.IsValid() {
		return false
	}
	for _, bits := range l.bits[family(client)] {
		network, err := client.Prefix(bits)
		if _, ok := l.networks[network]; ok && err == nil {
			return true
		}
	}
	return false
}
