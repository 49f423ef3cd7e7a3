package main_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// Whatever a name server without a network does, the lead is scored and the mail written in time, and nothing is held against the
// lead.
func TestOffline(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		address string // of the name server: each its own loopback address, since the port is always 53
		serve   func(t *testing.T, conn net.PacketConn)
	}{
		"a black hole":       {"127.0.53.1", func(*testing.T, net.PacketConn) {}},
		"nobody there":       {"127.0.53.2", nil},
		"denies every name":  {"127.0.53.3", answering(dns.RcodeNameError)},
		"fails every name":   {"127.0.53.4", answering(dns.RcodeServerFailure)},
		"refuses every name": {"127.0.53.5", answering(dns.RcodeRefused)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			inNamespace(t, dir, test.address)
			if test.serve != nil {
				conn, err := net.ListenPacket("udp", test.address+":53")
				require.NoError(t, err)
				t.Cleanup(func() { _ = conn.Close() })
				test.serve(t, conn)
			}
			p := startAs(t, dir, []string{"unshare", "-m", "sh", "-c", `mount --bind resolv.conf /etc/resolv.conf && exec "$0" "$@"`}, nil)
			p.post(t, ann)
			mail := awaitMails(t, filepath.Join(dir, "outbox"), 1)[0]
			require.Contains(t, mail.Text, "Email deliverable: unknown")
			require.NotContains(t, mail.Text, "takes no mail")
			require.NotNil(t, p.leads(t, "").Data[0].Score)
			p.stop(t)
		})
	}
}

// inNamespace writes the resolver's configuration, and skips where the program cannot be given one of its own.
func inNamespace(t *testing.T, dir, address string) {
	t.Helper()
	if os.Getuid() != 0 || exec.CommandContext(t.Context(), "unshare", "-m", "true").Run() != nil {
		t.Skip("SKIPPED: a name server of its own needs root and unshare")
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "resolv.conf"), []byte("nameserver "+address+"\n"), 0o600))
}

// answering returns a name server with one answer.
func answering(code int) func(t *testing.T, conn net.PacketConn) {
	return func(t *testing.T, conn net.PacketConn) {
		t.Helper()
		server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
			_ = w.WriteMsg(new(dns.Msg).SetRcode(question, code))
		})}
		go func() { _ = server.ActivateAndServe() }()
		t.Cleanup(func() { _ = server.Shutdown() })
	}
}
