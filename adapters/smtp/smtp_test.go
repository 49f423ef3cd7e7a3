package smtp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/smtp"
)

func letter() leads.Email {
	return leads.Email{
		From: mail.Address{Name: "Leads", Address: "leads@example.com"}, To: []mail.Address{{Name: "Größe", Address: "sales@example.com"}},
		ReplyTo: []mail.Address{{Address: "ann@acme.com"}}, Subject: "Hot lead: Größe", Text: ".\nthe text\n", HTML: "<p>the html</p>\n",
		MessageID: "id1@example.com", Headers: map[string]string{"List-Unsubscribe": "<https://example.com/u/1>"},
		Tags: []string{"hot"}, Variables: map[string]string{"task": "secret-task"},
	}
}

func TestTheMailArrives(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	receipt, err := s.mailer(t, smtp.Options{Username: "leads", Password: "hunter2", HELO: "client.example.com", ReturnPath: "bounces@example.com"}).Send(t.Context(), letter())
	require.NoError(t, err)
	require.Contains(t, receipt.ID, "OK")
	require.Len(t, s.got(), 1)
	got := s.got()[0]
	require.True(t, got.tls)
	require.Equal(t, "client.example.com", got.helo)
	require.Equal(t, "bounces@example.com", got.from)
	require.Equal(t, []string{"sales@example.com"}, got.to)
	require.EqualValues(t, 1, s.signedIn.Load())
	msg, err := mail.ReadMessage(strings.NewReader(got.raw))
	require.NoError(t, err)
	require.Equal(t, "<id1@example.com>", msg.Header.Get("Message-Id"))
	require.Equal(t, "<https://example.com/u/1>", msg.Header.Get("List-Unsubscribe"))
	require.Len(t, msg.Header, 9, "%v", msg.Header) // Content-Type, Date, From, List-Unsubscribe, Message-ID, MIME-Version, Reply-To, Subject, To
	require.NotContains(t, got.raw, "secret-task", "variables are for providers, not for recipients")
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	unknown := gosmtp.EnhancedCode{5, 1, 1}
	for name, test := range map[string]struct {
		sink                 *sink
		permanent, ambiguous bool
		after                time.Duration
		says                 string
	}{
		"550 recipient":             {&sink{rcpt: refuse(550, unknown, "no such user sales@example.com here")}, true, false, 0, "550"},
		"553 recipient":             {&sink{rcpt: refuse(553, unknown, "bad")}, true, false, 0, "553"},
		"450 recipient":             {&sink{rcpt: refuse(450, gosmtp.EnhancedCode{4, 2, 0}, "greylisted")}, false, false, time.Minute, "greylisted"},
		"451 recipient":             {&sink{rcpt: refuse(451, gosmtp.EnhancedCode{4, 2, 0}, "later")}, false, false, time.Minute, "451"},
		"421 recipient":             {&sink{rcpt: refuse(421, gosmtp.EnhancedCode{4, 3, 2}, "shutting down")}, false, false, time.Minute, "421"},
		"550 relaying":              {&sink{rcpt: refuse(554, gosmtp.EnhancedCode{5, 7, 1}, "Relay access denied")}, false, false, 0, "Relay access"},
		"550 sender":                {&sink{mail: refuse(550, gosmtp.EnhancedCode{5, 7, 1}, "not your address")}, false, false, 0, "550"},
		"530 sender":                {&sink{mail: refuse(530, gosmtp.EnhancedCode{5, 7, 0}, "sign in first")}, false, false, 0, "530"},
		"552 sender":                {&sink{mail: refuse(552, gosmtp.EnhancedCode{5, 3, 4}, "too big")}, true, false, 0, "552"},
		"550 message":               {&sink{data: refuse(550, gosmtp.EnhancedCode{5, 7, 1}, "this is spam")}, true, false, 0, "this is spam"},
		"451 message":               {&sink{data: refuse(451, gosmtp.EnhancedCode{4, 3, 0}, "disk full")}, false, false, time.Minute, "disk full"},
		"drop at sender":            {&sink{mail: drop}, false, false, 0, ""},
		"drop at recipient":         {&sink{rcpt: drop}, false, false, 0, ""},
		"drop after the whole mail": {&sink{data: drop}, false, true, 0, "before the server answered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := test.sink.start(t, nil)
			_, err := s.mailer(t, smtp.Options{}).Send(t.Context(), letter())
			require.ErrorContains(t, err, "smtp: ")
			require.ErrorContains(t, err, test.says)
			require.Equal(t, test.permanent, leads.IsPermanent(err), "%v", err)
			require.Equal(t, test.ambiguous, leads.IsAmbiguous(err), "%v", err)
			require.Equal(t, test.after, leads.RetryAfter(err))
			if !test.ambiguous {
				require.Empty(t, s.got())
			}
			require.NotContains(t, err.Error(), "sales@example.com", "no personal data")
			require.NotContains(t, err.Error(), "127.0.0.1")
		})
	}
}

// TestBreaksWithinTheMessage answers DATA, and breaks the connection when the first bytes of the message come: it cannot have been taken.
func TestBreaksWithinTheMessage(t *testing.T) {
	t.Parallel()
	addr := script(t, func(c net.Conn) {
		answer(c, "220 x", "250 x", "250 x", "250 x", "354 go on")
		_, _ = c.Read(make([]byte, 16))
	})
	m := letter()
	m.Text = strings.Repeat("a long message\n", 1<<19) // more than the buffers on the way take
	_, err := smtp.New(addr, &smtp.Options{Security: smtp.None}).Send(t.Context(), m)
	require.ErrorContains(t, err, "writing the message")
	require.False(t, leads.IsPermanent(err))
	require.False(t, leads.IsAmbiguous(err))
}

// script runs a server of few words.
func script(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				serve(c)
				_ = c.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

// answer says a line for each that it reads; the first without being asked.
func answer(c net.Conn, lines ...string) {
	for i, line := range lines {
		if i > 0 {
			readLine(c)
		}
		_, _ = fmt.Fprintf(c, "%s\r\n", line)
	}
}

func readLine(c net.Conn) {
	for b := make([]byte, 1); b[0] != '\n'; {
		if n, err := c.Read(b); n == 0 || err != nil {
			return
		}
	}
}

func TestHangs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lines     []string
		ambiguous bool
	}{
		"before the greeting":   {nil, false},
		"after the greeting":    {[]string{"220 x"}, false},
		"at the sender":         {[]string{"220 x", "250 x"}, false},
		"at the recipient":      {[]string{"220 x", "250 x", "250 x"}, false},
		"before the message":    {[]string{"220 x", "250 x", "250 x", "250 x"}, false},
		"after the whole mail ": {[]string{"220 x", "250 x", "250 x", "250 x", "354 x"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			over := make(chan struct{})
			t.Cleanup(func() { close(over) })
			addr := script(t, func(c net.Conn) {
				answer(c, test.lines...)
				<-over
			})
			m := smtp.New(addr, &smtp.Options{Security: smtp.None, Timeout: 150 * time.Millisecond})
			start := time.Now()
			_, err := m.Send(t.Context(), letter())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, test.ambiguous, leads.IsAmbiguous(err), "%v", err)
			require.False(t, leads.IsPermanent(err))
			require.Less(t, time.Since(start), 5*time.Second)

			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			_, err = smtp.New(addr, &smtp.Options{Security: smtp.None}).Send(ctx, letter())
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, test.ambiguous, leads.IsAmbiguous(err))
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	require.NoError(t, listener.Close())
	m := smtp.New(addr, nil)
	_, err = m.Send(t.Context(), letter())
	require.ErrorContains(t, err, "connecting")
	require.False(t, leads.IsPermanent(err))
	require.False(t, leads.IsAmbiguous(err))
	findings := m.Check(t.Context())
	require.Len(t, findings, 1)
	require.False(t, findings[0].Fatal, "a server that is away must not keep leads from being captured")
}

func TestTLSIsNotOptional(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, func(server *gosmtp.Server) { server.TLSConfig = nil })
	_, err := s.mailer(t, smtp.Options{}).Send(t.Context(), letter())
	require.ErrorContains(t, err, "does not offer STARTTLS")
	require.False(t, leads.IsPermanent(err))
	require.Empty(t, s.got())

	_, err = s.mailer(t, smtp.Options{Security: smtp.Opportunistic, Username: "leads", Password: "hunter2"}).Send(t.Context(), letter())
	require.ErrorContains(t, err, "sign in", "the password does not go over a connection in the clear, and this server does not want it so")
	for _, security := range []smtp.Security{smtp.Opportunistic, smtp.None} {
		_, err = s.mailer(t, smtp.Options{Security: security}).Send(t.Context(), letter())
		require.NoError(t, err)
	}
	require.Len(t, s.got(), 2)
	require.False(t, s.got()[0].tls)
}

func TestACertificateNobodyKnows(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	m := smtp.New(s.addr, nil)
	_, err := m.Send(t.Context(), letter())
	require.ErrorContains(t, err, "certificate")
	require.False(t, leads.IsPermanent(err))
	require.Empty(t, s.got())
	require.Len(t, m.Check(t.Context()), 1)
}

func TestImplicitTLS(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	wrapped := script(t, func(c net.Conn) { pipeTLS(t, c, s) })
	m := smtp.New(wrapped, &smtp.Options{Security: smtp.Implicit, TLS: tlsFor(s)})
	t.Cleanup(func() { _ = m.Close() })
	_, err := m.Send(t.Context(), letter())
	require.NoError(t, err)
	require.Len(t, s.got(), 1)
}

func TestAWrongPasswordLosesNoMail(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	m := s.mailer(t, smtp.Options{Username: "leads", Password: "wrong-secret"})
	_, err := m.Send(t.Context(), letter())
	require.ErrorContains(t, err, "535")
	require.False(t, leads.IsPermanent(err))
	findings := m.Check(t.Context())
	require.Len(t, findings, 1)
	require.Contains(t, findings[0].Message, "535")
	dump, _ := json.Marshal(struct{ Mailer any }{m})
	for _, text := range []string{err.Error(), findings[0].Message, fmt.Sprintf("%v %+v %#v", *m, *m, *m), fmt.Sprintf("%+v", m), string(dump)} {
		require.NotContains(t, text, "wrong-secret")
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		addr string
		opts smtp.Options
		says string
	}{
		"no address":           {"", smtp.Options{}, "the address"},
		"URL":                  {"smtp://mail.example.com:25", smtp.Options{}, "the address"},
		"port":                 {"mail.example.com:smtp", smtp.Options{}, "the address"},
		"security":             {"mail.example.com", smtp.Options{Security: "ssl"}, "Options.Security"},
		"password alone":       {"mail.example.com", smtp.Options{Password: "x"}, "Options.Password"},
		"password in clear":    {"mail.example.com", smtp.Options{Security: smtp.None, Username: "x"}, "in the clear"},
		"HELO":                 {"mail.example.com", smtp.Options{HELO: "a\r\nMAIL FROM:<x>"}, "Options.HELO"},
		"ReturnPath":           {"mail.example.com", smtp.Options{ReturnPath: "a@b.example>\r\nRCPT TO:<x@y.example"}, "Options.ReturnPath"},
		"negative time":        {"mail.example.com", smtp.Options{Timeout: -1}, "Options.Timeout"},
		"several are all told": {"", smtp.Options{Timeout: -1, HELO: " "}, "Options.HELO"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := smtp.New(test.addr, &test.opts)
			findings := m.Check(t.Context())
			require.Len(t, findings, 1)
			require.True(t, findings[0].Fatal)
			require.Contains(t, findings[0].Message, test.says)
			_, err := m.Send(t.Context(), letter())
			require.ErrorContains(t, err, test.says)
			require.False(t, leads.IsPermanent(err), "a set-up that can be mended must not lose mail")
		})
	}
}

func TestCheckSendsNothing(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	require.Empty(t, s.mailer(t, smtp.Options{Username: "leads", Password: "hunter2"}).Check(t.Context()))
	require.EqualValues(t, 1, s.signedIn.Load())
	require.Empty(t, s.got())
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	m := s.mailer(t, smtp.Options{Idle: time.Minute})
	for range 5 {
		_, err := m.Send(t.Context(), letter())
		require.NoError(t, err)
	}
	require.Len(t, s.got(), 5)
	require.EqualValues(t, 1, s.connections.Load())
	require.NoError(t, m.Close())
	_, err := m.Send(t.Context(), letter())
	require.NoError(t, err)
	require.EqualValues(t, 2, s.connections.Load())

	once := s.mailer(t, smtp.Options{Idle: -1})
	for range 2 {
		_, err := once.Send(t.Context(), letter())
		require.NoError(t, err)
	}
	require.EqualValues(t, 4, s.connections.Load())
}

// TestAConnectionThatHasEnded breaks kept connections: the mail goes over a new one, once.
func TestAConnectionThatHasEnded(t *testing.T) {
	t.Parallel()
	var conns sync.Map
	var failing atomic.Bool
	s := &sink{mail: func(c *gosmtp.Conn, _ string) error {
		if _, known := conns.LoadOrStore(c, true); known && failing.Load() {
			return c.Conn().Close()
		}
		return nil
	}}
	m := s.start(t, nil).mailer(t, smtp.Options{Idle: time.Minute})
	failing.Store(true)
	for i := range 4 {
		_, err := m.Send(t.Context(), letter())
		require.NoError(t, err)
		require.Len(t, s.got(), i+1)
	}
	require.EqualValues(t, 4, s.connections.Load())
}

// TestARefusalOnAKeptConnection is the server's word: it is not asked again on another.
func TestARefusalOnAKeptConnection(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	s := &sink{rcpt: func(*gosmtp.Conn, string) error {
		if calls.Add(1) > 1 {
			return &gosmtp.SMTPError{Code: 550, Message: "no"}
		}
		return nil
	}}
	m := s.start(t, nil).mailer(t, smtp.Options{Idle: time.Minute})
	_, err := m.Send(t.Context(), letter())
	require.NoError(t, err)
	_, err = m.Send(t.Context(), letter())
	require.True(t, leads.IsPermanent(err))
	require.EqualValues(t, 2, calls.Load())
}

func TestAllRecipientsOrNone(t *testing.T) {
	t.Parallel()
	s := &sink{rcpt: func(_ *gosmtp.Conn, to string) error {
		if strings.HasPrefix(to, "bad") {
			return &gosmtp.SMTPError{Code: 550, Message: "no"}
		}
		return nil
	}}
	m := s.start(t, nil).mailer(t, smtp.Options{})
	l := letter()
	l.To = []mail.Address{{Address: "a@example.com"}, {Address: "bad@example.com"}}
	_, err := m.Send(t.Context(), l)
	require.True(t, leads.IsPermanent(err))
	require.Empty(t, s.got())
	l.To[1].Address = "b@example.com"
	_, err = m.Send(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, []string{"a@example.com", "b@example.com"}, s.got()[0].to)
}

func TestAddressesBeyondASCII(t *testing.T) {
	t.Parallel()
	for name, able := range map[string]bool{"the server can": true, "the server cannot": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := new(sink).start(t, func(server *gosmtp.Server) { server.EnableSMTPUTF8 = able })
			l := letter()
			l.To[0].Address = "größe@müller.example"
			_, err := s.mailer(t, smtp.Options{}).Send(t.Context(), l)
			if !able {
				require.True(t, leads.IsPermanent(err))
				require.ErrorContains(t, err, "beyond ASCII")
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{"größe@xn--mller-kva.example"}, s.got()[0].to)
		})
	}
}

func TestABadFieldIsNamed(t *testing.T) {
	t.Parallel()
	s := new(sink).start(t, nil)
	l := letter()
	l.Subject = "a\r\nBcc: b@example.com"
	_, err := s.mailer(t, smtp.Options{}).Send(t.Context(), l)
	require.ErrorContains(t, err, "smtp: Email.Subject")
	require.True(t, leads.IsPermanent(err))
	require.Zero(t, s.connections.Load())
}

func TestErrorsKeepTheirCause(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := smtp.New("192.0.2.1", nil).Send(ctx, letter())
	require.True(t, errors.Is(err, context.Canceled))
}
