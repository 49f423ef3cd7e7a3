package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

func at(email string) leads.Lead { return leads.Lead{Fields: ingest.Fields{Email: email}} }

// fact returns the one with that key, or a zero one.
func fact(facts []leads.Fact, key string) leads.Fact {
	for _, f := range facts {
		if f.Key == key {
			return f
		}
	}
	return leads.Fact{}
}

func manyServers() []string {
	all := make([]string, 40)
	for i := range all {
		all[i] = fmt.Sprintf("many.test. 60 IN MX %d a-mail-server-with-a-long-name-%02d.many.test.", i, i)
	}
	return all
}

func fortyAddresses() []string {
	all := make([]string, 40)
	for i := range all {
		all[i] = fmt.Sprintf("forty.test. 60 IN MX 10 10.0.0.%d.", i)
	}
	return all
}

// verdicts is what each way of answering, and of lying, must be taken for.
var verdicts = []struct {
	name, domain string
	records      map[uint16][]string // nil: the name does not exist
	want         leads.Truth
	reason       string
}{
	{"one server", "good.test", map[uint16][]string{dns.TypeMX: {"good.test. 60 IN MX 10 mx.good.test."}}, leads.Yes, "a mail server is named"},
	{"null MX", "null.test", map[uint16][]string{dns.TypeMX: {"null.test. 60 IN MX 0 ."}}, leads.No, "the domain declares that it takes no mail (RFC 7505)"},
	{"null MX beside a real one", "half.test", map[uint16][]string{dns.TypeMX: {"half.test. 60 IN MX 0 .", "half.test. 60 IN MX 10 mx.half.test."}},
		leads.Yes, "a mail server is named"},
	{"null MX and a host", "nullhost.test", map[uint16][]string{dns.TypeMX: {"nullhost.test. 60 IN MX 0 ."}, dns.TypeA: {"nullhost.test. 60 IN A 192.0.2.1"}},
		leads.No, "the domain declares that it takes no mail (RFC 7505)"},
	{"good beside bad, with an error", "mixed.test", map[uint16][]string{dns.TypeMX: {`mixed.test. 60 IN MX 5 no\032good.mixed.test.`, "mixed.test. 60 IN MX 10 mx.mixed.test."}},
		leads.Yes, "a mail server is named"},
	{"nothing but bad", "bad.test", map[uint16][]string{dns.TypeMX: {`bad.test. 60 IN MX 5 no\032good.bad.test.`}}, leads.Unknown, "the name server gave no answer"},
	{"null MX beside nonsense", "halfbad.test", map[uint16][]string{dns.TypeMX: {"halfbad.test. 60 IN MX 0 .", "halfbad.test. 60 IN MX 5 127.0.0.1."}},
		leads.Unknown, "the mail servers named are no host names"},
	{"an address for a name", "ip.test", map[uint16][]string{dns.TypeMX: {"ip.test. 60 IN MX 5 127.0.0.1."}}, leads.Unknown, "the mail servers named are no host names"},
	{"localhost for a name", "local.test", map[uint16][]string{dns.TypeMX: {"local.test. 60 IN MX 5 localhost."}}, leads.Unknown, "the mail servers named are no host names"},
	{"forty servers, over TCP", "many.test", map[uint16][]string{dns.TypeMX: manyServers()}, leads.Yes, "40 mail servers are named"},
	{"alias", "alias.test", map[uint16][]string{dns.TypeMX: {"alias.test. 60 IN CNAME good.test.", "good.test. 60 IN MX 10 mx.good.test."}}, leads.Yes, "a mail server is named"},
	{"alias to itself", "loop.test", map[uint16][]string{
		dns.TypeMX: {"loop.test. 60 IN CNAME loop.test."}, dns.TypeA: {"loop.test. 60 IN CNAME loop.test."}, dns.TypeAAAA: {"loop.test. 60 IN CNAME loop.test."},
	}, leads.No, "the domain does not exist or has neither a mail server nor a host"},
	{"two aliases in a circle", "circle.test", map[uint16][]string{
		dns.TypeMX: {"circle.test. 60 IN CNAME back.test.", "back.test. 60 IN CNAME circle.test."}, dns.TypeA: {servfail}, dns.TypeAAAA: {servfail},
	}, leads.Unknown, "the name server gave no answer"},
	{"forty servers, all nonsense", "forty.test", map[uint16][]string{dns.TypeMX: fortyAddresses()}, leads.Unknown, "the mail servers named are no host names"},
	{"no MX but an IPv4 host", "host4.test", map[uint16][]string{dns.TypeA: {"host4.test. 60 IN A 192.0.2.1"}}, leads.Yes, "no mail server is named, but the host itself may take mail"},
	{"no MX but an IPv6 host", "host6.test", map[uint16][]string{dns.TypeAAAA: {"host6.test. 60 IN AAAA 2001:db8::1"}}, leads.Yes, "no mail server is named, but the host itself may take mail"},
	{"neither", "empty.test", map[uint16][]string{}, leads.No, "the domain does not exist or has neither a mail server nor a host"},
	{"no such name", "absent.test", nil, leads.No, "the domain does not exist or has neither a mail server nor a host"},
	{"failure", "fail.test", map[uint16][]string{dns.TypeMX: {servfail}}, leads.Unknown, "the name server gave no answer"},
	{"failure, though there is a host", "failhost.test", map[uint16][]string{dns.TypeMX: {servfail}, dns.TypeA: {"failhost.test. 60 IN A 192.0.2.1"}}, leads.Unknown, "the name server gave no answer"},
	{"refusal", "refused.test", map[uint16][]string{dns.TypeMX: {refused}}, leads.Unknown, "the name server gave no answer"},
	{"silence", "silent.test", map[uint16][]string{dns.TypeMX: {silence}}, leads.Unknown, "the name server did not answer in time"},
	{"no MX, and the host's addresses fail", "fail46.test", map[uint16][]string{dns.TypeA: {servfail}, dns.TypeAAAA: {servfail}}, leads.Unknown, "the name server gave no answer"},
	{"no MX, IPv4 fails, no IPv6", "fail4.test", map[uint16][]string{dns.TypeA: {servfail}}, leads.Unknown, "the name server gave no answer"},
	{"no MX, IPv4 fails, an IPv6 host", "fail4host6.test", map[uint16][]string{dns.TypeA: {servfail}, dns.TypeAAAA: {"fail4host6.test. 60 IN AAAA 2001:db8::1"}},
		leads.Yes, "no mail server is named, but the host itself may take mail"},
	{"no MX, no IPv4, IPv6 fails", "fail6.test", map[uint16][]string{dns.TypeAAAA: {servfail}}, leads.Unknown, "the name server gave no answer"},
	{"no MX, and silence about the host", "silent46.test", map[uint16][]string{dns.TypeA: {silence}, dns.TypeAAAA: {silence}}, leads.Unknown, "the name server did not answer in time"},
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	z := zone{"gmail.com": {dns.TypeMX: {"gmail.com. 60 IN MX 5 mx.gmail.com."}}}
	for _, v := range verdicts {
		if v.records != nil {
			z[v.domain] = v.records
		}
	}
	resolver := serve(t, z)
	email := enrich.Email{DNS: enrich.NewDNS(resolver, &enrich.DNSOptions{Timeout: 700 * time.Millisecond})}
	t.Run("cases", func(t *testing.T) {
		for _, v := range verdicts {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				facts, err := email.Enrich(t.Context(), at("ann@"+v.domain))
				require.NoError(t, err)
				f := fact(facts, enrich.EmailDeliverable)
				require.Equal(t, v.want, f.Truth, f.Reason)
				require.Equal(t, v.reason, f.Reason)
				require.Equal(t, v.domain, f.Value)
				require.Equal(t, "dns", f.Source)
			})
		}
	})
}

// resolverFunc answers MX questions; there are no hosts.
type resolverFunc func(ctx context.Context, name string) ([]*net.MX, error)

func (f resolverFunc) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return f(ctx, name)
}

func (f resolverFunc) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errAbsent
}

var errAbsent = &net.DNSError{Err: "no such host", IsNotFound: true}

// Without a network some name servers deny every name. That is no news about a lead.
func TestDenialsNeedAWitness(t *testing.T) {
	t.Parallel()
	known := map[string][]*net.MX{"gmail.com.": {{Host: "mx.gmail.com."}}, "own.example.": {{Host: "mx.own.example."}}, "null.example.": {{Host: "."}}}
	cases := map[string]struct {
		witness, domain string
		offline         bool
		want            leads.Truth
		asked           string
	}{
		"denied, witness known":       {domain: "absent.example", want: leads.No, asked: "absent.example. gmail.com."},
		"everything denied":           {domain: "absent.example", offline: true, want: leads.Unknown, asked: "absent.example. gmail.com."},
		"own witness":                 {domain: "absent.example", witness: "own.example", want: leads.No, asked: "absent.example. own.example."},
		"own witness denied":          {domain: "absent.example", witness: "other.example", want: leads.Unknown, asked: "absent.example. other.example."},
		"witness without mail":        {domain: "absent.example", witness: "null.example", want: leads.Unknown, asked: "absent.example. null.example."},
		"always believed":             {domain: "absent.example", witness: "-", offline: true, want: leads.No, asked: "absent.example."},
		"known needs no witness":      {domain: "own.example", want: leads.Yes, asked: "own.example."},
		"declared needs no witness":   {domain: "null.example", want: leads.No, asked: "null.example."},
		"the witness itself, offline": {domain: "gmail.com", offline: true, want: leads.Unknown, asked: "gmail.com. gmail.com."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			email := enrich.Email{DNS: enrich.NewDNS(resolverFunc(func(_ context.Context, name string) ([]*net.MX, error) {
				asked = append(asked, name)
				if records := known[name]; records != nil && !c.offline {
					return records, nil
				}
				return nil, errAbsent
			}), &enrich.DNSOptions{Witness: c.witness})}
			facts, err := email.Enrich(t.Context(), at("ann@"+c.domain))
			require.NoError(t, err)
			require.Equal(t, c.want, fact(facts, enrich.EmailDeliverable).Truth)
			require.Equal(t, c.asked, strings.Join(asked, " "))

		})
	}
}

// A witness is believed for a minute, so that a network that goes down costs few leads their good name.
func TestTheWitnessIsAskedAgain(t *testing.T) {
	t.Parallel()
	offline, asked, now := false, 0, noon
	email := enrich.Email{Clock: func() time.Time { return now }, DNS: enrich.NewDNS(resolverFunc(func(_ context.Context, name string) ([]*net.MX, error) {
		if name != "gmail.com." {
			return nil, errAbsent
		}
		asked++
		if offline {
			return nil, errAbsent
		}
		return []*net.MX{{Host: "mx.gmail.com."}}, nil
	}), nil)}
	for _, step := range []struct {
		domain  string
		later   time.Duration
		offline bool
		want    leads.Truth
		asked   int
	}{
		{"a.example", 0, false, leads.No, 1},
		{"b.example", 59 * time.Second, true, leads.No, 1},
		{"c.example", time.Second, true, leads.Unknown, 2},
		{"d.example", time.Second, true, leads.Unknown, 3},
		{"c.example", 5 * time.Second, false, leads.No, 4},
	} {
		now, offline = now.Add(step.later), step.offline
		t.Run(step.domain, func(t *testing.T) {
			facts, err := email.Enrich(t.Context(), at("ann@"+step.domain))
			require.NoError(t, err)
			require.Equal(t, step.want, fact(facts, enrich.EmailDeliverable).Truth)
			require.Equal(t, step.asked, asked)
		})
	}
}

// names notes what it is asked for and knows nothing.
type names struct{ asked []string }

func (n *names) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	n.asked = append(n.asked, "mx "+name)
	return nil, nil
}

func (n *names) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	n.asked = append(n.asked, network+" "+host)
	return nil, nil
}

// A dot at the end keeps the resolver from trying its search domains.
func TestNamesAreAbsolute(t *testing.T) {
	t.Parallel()
	var n names
	_, err := enrich.Email{DNS: enrich.NewDNS(&n, nil)}.Enrich(t.Context(), at("ann@Acme.example"))
	require.NoError(t, err)
	require.Equal(t, []string{"mx acme.example.", "ip4 acme.example.", "ip6 acme.example.", "mx gmail.com."}, n.asked)
}

func TestAnswersAreRemembered(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		records []*net.MX
		err     error
		hold    time.Duration
	}{
		"yes":     {records: []*net.MX{{Host: "mx.good.test."}}, hold: time.Hour},
		"no":      {err: errAbsent, hold: time.Hour},
		"unknown": {err: errors.New("broken"), hold: 5 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				email := enrich.Email{DNS: enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
					asked++
					return c.records, c.err
				}), &enrich.DNSOptions{Witness: "-"})}
				ask := func(who string) {
					_, err := email.Enrich(t.Context(), at(who+"@good.test"))
					require.NoError(t, err)
				}
				ask("ann")
				time.Sleep(c.hold - time.Millisecond)
				ask("bob")
				require.Equal(t, 1, asked, "another lead at the same domain")
				time.Sleep(time.Millisecond)
				ask("cid")
				require.Equal(t, 2, asked, "the time is over")
			})
		})
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	asked := 0
	email := enrich.Email{DNS: enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
		asked++
		return []*net.MX{{Host: "mx."}}, nil
	}), &enrich.DNSOptions{Size: 2})}
	for _, domain := range []string{"a.test", "b.test", "c.test", "c.test", "a.test"} {
		_, err := email.Enrich(t.Context(), at("ann@"+domain))
		require.NoError(t, err)
	}
	require.Equal(t, 4, asked, "c was remembered, a had gone")
}

// A caller that gives up learns nothing about the domain, and spoils nothing for the next one.
func TestAnEndedContextIsNotAnAnswer(t *testing.T) {
	t.Parallel()
	email := enrich.Email{DNS: enrich.NewDNS(resolverFunc(func(ctx context.Context, _ string) ([]*net.MX, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []*net.MX{{Host: "mx.good.test."}}, nil
	}), nil)}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	facts, err := email.Enrich(ended, at("ann@good.test"))
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, leads.IsPermanent(err))
	require.Equal(t, leads.Yes, fact(facts, enrich.EmailValid).Truth, "what needs no network is learned all the same")
	require.Equal(t, leads.Unknown, fact(facts, enrich.EmailDeliverable).Truth)

	facts, err = email.Enrich(t.Context(), at("ann@good.test"))
	require.NoError(t, err)
	require.Equal(t, leads.Yes, fact(facts, enrich.EmailDeliverable).Truth)
}

// The time for one domain bounds both of its questions together.
func TestTheTimeIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		email := enrich.Email{DNS: enrich.NewDNS(resolverFunc(func(ctx context.Context, _ string) ([]*net.MX, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}), nil)}
		began := time.Now()
		facts, err := email.Enrich(t.Context(), at("ann@slow.test"))
		require.NoError(t, err)
		require.Equal(t, 1500*time.Millisecond, time.Since(began))
		require.Equal(t, "the name server did not answer in time", fact(facts, enrich.EmailDeliverable).Reason)
	})
}
