package slack_test

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
	"github.com/openleads/leads/adapters/slack"
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
		return slack.New(url, &slack.Options{Client: client})
	})
	url, client := chat(t, func([]byte) error { return nil })
	adaptertest.TestNotifier(t, slack.New(url, &slack.Options{Client: client}))
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
	require.NoError(t, slack.New(url, &slack.Options{Client: client}).Notify(t.Context(), n))
	require.NotContains(t, string(got), "captcha")
	return string(got)
}

func TestTheMessage(t *testing.T) {
	t.Parallel()
	require.JSONEq(t, `{
		"text": "Hot lead: Ann Lee, Acme", "unfurl_links": false, "unfurl_media": false,
		"blocks": [
			{"type": "header", "text": {"type": "plain_text", "text": "Hot lead: Ann Lee, Acme"}},
			{"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "*87 of 100, hot*\nAsks for a demo."}},
			{"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": ">Can we have a demo?\n>By Friday."}},
			{"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "*Next* Call today."}},
			{"type": "section", "fields": [
				{"type": "mrkdwn", "verbatim": true, "text": "*Email*\nann@acme.com"},
				{"type": "mrkdwn", "verbatim": true, "text": "*Responsible*\nben"}
			]},
			{"type": "actions", "elements": [{"type": "button", "style": "primary", "url": "https://crm.example.com/leads/1", "text": {"type": "plain_text", "text": "Open the lead"}}]}
		]
	}`, sent(t, hot()))
}

// Nothing that a lead typed mentions anybody or becomes a link.
func TestAHostileLead(t *testing.T) {
	t.Parallel()
	n := hot()
	n.Lead.FirstName = "<!channel> & <https://evil.example|click>"
	n.Lead.Metadata.SetText("message", "<!here> <@U123> http://evil.example\n<#C1>")
	var m any
	require.NoError(t, json.Unmarshal([]byte(sent(t, n)), &m))
	escaped := 0
	for path, text := range texts("", m) {
		if strings.HasSuffix(path, ".blocks[0].text.text") { // plain_text is not parsed
			continue
		}
		require.NotContains(t, text, "<", path)
		escaped += strings.Count(text, "&lt;!channel&gt; &amp; ") + strings.Count(text, "&lt;!here&gt; &lt;@U123&gt;")
	}
	require.Equal(t, 2, escaped)
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
		for suffix, most := range map[string]int{".blocks[0].text.text": 150, ".text": 3000} {
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
	err := slack.New(url, &slack.Options{Client: client}).Notify(t.Context(), hot())
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
	err := slack.New(server.URL, &slack.Options{Client: server.Client()}).Notify(t.Context(), hot())
	require.True(t, leads.IsAmbiguous(err), "%v", err)
}

func TestAnAddressThatIsNone(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "hooks.example.com/secret", "http://hooks.example.com/secret", "https://user:secret@hooks.example.com", "https://%zz/secret"} {
		n := slack.New(url, nil)
		findings := n.Check(t.Context())
		require.Len(t, findings, 1)
		require.True(t, findings[0].Fatal)
		err := n.Notify(t.Context(), hot())
		require.True(t, leads.IsPermanent(err), "%q", url)
		require.NotContains(t, err.Error()+findings[0].Message, "secret")
	}
	require.Empty(t, slack.New("https://hooks.example.com/x", nil).Check(t.Context()))
}

// An address that leads inside is not called, and no error shows the secret in it.
func TestAnAddressInside(t *testing.T) {
	t.Parallel()
	called := false
	url, _ := chat(t, func([]byte) error { called = true; return nil })
	err := slack.New(url, nil).Notify(t.Context(), hot())
	require.ErrorContains(t, err, "may not be reached")
	require.True(t, leads.IsPermanent(err))
	require.NotContains(t, err.Error(), "secret")
	require.False(t, called)
}
