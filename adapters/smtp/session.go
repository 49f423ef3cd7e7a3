package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	gosmtp "github.com/wneessen/go-mail/smtp"
)

// session is a connection to a server that has been greeted and signed in to.
type session struct {
	conn   net.Conn
	client *gosmtp.Client
}

// dial opens a session. When ctx ends it comes back at once.
func (s settings) dial(ctx context.Context) (*session, error) {
	conn, err := s.Dial(ctx, "tcp", s.addr)
	if err != nil {
		return nil, &fault{phase: phaseSession, err: fmt.Errorf("connecting: %w", bare(err))}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	opened, err := s.open(conn)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return opened, nil
}

// open greets the server, goes over to TLS and signs in.
func (s settings) open(conn net.Conn) (*session, error) {
	if s.Security == Implicit {
		conn = tls.Client(conn, s.TLS)
	}
	client, err := gosmtp.NewClient(conn, s.host)
	if err != nil {
		return nil, reply(phaseSession, err)
	}
	if err := client.Hello(s.helo(conn)); err != nil {
		return nil, reply(phaseSession, err)
	}
	if err := s.encrypt(client); err != nil {
		return nil, reply(phaseSession, err)
	}
	if s.Username != "" {
		if err := s.signIn(client); err != nil {
			return nil, reply(phaseSession, err)
		}
	}
	return &session{conn: conn, client: client}, nil
}

// helo is the name to greet with.
func (s settings) helo(conn net.Conn) string {
	if s.HELO != "" {
		return s.HELO
	}
	addr, ok := conn.LocalAddr().(*net.TCPAddr)
	switch {
	case !ok:
		return "localhost"
	case addr.IP.To4() == nil:
		return "[IPv6:" + addr.IP.String() + "]"
	}
	return "[" + addr.IP.String() + "]"
}

func (s settings) encrypt(client *gosmtp.Client) error {
	offered, _ := client.Extension("STARTTLS")
	switch {
	case s.Security == None || s.Security == Implicit || s.Security == Opportunistic && !offered:
		return nil
	case !offered:
		return errors.New("the server does not offer STARTTLS")
	}
	return client.StartTLS(s.TLS)
}

// signIn uses the best mechanism that both sides know.
func (s settings) signIn(client *gosmtp.Client) error {
	_, line := client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(line))
	password := s.password.Reveal()
	for _, m := range []struct {
		name string
		auth gosmtp.Auth
	}{
		{"SCRAM-SHA-256", gosmtp.ScramSHA256Auth(s.Username, password)},
		{"PLAIN", gosmtp.PlainAuth("", s.Username, password, s.host, isLocal(s.host))},
		{"LOGIN", gosmtp.LoginAuth(s.Username, password, s.host, isLocal(s.host))},
		{"CRAM-MD5", gosmtp.CRAMMD5Auth(s.Username, password)},
	} {
		if slices.Contains(offered, m.name) {
			if err := client.Auth(m.auth); err != nil {
				return fmt.Errorf("signing in: %w", err)
			}
			return nil
		}
	}
	return errors.New("the server offers no way to sign in that this program knows")
}

// pool keeps sessions for the next mail.
type pool struct {
	mu   sync.Mutex
	idle []*waiting
}

// waiting is a session in a pool with the timer that ends its stay.
type waiting struct {
	*session
	timer *time.Timer
}

// maxIdle is how many sessions a pool keeps.
const maxIdle = 4

// take returns the session that was used last, or nil.
func (p *pool) take() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	w := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	w.timer.Stop()
	return w.session
}

// put keeps a session for that long, or closes it.
func (p *pool) put(s *session, stay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stay < 0 || len(p.idle) >= maxIdle {
		_ = s.conn.Close()
		return
	}
	w := &waiting{session: s}
	w.timer = time.AfterFunc(stay, func() { p.drop(w) })
	p.idle = append(p.idle, w)
}

// drop closes a session unless somebody has taken it.
func (p *pool) drop(w *waiting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.idle, w); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
		_ = w.conn.Close()
	}
}

// clear closes all sessions.
func (p *pool) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.idle {
		w.timer.Stop()
		_ = w.conn.Close()
	}
	p.idle = nil
}
