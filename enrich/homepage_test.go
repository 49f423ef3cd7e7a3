package enrich_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/internal/safehttp"
)

// site answers for every domain, over a real connection to loopback that stands for the internet.
type site struct {
	handler http.Handler
	real    http.RoundTripper
	address string
	asked   atomic.Int64
}

// serveSite returns the transport of a Homepage that reaches only this site.
func serveSite(t testing.TB, handler http.HandlerFunc) *site {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	real := &http.Transport{DisableKeepAlives: true}
	return &site{handler: handler, real: real, address: strings.TrimPrefix(server.URL, "http://")}
}

// RoundTrip sends the request to the site, whatever it was for; Host says what that was.
func (s *site) RoundTrip(req *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	sent := req.Clone(req.Context())
	sent.Host = req.URL.Host
	sent.URL = &url.URL{Scheme: "http", Host: s.address, Path: req.URL.Path}
	response, err := s.real.RoundTrip(sent)
	if response != nil {
		response.Request = req
	}
	return response, err
}

func htmlPage(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, content)
	}
}

func homepage(s http.RoundTripper) *enrich.Homepage {
	return enrich.NewHomepage(&enrich.HomepageOptions{Transport: s, Clock: atNoon})
}

func TestHomepageFacts(t *testing.T) {
	t.Parallel()
	s := serveSite(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "acme-tools.co.uk", r.Host)
		for _, header := range []string{"Cookie", "Authorization", "Referer", "Origin"} {
			require.Empty(t, r.Header.Get(header))
		}
		htmlPage(`<html><head><meta property="og:site_name" content="ACME Tools"><meta name="description" content="Tools &amp; more."></head>`)(w, r)
	})
	facts, err := homepage(s).Enrich(t.Context(), at("ann@mail.acme-tools.co.uk"))
	require.NoError(t, err)
	month := noon.AddDate(0, 0, 30)
	require.Equal(t, []leads.Fact{
		{Key: "company.homepage", Truth: leads.Yes, Value: "acme-tools.co.uk", Reason: "read at https://acme-tools.co.uk", Source: "homepage", At: noon, Expires: month},
		{Key: "company.name", Truth: leads.Yes, Value: "ACME Tools", Reason: "as the homepage of acme-tools.co.uk says", Source: "homepage: og:site_name", At: noon, Expires: month},
		{Key: "company.description", Truth: leads.Yes, Value: "Tools & more.", Reason: "as the homepage of acme-tools.co.uk says", Source: "homepage", At: noon, Expires: month},
	}, facts)
}

// What pages say, and what is believed of it. The domain is acme.com.
func TestHomepageNames(t *testing.T) {
	t.Parallel()
	ld := func(json string) string { return `<script type="application/ld+json">` + json + `</script>` }
	everything := ld(`{"@type":"Organization","name":"By JSON-LD"}`) + `<meta property="og:site_name" content="By OG">` +
		`<meta name="application-name" content="By App"><title>Acme by title</title>`
	cases := map[string]struct{ head, name, source string }{
		"JSON-LD before all":          {everything, "By JSON-LD", "JSON-LD"},
		"whatever the order":          {`<title>Acme</title><meta name="application-name" content="By App"><meta property="og:site_name" content="By OG">`, "By OG", "og:site_name"},
		"application name":            {`<title>Acme</title><meta name="Application-Name" content="By App">`, "By App", "application-name"},
		"title":                       {`<title>Acme</title>`, "Acme", "title"},
		"part of a title":             {`<title>Home - Acme Tools | Better since 1950</title>`, "Acme Tools", "title"},
		"part of a title, colon":      {`<title>ACME: all you need</title>`, "ACME", "title"},
		"title of something else":     {`<title>The best tools in town</title>`, "", ""},
		"graph":                       {ld(`{"@context":"https://schema.org","@graph":[{"@type":"WebPage","name":"Start"},{"@type":["Thing","Corporation"],"name":"Acme Corp"}]}`), "Acme Corp", "JSON-LD"},
		"list":                        {ld(`[{"@type":"BreadcrumbList"},{"@type":"LocalBusiness","name":["Acme Shop","x"]}]`), "Acme Shop", "JSON-LD"},
		"publisher of a site":         {ld(`{"@type":"WebSite","name":"Blog","publisher":{"@type":"https://schema.org/Organization","name":{"@value":"Acme AG"}}}`), "Acme AG", "JSON-LD"},
		"legal name":                  {ld(`{"@type":"Organization","legalName":"Acme Ltd"}`), "Acme Ltd", "JSON-LD"},
		"a person":                    {ld(`{"@type":"Person","name":"Ann"}`), "", ""},
		"a service":                   {ld(`{"@type":"Service","name":"Washing"}`), "", ""},
		"broken beside good":          {ld(`{"@type":"Organization","name":`) + ld(`{"@type":"Organization","name":"Acme"}`), "Acme", "JSON-LD"},
		"names that are no text":      {ld(`{"@type":"Organization","name":{"a":[1]}}`) + ld(`{"@type":7,"name":"x"}`) + ld(`null`), "", ""},
		"far too deep":                {ld(strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)), "", ""},
		"escaped twice":               {ld(`{"@type":"Organization","name":"Smith &amp; Sons"}`), "Smith & Sons", "JSON-LD"},
		"another script":              {`<script>var x = {"@type":"Organization","name":"No"}; "<body>"</script><title>Acme</title>`, "Acme", "title"},
		"generic names":               {`<meta property="og:site_name" content="Home"><meta name="application-name" content="WordPress"><title>Just a moment...</title>`, "", ""},
		"empty":                       {`<meta property="og:site_name" content="  "><title></title>`, "", ""},
		"markup in a name":            {`<meta property="og:site_name" content="<b>Acme</b><script>alert(1)</script> Inc"` + `>`, "Acme alert(1) Inc", "og:site_name"},
		"half a tag":                  {`<meta property="og:site_name" content="Acme <img src=x onerror=">`, "Acme img src=x onerror=", "og:site_name"},
		"an address for a name":       {`<meta property="og:site_name" content="Win at https://evil.example">`, "", ""},
		"control and bidi":            {"<meta property=\"og:site_name\" content=\"Ac\u202eme\u200b\x07\u2066\ufeff\tInc\r\nTo: x\">", "Acme Inc To: x", "og:site_name"},
		"far too long":                {`<meta property="og:site_name" content="` + strings.Repeat("ä", 4000) + `">`, strings.Repeat("ä", 100), "og:site_name"},
		"noscript with an image":      {`<noscript><img src="x"><title>No</title></noscript><meta property="og:site_name" content="Acme">`, "Acme", "og:site_name"},
		"after the body began":        {`</head><body><meta property="og:site_name" content="Comment by Bob">` + ld(`{"@type":"Organization","name":"Bob"}`), "", ""},
		"after the body began unsaid": {`<p>Hello<meta property="og:site_name" content="Comment by Bob">`, "", ""},
		"after the head ended":        {`</head><meta property="og:site_name" content="Comment by Bob">`, "", ""},
		"a comment":                   {`<!-- <body> --><meta property="og:site_name" content="Acme">`, "Acme", "og:site_name"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts, err := homepage(serveSite(t, htmlPage("<!doctype html><html><head>"+c.head))).Enrich(t.Context(), at("ann@acme.com"))
			require.NoError(t, err)
			require.Equal(t, leads.Yes, fact(facts, enrich.CompanyHomepage).Truth)
			f := fact(facts, enrich.CompanyName)
			require.Equal(t, c.name, f.Value)
			if c.name != "" {
				require.Equal(t, "homepage: "+c.source, f.Source)
			}
		})
	}
}

func TestHomepageDescriptions(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ head, want string }{
		"description":           {`<meta name="description" content=" We make\n tools. ">`, "We make tools."},
		"its own before others": {`<meta property="og:description" content="For Facebook"><meta name="description" content="For all">`, "For all"},
		"for others":            {`<meta property="og:description" content="For Facebook">`, "For Facebook"},
		"too long":              {`<meta name="description" content="` + strings.Repeat("word ", 1000) + `">`, strings.TrimSpace(strings.Repeat("word ", 100))},
		"none":                  {`<title>Acme</title>`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head := strings.ReplaceAll(c.head, `\n`, "\n")
			facts, err := homepage(serveSite(t, htmlPage("<head>"+head))).Enrich(t.Context(), at("ann@acme.com"))
			require.NoError(t, err)
			require.Equal(t, c.want, fact(facts, enrich.CompanyDescription).Value)
		})
	}
}

func TestHomepageEncodings(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ contentType, head, want string }{
		"UTF-8":                    {"text/html", "<meta charset=utf-8><meta property=og:site_name content='B\u00fccher'>", "B\u00fccher"},
		"Latin-1 by the header":    {"text/html; charset=ISO-8859-1", "<meta property=og:site_name content='B\xfccher'>", "B\u00fccher"},
		"Latin-1 by the page":      {"text/html", "<meta http-equiv=Content-Type content='text/html; charset=windows-1252'><meta property=og:site_name content='B\xfccher'>", "B\u00fccher"},
		"Cyrillic is not guessed":  {"text/html; charset=windows-1251", "<meta property=og:site_name content='\xc0\xea\xec\xe5'>", ""},
		"UTF-8 that is none":       {"text/html; charset=utf-8", "<meta property=og:site_name content='B\xfccher'>", ""},
		"a parameter that is none": {"text/html; charset", "<meta property=og:site_name content='Acme'>", "Acme"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveSite(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				_, _ = io.WriteString(w, "<head>"+c.head)
			})
			facts, err := homepage(s).Enrich(t.Context(), at("ann@acme.com"))
			require.NoError(t, err)
			require.Equal(t, c.want, fact(facts, enrich.CompanyName).Value)
		})
	}
}

// endless never stops sending.
func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, "<!-- "+strings.Repeat("x", 8000)+" -->"); err != nil {
			return
		}
	}
}

// bomb sends 1 GB of blanks in 1 MB.
func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Encoding", "gzip")
	zw := gzip.NewWriter(w)
	blanks := strings.Repeat(" ", 1<<20)
	_, _ = io.WriteString(zw, "<head><title>Acme</title>")
	for range 1024 {
		if _, err := io.WriteString(zw, blanks); err != nil {
			return
		}
	}
}

// hops redirects so many times before it shows a page.
func hops(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.Path) <= n {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
			return
		}
		htmlPage("<title>Acme</title>")(w, r)
	}
}

// Every failure is an Unknown with its reason, within the time.
func TestHomepageFailures(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		handler http.HandlerFunc
		truth   leads.Truth
		reason  string
	}{
		"not found": {http.NotFound, leads.Unknown, "the homepage answered with status 404"},
		"a picture": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "image/png") }, leads.Unknown, "the homepage is no HTML page"},
		"no type":   {func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil }, leads.Unknown, "the homepage is no HTML page"},
		"another domain": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/", http.StatusFound)
		}, leads.Unknown, "the homepage leads where we do not go"},
		"in circles":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, leads.Unknown, "the homepage leads where we do not go"},
		"three redirects": {hops(3), leads.Yes, "read at https://acme.com"},
		"four redirects":  {hops(4), leads.Unknown, "the homepage leads where we do not go"},
		"hangs up":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, leads.Unknown, "the homepage could not be reached"},
		"silence":         {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, leads.Unknown, "the homepage did not answer in time"},
		"endless":         {endless, leads.Yes, "read at https://acme.com"},
		"a bomb":          {bomb, leads.Yes, "read at https://acme.com"},
		"to the www": {func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "acme.com" {
				http.Redirect(w, r, "https://www.acme.com/", http.StatusMovedPermanently)
				return
			}
			htmlPage("<title>Acme</title>")(w, r)
		}, leads.Yes, "read at https://www.acme.com"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := time.Duration(0)
			if name == "silence" {
				timeout = 300 * time.Millisecond
			}
			reader := enrich.NewHomepage(&enrich.HomepageOptions{Transport: serveSite(t, c.handler), Timeout: timeout, Clock: atNoon})
			began := time.Now()
			facts, err := reader.Enrich(t.Context(), at("ann@acme.com"))
			require.NoError(t, err)
			f := fact(facts, enrich.CompanyHomepage)
			require.Equal(t, c.reason, f.Reason)
			require.Equal(t, c.truth, f.Truth)
			require.Less(t, time.Since(began), 6*time.Second)
			if c.truth == leads.Unknown {
				require.Len(t, facts, 1)
				require.Equal(t, noon.Add(time.Hour), f.Expires)
			}
		})
	}
}

// Whoever has no homepage of an organisation is not looked up.
func TestHomepageIsNotReadFor(t *testing.T) {
	t.Parallel()
	s := serveSite(t, htmlPage("<title>x</title>"))
	reader := enrich.NewHomepage(&enrich.HomepageOptions{Transport: s, Own: []string{"mine.example.com"}})
	for _, email := range []string{
		"", "ann", "ann@gmail.com", "ann@mailinator.com", "ann@duck.com", "ann@mine.example.com", "ann@a.mine.example.com",
		"ann@127.0.0.1", "ann@[::1]", "ann@localhost", "ann@acme.internal", "ann@metadata.local", "ann@co.uk",
	} {
		facts, err := reader.Enrich(t.Context(), at(email))
		require.NoError(t, err)
		require.Empty(t, facts, email)
	}
	require.Zero(t, s.asked.Load())
}

// By default nothing inside is reached, whatever the name server says; the refusal is a fact like others.
func TestHomepageReachesNothingInside(t *testing.T) {
	t.Parallel()
	inside := serve(t, zone{"acme.com": {1: {"acme.com. 0 IN A 127.0.0.1"}}, "www.acme.com": {1: {"www.acme.com. 0 IN A 169.254.169.254"}}})
	reader := enrich.NewHomepage(&enrich.HomepageOptions{Transport: safehttp.Transport(&safehttp.Reach{Resolver: inside})})
	facts, err := reader.Enrich(t.Context(), at("ann@acme.com"))
	require.NoError(t, err)
	require.Equal(t, "the homepage leads where we do not go", fact(facts, enrich.CompanyHomepage).Reason)
}

// Leads of one organisation that come together cause one request, and later ones none.
func TestHomepageIsReadOnce(t *testing.T) {
	t.Parallel()
	now := noon
	s := serveSite(t, htmlPage("<title>Acme</title>"))
	reader := enrich.NewHomepage(&enrich.HomepageOptions{Transport: s, Clock: func() time.Time { return now }})
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			facts, err := reader.Enrich(t.Context(), at(fmt.Sprintf("ann%d@acme.com", i)))
			require.NoError(t, err)
			require.Equal(t, "Acme", fact(facts, enrich.CompanyName).Value)
		})
	}
	all.Wait()
	require.EqualValues(t, 1, s.asked.Load())

	now = noon.Add(24*time.Hour - 1)
	_, err := reader.Enrich(t.Context(), at("bob@acme.com"))
	require.NoError(t, err)
	require.EqualValues(t, 1, s.asked.Load())
	now = noon.Add(24 * time.Hour)
	_, err = reader.Enrich(t.Context(), at("bob@acme.com"))
	require.NoError(t, err)
	require.EqualValues(t, 2, s.asked.Load())
}

// A lead that has a fresh answer for its domain causes no request, even after a restart.
func TestFreshHomepagesAreNotReadAgain(t *testing.T) {
	t.Parallel()
	s := serveSite(t, htmlPage("<title>Acme</title>"))
	lead := at("ann@acme.com")
	facts, err := homepage(s).Enrich(t.Context(), lead)
	require.NoError(t, err)
	lead.Enrichment = lead.Enrichment.Merge(facts)
	facts, err = homepage(s).Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.Empty(t, facts)
	require.EqualValues(t, 1, s.asked.Load())

	lead.Email = "ann@other.com"
	_, err = homepage(s).Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.EqualValues(t, 2, s.asked.Load(), "another domain")
}

// What one organisation says of itself is not left standing for another.
func TestDescriptionsGoWithTheirDomain(t *testing.T) {
	t.Parallel()
	s := serveSite(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "acme.com" {
			htmlPage(`<meta name="description" content="Anvils.">`)(w, r)
			return
		}
		http.NotFound(w, r)
	})
	lead := at("ann@acme.com")
	for _, step := range []struct{ email, want string }{{"ann@acme.com", "Anvils."}, {"ann@other.com", ""}, {"ann@acme.com", "Anvils."}} {
		lead.Email = step.email
		facts, err := homepage(s).Enrich(t.Context(), lead)
		require.NoError(t, err)
		lead.Enrichment = lead.Enrichment.Merge(facts)
		require.Equal(t, step.want, lead.Enrichment.Value(enrich.CompanyDescription))
	}
}

func TestHomepageEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := serveSite(t, htmlPage("<title>Acme</title>"))
	reader := homepage(s)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	facts, err := reader.Enrich(ended, at("ann@acme.com"))
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, leads.IsPermanent(err))
	require.Empty(t, facts)
	facts, err = reader.Enrich(t.Context(), at("ann@acme.com"))
	require.NoError(t, err)
	require.Equal(t, "Acme", fact(facts, enrich.CompanyName).Value, "nothing of the hurry was remembered")
}

// The better source of a name wins, in every order of the parts and at every return of the lead.
func TestTheBetterNameWins(t *testing.T) {
	t.Parallel()
	s := serveSite(t, htmlPage(`<head><meta property="og:site_name" content="ACME Tools">`))
	paid := leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
		return []leads.Fact{{Key: enrich.CompanyName, Truth: leads.Yes, Value: "Acme Tools Holding", Source: "registry", At: noon, Expires: noon.AddDate(1, 0, 0)}}, nil
	})
	company := enrich.Company{Clock: atNoon}
	cases := map[string]struct {
		chain   enrich.Chain
		company string
		want    string
	}{
		"domain only":             {chain: enrich.Chain{company}, want: "Acme"},
		"homepage behind":         {chain: enrich.Chain{company, homepage(s)}, want: "ACME Tools"},
		"homepage before":         {chain: enrich.Chain{homepage(s), company}, want: "ACME Tools"},
		"the lead's own word":     {chain: enrich.Chain{company, homepage(s)}, company: "Acme GmbH", want: "Acme GmbH"},
		"the host's own provider": {chain: enrich.Chain{paid, company, homepage(s)}, company: "Acme GmbH", want: "Acme Tools Holding"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lead := at("ann@acme.com")
			lead.Company = c.company
			for range 3 {
				facts, err := c.chain.Enrich(t.Context(), lead)
				require.NoError(t, err)
				lead.Enrichment = lead.Enrichment.Merge(facts)
				require.Equal(t, c.want, lead.Enrichment.Value(enrich.CompanyName))
			}
		})
	}
}

func FuzzHomepage(f *testing.F) {
	f.Add("<head><title>Acme | x</title><script type='application/ld+json'>{\"@type\":\"Organization\",\"name\":\"a\"}</script>")
	f.Add("<meta property=og:site_name content='\xff<'>")
	f.Fuzz(func(t *testing.T, content string) {
		transport := roundTrip(func(req *http.Request) (*http.Response, error) {
			recorder := httptest.NewRecorder()
			htmlPage(content)(recorder, req)
			response := recorder.Result()
			response.Request = req
			return response, nil
		})
		facts, err := homepage(transport).Enrich(t.Context(), at("ann@acme.com"))
		require.NoError(t, err)
		for _, fact := range facts {
			require.NotContains(t, fact.Value, "<")
			require.NotContains(t, fact.Value, "\n")
			require.LessOrEqual(t, len(fact.Value), 500)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
