package mailgun

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// maxJSON is how long the JSON of a webhook may be. Mailgun's are a few kilobytes.
const maxJSON = 1 << 20

var (
	errBroken    = errors.New("the body broke off")
	errTooLarge  = errors.New("the body is too large")
	errNotJSON   = errors.New("the body is not the JSON of a webhook")
	errNotForm   = errors.New("the body is not a form")
	errMediaType = errors.New("the media type is neither JSON nor a form")
)

// notice is one request: a signature, and the event that it vouches for. An event without a Kind means nothing to us.
type notice struct {
	signature signature
	event     leads.MailEvent
}

// signature is what Mailgun signs a request with.
type signature struct{ timestamp, token, value string }

// read reads a request. Webhooks come as JSON, replies as forms.
func read(w http.ResponseWriter, r *http.Request) (notice, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/x-www-form-urlencoded":
		return parseReply(urlencoded(http.MaxBytesReader(w, r.Body, maxForm)))
	case err == nil && kind == "multipart/form-data":
		return parseReply(multiparted(http.MaxBytesReader(w, r.Body, maxForm), params["boundary"]))
	case r.Header.Get("Content-Type") != "" && kind != "application/json":
		return notice{}, errMediaType
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return notice{}, broken(err)
	}
	return parseEvent(raw)
}

// broken tells a body that is too large from one that did not arrive.
func broken(err error) error {
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return errTooLarge
	}
	return errBroken
}

// webhook is the JSON of a webhook, as far as it is of use. Values of a type that is not Mailgun's are taken for missing.
type webhook struct {
	Signature struct{ Timestamp, Token, Signature text }
	Event     struct {
		ID        text
		Event     text
		Timestamp json.RawMessage
		Severity  text
		Reason    text
		Recipient text
		URL       text
		Message   struct {
			Headers struct {
				MessageID text `json:"message-id"`
			}
		}
		Status struct {
			Code        text
			Enhanced    text `json:"enhanced-code"`
			Description text
			Message     text
		} `json:"delivery-status"`
		Client    client          `json:"client-info"`
		Variables json.RawMessage `json:"user-variables"`
	} `json:"event-data"`
}

// text is a string, or a number or bool as text; anything else is "".
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	switch {
	case json.Unmarshal(raw, &s) == nil:
		*t = text(s)
	case len(raw) > 0 && raw[0] != '{' && raw[0] != '[' && len(raw) <= 64:
		*t = text(raw)
	}
	return nil
}

// parseEvent reads the JSON of a webhook.
func parseEvent(raw []byte) (notice, error) {
	var hook webhook
	var mistyped *json.UnmarshalTypeError // of a part that should be an object: it is left out
	if err := json.Unmarshal(raw, &hook); err != nil && !errors.As(err, &mistyped) {
		return notice{}, errNotJSON
	}
	e := hook.Event
	n := notice{signature: signature{string(hook.Signature.Timestamp), string(hook.Signature.Token), string(hook.Signature.Signature)}}
	if n.signature == (signature{}) {
		return notice{}, errNotJSON
	}
	n.event = leads.MailEvent{
		Kind: kindOf(string(e.Event), string(e.Severity), string(e.Reason), string(e.Status.Enhanced)+" "+string(e.Status.Message)), ID: clean(string(e.ID), 255), At: eventTime(e.Timestamp),
		MessageID: identifier(string(e.Message.Headers.MessageID)), Recipient: address(string(e.Recipient)), Variables: variables(e.Variables),
	}
	switch n.event.Kind {
	case leads.MailDelayed, leads.MailBounced, leads.MailFailed, leads.MailComplained, leads.MailUnsubscribed:
		n.event.Reason = reason(string(e.Reason), string(e.Status.Code), string(e.Status.Enhanced), string(e.Status.Description), string(e.Status.Message))
	case leads.MailClicked:
		n.event.URL = link(string(e.URL))
		n.event.Machine = e.Client.machine()
	case leads.MailOpened:
		n.event.Machine = e.Client.machine()
	}
	return n, nil
}

// kindOf reads Mailgun's name of an event. A mail that Mailgun did not even try to deliver says why: the recipient had complained or unsubscribed
// before. One that it has given up after hours of trying comes as a temporary failure whose reason is "old". Only a failure that is the address's own is a
// bounce, after which nobody writes to it any more: Mailgun says so, or the server does by a code 5.1.x (RFC 3463: bad address).
func kindOf(name, severity, reason, answer string) leads.MailEventKind {
	switch strings.ToLower(name) {
	case "accepted":
		return leads.MailAccepted
	case "delivered":
		return leads.MailDelivered
	case "opened":
		return leads.MailOpened
	case "clicked":
		return leads.MailClicked
	case "complained":
		return leads.MailComplained
	case "unsubscribed":
		return leads.MailUnsubscribed
	case "failed":
	default:
		return ""
	}
	switch {
	case reason == "suppress-complaint":
		return leads.MailComplained
	case reason == "suppress-unsubscribe":
		return leads.MailUnsubscribed
	case severity == "temporary" && reason != "old":
		return leads.MailDelayed
	case reason == "bounce" || reason == "suppress-bounce" || badAddress.MatchString(answer):
		return leads.MailBounced
	}
	return leads.MailFailed
}

var badAddress = regexp.MustCompile(`\b5\.1\.\d`)

// reason puts together why a mail failed: "bounce: 550 5.1.1 No such user".
func reason(word, code, enhanced, description, message string) string {
	if message == "" {
		message = description
	}
	if code == "0" {
		code = ""
	}
	if strings.Contains(message, enhanced) {
		enhanced = ""
	}
	if strings.HasPrefix(message, code) {
		code = ""
	}
	detail := strings.Join(strings.Fields(strings.Join([]string{code, enhanced, message}, " ")), " ")
	if word != "" && detail != "" {
		word += ": "
	}
	return clean(word+detail, 500)
}

// eventTime reads seconds since 1970 with a fraction. What is no time of ours is the zero time.
func eventTime(raw json.RawMessage) time.Time {
	s := strings.Trim(string(raw), `"`)
	if len(s) > 40 || strings.ContainsAny(s, "eE/") {
		return time.Time{}
	}
	seconds, ok := new(big.Rat).SetString(s)
	if !ok || seconds.Sign() <= 0 || seconds.Cmp(big.NewRat(1<<33, 1)) > 0 { // up to the year 2242
		return time.Time{}
	}
	micros := seconds.Mul(seconds, big.NewRat(1e6, 1))
	return time.UnixMicro(new(big.Int).Quo(micros.Num(), micros.Denom()).Int64()).UTC()
}

// identifier takes the angle brackets off a Message-ID. One that is longer than a mail's can be is none.
func identifier(s string) string {
	s = strings.Trim(strings.TrimSpace(s), "<>")
	if len(s) > 998 || s != clean(s, 998) {
		return ""
	}
	return s
}

// address takes an address as it is, or nothing.
func address(s string) string {
	if s = strings.TrimSpace(s); len(s) > 254 || s != clean(s, 254) {
		return ""
	}
	return s
}

// link takes http and https only: it is shown to people.
func link(s string) string {
	if lower := strings.ToLower(s); !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
		return ""
	}
	return clean(s, 2048)
}

const (
	maxVariables = 64
	maxVariable  = 8192 // bytes of a value
)

// variables reads the mail's own variables. Values that are no text are given as JSON.
func variables(raw json.RawMessage) map[string]string {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil || len(all) == 0 || len(all) > maxVariables {
		return nil
	}
	out := make(map[string]string, len(all))
	for name, value := range all {
		var s string
		if json.Unmarshal(value, &s) != nil {
			var compact bytes.Buffer
			_ = json.Compact(&compact, value) // it has been parsed
			s = compact.String()
		}
		out[cut(name, 255)] = strings.ReplaceAll(cut(s, maxVariable), "\x00", "\uFFFD")
	}
	return out
}
