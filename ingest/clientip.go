package ingest

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientIP returns the address of the client: the peer of the connection, unless that is one of the trusted proxies. Then the entries
// of all X-Forwarded-For headers, in their order, are walked from right to left to the first one that is no trusted proxy; an
// entry that is not an address ends the walk at the hop before it. IPv4 in IPv6 is unmapped and zones are dropped. A peer without an
// address, as on a Unix socket, is a local proxy: it counts as trusted if any proxy does, else the result is the invalid Addr.
func ClientIP(r *http.Request, trusted []netip.Prefix) netip.Addr {
	client := parseHop(r.RemoteAddr)
	if len(trusted) == 0 || client.IsValid() && !isTrusted(client, trusted) {
		return client
	}
	headers := r.Header["X-Forwarded-For"]
	for _, header := range slices.Backward(headers) {
		for more := true; more; {
			var entry string
			header, entry, more = cutLast(header)
			hop := parseHop(entry)
			if !hop.IsValid() {
				return client
			}
			if client = hop; !isTrusted(hop, trusted) {
				return client
			}
		}
	}
	return client
}

// cutLast cuts the last entry off a list; more is false when it was the only one.
func cutLast(list string) (rest, entry string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return "", list, false
	}
	return list[:i], list[i+1:], true
}

// parseHop takes an address with or without a port: "203.0.113.9", "203.0.113.9:4711", "2001:db8::1", "[2001:db8::1]:4711",
// "[2001:db8::1]".
func parseHop(s string) netip.Addr {
	s = strings.Trim(s, " \t")
	var addr netip.Addr
	if pair, err := netip.ParseAddrPort(s); err == nil {
		addr = pair.Addr()
	} else {
		if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
			s = s[1 : len(s)-1]
		}
		if addr, err = netip.ParseAddr(s); err != nil {
			return netip.Addr{}
		}
	}
	return addr.Unmap().WithZone("")
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// plainPrefixes returns the prefixes as they are compared: masked, and IPv4 in IPv6 unmapped.
func plainPrefixes(prefixes []netip.Prefix) []netip.Prefix {
	plain := make([]netip.Prefix, 0, len(prefixes))
	for _, p := range prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if p.IsValid() {
			plain = append(plain, p.Masked())
		}
	}
	return plain
}

// client returns the client of the request. It warns once when all clients seem to be one, because they come through a proxy that is
// not trusted.
func (h *Handler) client(r *http.Request) netip.Addr {
	client := ClientIP(r, h.trusted)
	if len(h.trusted) > 0 || len(r.Header["X-Forwarded-For"]) == 0 {
		return client
	}
	if !client.IsValid() || client.IsPrivate() || client.IsLoopback() || client.IsLinkLocalUnicast() {
		h.proxyWarning.Do(func() {
			h.log.LogAttrs(r.Context(), slog.LevelWarn, "ingest: requests come through a proxy that is not in Options.TrustedProxies: all their senders share one rate limit")
		})
	}
	return client
}

// bucket returns the key under which a client is counted. IPv6 clients are one by /64, which is what one subscriber gets.
func bucket(prefix string, client netip.Addr) string {
	buf := make([]byte, 0, 96)
	buf = append(buf, prefix...)
	switch {
	case !client.IsValid():
		buf = append(buf, "local"...)
	case client.Is6():
		network, _ := client.Prefix(64) // cannot fail: the address has no zone and 128 bits
		buf = network.AppendTo(buf)
	default:
		buf = client.AppendTo(buf)
	}
	return string(buf)
}
