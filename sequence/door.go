package sequence

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/openleads/leads"
)

const (
	// maxForm bounds the body of a POST; RFC 8058's has 26 bytes.
	maxForm = 4 << 10
	// doorTime bounds what a request does in the store. It does not end when the person goes away: a stop that was asked for is made.
	doorTime = 10 * time.Second
)

// door serves the pages behind the links in mails.
type door struct{ *Sequencer }

// Handler serves the links in the mails: …/u/TOKEN to stop them and …/c/TOKEN to confirm. Mount it where Options.BaseURL leads, at any path, with or without
// [http.StripPrefix].
//
// GET and HEAD show a page and change nothing, since scanners follow every link. POST does it: for …/u/TOKEN as RFC 8058 has it, without a cookie or a
// login, whatever the body, and as often as it comes; a person can choose on the page to stop all mails (all=1). What is no
// token of ours is answered 404 with a page, and nobody can tell from it why. The pages work without scripts.
func (s *Sequencer) Handler() http.Handler { return door{s} }

// ServeHTTP answers one request.
func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), doorTime)
	defer cancel()
	header(w.Header())
	kind, token, ok := target(r.URL.Path)
	if !ok {
		d.answer(w, http.StatusNotFound, d.opts.Texts.Unknown)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		d.answer(w, http.StatusMethodNotAllowed, d.opts.Texts.Unknown)
		return
	}
	ring, err := d.keys(ctx)
	if err != nil {
		d.fail(ctx, w, err)
		return
	}
	l, err := ring.open(token)
	switch {
	case err != nil || l.kind != kind:
		d.answer(w, http.StatusNotFound, d.opts.Texts.Unknown)
	case kind == linkConfirm:
		d.confirmation(ctx, w, r, l)
	default:
		d.stop(ctx, w, r, l)
	}
}

// target reads …/u/TOKEN and …/c/TOKEN.
func target(path string) (kind byte, token string, ok bool) {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	n := len(parts)
	if n < 2 || len(parts[n-2]) != 1 || parts[n-1] == "" {
		return 0, "", false
	}
	kind = parts[n-2][0]
	return kind, parts[n-1], kind == linkStop || kind == linkConfirm
}

func (d door) stop(ctx context.Context, w http.ResponseWriter, r *http.Request, l link) {
	if r.Method != http.MethodPost {
		d.ask(w, d.opts.Texts.Stop, l.purpose != "")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.PostFormValue("all") == "1" { // a body that cannot be read asks for the same as none
		l.purpose = ""
	}
	if err := d.unsubscribe(ctx, l); err != nil {
		d.fail(ctx, w, err)
		return
	}
	d.answer(w, http.StatusOK, d.opts.Texts.Stopped)
}

func (d door) confirmation(ctx context.Context, w http.ResponseWriter, r *http.Request, l link) {
	if r.Method != http.MethodPost {
		d.ask(w, d.opts.Texts.Confirm, false)
		return
	}
	ok, err := d.confirm(ctx, l)
	switch {
	case leads.IsStale(err): // another click, at the same time
		ok, err = d.confirm(ctx, l)
	case err == nil && !ok:
		d.answer(w, http.StatusOK, d.opts.Texts.Expired)
		return
	}
	if err != nil || !ok {
		d.fail(ctx, w, err)
		return
	}
	d.answer(w, http.StatusOK, d.opts.Texts.Confirmed)
}

// fail says that it has to be tried again. Why is for the log.
func (d door) fail(ctx context.Context, w http.ResponseWriter, err error) {
	d.opts.Logger.ErrorContext(ctx, "sequence: a link in a mail could not be served", "error", err)
	w.Header().Set("Retry-After", "60")
	d.answer(w, http.StatusServiceUnavailable, d.opts.Texts.Failed)
}

// unsubscribe stops the mails of a purpose to an address, or with "" all mails, and enters it into the ledger of consents.
func (s *Sequencer) unsubscribe(ctx context.Context, l link) error {
	_, err := s.suppress(ctx, Suppression{Tenant: l.tenant, Key: l.addressKey, Purpose: l.purpose, Reason: ReasonUnsubscribed})
	if err != nil {
		return err
	}
	c := Consent{Tenant: l.tenant, AddressKey: l.addressKey, Purpose: l.purpose}
	e, err := s.store.Enrollment(ctx, l.tenant, l.enrollment)
	if err == nil {
		c.LeadID = e.LeadID
	} else if !leads.IsNotFound(err) {
		return err
	}
	return s.withdraw(ctx, c)
}
