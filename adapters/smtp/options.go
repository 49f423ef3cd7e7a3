package smtp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/secret"
)

// Security says how the connection is encrypted.
type Security string

// The kinds of security.
const (
	// StartTLS begins in the clear and goes over to TLS before anything else is said; a server that cannot is not used.
	StartTLS Security = "starttls"
	// Implicit is TLS from the first byte, usually on port 465.
	Implicit Security = "implicit"
	// Opportunistic uses STARTTLS where the server offers it, and else sends in the clear. Whoever can change what is on the wire can take
	// the offer away.
	Opportunistic Security = "opportunistic"
	// None sends in the clear: for a relay on the same machine or a mail catcher.
	None Security = "none"
)

// Options change how a [Mailer] talks to its server.
type Options struct {
	// Security is how the connection is encrypted. "" means StartTLS, or Implicit on port 465.
	Security Security
	// Username and Password sign in, with the best that the server offers of SCRAM-SHA-256, PLAIN, LOGIN and CRAM-MD5. They are never sent in
	// the clear but to this machine. An empty Username means that nobody signs in.
	Username, Password string
	// HELO is the name by which this program greets. "" means the address literal of the connection's own end, "[192.0.2.1]" (RFC 5321, 4.1.3).
	HELO string
	// ReturnPath is the address that bounces go to. "" means the mail's From.
	ReturnPath string
	// Timeout bounds one mail, connecting included. 0 means 30s.
	Timeout time.Duration
	// Idle is how long a connection is kept for the next mail. 0 means 5s; below 0 means not at all.
	Idle time.Duration
	// TLS is cloned and used for the connection; an empty ServerName is the host. Nil means the defaults of crypto/tls from TLS 1.2 on.
	TLS *tls.Config
	// Dial opens the connection. Nil means a net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// settings are options that have been checked. The password prints as [redacted].
type settings struct {
	Options
	addr, host string
	password   secret.Secret
}

// settle fills in the defaults. Its error names every mistake.
func (o Options) settle(addr string) (settings, error) {
	s := settings{Options: o, password: secret.New(o.Password)}
	s.Options.Password = ""
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("smtp: "+format, args...)) }

	host, port, err := net.SplitHostPort(addr)
	if err != nil { // no port
		host, port = strings.Trim(addr, "[]"), "587"
		if o.Security == Implicit {
			port = "465"
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, " \t\r\n/@") {
		bad("the address must be HOST or HOST:PORT, like %q", "smtp.example.com:587")
	}
	s.host, s.addr = host, net.JoinHostPort(host, port)
	if s.Security == "" {
		s.Security = StartTLS
		if port == "465" {
			s.Security = Implicit
		}
	}
	switch s.Security {
	case StartTLS, Implicit, Opportunistic, None:
	default:
		bad("Options.Security is %q; it must be starttls, implicit, opportunistic, none or empty", string(o.Security))
	}
	if o.Password != "" && o.Username == "" {
		bad("Options.Password is set without Options.Username")
	}
	if o.Username != "" && s.Security == None && !isLocal(host) {
		bad("Options.Username would sign in over a connection in the clear; set Options.Security")
	}
	if strings.ContainsFunc(o.HELO, func(r rune) bool { return r <= ' ' || r > '~' }) {
		bad("Options.HELO must be a host name or an address literal")
	}
	if a, err := mail.ParseAddress("<" + o.ReturnPath + ">"); o.ReturnPath != "" && (err != nil || a.Address != o.ReturnPath) {
		bad("Options.ReturnPath must be an email address")
	}
	if o.Timeout < 0 {
		bad("Options.Timeout must not be negative: %s", o.Timeout)
	}
	s.Timeout, s.Idle = cmp.Or(o.Timeout, 30*time.Second), cmp.Or(o.Idle, 5*time.Second)
	s.TLS = s.tlsConfig()
	if s.Dial == nil {
		s.Dial = new(net.Dialer).DialContext
	}
	return s, errors.Join(errs...)
}

func (s settings) tlsConfig() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.ServerName = cmp.Or(config.ServerName, s.host)
	return config
}

// sender is the address in MAIL FROM.
func (s settings) sender(m leads.Email) string { return cmp.Or(s.ReturnPath, m.From.Address) }

// isLocal reports whether a host is this machine.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
