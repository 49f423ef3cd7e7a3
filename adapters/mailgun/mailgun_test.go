package mailgun_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"

	api "github.com/mailgun/mailgun-go/v4"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/mailgun"
)

func TestTheRequest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	receipt, err := s.mailer(mailgun.Options{}).Send(t.Context(), letter())
	require.NoError(t, err)
	require.Equal(t, "id1@mg.example.com", receipt.ID)
	require.Equal(t, []taken{{path: "/v3/mg.example.com/messages", user: "api", key: testKey, form: map[string][]string{
		"from": {`"Leads" <leads@mg.example.com>`}, "to": {"=?utf-8?q?Gr=C3=B6=C3=9Fe?= <ann@acme.example>"}, "subject": {"Your demo: Größe"},
		"text": {"the text\n"}, "html": {"<p>the html</p>\n"},
		"h:Message-Id": {"<id1@mg.example.com>"}, "h:Reply-To": {`"Bob" <bob@example.com>`},
		"h:List-Unsubscribe": {"<https://example.com/u/1>"}, "h:Auto-Submitted": {"auto-generated"},
		"o:tag": {"sequence"}, "v:lead": {"l1"}, "o:tracking": {"no"}, "o:tracking-opens": {"no"}, "o:tracking-clicks": {"no"},
	}}}, s.got())
}

func TestOptionsOfTheRequest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := letter()
	m.HTML, m.Tags = "", []string{"a", "größe", "b", strings.Repeat("x", 129), "c", "d"}
	m.To = append(m.To, mail.Address{Address: "eve@example.com"})
	_, err := s.mailer(mailgun.Options{Tracking: true, TestMode: true, SharedTo: true}).Send(t.Context(), m)
	require.NoError(t, err)
	form := s.got()[0].form
	require.Equal(t, []string{"yes"}, form["o:tracking"])
	require.Equal(t, []string{"yes"}, form["o:tracking-opens"])
	require.Equal(t, []string{"yes"}, form["o:tracking-clicks"])
	require.Equal(t, []string{"yes"}, form["o:testmode"])
	require.Equal(t, []string{"a", "b", "c"}, form["o:tag"], "the first three that Mailgun takes")
	require.Len(t, form["to"], 2)
	require.NotContains(t, form, "html")
}

func TestSeveralRecipientsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := letter()
	m.To = append(m.To, mail.Address{Address: "eve@example.com"})
	_, err := s.mailer(mailgun.Options{}).Send(t.Context(), m)
	require.True(t, leads.IsPermanent(err))
	require.ErrorContains(t, err, "Email.To")
	require.Zero(t, s.calls.Load())
}

func TestPlaceholdersOfLeadsAreInert(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := letter()
	m.Subject, m.Text, m.HTML = "50% off %recipient_email%", "100% %unsubscribe_url% %Tag_Unsubscribe_URL%", `<a href="%mailing_list_unsubscribe_url%">5%</a>`
	_, err := s.mailer(mailgun.Options{}).Send(t.Context(), m)
	require.NoError(t, err)
	form := s.got()[0].form
	require.Equal(t, "50% off %\u2060recipient_email%", form["subject"][0])
	require.Equal(t, "100% %\u2060unsubscribe_url% %\u2060Tag_Unsubscribe_URL%", form["text"][0])
	require.Equal(t, "<a href=\"%\u2060mailing_list_unsubscribe_url%\">5%</a>", form["html"][0])
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	type fail = func(http.ResponseWriter, *http.Request) bool
	for name, test := range map[string]struct {
		before, after        fail
		permanent, ambiguous bool
		wait                 time.Duration
		says                 string
	}{
		"400":                {status(400, "to parameter is not a valid address: ann@acme.example"), nil, true, false, 0, "not a valid address: <…>"},
		"401":                {status(401, "Invalid private key "+testKey), nil, false, false, 0, "the key is not accepted: Invalid private key [redacted]"},
		"402":                {status(402, ""), nil, false, false, 0, "402"},
		"403":                {status(403, "Forbidden"), nil, false, false, 0, "may not send"},
		"404":                {status(404, "Domain not found"), nil, false, false, 0, "in this region"},
		"405":                {status(405, ""), nil, false, false, 0, "405"},
		"408":                {status(408, ""), nil, false, false, 0, "408"},
		"409":                {status(409, ""), nil, false, false, 0, "409"},
		"413":                {status(413, ""), nil, true, false, 0, "413"},
		"422":                {status(422, ""), nil, true, false, 0, "422"},
		"429":                {status(429, "slow down", "Retry-After", "7"), nil, false, false, 7 * time.Second, "slow down"},
		"429 without a time": {status(429, ""), nil, false, false, 0, "429"},
		"500 and sent":       {nil, status(500, ""), false, true, 0, "500"},
		"502":                {status(502, ""), nil, false, true, 0, "502"},
		"503 with a time":    {status(503, "", "Retry-After", "90"), nil, false, true, 90 * time.Second, "503"},
		"redirect":           {status(302, "", "Location", "/elsewhere"), nil, false, false, 0, "302"},
		"reset after it all": {nil, reset, false, true, 0, "the connection failed"},
		"garbage":            {nil, garbage("<html>ok</html>"), false, true, 0, "could not be read"},
		"nothing":            {nil, garbage(""), false, true, 0, "could not be read"},
		"no id":              {nil, garbage(`{"message":"Queued"}`), false, true, 0, "could not be read"},
		"cut off":            {nil, cutOff, false, true, 0, "could not be read"},
		"an answer too long": {nil, garbage(`{"id":"x","message":"` + strings.Repeat("x", 2<<20) + `"}`), false, true, 0, "could not be read"},
		"redirect to itself": {status(307, "", "Location", "/v3/mg.example.com/messages"), nil, false, false, 0, "307"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.refuse, s.fail = test.before, test.after
			_, err := s.mailer(mailgun.Options{}).Send(t.Context(), letter())
			require.ErrorContains(t, err, "mailgun: ")
			require.ErrorContains(t, err, test.says)
			require.Equal(t, test.permanent, leads.IsPermanent(err), "%v", err)
			require.Equal(t, test.ambiguous, leads.IsAmbiguous(err), "%v", err)
			require.Equal(t, test.wait, leads.RetryAfter(err))
			require.EqualValues(t, 1, s.calls.Load(), "neither a second try nor a redirect")
			for _, secret := range []string{testKey, "ann@acme.example", "127.0.0.1"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

func garbage(body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte(body))
		return true
	}
}

// cutOff breaks the connection within the answer.
func cutOff(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte(`{"id":`))
	_ = http.NewResponseController(w).Flush()
	return reset(w, r)
}

// hang says nothing until the test is over. It is asked for after the server, so that it ends before.
func hang(t *testing.T) func(http.ResponseWriter, *http.Request) bool {
	t.Helper()
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return func(http.ResponseWriter, *http.Request) bool { <-over; return true }
}

func TestTimeOuts(t *testing.T) {
	t.Parallel()
	t.Run("after the request", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		s.fail = hang(t)
		_, err := s.mailer(mailgun.Options{Timeout: 100 * time.Millisecond}).Send(t.Context(), letter())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, leads.IsAmbiguous(err))
		require.Len(t, s.got(), 1)
	})
	t.Run("within the answer", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		wait := hang(t)
		s.fail = func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = w.Write([]byte(`{"id":`))
			_ = http.NewResponseController(w).Flush()
			return wait(w, r)
		}
		_, err := s.mailer(mailgun.Options{Timeout: 100 * time.Millisecond}).Send(t.Context(), letter())
		require.True(t, leads.IsAmbiguous(err))
	})
	t.Run("before the connection", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing, so that TLS never comes about
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		_, err = mailgun.New("mg.example.com", testKey, &mailgun.Options{Base: "https://" + listener.Addr().String(), Timeout: 100 * time.Millisecond}).Send(t.Context(), letter())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, leads.IsAmbiguous(err))
		require.False(t, leads.IsPermanent(err))
	})
}

func TestNothingHasLeftThisMachine(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refused := listener.Addr().String()
	require.NoError(t, listener.Close())
	for name, base := range map[string]string{"refused": "http://" + refused, "no such name": "https://nobody.invalid/v3"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mailgun.New("mg.example.com", testKey, &mailgun.Options{Base: base}).Send(t.Context(), letter())
			require.Error(t, err)
			require.False(t, leads.IsAmbiguous(err), "%v", err)
			require.False(t, leads.IsPermanent(err))
		})
	}
	t.Run("ended context", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.mailer(mailgun.Options{}).Send(ctx, letter())
		require.ErrorIs(t, err, context.Canceled)
		require.False(t, leads.IsAmbiguous(err))
		require.Zero(t, s.calls.Load())
	})
	t.Run("broken within the request", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 64))
				_ = conn.Close()
			}
		}()
		m := letter()
		m.Text = strings.Repeat("a long message\n", 1<<20) // more than the buffers on the way take
		_, err = mailgun.New("mg.example.com", testKey, &mailgun.Options{Base: "http://" + listener.Addr().String()}).Send(t.Context(), m)
		require.Error(t, err)
		require.False(t, leads.IsAmbiguous(err), "%v", err)
	})
}

func TestBases(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"": "https://api.mailgun.net/v3/mg.example.com/messages", "us": "https://api.mailgun.net/v3/mg.example.com/messages",
		"EU": "https://api.eu.mailgun.net/v3/mg.example.com/messages", "https://api.eu.mailgun.net/v3/": "https://api.eu.mailgun.net/v3/mg.example.com/messages",
		"http://localhost:8025": "http://localhost:8025/v3/mg.example.com/messages", "http://proxy.example/mail/v4": "http://proxy.example/mail/v4/mg.example.com/messages",
	} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			var got string
			client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				got = r.URL.String()
				return nil, context.Canceled
			})}
			_, err := mailgun.New("mg.example.com", testKey, &mailgun.Options{Base: base, Client: client}).Send(t.Context(), letter())
			require.Error(t, err)
			require.Equal(t, want, got)
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		domain, key string
		opts        mailgun.Options
		says        string
	}{
		"no domain":        {"", testKey, mailgun.Options{}, "the domain"},
		"a path":           {"mg.example.com/../x", testKey, mailgun.Options{}, "the domain"},
		"an address":       {"leads@mg.example.com", testKey, mailgun.Options{}, "the domain"},
		"a single label":   {"localhost", testKey, mailgun.Options{}, "the domain"},
		"no key":           {"mg.example.com", "", mailgun.Options{}, "the API key is required"},
		"a key with blank": {"mg.example.com", testKey + "\n", mailgun.Options{}, "the API key holds"},
		"region":           {"mg.example.com", testKey, mailgun.Options{Base: "ASIA"}, "Options.Base"},
		"a base with user": {"mg.example.com", testKey, mailgun.Options{Base: "https://api:" + testKey + "@api.mailgun.net/v3"}, "Options.Base"},
		"a path without v": {"mg.example.com", testKey, mailgun.Options{Base: "https://api.mailgun.net/api"}, "Options.Base"},
		"negative time":    {"mg.example.com", testKey, mailgun.Options{Timeout: -1}, "Options.Timeout"},
		"negative delay":   {"mg.example.com", testKey, mailgun.Options{EventsDelay: -1}, "Options.EventsDelay"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mailgun.New(test.domain, test.key, &test.opts)
			findings := m.Check(t.Context())
			require.Len(t, findings, 1)
			require.True(t, findings[0].Fatal)
			require.Contains(t, findings[0].Message, test.says)
			require.NotContains(t, findings[0].Message, testKey)
			_, err := m.Send(t.Context(), letter())
			require.ErrorContains(t, err, test.says)
			require.False(t, leads.IsPermanent(err), "a set-up that can be mended must not lose mail")
			_, _, err = m.Sent(t.Context(), letter())
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	require.Empty(t, mailgun.New("mg.example.com", testKey, nil).Check(t.Context()))
	for name, m := range map[string]*mailgun.Mailer{
		"in the clear":   mailgun.New("mg.example.com", testKey, &mailgun.Options{Base: "http://192.0.2.1/v3"}),
		"the public key": mailgun.New("mg.example.com", "pubkey-5ogiflzbnjrljiky49qxsiozqef5jxp7", nil),
	} {
		findings := m.Check(t.Context())
		require.Len(t, findings, 1, name)
		require.False(t, findings[0].Fatal)
	}
}

// TestAWrongKeyShowsInCheck until a mail gets through.
func TestAWrongKeyShowsInCheck(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.refuse = status(401, "Forbidden")
	m := s.mailer(mailgun.Options{})
	_, err := m.Send(t.Context(), letter())
	require.Error(t, err)
	findings := m.Check(t.Context())
	require.Len(t, findings, 1)
	require.Contains(t, findings[0].Message, "the key is not accepted")
	require.False(t, findings[0].Fatal)
	s.refuse = nil
	_, err = m.Send(t.Context(), letter())
	require.NoError(t, err)
	require.Empty(t, m.Check(t.Context()))
}

func TestTheKeyIsNeverPrinted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := s.mailer(mailgun.Options{})
	_, err := m.Send(t.Context(), letter())
	require.NoError(t, err)
	e := mailgun.NewEvents(signingKey, new(collector), nil)
	for _, part := range []any{m, *e} {
		dump, _ := json.Marshal(part)
		for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", part, part, part, part), string(dump)} {
			require.NotContains(t, text, testKey)
			require.NotContains(t, text, signingKey)
		}
	}
	require.Equal(t, "mailgun:mg.example.com", fmt.Sprint(m))
}

// TestMailgunsOwnServer sends to the server that Mailgun's library brings along, and finds the mail among its events.
func TestMailgunsOwnServer(t *testing.T) {
	t.Parallel()
	own := api.NewMockServer()
	t.Cleanup(own.Stop)
	m := mailgun.New("samples.mailgun.org", testKey, &mailgun.Options{Base: own.URL()})
	receipt, err := m.Send(t.Context(), letter())
	require.NoError(t, err)
	require.NotEmpty(t, receipt.ID)
}

// TestRedirectsTakeNothingAlong has the key and the mail stay where they belong.
func TestRedirectsTakeNothingAlong(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	for _, code := range []int{301, 302, 307, 308} {
		s := newServer(t)
		s.refuse = status(code, "", "Location", elsewhere.URL+"/v3/mg.example.com/messages")
		_, err := s.mailer(mailgun.Options{}).Send(t.Context(), letter())
		require.Error(t, err)
		require.False(t, leads.IsPermanent(err))
	}
}
