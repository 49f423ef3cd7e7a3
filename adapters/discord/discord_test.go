package discord_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/discord"
	"github.com/openleads/leads/ingest"
)

// chat is a server that hands what it gets to answer.
func chat(t *testing.T, answer func(body []byte) error) (string, *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		err := answer(body)
		switch {
		case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json":
			w.WriteHeader(http.StatusTeapot)
		case leads.IsPermanent(err):
			w.WriteHeader(http.StatusNotFound)
		case leads.RetryAfter(err) > 0:
			w.Header().Set("Retry-After", fmt.Sprint(int(leads.RetryAfter(err).Seconds())))
			w.WriteHeader(http.StatusTooManyRequests)
		case err != nil:
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/services/T000/B000/secret", server.Client()
}

func TestConformance(t *testing.T) {
	t.Parallel()
	adaptertest.TestNotifierEffects(t, func(t *testing.T, world *adaptertest.World) leads.Notifier {
		url, client := chat(t, func(body []byte) error { return world.Attempt("channel", body) })
		return discord.New(url, &discord.Options{Client: client})
	})
	url, client := chat(t, func([]byte) error { return nil })
	adaptertest.TestNotifier(t, discord.New(url, &discord.Options{Client: client}))
}

var noon = time.Date(2026, 11, 23, 12, 5, 0, 0, time.UTC)

func hot() leads.Notification {
	lead := leads.Lead{
		Tenant: "default", ID: "0193a000-0000-7000-8000-000000000001", Assignee: "ben",
		Fields:   ingest.Fields{Email: "ann@acme.com", FirstName: "Ann", LastName: "Lee", Company: "Acme"},
		Metadata: ingest.Metadata{},
		Score:    &leads.Score{Value: 87, Qualification: leads.Hot, Summary: "Asks for a demo.", NextStep: "Call today."},
	}
	lead.Metadata.SetText("message", "Can we have a demo?\nBy Friday.")
	lead.Metadata.SetText("g-recaptcha-response", "03AFcWeA6captchatoken")
	return leads.Notification{Tenant: "default", Kind: leads.NotifyNew, Lead: lead, URL: "https://crm.example.com/leads/1", At: noon}
}

// sent returns what is posted for n.
func sent(t *testing.T, n leads.Notification) string {
	t.Helper()
	var got []byte
	url, client := chat(t, func(body []byte) error { got = body; return nil })
	require.NoError(t, discord.New(url, &discord.Options{Client: client}).Notify(t.Context(), n))
	require.NotContains(t, string(got), "captcha")
	return string(got)
}

func TestTheMessage(t *testing.T) {
	t.Parallel()
	require.JSONEq(t, `{
		"allowed_mentions": {"parse": []},
		"embeds": [{
			"title": "Hot lead\\: Ann Lee\\, Acme", "url": "https://crm.example.com/leads/1",
			"description": "87 of 100\\, hot\\: Asks for a demo\\.\n\nCan we have a demo\\?\nBy Friday\\.\n\nNext\\: Call today\\.",
			"fields": [{"name": "Email", "value": "ann\\@acme\\.com", "inline": true}, {"name": "Responsible", "value": "ben", "inline": true}]
		}]
	}`, sent(t, hot()))
}

// Nothing that a lead typed mentions anybody, is Markdown or becomes a link.
func TestAHostileLead(t *testing.T) {
	t.Parallel()
	n := hot()
	n.Lead.Metadata.SetText("message", "@everyone <@123> [click](https://evil.example) **bold** `x")
	body := sent(t, n)
	require.Contains(t, body, `"allowed_mentions":{"parse":[]}`)
	for _, live := range []string{"@everyone", "<@", "https://evil", "](", "**"} {
		var m any
		require.NoError(t, json.Unmarshal([]byte(body), &m))
		for path, text := range texts("", m) {
			if !strings.HasSuffix(path, ".url") {
				require.NotContains(t, strings.ReplaceAll(text, `\@`, "(at)"), live, path)
			}
		}
	}
	require.Contains(t, body, `\\@everyone`)
}

func TestALongMessageFits(t *testing.T) {
	t.Parallel()
	n := hot()
	long := strings.Repeat("<@x>&*`\\", 5000)
	n.Kind, n.Note, n.Lead.FirstName, n.Lead.Company, n.Lead.Assignee, n.Lead.Score.Summary = leads.NotifyReplied, long, long, long, long, long
	n.Lead.Metadata.SetText("message", long)
	n.Lead.Last.Attribution.Page = long
	body := sent(t, n)
	var m any
	require.NoError(t, json.Unmarshal([]byte(body), &m))
	for path, text := range texts("", m) {
		for suffix, most := range map[string]int{".title": 256, ".description": 4096, ".value": 1024} {
			if strings.HasSuffix(path, suffix) {
				require.LessOrEqual(t, len([]rune(text)), most, path)
			}
		}
	}
	require.Less(t, len(body), 28_000)
}

// texts returns the strings of a JSON document by their paths.
func texts(path string, v any) map[string]string {
	found := make(map[string]string)
	switch v := v.(type) {
	case string:
		found[path] = v
	case []any:
		for i, item := range v {
			for p, s := range texts(fmt.Sprintf("%s[%d]", path, i), item) {
				found[p] = s
			}
		}
	case map[string]any:
		for key, item := range v {
			for p, s := range texts(path+"."+key, item) {
				found[p] = s
			}
		}
	}
	return found
}

// An error on the way does not show the address, which is a secret.
func TestAServerThatIsAway(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil)
	url, client := server.URL+"/secret", server.Client()
	server.Close()
	err := discord.New(url, &discord.Options{Client: client}).Notify(t.Context(), hot())
	require.Error(t, err)
	require.False(t, leads.IsPermanent(err))
	require.False(t, leads.IsAmbiguous(err), "nothing was written")
	require.NotContains(t, err.Error(), "secret")
}

// What was written and not answered may have arrived.
func TestAServerThatHangsUp(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	err := discord.New(server.URL, &discord.Options{Client: server.Client()}).Notify(t.Context(), hot())
	require.True(t, leads.IsAmbiguous(err), "%v", err)
}

func TestAnAddressThatIsNone(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "hooks.example.com/secret", "http://hooks.example.com/secret", "https://user:secret@hooks.example.com", "https://%zz/secret"} {
		n := discord.New(url, nil)
		findings := n.Check(t.Context())
		require.Len(t, findings, 1)
		require.True(t, findings[0].Fatal)
		err := n.Notify(t.Context(), hot())
		require.True(t, leads.IsPermanent(err), "%q", url)
		require.NotContains(t, err.Error()+findings[0].Message, "secret")
	}
	require.Empty(t, discord.New("https://hooks.example.com/x", nil).Check(t.Context()))
}

// An address that leads inside is not called, and no error shows the secret in it.
func TestAnAddressInside(t *testing.T) {
	t.Parallel()
	called := false
	url, _ := chat(t, func([]byte) error { called = true; return nil })
	err := discord.New(url, nil).Notify(t.Context(), hot())
	require.ErrorContains(t, err, "may not be reached")
	require.True(t, leads.IsPermanent(err))
	require.NotContains(t, err.Error(), "secret")
	require.False(t, called)
}
