package safehttp

import "net/netip"

// Allows reports whether the default guard would let a connection be made.
func Allows(address netip.AddrPort) bool { return guard(&Reach{}).SafeAddrPort(address) == nil }
