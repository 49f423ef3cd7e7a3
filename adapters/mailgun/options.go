package mailgun

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	api "github.com/mailgun/mailgun-go/v4"
)

// Options change what a [Mailer] does.
type Options struct {
	// Base is the region, "US" or "EU", or the URL of the API with its version: "https://api.eu.mailgun.net/v3". To a URL without a path /v3 is
	// added. "" means "US".
	Base string
	// Timeout bounds one call. 0 means 15s.
	Timeout time.Duration
	// Tracking has Mailgun rewrite links and add a pixel, to tell of clicks and opens. False means that neither is done, whatever the domain's
	// settings say.
	Tracking bool
	// SharedTo allows mails with several recipients, each of whom sees the others. Without it they are refused.
	SharedTo bool
	// TestMode has Mailgun take the mails without delivering them.
	TestMode bool
	// EventsDelay is how long after a mail was sent its events may be missing: only then Sent answers No. 0 means 2m.
	EventsDelay time.Duration
	// Client sends the requests. Nil means one of its own. Its Timeout and CheckRedirect are not used: redirects are never followed.
	Client *http.Client
	// Clock is for EventsDelay. Nil means time.Now.
	Clock func() time.Time
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 15*time.Second)
	o.EventsDelay = cmp.Or(o.EventsDelay, 2*time.Minute)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

// hostName takes the names that a sending domain can have.
var hostName = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)

// validate returns every mistake. None repeats the key.
func (o Options) validate(domain, key string, faults ...error) []error {
	if len(domain) > 253 || !hostName.MatchString(domain) {
		faults = append(faults, fmt.Errorf(`mailgun: the domain must be a host name such as "mg.example.com": %.100q`, domain))
	}
	switch {
	case key == "":
		faults = append(faults, errors.New("mailgun: the API key is required"))
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		faults = append(faults, errors.New("mailgun: the API key holds blanks or characters that no key has"))
	}
	if o.Timeout < 0 {
		faults = append(faults, fmt.Errorf("mailgun: Options.Timeout must not be negative: %s", o.Timeout))
	}
	if o.EventsDelay < 0 {
		faults = append(faults, fmt.Errorf("mailgun: Options.EventsDelay must not be negative: %s", o.EventsDelay))
	}
	return slices.DeleteFunc(faults, func(err error) bool { return err == nil })
}

// version is what the library looks for in the URL's path.
var version = regexp.MustCompile(`/v[1-5]$`)

// apiBase makes the address of the API. Its error does not repeat the URL, which may hold a password.
func apiBase(base string) (string, error) {
	switch base = strings.TrimRight(strings.TrimSpace(base), "/"); strings.ToUpper(base) {
	case "", "US":
		return api.APIBaseUS, nil
	case "EU":
		return api.APIBaseEU, nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New(`mailgun: Options.Base must be "US", "EU" or a URL such as "https://api.eu.mailgun.net/v3"`)
	}
	if u.Path == "" {
		u.Path = "/v3"
	}
	if !version.MatchString(u.Path) {
		return "", errors.New(`mailgun: Options.Base must end in the version of the API, such as "/v3"`)
	}
	return u.String(), nil
}

// exposed reports whether requests leave this machine in the clear.
func exposed(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// client makes the client of all calls. They are bounded by their contexts.
func (o Options) client(base string) *http.Client {
	var own http.Client
	if o.Client != nil {
		own = *o.Client
	}
	if own.Transport == nil {
		own.Transport = ownTransport()
	}
	own.Transport = &watcher{next: own.Transport, base: base}
	own.Timeout, own.Jar = 0, nil
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// ownTransport gives connections up before the other side does: a request that meets a closed one would be ambiguous.
func ownTransport() http.RoundTripper {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	transport = transport.Clone()
	transport.IdleConnTimeout = 20 * time.Second
	return transport
}
