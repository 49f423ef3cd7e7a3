package mailgun_test

import (
	"bytes"
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/mailgun"
)

const jsonType = "application/json"

func door(sink mailgun.Sink, c *clock) *mailgun.Events {
	return mailgun.NewEvents(signingKey, sink, &mailgun.EventsOptions{Clock: c.Now})
}

func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	const id = "0198f3a1.7@mg.example.com"
	vars := map[string]string{"lead": "0198f3a1-0000-7000-8000-000000000001", "step": "2"}
	at := func(seconds int64, micros int) time.Time { return time.Unix(seconds, int64(micros)*1000).UTC() }
	event := func(kind leads.MailEventKind, name string, when time.Time, change func(*leads.MailEvent)) leads.MailEvent {
		e := leads.MailEvent{Kind: kind, ID: name, At: when, MessageID: id, Recipient: "ann@acme.example", Variables: vars}
		if change != nil {
			change(&e)
		}
		return e
	}
	machine := func(e *leads.MailEvent) { e.Machine = true }
	because := func(reason string) func(*leads.MailEvent) { return func(e *leads.MailEvent) { e.Reason = reason } }
	want := map[string]leads.MailEvent{
		"accepted":     event(leads.MailAccepted, "CCXMjJ7nQi2N3BPigGOdgQ", at(1795435200, 96431), nil),
		"delivered":    event(leads.MailDelivered, "CPgfbmQMTCKtHW6uIWtuVe", at(1795435201, 867904), nil),
		"opened":       event(leads.MailOpened, "Ase7i2zsRYeDXztHGENqRA", at(1795438800, 873676), nil),
		"opened_apple": event(leads.MailOpened, "Ase7i2zsRYeDXztHGENqRB", at(1795435203, 279025), machine),
		"opened_gmail": event(leads.MailOpened, "Ase7i2zsRYeDXztHGENqRC", at(1795435204, 500000), machine),
		"clicked": event(leads.MailClicked, "CHl7nZmMT6ePrcFMdyLEnA", at(1795438805, 250831), func(e *leads.MailEvent) {
			e.URL = "https://example.com/demo?utm_source=mail"
		}),
		"clicked_scanner": event(leads.MailClicked, "CHl7nZmMT6ePrcFMdyLEnB", at(1795435202, 100000), func(e *leads.MailEvent) {
			e.URL, e.Machine = "https://example.com/demo", true
		}),
		"failed_temporary": event(leads.MailDelayed, "Fs7-5t81S2ispqxqDw2U4Q", at(1795435260, 502883),
			because("generic: 452 4.2.2 The email account that you tried to reach is over quota.")),
		"failed_old":       event(leads.MailFailed, "Fs7-5t81S2ispqxqDw2U4R", at(1795464000, 500000), because("old: 498 No MX for acme.example")),
		"failed_permanent": event(leads.MailBounced, "G9Bn5sl1TC6nu79C8C0bwg", at(1795435202, 565514), because("suppress-bounce: 605 Not delivering to previously bounced address")),
		"failed_bounce": event(leads.MailBounced, "G9Bn5sl1TC6nu79C8C0bwh", at(1795435202, 600000),
			because("bounce: 550 5.1.1 The email account that you tried to reach does not exist.")),
		"failed_blocked": event(leads.MailFailed, "G9Bn5sl1TC6nu79C8C0bwk", at(1795435202, 600000), because("espblock: 550 5.7.1 Message blocked: our network is on a list.")),
		"failed_generic": event(leads.MailBounced, "G9Bn5sl1TC6nu79C8C0bwl", at(1795435202, 600000),
			because("generic: 550 5.1.1 The email account that you tried to reach does not exist.")),
		"failed_unsubscribed": event(leads.MailUnsubscribed, "G9Bn5sl1TC6nu79C8C0bwi", at(1795435202, 700000), because("suppress-unsubscribe: 606 Not delivering to unsubscribed address")),
		"failed_complained": event(leads.MailComplained, "G9Bn5sl1TC6nu79C8C0bwj", at(1795435202, 800000),
			because("suppress-complaint: 607 Not delivering to a user who marked your messages as spam")),
		"complained":   event(leads.MailComplained, "-Agny091SquKnsrW2NEKUA", at(1795438900, 501324), nil),
		"unsubscribed": event(leads.MailUnsubscribed, "Ase7i2zsRYeDXztHGENqRD", at(1795438910, 873676), nil),
	}
	nothing := map[string]bool{"rejected": true, "list_member_uploaded": true}
	files, err := filepath.Glob("testdata/events/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(want)+len(nothing))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, sink := newClock(), new(collector)
			w := post(door(sink, c), jsonType, payload(t, name, c.Now(), newToken()))
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			if nothing[name] {
				require.Empty(t, sink.events())
				return
			}
			require.Equal(t, []leads.MailEvent{want[name]}, sink.events())
		})
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	c := newClock()
	good := func(age time.Duration) string { return payload(t, "delivered", c.Now().Add(-age), newToken()) }
	_, signature := sign(signingKey, c.Now(), "x")
	for name, test := range map[string]struct {
		body string
		want int
	}{
		"good":                  {good(0), 200},
		"five minutes old":      {good(5 * time.Minute), 200},
		"five minutes ahead":    {good(-5 * time.Minute), 200},
		"too old":               {good(5*time.Minute + time.Second), 401},
		"too far ahead":         {good(-5*time.Minute - time.Second), 401},
		"another token":         {strings.Replace(good(0), `"token":"token`, `"token":"tokem`, 1), 401},
		"another time":          {strings.Replace(good(0), `"timestamp":"17`, `"timestamp":"18`, 1), 401},
		"no signature":          {`{"signature":{"timestamp":"1795435200","token":"t"},"event-data":{"event":"delivered"}}`, 401},
		"no hex":                {`{"signature":{"timestamp":"1795435200","token":"t","signature":"zz"},"event-data":{"event":"delivered"}}`, 401},
		"short":                 {`{"signature":{"timestamp":"1795435200","token":"t","signature":"` + signature[:32] + `"},"event-data":{}}`, 401},
		"the key of others":     {forged(t, c), 401},
		"no time":               {`{"signature":{"token":"x","signature":"` + signature + `"},"event-data":{}}`, 401},
		"nothing signed":        {`{"event-data":{"event":"delivered"}}`, 406},
		"empty":                 {``, 406},
		"no JSON":               {`delivered`, 406},
		"a list":                {`[]`, 406},
		"cut off":               {`{"signature":{`, 406},
		"signature is a string": {`{"signature":"x","event-data":{}}`, 406},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := new(collector)
			w := post(door(sink, c), jsonType, test.body)
			require.Equal(t, test.want, w.Code, w.Body)
			require.Equal(t, test.want == 200, len(sink.events()) == 1)
		})
	}
}

// forged is signed with the empty key.
func forged(t *testing.T, c *clock) string {
	t.Helper()
	timestamp, signature := sign("", c.Now(), "x")
	return `{"signature":{"timestamp":"` + timestamp + `","token":"x","signature":"` + signature + `"},"event-data":{"event":"delivered"}}`
}

func TestWithoutAKeyTheDoorIsShut(t *testing.T) {
	t.Parallel()
	c, sink := newClock(), new(collector)
	e := mailgun.NewEvents("", sink, &mailgun.EventsOptions{Clock: c.Now})
	require.Equal(t, http.StatusServiceUnavailable, post(e, jsonType, forged(t, c)).Code)
	require.Empty(t, sink.events())
	require.True(t, e.Check(t.Context())[0].Fatal)
	require.True(t, mailgun.NewEvents(signingKey, nil, nil).Check(t.Context())[0].Fatal)
	require.Empty(t, mailgun.NewEvents(signingKey, sink, nil).Check(t.Context()))
}

func TestRequests(t *testing.T) {
	t.Parallel()
	c := newClock()
	sink := new(collector)
	e := door(sink, c)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions} {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(method, "/", strings.NewReader(payload(t, "delivered", c.Now(), newToken()))))
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Equal(t, "POST", w.Header().Get("Allow"))
	}
	body := payload(t, "delivered", c.Now(), newToken())
	require.Equal(t, 406, post(e, "text/html", body).Code)
	require.Equal(t, 406, post(e, "multipart/form-data", body).Code, "without a boundary")
	require.Equal(t, 406, post(e, "application/x-www-form-urlencoded", body).Code)
	padded := strings.Replace(body, "{", `{"pad":"`+strings.Repeat("x", 1<<20)+`",`, 1)
	require.Equal(t, 406, post(e, jsonType, padded).Code, "above 1 MiB")
	require.Empty(t, sink.events())
	require.Equal(t, 200, post(e, "application/json; charset=utf-8", body).Code)
	require.Equal(t, 200, post(e, "", payload(t, "delivered", c.Now(), newToken())).Code)
	require.Len(t, sink.events(), 2)
}

func TestARequestThatIsSentAgain(t *testing.T) {
	t.Parallel()
	c, sink := newClock(), new(collector)
	e := door(sink, c)
	body := payload(t, "delivered", c.Now(), newToken())
	for range 3 {
		require.Equal(t, 200, post(e, jsonType, body).Code)
		require.Len(t, sink.events(), 1)
		c.move(time.Minute)
	}
	other := strings.Replace(body, `"event":"delivered"`, `"event":"unsubscribed"`, 1)
	require.Equal(t, 200, post(e, jsonType, other).Code, "another event with a signature that was seen")
	require.Len(t, sink.events(), 1)
}

func TestTheSinkFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		want  int
		again int // events after it works again
	}{
		"for now":      {errors.New("the database is away"), 503, 1},
		"for good":     {leads.Permanent(errors.New("no")), 406, 0},
		"not our mail": {leads.ErrNotFound, 200, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, sink := newClock(), &collector{fail: test.err}
			e := door(sink, c)
			body := payload(t, "failed_bounce", c.Now(), newToken())
			w := post(e, jsonType, body)
			require.Equal(t, test.want, w.Code)
			require.NotContains(t, w.Body.String(), "database")
			sink.fail = nil
			require.Equal(t, 200, post(e, jsonType, body).Code)
			require.Len(t, sink.events(), test.again)
		})
	}
}

func TestAPanicIsTriedAgain(t *testing.T) {
	t.Parallel()
	c, sink := newClock(), new(collector)
	panics := true
	e := door(mailgun.SinkFunc(func(ctx context.Context, ev leads.MailEvent) error {
		if panics {
			panic("a bug")
		}
		return sink.MailEvent(ctx, ev)
	}), c)
	body := payload(t, "delivered", c.Now(), newToken())
	require.Panics(t, func() { post(e, jsonType, body) })
	panics = false
	require.Equal(t, 200, post(e, jsonType, body).Code)
	require.Len(t, sink.events(), 1)
}

// TestTheSameRequestAtOnce lets one in, and asks the other to come again rather than say that it is done.
func TestTheSameRequestAtOnce(t *testing.T) {
	t.Parallel()
	c := newClock()
	inside, release := make(chan struct{}), make(chan struct{})
	e := door(mailgun.SinkFunc(func(context.Context, leads.MailEvent) error {
		close(inside)
		<-release
		return nil
	}), c)
	body := payload(t, "delivered", c.Now(), newToken())
	var wg sync.WaitGroup
	wg.Go(func() { require.Equal(t, 200, post(e, jsonType, body).Code) })
	<-inside
	require.Equal(t, 503, post(e, jsonType, body).Code)
	close(release)
	wg.Wait()
	require.Equal(t, 200, post(e, jsonType, body).Code)
}

func TestTheMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c, sink := newClock(), new(collector)
	e := mailgun.NewEvents(signingKey, sink, &mailgun.EventsOptions{Clock: c.Now, Tokens: 2})
	first := payload(t, "delivered", c.Now(), newToken())
	for _, body := range []string{first, payload(t, "delivered", c.Now(), newToken()), payload(t, "delivered", c.Now(), newToken()), first} {
		require.Equal(t, 200, post(e, jsonType, body).Code)
	}
	require.Len(t, sink.events(), 4, "the oldest of three was forgotten")
}

// TestHostilePayloads have a good signature and anything in the rest.
func TestHostilePayloads(t *testing.T) {
	t.Parallel()
	c := newClock()
	for name, data := range map[string]string{
		"nothing":          `null`,
		"a list":           `[1,2]`,
		"types":            `{"event":"delivered","id":7,"timestamp":"soon","recipient":["a"],"message":[],"user-variables":[1],"delivery-status":9,"client-info":"x"}`,
		"a number of hell": `{"event":"delivered","timestamp":1e400}`,
		"a long number":    `{"event":"delivered","timestamp":` + strings.Repeat("9", 400) + `}`,
		"a negative time":  `{"event":"delivered","timestamp":-5}`,
		"a fraction":       `{"event":"delivered","timestamp":"1/3"}`,
		"header injection": `{"event":"failed","severity":"permanent","recipient":"a@b.example\r\nBcc: c@d.example","message":{"headers":{"message-id":"<a\r\nb@c>"}}}`,
		"NUL":              `{"event":"clicked","url":"https://example.com/\u0000","recipient":"a\u0000@b.example","user-variables":{"a":"\u0000"}}`,
		"a script":         `{"event":"clicked","url":"javascript:alert(1)"}`,
		"long":             `{"event":"failed","reason":"` + strings.Repeat("x", 100_000) + `","id":"` + strings.Repeat("é", 9000) + `","recipient":"` + strings.Repeat("a", 300) + `@b.example"}`,
		"many variables":   `{"event":"delivered","user-variables":{` + strings.TrimSuffix(strings.Repeat(`"v":1,`, 9000), ",") + `}}`,
		"nested variables": `{"event":"delivered","user-variables":{"a":{"b":[1,"two"]},"n":3,"t":true,"z":null}}`,
		"deep":             `{"event":"delivered","user-variables":{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`,
		"twice":            `{"event":"delivered","event":"unsubscribed"}`,
		"invalid UTF-8":    "{\"event\":\"failed\",\"reason\":\"\xff\xfe\"}",
		"lone surrogate":   `{"event":"failed","reason":"\ud800"}`,
		"other case":       `{"EVENT":"delivered"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink, token := new(collector), newToken()
			timestamp, signature := sign(signingKey, c.Now(), token)
			w := post(door(sink, c), jsonType, `{"signature":{"timestamp":"`+timestamp+`","token":"`+token+`","signature":"`+signature+`"},"event-data":`+data+`}`)
			require.Equal(t, 200, w.Code, w.Body)
			for _, e := range sink.events() {
				requireSane(t, e)
			}
		})
	}
}

// requireSane holds an event to what leads.MailEvent says of it.
func requireSane(t *testing.T, e leads.MailEvent) {
	t.Helper()
	require.NotEmpty(t, e.Kind)
	require.False(t, e.At.IsZero())
	require.LessOrEqual(t, len(e.Reason), 500)
	require.LessOrEqual(t, len(e.ID), 255)
	require.LessOrEqual(t, len(e.Recipient), 254)
	require.LessOrEqual(t, len(e.URL), 2048)
	require.LessOrEqual(t, len(e.Variables), 64)
	if e.URL != "" {
		require.Regexp(t, `(?i)^https?://`, e.URL)
	}
	texts := []string{e.ID, e.MessageID, e.Recipient, e.Reason, e.URL}
	if e.Reply != nil {
		texts = append(texts, e.Reply.From, e.Reply.Subject)
		require.LessOrEqual(t, len(e.Reply.Text), 4096)
		require.Equal(t, strings.ToValidUTF8(e.Reply.Text, ""), e.Reply.Text)
		for _, v := range e.Reply.Header {
			texts = append(texts, v)
		}
	}
	for _, s := range texts {
		require.Equal(t, strings.ToValidUTF8(s, ""), s)
		require.NotContains(t, s, "\x00")
		require.NotContains(t, s, "\n")
		require.NotContains(t, s, "\r")
	}
	for _, v := range e.Variables {
		require.NotContains(t, v, "\x00")
		require.Equal(t, strings.ToValidUTF8(v, ""), v)
	}
}

func TestMachines(t *testing.T) {
	t.Parallel()
	const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
	for agent, want := range map[string]bool{
		chrome: false, "Mozilla/5.0 (Linux; Android 9; CUBOT X18 Plus Build/PPR1) AppleWebKit/537.36 Mobile Safari/537.36": false,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)": false, "Thunderbird/128.0": false,
		"Microsoft Office/16.0 (Microsoft Outlook 16.0; Pro)": false, "Javanese Browser": false,
		"": true, "Mozilla/5.0": true, " mozilla/5.0 ": true, "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html": true,
		"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)": true, "python-requests/2.32": true, "curl/8.5.0": true,
		"Go-http-client/1.1": true, "Java/17.0.2": true, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": true,
		"BarracudaCentral/1.0": true, "Mozilla/5.0 HeadlessChrome/126.0": true, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": true,
	} {
		t.Run(agent, func(t *testing.T) {
			t.Parallel()
			c, sink := newClock(), new(collector)
			body := strings.Replace(payload(t, "clicked", c.Now(), newToken()), linux, agent, 1)
			require.Equal(t, 200, post(door(sink, c), jsonType, body).Code)
			require.Equal(t, want, sink.events()[0].Machine)
		})
	}
}

const linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

// forwarded are the fields of a reply as a route forwards it.
func forwarded(t testing.TB, at time.Time, change func(url.Values)) url.Values {
	t.Helper()
	token := newToken()
	timestamp, signature := sign(signingKey, at, token)
	f := url.Values{
		"recipient": {"replies@mg.example.com"}, "sender": {"ann+x@acme.example"}, "from": {"Ann Lee <ann@acme.example>"}, "subject": {"Re: Your demo"},
		"body-plain": {"Tuesday, please.\r\n\r\n> Which day?"}, "stripped-text": {"Tuesday, please."}, "stripped-signature": {""},
		"body-html": {"<p>Tuesday, please.</p>"}, "attachment-count": {"0"}, "timestamp": {timestamp}, "token": {token}, "signature": {signature},
		"message-headers": {`[["Received","by mx"],["Message-Id","<r1@acme.example>"],["In-Reply-To","<0198f3a1.7@mg.example.com>"],["Auto-Submitted","no"],["Subject","Re: Your demo"]]`},
		"In-Reply-To":     {"<0198f3a1.7@mg.example.com>"}, "Message-Id": {"<r1@acme.example>"}, "From": {"Ann Lee <ann@acme.example>"},
	}
	if change != nil {
		change(f)
	}
	return f
}

func TestReplies(t *testing.T) {
	t.Parallel()
	want := func(change func(*leads.MailEvent)) leads.MailEvent {
		e := leads.MailEvent{
			Kind: leads.MailReplied, ID: "r1@acme.example", At: newClock().Now(), MessageID: "0198f3a1.7@mg.example.com", Recipient: "replies@mg.example.com",
			Reply: &leads.Reply{From: "ann@acme.example", Subject: "Re: Your demo", Text: "Tuesday, please.", Header: map[string]string{"Auto-Submitted": "no"}},
		}
		if change != nil {
			change(&e)
		}
		return e
	}
	for name, test := range map[string]struct {
		form func(url.Values)
		want leads.MailEvent
	}{
		"as documented": {nil, want(nil)},
		"an absence note": {func(f url.Values) {
			f.Set("message-headers", `[["Auto-Submitted","auto-replied"],["X-Autoreply","yes"],["Precedence","bulk"],["Message-Id","<r1@acme.example>"],["In-Reply-To","<0198f3a1.7@mg.example.com>"]]`)
		}, want(func(e *leads.MailEvent) {
			e.Reply.Header = map[string]string{"Auto-Submitted": "auto-replied", "X-Autoreply": "yes", "Precedence": "bulk"}
		})},
		"the null sender": {func(f url.Values) { f.Set("sender", "") }, want(func(e *leads.MailEvent) { e.Reply.Header["Return-Path"] = "<>" })},
		"only References": {func(f url.Values) {
			f.Del("In-Reply-To")
			f.Set("message-headers", `[["Message-Id","<r1@acme.example>"],["References","<first@x> <0198f3a1.7@mg.example.com>"],["Auto-Submitted","no"]]`)
		}, want(nil)},
		"headers that cannot be read": {func(f url.Values) { f.Set("message-headers", "[[1,2],") }, want(func(e *leads.MailEvent) { e.Reply.Header = map[string]string{} })},
		"no stripped text":            {func(f url.Values) { f.Set("stripped-text", " ") }, want(func(e *leads.MailEvent) { e.Reply.Text = "Tuesday, please.\n\n> Which day?" })},
		"no From":                     {func(f url.Values) { f.Set("from", "?"); f.Del("From") }, want(func(e *leads.MailEvent) { e.Reply.From = "ann+x@acme.example" })},
		"not to us": {func(f url.Values) {
			f.Del("In-Reply-To")
			f.Set("message-headers", `[["Message-Id","<r1@acme.example>"],["Auto-Submitted","no"]]`)
		}, want(func(e *leads.MailEvent) { e.MessageID = "" })},
		"long":  {func(f url.Values) { f.Set("stripped-text", strings.Repeat("é", 5000)) }, want(func(e *leads.MailEvent) { e.Reply.Text = strings.Repeat("é", 2048) })},
		"large": {func(f url.Values) { f.Set("body-html", strings.Repeat("<p>", 1<<20)) }, want(nil)},
	} {
		for kind, encode := range map[string]func(*testing.T, url.Values) (string, string){"urlencoded": asURL, "multipart": asMultipart} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				c, sink := newClock(), new(collector)
				contentType, body := encode(t, forwarded(t, c.Now(), test.form))
				w := post(door(sink, c), contentType, body)
				require.Equal(t, 200, w.Code, w.Body)
				require.Equal(t, []leads.MailEvent{test.want}, sink.events())
				requireSane(t, sink.events()[0])
			})
		}
	}
}

func asURL(_ *testing.T, f url.Values) (string, string) {
	return "application/x-www-form-urlencoded", f.Encode()
}

// asMultipart puts an attachment of 3 MiB before the fields.
func asMultipart(t *testing.T, f url.Values) (string, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	file, err := w.CreateFormFile("attachment-1", "token")
	require.NoError(t, err)
	_, err = file.Write(make([]byte, 3<<20))
	require.NoError(t, err)
	for name, values := range f {
		require.NoError(t, w.WriteField(name, values[0]))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

func TestRepliesAreSignedToo(t *testing.T) {
	t.Parallel()
	c, sink := newClock(), new(collector)
	e := door(sink, c)
	for _, change := range []func(url.Values){
		func(f url.Values) { f.Set("signature", strings.Repeat("0", 64)) },
		func(f url.Values) { f.Set("token", "other") },
		func(f url.Values) { f.Set("timestamp", "1") },
	} {
		require.Equal(t, 401, post(e, "application/x-www-form-urlencoded", forwarded(t, c.Now(), change).Encode()).Code)
	}
	contentType, body := asMultipart(t, forwarded(t, c.Now(), nil))
	require.Equal(t, 400, post(e, contentType, body[:len(body)-20]).Code, "a body that breaks off is sent again")
	require.Empty(t, sink.events())
	again := forwarded(t, c.Now(), nil).Encode()
	for range 2 {
		require.Equal(t, 200, post(e, "application/x-www-form-urlencoded", again).Code)
	}
	require.Len(t, sink.events(), 1)
}

// FuzzEvents signs anything, and expects that the door stands: an answer that it knows, and events that are what their type says.
func FuzzEvents(f *testing.F) {
	files, err := filepath.Glob("testdata/events/*.json")
	require.NoError(f, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(raw[bytes.Index(raw, []byte(`"event-data":`))+13:bytes.LastIndexByte(raw, '}')]), "Ann <ann@acme.example>", `[["Message-Id","<x@y>"]]`)
	}
	f.Add(`{"event":"failed","timestamp":"1e9"}`, "=?utf-8?q?=0D=0A?= <a@b.example>", `[["In-Reply-To","<a> <b>"],[]]`)
	c := newClock()
	f.Fuzz(func(t *testing.T, data, from, headers string) {
		sink, token := new(collector), newToken()
		e := door(sink, c)
		timestamp, signature := sign(signingKey, c.Now(), token)
		w := post(e, jsonType, `{"signature":{"timestamp":"`+timestamp+`","token":"`+token+`","signature":"`+signature+`"},"event-data":`+data+`}`)
		require.Contains(t, []int{200, 401, 406}, w.Code)
		form := forwarded(t, c.Now(), func(f url.Values) {
			f.Set("from", from)
			f.Set("sender", from)
			f.Set("message-headers", headers)
			f.Set("stripped-text", data)
		})
		require.Equal(t, 200, post(e, "application/x-www-form-urlencoded", form.Encode()).Code)
		post(e, "application/x-www-form-urlencoded", data)
		post(e, "multipart/form-data; boundary=b", data)
		for _, event := range sink.events() {
			requireSane(t, event)
		}
	})
}
