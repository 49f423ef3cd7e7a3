// Package safehttp fetches addresses that strangers have chosen, without letting them reach anything but the public internet.
//
//	client := safehttp.Client(nil)
//
// The guard stands where a connection is made, after the name was resolved, so that a name server that answers differently the second
// time, an odd spelling of an address and a redirect all meet it. It lets through global unicast addresses that no special registry of
// IANA lists, and refuses those that carry an IPv4 address inside (NAT64, 6to4, Teredo) with the rest.
package safehttp

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/publicsuffix"
)

// ErrRefused is the reason for which a request was not made: where it would go, or how it was written.
var ErrRefused = errors.New("safehttp: refused")

// Options sets a [Client]. The zero value of each field is its default.
type Options struct {
	// Timeout bounds a request with its redirects and the reading of its body. 0 means 5s.
	Timeout time.Duration
	// Redirects is how many are followed, each within the registrable domain of the first request. 0 means none: the redirect itself
	// is the response.
	Redirects int
	// Transport makes the connections. Nil means Transport(nil). Another one must refuse private addresses itself.
	Transport http.RoundTripper
}

// Client returns a client without cookies, credentials and proxies. Nil means the default options.
func Client(opts *Options) *http.Client {
	if opts == nil {
		opts = &Options{}
	}
	transport := opts.Transport
	if transport == nil {
		transport = Transport(nil)
	}
	return &http.Client{
		Transport:     plain{next: transport},
		Timeout:       cmp.Or(opts.Timeout, 5*time.Second),
		CheckRedirect: follow(opts.Redirects),
	}
}

// follow returns the rule of redirects.
func follow(most int) func(next *http.Request, before []*http.Request) error {
	return func(next *http.Request, before []*http.Request) error {
		next.Header.Del("Referer") // the path that led there is nobody's business
		switch {
		case most == 0:
			return http.ErrUseLastResponse
		case len(before) > most:
			return fmt.Errorf("%w: more than %d redirects", ErrRefused, most)
		case !SameSite(before[0].URL, next.URL):
			return fmt.Errorf("%w: a redirect to another site", ErrRefused)
		}
		return nil
	}
}

// SameSite reports whether two addresses are of one registrable domain ("www.acme.co.uk" and "acme.co.uk").
func SameSite(a, b *url.URL) bool {
	hostA, hostB := host(a), host(b)
	if hostA == hostB {
		return hostA != ""
	}
	siteA, err := publicsuffix.EffectiveTLDPlusOne(hostA)
	if err != nil {
		return false
	}
	siteB, err := publicsuffix.EffectiveTLDPlusOne(hostB)
	return err == nil && siteA == siteB
}

func host(u *url.URL) string { return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") }

// plain refuses requests that say more than they must.
type plain struct{ next http.RoundTripper }

// RoundTrip makes the request if it is a plain one.
func (p plain) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return nil, fmt.Errorf("%w: the scheme is neither http nor https", ErrRefused)
	case req.URL.User != nil:
		return nil, fmt.Errorf("%w: credentials in the address", ErrRefused)
	}
	return p.next.RoundTrip(req)
}

// Reach says what a [Transport] may connect to. Its fields are for tests, and for hosts that know what they open.
type Reach struct {
	// Resolver finds the addresses. Nil means [net.DefaultResolver].
	Resolver *net.Resolver
	// Allow are networks that may be reached although they are not public.
	Allow []netip.Prefix
	// AnyPort allows other ports than 80 and 443.
	AnyPort bool
}

// Transport returns a transport that connects to what r allows. Nil means public addresses, ports 80 and 443. It asks no proxy, whatever
// the environment says: the guard would see the proxy's address and not the one behind it. It keeps no connections.
func Transport(r *Reach) http.RoundTripper {
	if r == nil {
		r = &Reach{}
	}
	dialer := &net.Dialer{Timeout: 3 * time.Second, Resolver: r.Resolver, Control: guard(r).Safe}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		DisableKeepAlives:      true,
		TLSHandshakeTimeout:    3 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

func guard(r *Reach) *ssrf.Guardian {
	var v4, v6 []netip.Prefix
	for _, p := range r.Allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	opts := []ssrf.Option{ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...)}
	if r.AnyPort {
		opts = append(opts, ssrf.WithAnyPort())
	}
	return ssrf.New(opts...)
}

// Refused reports whether a request failed because of where it would have gone, and so will always fail.
func Refused(err error) bool {
	for _, reason := range []error{ErrRefused, ssrf.ErrProhibitedIP, ssrf.ErrProhibitedPort, ssrf.ErrProhibitedNetwork, ssrf.ErrInvalidHostPort} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}
