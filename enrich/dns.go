package enrich

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openleads/leads"
)

// Resolver asks the domain name system. A [net.Resolver] is one. Answers returned together with an error are used. Only a
// [net.DNSError] with IsNotFound says that there is nothing; any other error says nothing. It is given absolute names, with a dot at their
// end, and may be called concurrently.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	// LookupNetIP is asked for "ip4" and "ip6" apart: asked for both at once, Go's resolver says that there is no such host when
	// one question failed and the other had an empty answer.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DNS finds out which domains take mail, and remembers it: definite answers for an hour, and for 5 s that there was none. What several
// leads want to know at the same time is asked once. Parts that share a DNS share what it remembers and what it may ask. It may be used
// concurrently.
//
// Whoever fills in forms with made-up domains makes us ask for them, so that is limited by tenant and overall; what is not asked is
// Unknown, and not remembered.
//
// A machine without a network may have a name server that denies every name. So before a domain is said not to exist, a witness must
// be known that certainly does.
type DNS struct {
	resolver Resolver
	timeout  time.Duration
	witness  string
	memory   *memory[answer]
	quota    *quota
	trusted  atomic.Int64 // until when the witness need not be asked again, in Unix nanoseconds
}

// DNSOptions sets a [DNS]. The zero value of each field is its default.
type DNSOptions struct {
	// Timeout bounds all that is asked about one domain. 0 means 1.5s: what comes later is Unknown.
	Timeout time.Duration
	// Witness is a domain that certainly takes mail. When the resolver knows nothing of it, it is not believed that another does not
	// exist. "" means gmail.com, "-" that the resolver is always believed.
	Witness string
	// Size is how many domains are remembered; the longest unused go first. 0 means 10,000, about 2 MB.
	Size int
	// PerTenant is how many domains are asked about for one tenant in a minute. 0 means 600, less than 0 no limit.
	PerTenant int
	// Overall is how many are asked about for all tenants together. 0 means 6,000, less than 0 no limit.
	Overall int
}

// How long a DNS remembers.
const (
	rememberAnswer  = time.Hour
	rememberFailure = 5 * time.Second
	rememberWitness = time.Minute
)

// NewDNS returns a DNS that asks the resolver. Nil means [net.DefaultResolver], and nil options are the defaults.
func NewDNS(resolver Resolver, opts *DNSOptions) *DNS {
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	if opts == nil {
		opts = &DNSOptions{}
	}
	size := opts.Size
	if size < 1 {
		size = 10_000
	}
	return &DNS{
		resolver: resolver,
		timeout:  cmp.Or(opts.Timeout, 1500*time.Millisecond),
		witness:  cmp.Or(opts.Witness, "gmail.com"),
		memory:   newMemory[answer](size),
		quota:    newQuota(time.Minute, max(cmp.Or(opts.PerTenant, 600), 0), max(cmp.Or(opts.Overall, 6000), 0)),
	}
}

// absent is the reason when there is nothing to send mail to.
const absent = "the domain does not exist or has neither a mail server nor a host"

// answer is what is known about a domain.
type answer struct {
	truth  leads.Truth
	reason string
}

// takesMail tells whether mail to the domain, in lower-case ASCII, has somewhere to go.
func (d *DNS) takesMail(ctx context.Context, tenant, domain string, now time.Time) answer {
	a, err := d.memory.get(ctx, domain, now, func() (answer, time.Duration) {
		if !d.quota.take(tenant, now) {
			return answer{reason: "too many domains were asked about in this minute"}, -1 // another tenant may still ask
		}
		a := d.ask(ctx, domain, now)
		switch {
		case a.truth != leads.Unknown:
			return a, rememberAnswer
		case ctx.Err() != nil: // the caller was in a hurry, which says nothing about the domain
			return a, -1
		}
		return a, rememberFailure
	})
	if err != nil {
		return unanswered(err)
	}
	return a
}

func (d *DNS) ask(ctx context.Context, domain string, now time.Time) answer {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	a := d.askMX(ctx, absolute(domain))
	if a.truth == leads.No && a.reason == absent && !d.connected(ctx, now) {
		return answer{reason: "the name server denies even a domain that exists"}
	}
	return a
}

// connected reports whether the resolver knows the witness, or did a minute ago.
func (d *DNS) connected(ctx context.Context, now time.Time) bool {
	if d.witness == "-" || now.UnixNano() < d.trusted.Load() {
		return true
	}
	records, _ := d.resolver.LookupMX(ctx, absolute(d.witness)) // with an error it may still be known
	if judge(records).truth != leads.Yes {
		return false
	}
	d.trusted.Store(now.Add(rememberWitness).UnixNano())
	return true
}

// absolute keeps a resolver from trying its search domains.
func absolute(domain string) string { return strings.TrimSuffix(domain, ".") + "." }

func (d *DNS) askMX(ctx context.Context, name string) answer {
	records, err := d.resolver.LookupMX(ctx, name)
	if len(records) > 0 {
		return judge(records)
	}
	if !isAbsent(err) {
		return unanswered(err)
	}
	return d.askHost(ctx, name)
}

// askHost looks for the host itself, which is the mail server where no MX record names one (RFC 5321 §5.1).
func (d *DNS) askHost(ctx context.Context, name string) answer {
	var failed error
	for _, network := range []string{"ip4", "ip6"} {
		addrs, err := d.resolver.LookupNetIP(ctx, network, name)
		if len(addrs) > 0 {
			return answer{truth: leads.Yes, reason: "no mail server is named, but the host itself may take mail"}
		}
		if !isAbsent(err) {
			failed = err
		}
	}
	if failed != nil {
		return unanswered(failed)
	}
	return answer{truth: leads.No, reason: absent}
}

// judge takes MX records one by one: some may be nonsense beside good ones.
func judge(records []*net.MX) answer {
	usable, null := 0, 0
	for _, mx := range records {
		switch host := strings.TrimSuffix(mx.Host, "."); {
		case host == "":
			null++
		case !isAddress(host) && host != "localhost":
			usable++
		}
	}
	switch {
	case usable == 1:
		return answer{truth: leads.Yes, reason: "a mail server is named"}
	case usable > 1:
		return answer{truth: leads.Yes, reason: fmt.Sprintf("%d mail servers are named", usable)}
	case null > 0 && null == len(records):
		return answer{truth: leads.No, reason: "the domain declares that it takes no mail (RFC 7505)"}
	}
	return answer{reason: "the mail servers named are no host names"}
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// isAbsent reports whether the look-up says with authority that there is nothing.
func isAbsent(err error) bool {
	if err == nil {
		return true
	}
	var dnsErr *net.DNSError
	return errors.As(err, &dnsErr) && dnsErr.IsNotFound && !dnsErr.IsTimeout && !dnsErr.IsTemporary
}

// unanswered has no details of the error: they name the host's own servers.
func unanswered(err error) answer {
	var dnsErr *net.DNSError
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &dnsErr) && dnsErr.IsTimeout {
		return answer{reason: "the name server did not answer in time"}
	}
	return answer{reason: "the name server gave no answer"}
}
