package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// zone is what the lying server answers by name and type: records in zone-file form, or one of the misbehaviours below. A type that
// is left out has no records; a name that is left out does not exist.
type zone map[string]map[uint16][]string

const (
	servfail = "SERVFAIL"
	refused  = "REFUSED"
	silence  = "silence"
	nxdomain = "NXDOMAIN"
)

// server is a DNS server on loopback.
type server struct {
	zone   zone
	mu     sync.Mutex
	conns  []net.Conn
	closed bool
}

// serve starts a server over UDP and TCP and returns a resolver that knows no other.
func serve(t testing.TB, z zone) *net.Resolver {
	t.Helper()
	s := &server{zone: z}
	packets, streams := listen(t)
	address := packets.LocalAddr().String()
	for _, each := range []*dns.Server{{PacketConn: packets, Handler: s}, {Listener: streams, Handler: s}} {
		started := make(chan struct{})
		each.NotifyStartedFunc = func() { close(started) }
		ended := make(chan error, 1)
		go func() { ended <- each.ActivateAndServe() }()
		<-started
		t.Cleanup(func() {
			require.NoError(t, each.Shutdown())
			require.NoError(t, <-ended)
		})
	}
	t.Cleanup(s.hangUp)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return s.dial(ctx, network, address)
	}}
}

// listen finds a port that is free for UDP and TCP alike.
func listen(t testing.TB) (net.PacketConn, net.Listener) {
	t.Helper()
	var failed error
	for range 20 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		streams, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, streams
		}
		failed = errors.Join(err, packets.Close())
	}
	require.NoError(t, failed)
	return nil, nil
}

// dial keeps the connections: Go's resolver goes on waiting for an answer for some seconds after its caller has given up, and the tests
// look for goroutines that are left.
func (s *server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.closed {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	s.conns = append(s.conns, conn)
	return conn, err
}

func (s *server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, conn := range s.conns {
		if conn != nil {
			_ = conn.Close() // most are closed already
		}
	}
}

// ServeDNS answers a question.
func (s *server) ServeDNS(w dns.ResponseWriter, req *dns.Msg) {
	q := req.Question[0]
	reply := new(dns.Msg)
	reply.SetReply(req)
	reply.RecursionAvailable = true // without it Go takes an empty answer for a lame referral
	types, ok := s.zone[strings.TrimSuffix(q.Name, ".")]
	if !ok {
		reply.Rcode = dns.RcodeNameError
	}
	for _, record := range types[q.Qtype] {
		switch record {
		case silence:
			return
		case servfail:
			reply.Rcode = dns.RcodeServerFailure
		case refused:
			reply.Rcode = dns.RcodeRefused
		case nxdomain:
			reply.Rcode = dns.RcodeNameError
		default:
			rr, err := dns.NewRR(record)
			if err != nil {
				panic(fmt.Sprintf("%q: %v", record, err))
			}
			reply.Answer = append(reply.Answer, rr)
		}
	}
	if w.RemoteAddr().Network() == "udp" {
		reply.Truncate(dns.MinMsgSize)
	}
	_ = w.WriteMsg(reply) // a client that has gone away is its own business
}
