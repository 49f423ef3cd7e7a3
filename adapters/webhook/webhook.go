// Package webhook calls the host's and its customers' own programs when something happens to a lead, by the rules of Standard Webhooks
// (https://www.standardwebhooks.com): signed, with an id that stays the same over all attempts, and retried for hours.
//
//	hooks := webhook.New(store, nil)
//	endpoint, err := hooks.Put(ctx, webhook.Endpoint{Tenant: leads.DefaultTenant, ID: "crm", URL: "https://crm.example.com/hooks/leads"})
//	// endpoint.Secrets[0].Key is what the receiver verifies signatures with
//
//	engine, err := leads.New(leads.Config{Store: store, Notifier: notify.All(notify.Email(mailer, "sales@example.com"), hooks)})
//
// [Sender] is a [leads.Notifier]: one call to each endpoint that wants the event, each delivered once, none waiting for another. [Payload] is what is sent. An
// endpoint that has failed for days is switched off, and the team is told. A call that was given up is made again, with the same id and bytes,
// when its task is replayed ([leads.Engine.Replay]).
//
// Addresses are chosen by people, so the requests go to public addresses only, over https, and follow no redirects; [Options] can open networks.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/safehttp"
	"github.com/openleads/leads/notify"
)

// Options sets a [Sender]. The zero value of each field is its default.
type Options struct {
	// Timeout bounds one call. 0 means 8s.
	Timeout time.Duration
	// DisableAfter is how long an endpoint may fail without a success between before it is switched off. 0 means five days, less means never.
	DisableAfter time.Duration
	// Networks may be reached although they are not public: a test's loopback, an inner network. Only set what every tenant may reach.
	Networks []netip.Prefix
	// AnyPort allows other ports than 80 and 443.
	AnyPort bool
	// Plain allows addresses that begin with http://.
	Plain bool
	// Transport makes the connections. Nil means one that keeps to Networks and AnyPort. Another one must refuse private addresses itself.
	Transport http.RoundTripper
	// Clock is the time of signatures and failures. Nil means time.Now.
	Clock func() time.Time
}

// Sender calls endpoints. It is made by [New]; its methods may be called concurrently and from several processes.
type Sender struct {
	records leads.Records
	opts    Options
	client  *http.Client
	err     error
}

// New returns a sender whose endpoints are kept in records: the Store. opts may be nil.
func New(records leads.Records, opts *Options) *Sender {
	s := &Sender{records: records}
	if opts != nil {
		s.opts = *opts
		s.opts.Networks = slices.Clone(opts.Networks)
	}
	if s.opts.Timeout == 0 {
		s.opts.Timeout = 8 * time.Second
	}
	if s.opts.DisableAfter == 0 {
		s.opts.DisableAfter = 5 * 24 * time.Hour
	}
	if s.opts.Clock == nil {
		s.opts.Clock = time.Now
	}
	if s.opts.Transport == nil {
		s.opts.Transport = safehttp.Transport(&safehttp.Reach{Allow: s.opts.Networks, AnyPort: s.opts.AnyPort})
	}
	s.client = safehttp.Client(&safehttp.Options{Timeout: s.opts.Timeout, Transport: s.opts.Transport})
	if records == nil {
		s.err = errors.New("webhook: New: records is required")
	}
	return s
}

// Check reports what is wrong with the configuration.
func (s *Sender) Check(context.Context) []leads.Finding {
	if s.err == nil {
		return nil
	}
	return []leads.Finding{{Fatal: true, Part: "webhook", Message: s.err.Error(), Fix: "give the Store"}}
}

// Notify calls each endpoint of the tenant that wants the event and has not got it yet. A failure of one does not keep the others from theirs.
func (s *Sender) Notify(ctx context.Context, n leads.Notification) error {
	if s.err != nil {
		return leads.Permanent(s.err)
	}
	payload, ok := newPayload(n)
	if !ok {
		return nil
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return leads.Permanent(fmt.Errorf("webhook: encode: %w", err))
	}
	endpoints, err := s.Endpoints(ctx, n.Tenant)
	if err != nil {
		return err
	}
	calls := make([]leads.Notifier, 0, len(endpoints))
	for _, e := range endpoints {
		calls = append(calls, leads.NotifierFunc(func(ctx context.Context, n leads.Notification) error { return s.tell(ctx, n, e, payload.Type, body) }))
	}
	return notify.All(calls...).Notify(ctx, n)
}

// tell makes one call, if the endpoint wants it, and sees to it that the team hears when the endpoint was switched off.
func (s *Sender) tell(ctx context.Context, n leads.Notification, e Endpoint, event string, body []byte) error {
	var err error
	if !e.Disabled && e.wants(event) {
		err = n.Once(ctx, leads.Delivery{Channel: "webhook", Recipient: e.ID, Body: body}, func(ctx context.Context, d leads.Delivery) (leads.Receipt, error) {
			if d.ID == "" { // outside an engine
				d.ID = leads.NewID()
			}
			id := "msg_" + d.ID
			var err error
			e, err = s.attempt(ctx, e, id, d.Body)
			return leads.Receipt{ID: id}, err
		})
	}
	return errors.Join(err, s.announce(ctx, n, e))
}

// announce tells the team once that an endpoint was switched off for its failures.
func (s *Sender) announce(ctx context.Context, n leads.Notification, e Endpoint) error {
	if !e.Disabled || e.DisabledFor == "" || e.Announced {
		return nil
	}
	note := fmt.Sprintf("The webhook %q was switched off.\n%s. Nothing more is sent to it until somebody switches it on again; what could not be sent is kept and can be replayed.", e.ID, e.DisabledFor)
	n.Lead = leads.Lead{ID: leads.NoLead}
	if err := n.Schedule(ctx, "webhook-off/"+e.ID+"/"+e.DisabledAt.UTC().Format(time.RFC3339Nano), leads.Notice{Kind: leads.NotifyCustom, Note: note}, time.Time{}); err != nil {
		return err
	}
	_, err := s.change(ctx, e.Tenant, e.ID, func(stored *Endpoint) error {
		stored.Announced = stored.DisabledAt.Equal(e.DisabledAt)
		return nil
	})
	if leads.IsNotFound(err) {
		return nil
	}
	return err
}

// Post calls one endpoint of a tenant, or with "" every one that wants the event, with data encoded as JSON in a [Payload] of that type. id is the same for a
// repeated call: receivers know it by that. Its error is permanent when there is no such endpoint, it is switched off, or data cannot be encoded; any other is worth another
// call. Of several endpoints those that have taken it get it again then.
func (s *Sender) Post(ctx context.Context, tenant, endpoint, event, id string, data any) error {
	if s.err != nil {
		return leads.Permanent(s.err)
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return leads.Permanent(fmt.Errorf("webhook: encode: %w", err))
	}
	body, err := json.Marshal(envelope{Type: event, Timestamp: s.now(), Data: encoded})
	if err != nil {
		return leads.Permanent(fmt.Errorf("webhook: encode: %w", err))
	}
	if endpoint == "" {
		return s.postAll(ctx, tenant, event, id, body)
	}
	e, err := s.Endpoint(ctx, tenant, endpoint)
	switch {
	case leads.IsNotFound(err):
		return leads.Permanent(fmt.Errorf("webhook: %q: %w", endpoint, err))
	case err != nil:
		return err
	case e.Disabled:
		return leads.Permanent(fmt.Errorf("webhook: %q is switched off", endpoint))
	}
	_, err = s.attempt(ctx, e, id, body)
	return err
}

func (s *Sender) postAll(ctx context.Context, tenant, event, id string, body []byte) error {
	endpoints, err := s.Endpoints(ctx, tenant)
	if err != nil {
		return err
	}
	var calls []leads.Notifier
	for _, e := range endpoints {
		if !e.Disabled && e.wants(event) {
			calls = append(calls, leads.NotifierFunc(func(ctx context.Context, _ leads.Notification) error {
				_, err := s.attempt(ctx, e, id, body)
				return err
			}))
		}
	}
	return notify.All(calls...).Notify(ctx, leads.Notification{})
}

func (s *Sender) now() time.Time { return s.opts.Clock().UTC().Truncate(time.Millisecond) }
