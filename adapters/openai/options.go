package openai

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads/score"
)

// Format is how the server is asked for JSON.
type Format string

// The formats.
const (
	// FormatAuto begins with FormatSchema, goes on to FormatObject and FormatText where the server refuses, and remembers what worked.
	FormatAuto   Format = ""
	FormatSchema Format = "json_schema"
	FormatObject Format = "json_object"
	FormatText   Format = "text" // no response_format is sent; the prompt alone asks for JSON
)

// formats in the order in which they are tried.
var formats = [...]Format{FormatSchema, FormatObject, FormatText}

func (f Format) first() int { return max(0, slices.Index(formats[:], f)) }

// Options change what a [Scorer] does.
type Options struct {
	// Rubric has the criteria. Nil means score.DefaultRubric(). It should be the one behind it in score.Fallback.
	Rubric *score.Rubric
	// Timeout is for the whole call, a second attempt included. 0 means 10s; score.Fallback allows at most 12s.
	Timeout time.Duration
	// DailyTokens is the budget of each tenant for a UTC day, input and output together. It is never exceeded: before a call the most that it can
	// cost is set aside (with the default rubric up to 20,000), of which what was not used comes back. It is kept in memory, by this process. 0 means no limit.
	DailyTokens int
	// MaxTokens limits what the model may write. 0 means no limit is sent, or 2048 where DailyTokens is set.
	MaxTokens int
	// Temperature is sent if it is not nil; some models refuse it.
	Temperature *float64
	// Prices turn tokens into costs. Zero means that no costs are stored.
	Prices Prices
	// Format is how JSON is asked for. "" means FormatAuto.
	Format Format
	// Header is added to each request, for gateways.
	Header http.Header
	// CacheSize is how many answers are kept for questions that come again, until the end of the UTC day. 0 means 1024; below 0 means none.
	CacheSize int
	// Client sends the requests. Nil means one of its own. Redirects to other hosts are not followed, whatever it says.
	Client *http.Client
	// Clock tells the day of the budget. Nil means time.Now.
	Clock func() time.Time
}

// Prices are in any currency, for a million tokens.
type Prices struct{ InputPerMillion, OutputPerMillion float64 }

func (o Options) withDefaults() Options {
	if o.Rubric == nil {
		o.Rubric = score.DefaultRubric()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.MaxTokens == 0 && o.DailyTokens > 0 {
		o.MaxTokens = 2048
	}
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.CacheSize = cmp.Or(o.CacheSize, 1024)
	o.Header = o.Header.Clone()
	return o
}

// validate returns every mistake.
func (o Options) validate(model string, faults ...error) []error {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf("openai: "+format, args...)) }
	if strings.TrimSpace(model) == "" {
		bad("the model is required")
	}
	if o.Timeout < 0 {
		bad("Options.Timeout must not be negative: %s", o.Timeout)
	}
	if o.DailyTokens < 0 {
		bad("Options.DailyTokens must not be negative: %d", o.DailyTokens)
	}
	if o.MaxTokens < 0 {
		bad("Options.MaxTokens must not be negative: %d", o.MaxTokens)
	}
	if t := o.Temperature; t != nil && !(*t >= 0 && *t <= 2) {
		bad("Options.Temperature must be 0 to 2: %v", *t)
	}
	for _, price := range []float64{o.Prices.InputPerMillion, o.Prices.OutputPerMillion} {
		if !(price >= 0) || math.IsInf(price, 0) {
			bad("Options.Prices must not be negative: %v", price)
		}
	}
	if o.Format != FormatAuto && !slices.Contains(formats[:], o.Format) {
		bad("Options.Format is %q; it must be json_schema, json_object, text or empty", string(o.Format))
	}
	if err := o.Rubric.Validate(); err != nil {
		faults = append(faults, err)
	}
	return slices.DeleteFunc(faults, func(err error) bool { return err == nil })
}

// endpoint makes the address of the requests. Its errors do not repeat the URL, which may hold a password.
func endpoint(baseURL string) (address, host string, err error) {
	u, err := url.Parse(cmp.Or(strings.TrimSpace(baseURL), "https://api.openai.com/v1"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", "", errors.New(`openai: the base URL must be an absolute http or https URL such as "https://api.openai.com/v1"`)
	case u.User != nil:
		return "", "", errors.New("openai: the base URL must not hold a user or password; give the key as the key")
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1"
	}
	u = u.JoinPath("chat", "completions")
	u.Fragment = ""
	return u.String(), u.Hostname(), nil
}

// exposed reports whether requests leave this machine in the clear.
func exposed(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// noDetours copies the client and keeps it from following redirects to another host: they would take the lead there.
func noDetours(client *http.Client) *http.Client {
	var own http.Client
	if client != nil {
		own = *client
	}
	follow := own.CheckRedirect
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme || len(via) > 2 {
			return http.ErrUseLastResponse
		}
		if follow != nil {
			return follow(req, via)
		}
		return nil
	}
	return &own
}
