package enrich

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich/lists"
	"github.com/openleads/leads/internal/safehttp"
)

// Homepage reads the homepage of the organisation behind a lead. It learns [CompanyHomepage], and of what the page says about itself
// [CompanyName] and [CompanyDescription]. It is off unless it is put into the [Chain]:
//
//	enrich.Chain{enrich.Email{}, enrich.Company{}, enrich.NewHomepage(nil)}
//
// A stranger chooses what it fetches, so it reaches nothing but public addresses, whatever the name server says and wherever the
// page redirects; at most 3 redirects within the same registrable domain are followed; 5 s and 512 KiB, decompressed, are all that a
// site is given; it sends no cookies, credentials or referrer. What it read of a domain serves all leads from there for a day, and that
// it could read nothing for an hour. What a page says is the word of a stranger too: names and descriptions are made short, plain text.
//
// A page that cannot be read is a fact, Unknown for an hour; the only errors are those of a context that ended. It may be used
// concurrently.
type Homepage struct {
	company Company
	client  *http.Client
	timeout time.Duration
	memory  *memory[page]
}

// HomepageOptions sets a [Homepage]. The zero value of each field is its default.
type HomepageOptions struct {
	// Own are the host's own domains, whose homepages are not read.
	Own []string
	// Classify tells what a domain is used for; it is given lower-case ASCII. Nil means [lists.Lookup].
	Classify func(domain string) lists.Entry
	// Clock gives the time of the facts. Nil means time.Now.
	Clock func() time.Time
	// Timeout bounds the reading of one homepage. 0 means 5s.
	Timeout time.Duration
	// Size is how many homepages are remembered; the longest unused go first. 0 means 5,000, about 5 MB.
	Size int
	// Transport makes the connections, for hosts that reach the internet through a proxy of their own. It is then the proxy that must
	// refuse private addresses. Nil means direct connections to public addresses, and no proxy of the environment.
	Transport http.RoundTripper
}

// How long a Homepage remembers.
const (
	rememberPage   = 24 * time.Hour
	rememberNoPage = time.Hour
)

// maxPage is how much of a page is read, decompressed.
const maxPage = 512 << 10

// NewHomepage returns a Homepage. Nil options are the defaults.
func NewHomepage(opts *HomepageOptions) *Homepage {
	if opts == nil {
		opts = &HomepageOptions{}
	}
	timeout := cmp.Or(opts.Timeout, 5*time.Second)
	return &Homepage{
		company: Company{Own: opts.Own, Classify: opts.Classify, Clock: opts.Clock},
		client:  safehttp.Client(&safehttp.Options{Timeout: timeout, Redirects: 3, Transport: opts.Transport}),
		timeout: timeout,
		memory:  newMemory[page](max(cmp.Or(opts.Size, 5000), 1)),
	}
}

// Enrich learns from the homepage of the lead's organisation. It is read only if the lead has no fresh answer for it.
func (h *Homepage) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	now := clockOr(h.company.Clock)
	domain, label := h.company.employer(lead.Email)
	if domain == "" {
		return nil, nil
	}
	if old, ok := lead.Enrichment[CompanyHomepage]; ok && old.Fresh(now) && old.Value == domain {
		return nil, nil
	}
	p, err := h.memory.get(ctx, domain, now, func() (page, time.Duration) {
		p, ok := h.read(ctx, domain, label)
		switch {
		case ok:
			return p, rememberPage
		case ctx.Err() != nil: // the caller was in a hurry, which says nothing about the page
			return p, -1
		}
		return p, rememberNoPage
	})
	if err == nil && !p.read {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("enrich: homepage: %w", err)
	}
	facts := p.facts(lead, domain, now)
	var gone []leads.Fact
	if old := lead.Enrichment[CompanyHomepage].Value; old != "" && old != domain && !hasKey(facts, CompanyDescription) {
		gone = withdraw(lead, now, "homepage", "the description was of "+old, CompanyDescription)
	}
	return append(learned(lead, now, facts...), gone...), nil
}

// facts says of a page what concerns the lead.
func (p page) facts(lead leads.Lead, domain string, now time.Time) []leads.Fact {
	if !p.read {
		return []leads.Fact{{Key: CompanyHomepage, Value: domain, Reason: p.reason, Source: "homepage"}}
	}
	facts := []leads.Fact{{Key: CompanyHomepage, Truth: leads.Yes, Value: domain, Reason: p.reason, Source: "homepage"}}
	if p.name != "" && stated(lead.Company) == "" && !hasBetterName(lead, domain, p.source, now) {
		facts = append(facts, leads.Fact{Key: CompanyName, Truth: leads.Yes, Value: p.name, Reason: "as the homepage of " + domain + " says", Source: p.source})
	}
	if p.description != "" {
		facts = append(facts, leads.Fact{
			Key: CompanyDescription, Truth: leads.Yes, Value: p.description, Reason: "as the homepage of " + domain + " says", Source: "homepage",
		})
	}
	return facts
}

// read tries the ways in which a homepage is usually reached. It reports false together with the reason why none was read.
func (h *Homepage) read(ctx context.Context, domain, label string) (page, bool) {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	var err error
	for _, address := range []string{"https://" + domain + "/", "https://www." + domain + "/", "http://" + domain + "/"} {
		var p page
		if p, err = h.fetch(ctx, address, label); err == nil {
			return p, true
		}
		if status := new(statusError); errors.As(err, &status) || safehttp.Refused(err) || ctx.Err() != nil {
			break // it was reached, or must not be, or there is no time left
		}
	}
	return page{reason: unread(err)}, false
}

// statusError is that of a page that was reached and is none.
type statusError struct{ reason string }

func (e *statusError) Error() string { return e.reason }

// unread has no details of the error: they may name the host's own servers.
func unread(err error) string {
	status := new(statusError)
	switch {
	case errors.As(err, &status):
		return status.reason
	case safehttp.Refused(err):
		return "the homepage leads where we do not go"
	case errors.Is(err, context.DeadlineExceeded):
		return "the homepage did not answer in time"
	}
	return "the homepage could not be reached"
}

// fetch reads one page.
func (h *Homepage) fetch(ctx context.Context, address, label string) (page, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, err
	}
	request.Header.Set("User-Agent", "Mozilla/5.0 (compatible; openleads; reads a homepage once)")
	request.Header.Set("Accept", "text/html")
	response, err := h.client.Do(request)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = response.Body.Close() }() // only read from
	if response.StatusCode != http.StatusOK {
		return page{}, &statusError{fmt.Sprintf("the homepage answered with status %d", response.StatusCode)}
	}
	kind, params, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || kind != "text/html" {
		return page{}, &statusError{"the homepage is no HTML page"}
	}
	p := parsePage(io.LimitReader(response.Body, maxPage), strings.ToLower(params["charset"]), label)
	if p.failed != nil {
		return page{}, p.failed
	}
	p.read, p.reason = true, "read at "+response.Request.URL.Scheme+"://"+response.Request.URL.Host
	return p, nil
}
