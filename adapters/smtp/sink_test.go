package smtp_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/smtp"
)

// sink is an SMTP server that keeps what it accepts and fails on demand.
type sink struct {
	addr  string
	roots *x509.CertPool

	mail, rcpt, data func(c *gosmtp.Conn, arg string) error // nil accepts; data is called with the whole message

	mu          sync.Mutex
	accepted    []envelope
	connections atomic.Int32
	signedIn    atomic.Int32
}

// envelope is a mail that the sink has accepted.
type envelope struct {
	helo, from string
	to         []string
	raw        string
	tls        bool
}

// start starts the sink. serverOpts may change the server before.
func (s *sink) start(t *testing.T, serverOpts func(*gosmtp.Server)) *sink {
	t.Helper()
	certificates := httptest.NewTLSServer(nil) // for its certificate, which is valid for example.com and 127.0.0.1
	t.Cleanup(certificates.Close)
	s.roots = x509.NewCertPool()
	s.roots.AddCert(certificates.Certificate())

	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		return &sinkSession{sink: s, conn: c}, nil
	}))
	server.TLSConfig = &tls.Config{Certificates: certificates.TLS.Certificates}
	server.Domain = "sink.example"
	server.ErrorLog = quiet{}
	if serverOpts != nil {
		serverOpts(server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.addr = listener.Addr().String()
	go func() { _ = server.Serve(counting{listener, &s.connections}) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// mailer returns a Mailer for the sink.
func (s *sink) mailer(t *testing.T, opts smtp.Options) *smtp.Mailer {
	t.Helper()
	opts.TLS = &tls.Config{RootCAs: s.roots}
	if opts.Timeout == 0 {
		opts.Timeout = 10 * time.Second
	}
	m := smtp.New(s.addr, &opts)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

func (s *sink) got() []envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]envelope(nil), s.accepted...)
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// counting counts the connections.
type counting struct {
	net.Listener
	n *atomic.Int32
}

func (c counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.n.Add(1)
	}
	return conn, err
}

type sinkSession struct {
	sink *sink
	conn *gosmtp.Conn
	envelope
}

func (s *sinkSession) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

func (s *sinkSession) Auth(mech string) (sasl.Server, error) {
	check := func(_, username, password string) error {
		if username != "leads" || password != "hunter2" {
			return gosmtp.ErrAuthFailed
		}
		s.sink.signedIn.Add(1)
		return nil
	}
	return sasl.NewPlainServer(check), nil
}

func (s *sinkSession) Mail(from string, _ *gosmtp.MailOptions) error {
	_, s.tls = s.conn.TLSConnectionState()
	s.helo, s.from = s.conn.Hostname(), from
	return call(s.sink.mail, s.conn, from)
}

func (s *sinkSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.to = append(s.to, to)
	return call(s.sink.rcpt, s.conn, to)
}

func (s *sinkSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.raw = string(raw)
	if err := call(s.sink.data, s.conn, s.raw); err != nil {
		return err
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.accepted = append(s.sink.accepted, s.envelope)
	return nil
}

func (s *sinkSession) Reset()        { s.envelope = envelope{} }
func (s *sinkSession) Logout() error { return nil }

func call(f func(*gosmtp.Conn, string) error, c *gosmtp.Conn, arg string) error {
	if f == nil {
		return nil
	}
	return f(c, arg)
}

// refuse answers with a code.
func refuse(code int, enhanced gosmtp.EnhancedCode, text string) func(*gosmtp.Conn, string) error {
	return func(*gosmtp.Conn, string) error {
		return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
	}
}

// drop breaks the connection.
func drop(c *gosmtp.Conn, _ string) error { return c.Conn().Close() }
