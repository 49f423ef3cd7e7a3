// Package mailgun sends mails through Mailgun and takes what Mailgun tells of them.
//
//	mailer := mailgun.New("mg.example.com", os.Getenv("MAILGUN_API_KEY"), nil)
//	sequencer := sequence.New(store, mailer, nil)
//	mux.Handle("/mailgun", mailgun.NewEvents(os.Getenv("MAILGUN_SIGNING_KEY"), sequencer, nil))
//
// Mailgun does not recognise a request that it has had before, and an answer of 5xx or none at all can still have sent the mail. Such an error is
// ambiguous (see [leads.IsAmbiguous]), and [Mailer.Sent] finds out later, by the Message-ID, what became of the mail.
//
// Nothing is tracked unless [Options].Tracking says so. Read on: docs/mail.md for the statuses, and for setting up webhooks and routes.
package mailgun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	api "github.com/mailgun/mailgun-go/v4"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/internal/mime"
	"github.com/openleads/leads/internal/secret"
)

// Mailer sends mails through one domain of a Mailgun account. Use New to make one. It may be used concurrently.
type Mailer struct {
	domain string
	base   string
	key    secret.Secret
	opts   Options
	http   *http.Client
	faults []error
	// attempts has when each mail was last tried, by its Message-ID.
	attempts *lru.Cache[string, time.Time]
	// refused is the last answer that speaks of the set-up; nil once a mail gets through.
	refused atomic.Pointer[string]
}

// New returns a Mailer for a sending domain. apiKey is a key of the account or a sending key of the domain; with the latter [Mailer.Sent] cannot
// be answered. A nil opts means the defaults. Mistakes are told by [Mailer.Check], and by every Send.
func New(domain, apiKey string, opts *Options) *Mailer {
	m := &Mailer{domain: domain, key: secret.New(apiKey)}
	if opts != nil {
		m.opts = *opts
	}
	m.opts = m.opts.withDefaults()
	var fault error
	m.base, fault = apiBase(m.opts.Base)
	m.faults = m.opts.validate(domain, apiKey, fault)
	m.http = m.opts.client(m.base)
	m.attempts, _ = lru.New[string, time.Time](maxAttempts) // fails for a size below 1 only
	return m
}

// maxAttempts is for how many mails the last attempt is remembered.
const maxAttempts = 8192

// Send hands the mail to Mailgun and returns Mailgun's Message-ID of it, without angle brackets, which is ours. It takes at most
// Options.Timeout. Errors are told apart like this:
//
//   - permanent: a field that cannot be sent, several recipients without Options.SharedTo, and the answers 400, 413 and 422, which speak of this mail;
//   - ambiguous: 5xx, an answer that cannot be read, and no answer after the whole request was handed to the connection;
//   - retried: everything else. Mailgun cannot be reached, 429 (with what Retry-After asks for), and every answer that speaks of the set-up: 401,
//     402, 403, 404 and the rest of 3xx and 4xx. A wrong key or region loses no mail.
//
// Of the tags the first three that Mailgun can take (ASCII, 128 bytes) are sent. Variables come back with the events, and Mailgun writes them into the
// mail's header too, where its recipient can read them.
func (m *Mailer) Send(ctx context.Context, mail leads.Email) (leads.Receipt, error) {
	if err := errors.Join(m.faults...); err != nil {
		return leads.Receipt{}, err
	}
	mail, err := mime.Prepare(mail)
	if err != nil {
		return leads.Receipt{}, fmt.Errorf("mailgun: %w", err)
	}
	if len(mail.To) > 1 && !m.opts.SharedTo {
		return leads.Receipt{}, leads.Permanent(errors.New("mailgun: Email.To: several recipients would see each other; send a mail to each, or set Options.SharedTo"))
	}
	if err := ctx.Err(); err != nil {
		return leads.Receipt{}, err
	}
	ctx, call, cancel := m.begin(ctx)
	defer cancel()
	defer func() { m.attempts.Add(mail.MessageID, m.opts.Clock()) }()
	_, id, err := m.api().Send(ctx, m.message(mail))
	if err == nil && id == "" {
		err = errors.New("the answer has no id")
	}
	if err != nil {
		return leads.Receipt{}, fmt.Errorf("mailgun: %w", m.failed(ctx, call, err))
	}
	m.refused.Store(nil)
	return leads.Receipt{ID: strings.Trim(id, "<>")}, nil
}

// message makes the request. The names of its fields are constants, but for those of headers and variables, which have passed the checks.
func (m *Mailer) message(mail leads.Email) *api.Message {
	msg := api.NewMessage(mail.From.String(), mime.Word(inert(mail.Subject)), cmp.Or(inert(mail.Text), "\n"))
	for _, to := range mail.To {
		_ = msg.AddRecipient(to.String()) // fails above 1,000 only, which Mailgun refuses itself
	}
	if mail.HTML != "" {
		msg.SetHTML(inert(mail.HTML))
	}
	msg.AddHeader("Message-Id", "<"+mail.MessageID+">")
	if len(mail.ReplyTo) > 0 {
		list := make([]string, len(mail.ReplyTo))
		for i, a := range mail.ReplyTo {
			list[i] = a.String()
		}
		msg.AddHeader("Reply-To", strings.Join(list, ", "))
	}
	for name, value := range mail.Headers {
		msg.AddHeader(name, mime.Word(value))
	}
	_ = msg.AddTag(usable(mail.Tags)...) // adds all or none, and takes three
	for name, value := range mail.Variables {
		_ = msg.AddVariable(name, value) // fails for what is no JSON only
	}
	yesNo := map[bool]string{true: "yes", false: "no"}
	msg.SetTrackingOptions(&api.TrackingOptions{Tracking: m.opts.Tracking, TrackingOpens: m.opts.Tracking, TrackingClicks: yesNo[m.opts.Tracking]})
	if m.opts.TestMode {
		msg.EnableTestMode()
	}
	return msg
}

// usable returns the first three tags that Mailgun takes: printable ASCII, at most 128 bytes.
func usable(tags []string) []string {
	var list []string
	for _, tag := range tags {
		ok := tag != "" && len(tag) <= 128 && !strings.ContainsFunc(tag, func(r rune) bool { return r < ' ' || r > '~' })
		if ok && len(list) < api.MaxNumberOfTags {
			list = append(list, tag)
		}
	}
	return list
}

// placeholder is what Mailgun replaces in the text of any mail: a lead who writes "%unsubscribe_url%" would have the team unsubscribe itself.
var placeholder = regexp.MustCompile(`(?i)%((?:recipient|unsubscribe|tag_unsubscribe|mailing_list)[a-z0-9_.]*%)`)

// inert keeps Mailgun from replacing anything, with an invisible mark (U+2060) between the sign and the name.
func inert(s string) string { return placeholder.ReplaceAllString(s, "%\u2060$1") }

// api returns a client of Mailgun's own library. It is made for each call, so that the key stays in its Secret.
func (m *Mailer) api() *api.MailgunImpl {
	client := api.NewMailgun(m.domain, m.key.Reveal())
	client.SetAPIBase(m.base)
	client.SetClient(m.http)
	return client
}

// begin starts a call that is bounded in time and watched.
func (m *Mailer) begin(ctx context.Context) (context.Context, *call, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, m.opts.Timeout)
	c := new(call)
	return context.WithValue(ctx, callKey{}, c), c, cancel
}

// Check reports mistakes in what New was given as fatal, and what Mailgun last refused for the set-up's sake. It asks nobody.
func (m *Mailer) Check(context.Context) []leads.Finding {
	var findings []leads.Finding
	for _, err := range m.faults {
		findings = append(findings, leads.Finding{Fatal: true, Part: "mailer", Message: err.Error(), Fix: "see mailgun.New and mailgun.Options"})
	}
	warn := func(message, fix string) {
		findings = append(findings, leads.Finding{Part: "mailer", Message: "mailgun: " + message, Fix: fix})
	}
	if len(m.faults) == 0 && exposed(m.base) {
		warn("key and mails go over plain http to another machine", "use an https URL")
	}
	if strings.HasPrefix(m.key.Reveal(), "pubkey-") {
		warn("this is the account's public key, which cannot send", "use a private or a sending key")
	}
	if refused := m.refused.Load(); refused != nil {
		warn("the last mail was refused: "+*refused, "see that key, domain and region belong together")
	}
	return findings
}

// String names the mailer and its domain.
func (m *Mailer) String() string { return "mailgun:" + m.domain }
