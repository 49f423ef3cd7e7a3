package smtp_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"testing"
)

func tlsFor(s *sink) *tls.Config { return &tls.Config{RootCAs: s.roots} }

// pipeTLS speaks TLS with the client and plain SMTP with the sink.
func pipeTLS(t *testing.T, c net.Conn, s *sink) {
	t.Helper()
	certificates := httptest.NewTLSServer(nil)
	defer certificates.Close()
	inner := tls.Server(c, &tls.Config{Certificates: certificates.TLS.Certificates})
	backend, err := net.Dial("tcp", s.addr)
	if err != nil {
		return
	}
	defer func() { _ = backend.Close() }()
	go func() { _, _ = io.Copy(backend, inner) }()
	_, _ = io.Copy(inner, backend)
}
