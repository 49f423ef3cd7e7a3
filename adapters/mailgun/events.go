package mailgun

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/secret"
)

// Sink takes the events. A sequence.Sequencer is one.
type Sink interface {
	// MailEvent takes one event. It may be called concurrently, and again for an event that it has had: Mailgun repeats what was not answered
	// with 200, and the events of one mail come in any order. It returns a [leads.Permanent] error for what it will never take, and one for
	// which [leads.IsNotFound] holds for mails that are not ours. After any other error Mailgun sends the event again.
	MailEvent(ctx context.Context, e leads.MailEvent) error
}

// SinkFunc is a function that is a [Sink].
type SinkFunc func(ctx context.Context, e leads.MailEvent) error

// MailEvent calls f.
func (f SinkFunc) MailEvent(ctx context.Context, e leads.MailEvent) error { return f(ctx, e) }

// EventsOptions change what [Events] takes.
type EventsOptions struct {
	// Tolerance is how far a signature's time may be from ours, on either side. 0 means 5m.
	Tolerance time.Duration
	// Tokens is how many requests are remembered, so that one that is sent again does nothing. 0 means 65536.
	Tokens int
	// Timeout bounds the Sink. 0 means 10s.
	Timeout time.Duration
	// Clock tells the age of a signature. Nil means time.Now.
	Clock func() time.Time
}

// Events is the door for Mailgun's webhooks and for the replies that its routes forward. It can be mounted at any path. Its answers are those that
// make Mailgun do the right thing, which takes 200 for done, gives up after 406, and after anything else tries again for eight hours:
//
//   - 200: taken, had before, or an event that means nothing to us;
//   - 401: the signature is wrong or too old. The key may be wrong here, so Mailgun should try again;
//   - 405: not a POST;
//   - 406: never: not a request of Mailgun's, or one that the Sink refuses for good;
//   - 503: our own fault. No key, the Sink failed, or the same request is being worked on.
//
// A request is believed for its signature, which covers no more than its time and token: an event is a hint, to be matched with what we sent.
type Events struct {
	key  secret.Secret
	sink Sink
	opts EventsOptions
	seen *memory
}

// NewEvents returns the door. signingKey is the account's HTTP webhook signing key, which is not the API key. A nil opts means the defaults.
func NewEvents(signingKey string, sink Sink, opts *EventsOptions) *Events {
	e := &Events{key: secret.New(signingKey), sink: sink}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Tolerance = cmp.Or(e.opts.Tolerance, 5*time.Minute)
	e.opts.Timeout = cmp.Or(e.opts.Timeout, 10*time.Second)
	e.seen = newMemory(cmp.Or(max(e.opts.Tokens, 0), 65536))
	if e.opts.Clock == nil {
		e.opts.Clock = time.Now
	}
	return e
}

// ServeHTTP takes one request.
func (e *Events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		reply(w, http.StatusMethodNotAllowed, "POST only")
		return
	}
	if !e.key.IsSet() || e.sink == nil {
		reply(w, http.StatusServiceUnavailable, "not set up")
		return
	}
	n, err := read(w, r)
	switch {
	case errors.Is(err, errBroken):
		reply(w, http.StatusBadRequest, "the body did not arrive") // it is sent again
		return
	case err != nil:
		reply(w, http.StatusNotAcceptable, err.Error())
		return
	}
	signed, ok := e.verify(n.signature)
	if !ok {
		reply(w, http.StatusUnauthorized, "the signature is wrong or too old")
		return
	}
	if n.event.At.IsZero() {
		n.event.At = signed
	}
	e.take(w, r, n)
}

// take hands an event on, once.
func (e *Events) take(w http.ResponseWriter, r *http.Request, n notice) {
	now := e.opts.Clock()
	switch e.seen.begin(n.signature.token, now, now.Add(e.opts.Timeout), now.Add(2*e.opts.Tolerance)) {
	case seenDone:
		reply(w, http.StatusOK, "had before")
		return
	case seenBusy:
		reply(w, http.StatusServiceUnavailable, "being worked on")
		return
	}
	done := false
	defer func() { // also when the Sink panics
		if !done {
			e.seen.forget(n.signature.token)
		}
	}()
	status, text := e.hand(r.Context(), n.event)
	if done = status != http.StatusServiceUnavailable; done {
		e.seen.done(n.signature.token)
	}
	reply(w, status, text)
}

// hand gives an event to the Sink. Mailgun hanging up does not end what has begun.
func (e *Events) hand(ctx context.Context, event leads.MailEvent) (int, string) {
	if event.Kind == "" {
		return http.StatusOK, "nothing to do"
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.opts.Timeout)
	defer cancel()
	switch err := e.sink.MailEvent(ctx, event); {
	case err == nil || leads.IsNotFound(err):
		return http.StatusOK, "ok"
	case leads.IsPermanent(err):
		return http.StatusNotAcceptable, "refused"
	}
	return http.StatusServiceUnavailable, "try again"
}

// verify checks a signature, and returns the time at which it was made.
func (e *Events) verify(s signature) (time.Time, bool) {
	mac := hmac.New(sha256.New, []byte(e.key.Reveal()))
	mac.Write([]byte(s.timestamp + s.token))
	given, err := hex.DecodeString(s.value)
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) || s.token == "" {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(s.timestamp, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	at := time.Unix(seconds, 0).UTC()
	age := e.opts.Clock().Sub(at)
	return at, -e.opts.Tolerance <= age && age <= e.opts.Tolerance
}

// Check reports as fatal what keeps the door shut. It asks nobody.
func (e *Events) Check(context.Context) []leads.Finding {
	if !e.key.IsSet() {
		return []leads.Finding{{Fatal: true, Part: "mail events", Message: "mailgun: the signing key is required", Fix: "it is in Mailgun's control panel under webhooks"}}
	}
	if e.sink == nil {
		return []leads.Finding{{Fatal: true, Part: "mail events", Message: "mailgun: the Sink is required", Fix: "see mailgun.NewEvents"}}
	}
	return nil
}

// reply answers in a word or two: nobody but Mailgun reads it.
func reply(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
