package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
)

// Captcha asks a captcha service whether the answer to a captcha is good. It may be called concurrently.
type Captcha interface {
	// Verify returns the service's verdict about an answer. An error means that there is none: the service could not be asked, or did
	// not give an answer that makes sense. It returns when ctx ends.
	Verify(ctx context.Context, answer CaptchaAnswer) (CaptchaVerdict, error)
}

// CaptchaAnswer is what a visitor's browser got from the captcha service, to be shown to it.
type CaptchaAnswer struct {
	Token  string
	Client netip.Addr // of the visitor; may be invalid
	// Attempt is a UUID, the same when the same submission comes again with the same token. A service that takes an idempotency key is given it,
	// so that a retry is not told that its token is used up.
	Attempt string
}

// CaptchaVerdict is what the captcha service says.
type CaptchaVerdict struct {
	OK bool
	// Reason says in a word why not: "timeout-or-duplicate", "hostname". At most 64 letters, digits, "-" and "_" of it are kept.
	Reason string
}

// CaptchaSettings says which captcha the forms of a source have. The zero value means none. A failed one quarantines the
// submission; it never drops it.
type CaptchaSettings struct {
	// Name is that of one of Options.Captchas. "" means no captcha.
	Name string
	// Field is the field with the token. "" means "_captcha" and those that the usual widgets fill: "cf-turnstile-response",
	// "h-captcha-response", "g-recaptcha-response".
	Field string
	// OnOutage says what becomes of a submission while the service cannot be asked. "" means CaptchaQuarantine.
	OnOutage CaptchaOutage
}

// CaptchaOutage is what becomes of submissions while the captcha service cannot be asked.
type CaptchaOutage string

// What an outage of the captcha service leads to.
const (
	CaptchaQuarantine CaptchaOutage = ""       // they wait for a person, with the reason "captcha_unavailable"
	CaptchaAccept     CaptchaOutage = "accept" // they are taken in, with FlagNoCaptcha
)

// The reasons for which a captcha quarantines.
const (
	reasonCaptchaMissing     = "captcha_missing"     // no token came
	reasonCaptchaFailed      = "captcha_failed"      // the service says that the token is not good; its reason may follow behind a colon
	reasonCaptchaUnavailable = "captcha_unavailable" // the service could not be asked
)

const (
	maxCaptchaToken   = 2048 // bytes; Turnstile's and hCaptcha's limit
	maxCaptchaAsked   = 256  // verifications under way at once
	captchaMemory     = 8192 // verdicts
	captchaLifetime   = 5 * time.Minute
	captchaFaults     = 5                // failures in a row after which the service is given a rest
	captchaRest       = 10 * time.Second // how long
	maxCaptchaReasons = 64
)

// captchas verifies tokens, each of them once: they are good for one use, and a sender's retry brings the same one again.
type captchas struct {
	byName  map[string]Captcha
	timeout time.Duration
	clock   func() time.Time
	log     *slog.Logger
	known   *lru.Cache[[32]byte, *asked]
	mu      sync.Mutex // over known, from looking to adding
	under   atomic.Int64
	rests   map[string]*rest
}

// asked is a verification, under way until done is closed.
type asked struct {
	done    chan struct{}
	at      time.Time
	verdict CaptchaVerdict
	err     error
}

// rest counts the failures of one service.
type rest struct {
	faults atomic.Int64
	until  atomic.Int64 // in nanoseconds since 1970
}

var errNotAsked = errors.New("ingest: the captcha service is not asked now")

func newCaptchas(o *Options) *captchas {
	if len(o.Captchas) == 0 {
		return nil
	}
	known, _ := lru.New[[32]byte, *asked](captchaMemory) // fails only for sizes below 1
	c := &captchas{byName: make(map[string]Captcha), timeout: o.CaptchaTimeout, clock: o.Clock, log: o.Logger, known: known, rests: make(map[string]*rest)}
	for name, service := range o.Captchas {
		if service != nil {
			c.byName[name], c.rests[name] = service, &rest{}
		}
	}
	return c
}

// captcha has the token of a submission verified, and quarantines it or flags it accordingly. It comes after all that costs nothing.
func (h *Handler) captcha(ctx context.Context, a *assembly) {
	settings, sub := a.source.Captcha, a.sub
	if settings.Name == "" || sub.Verdict == Quarantined || sub.HasFlag(FlagSigned) {
		return
	}
	reason := ""
	switch token := a.asides.token; {
	case token == "":
		reason = reasonCaptchaMissing
	case len(token) > maxCaptchaToken:
		reason = reasonCaptchaFailed
	default:
		verdict, err := h.captchas.verify(ctx, settings.Name, token, sub)
		switch {
		case err == nil && verdict.OK:
			return
		case err == nil:
			reason = because(reasonCaptchaFailed, verdict.Reason)
		case settings.OnOutage == CaptchaAccept:
			a.flags.set(FlagNoCaptcha)
			sub.Flags = a.flags.list()
			return
		default:
			reason = reasonCaptchaUnavailable
		}
	}
	sub.Verdict = Quarantined
	sub.Reasons = append(sub.Reasons, reason)
}

// because puts the plain part of a service's reason behind the code.
func because(code, reason string) string {
	for i := range len(reason) {
		c := reason[i]
		if i == maxCaptchaReasons || !isTokenByte(c) {
			reason = reason[:i]
			break
		}
	}
	if reason == "" {
		return code
	}
	return code + ":" + reason
}

// verify returns the verdict about a token, asking the service unless that was done for the same submission before.
func (c *captchas) verify(ctx context.Context, name, token string, sub *Submission) (CaptchaVerdict, error) {
	if c == nil || c.byName[name] == nil {
		return CaptchaVerdict{}, errNotAsked
	}
	same := sub.Key
	if same == "" {
		same = string(sub.Digest[:])
	}
	id := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q", sub.Tenant, sub.SourceID, name, token, same))
	now := c.clock()
	c.mu.Lock()
	question, ok := c.known.Get(id)
	if !ok || now.Sub(question.at) > captchaLifetime {
		question = &asked{done: make(chan struct{}), at: now}
		c.known.Add(id, question)
		answer := CaptchaAnswer{Token: token, Client: sub.Client, Attempt: uuid.NewSHA1(sources, id[:]).String()}
		go c.ask(context.WithoutCancel(ctx), name, id, question, answer)
	}
	c.mu.Unlock()
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	select {
	case <-question.done:
		return question.verdict, question.err
	case <-timer.C:
		return CaptchaVerdict{}, context.DeadlineExceeded
	}
}

// ask asks the service and closes the question. One that got no verdict is forgotten, so that a retry asks again. It ends with the
// time that the service has.
func (c *captchas) ask(ctx context.Context, name string, id [32]byte, question *asked, answer CaptchaAnswer) {
	defer close(question.done)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	question.verdict, question.err = c.try(ctx, name, answer)
	if question.err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "ingest: a captcha could not be verified", slog.String("captcha", name), slog.String("error", fmt.Sprintf("%T", question.err)))
		c.known.Remove(id)
	}
}

// try asks the service unless it failed too often of late, or too many questions are open.
func (c *captchas) try(ctx context.Context, name string, answer CaptchaAnswer) (verdict CaptchaVerdict, err error) {
	state := c.rests[name]
	defer c.under.Add(-1)
	if c.under.Add(1) > maxCaptchaAsked || c.clock().UnixNano() < state.until.Load() {
		return CaptchaVerdict{}, errNotAsked
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("ingest: captcha %s panicked with %T", name, v)
		}
		if err == nil {
			state.faults.Store(0)
		} else if state.faults.Add(1) >= captchaFaults {
			state.until.Store(c.clock().Add(captchaRest).UnixNano())
		}
	}()
	return c.byName[name].Verify(ctx, answer)
}

// captchaToken takes the field with the token of a source whose forms have a captcha.
func (a *assembly) captchaToken(name, value []byte) bool {
	if own := a.source.Captcha.Field; own != "" {
		return string(name) == own && a.line(value, &a.asides.token)
	}
	switch string(name) {
	case "_captcha", "cf-turnstile-response", "h-captcha-response", "g-recaptcha-response":
		return a.line(value, &a.asides.token)
	}
	return false
}
