package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openleads/leads/ingest/snippet"
)

// unknownPerMinute is how many requests with unknown tokens a client may send in any 60 s. They have a bucket of their own, so that
// guessing, or a form with a stale token, does not lock out the good forms behind the same address.
const unknownPerMinute = 20

// Handler is the door: an http.Handler that takes submissions at any path whose last segment is a token. It is made by NewHandler
// and may be mounted under any prefix and any router, with or without http.StripPrefix.
type Handler struct {
	cache    *cache
	sink     Sink
	limiter  Limiter
	captchas *captchas
	signals  []signal
	trusted  []netip.Prefix
	clock    func() time.Time
	log      *slog.Logger
	timeout  time.Duration
	capture  time.Duration
	limit    int
	most     int64
	inFlight atomic.Int64

	proxyWarning, deadlineWarning sync.Once
}

// NewHandler returns a Handler that finds sources in sources and hands submissions to sink. Nil opts are the defaults; options that make
// no sense are replaced by them as well, see [Options.Validate]. It starts nothing.
func NewHandler(sources Sources, sink Sink, opts *Options) *Handler {
	o := opts.withDefaults()
	return &Handler{
		cache:    newCache(sources, o.CaptureTimeout),
		sink:     sink,
		limiter:  o.Limiter,
		captchas: newCaptchas(&o),
		signals:  []signal{signalFunc(honeypot), signalFunc(fillTime), signalFunc(blocked)},
		trusted:  o.TrustedProxies,
		clock:    o.Clock,
		log:      o.Logger,
		timeout:  o.Timeout,
		capture:  o.CaptureTimeout,
		limit:    o.PerMinute,
		most:     int64(o.MaxInFlight),
	}
}

// ServeHTTP answers one request. See the package comment for what it takes and how it answers. A GET of leads.js is answered with the
// script of package snippet.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost && snippet.Serve(w, r) {
		return
	}
	begin(w.Header())
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	source, wish, err := h.serve(w, r)
	switch {
	case err != nil:
		refuseWith(w, r, h.faultOf(r, err))
	case r.Method == http.MethodGet:
		echo(w, wish)
	default:
		accept(w, r, &source.Source, wish)
	}
}

// serve does everything but answer. Whatever panics in it, of ours or of the host's, has written nothing yet.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (source *opened, wish string, err error) {
	defer func() {
		if v := recover(); v == http.ErrAbortHandler {
			panic(v)
		} else if v != nil {
			// The value of the panic may quote the submission; the stack does not.
			h.log.LogAttrs(r.Context(), slog.LevelError, "ingest: panic", slog.String("type", fmt.Sprintf("%T", v)), slog.String("stack", string(debug.Stack())))
			err = errInternal
		}
	}()
	challenge, confirms := challengeIn(r)
	if r.Method != http.MethodPost && !confirms {
		return nil, "", errMethod
	}
	defer h.inFlight.Add(-1)
	if h.inFlight.Add(1) > h.most {
		return nil, "", errShed
	}
	now, client := h.clock(), h.client(r)
	if source, err = h.source(r, client, now); err != nil {
		return nil, "", err
	}
	if err = h.admit(w, r, &source.Source, client); err != nil {
		return nil, "", err
	}
	if confirms {
		return source, challenge, confirm(r, source)
	}
	wish, err = h.take(w, r, source, Submission{Received: now, Client: client, Place: ClientPlace(r, h.trusted)})
	return source, wish, err
}

// source finds the source of the token in the path. Tokens that cannot be one and tokens that nobody has are one to the sender.
func (h *Handler) source(r *http.Request, client netip.Addr, now time.Time) (*opened, error) {
	token, ok := tokenIn(r.URL.EscapedPath())
	if ok {
		source, err := h.cache.lookUp(r.Context(), token, now)
		if err == nil || !errors.Is(err, ErrNotFound) {
			return source, err
		}
	}
	if a := h.allow(r, bucket("unknown:", client), unknownPerMinute); !a.OK {
		return nil, tooMany(a)
	}
	return nil, errInvalidToken
}

// admit counts the request against the client's limit and checks where it comes from.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, source *Source, client netip.Addr) error {
	fromListed := restrict(w, r, source.Origins)
	policy, key, limit := "ip", "ip:", h.limit
	if source.PerMinute > 0 {
		policy, key, limit = "source", "source:"+source.ID+":", source.PerMinute
	}
	a := h.allow(r, bucket(key, client), limit)
	setLimits(w.Header(), policy, limit, a)
	switch {
	case !a.OK:
		return tooMany(a)
	case !fromListed:
		return errOrigin
	}
	return nil
}

// allow asks the limiter. One that cannot tell lets the request in: a lead is worth more than a limit.
func (h *Handler) allow(r *http.Request, key string, limit int) Allowance {
	a, err := h.limiter.Allow(r.Context(), key, limit, time.Minute)
	if err != nil {
		if r.Context().Err() == nil {
			h.fault(r, "rate limiter", err)
		}
		return Allowance{OK: true, Remaining: limit}
	}
	return a
}

func tooMany(a Allowance) *fault {
	return &fault{status: http.StatusTooManyRequests, code: "rate_limited", message: "too many requests; try again later", retry: seconds(a.Reset)}
}

// take reads the body, makes sub of it and hands it to the sink.
func (h *Handler) take(w http.ResponseWriter, r *http.Request, source *opened, sub Submission) (wish string, err error) {
	kind, err := mediaOf(r.Header)
	if err != nil {
		return "", err
	}
	d := documents.Get().(*document)
	defer d.release()
	if err := h.read(w, r, d); err != nil {
		return "", err
	}
	signed, err := h.verify(r, &source.Source, d.body)
	if err != nil {
		return "", err
	}
	if err := d.decode(kind); err != nil {
		return "", err
	}
	a := assembly{document: d, source: &source.Source, plan: source.plan, blocked: source.blocked, sub: &sub}
	if err := h.understand(r, &a, signed); err != nil {
		return "", err
	}
	// The commit does not depend on the client: one that navigates away after its last byte must not take the lead with it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.capture)
	defer cancel()
	return a.asides.wish, h.sink.Capture(ctx, sub)
}

// understand makes the submission of the decoded body and judges it.
func (h *Handler) understand(r *http.Request, a *assembly, signed bool) error {
	byMember, err := a.verifyMember()
	if err != nil {
		return err
	}
	if signed || byMember {
		a.flags.set(FlagSigned)
	}
	if err := a.assemble(); err != nil {
		return err
	}
	if err := h.complete(r, a); err != nil {
		return err
	}
	h.captcha(r.Context(), a)
	return nil
}

// faultOf is the one place where an error becomes an answer. What is not the sender's fault is 503, and says nothing more.
func (h *Handler) faultOf(r *http.Request, err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	if errors.Is(err, ErrBusy) {
		return errShed
	}
	h.fault(r, "store", err)
	return errUnavailable
}

// fault logs a fault of ours by its type: its text may quote the submission.
func (h *Handler) fault(r *http.Request, part string, err error) {
	kind := fmt.Sprintf("%T", err)
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		kind = fmt.Sprintf("%T", inner)
	}
	h.log.LogAttrs(r.Context(), slog.LevelError, "ingest: a part is not working", slog.String("part", part), slog.String("error", kind),
		slog.Bool("timeout", errors.Is(err, context.DeadlineExceeded)))
}
