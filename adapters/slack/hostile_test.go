package slack_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/slack"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

// post is what a client posts.
type post []byte

func (p *post) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	*p = body
	return &http.Response{StatusCode: http.StatusOK, Header: make(http.Header), Body: http.NoBody, Request: r}, err
}

// TestHostileText puts every text wherever a lead has some. What is posted is a message of the same form, in which nothing calls anybody or is a link:
// Slack takes what stands in "<>" for one.
func TestHostileText(t *testing.T) {
	t.Parallel()
	var body post
	client := &http.Client{Transport: &body}
	chat := slack.New("https://chat.example.com/hook", &slack.Options{Client: client})
	posted := func(text string) map[string]string {
		n := hot()
		n.Note, n.Lead.Assignee, n.Lead.Fields = text, text, ingest.Fields{Email: text, FirstName: text, LastName: text, Phone: text, Company: text}
		n.Lead.Score.Summary, n.Lead.Score.NextStep, n.Lead.Last.Attribution.Page = text, text, text
		n.Lead.Metadata.SetText("message", text)
		require.NoError(t, chat.Notify(t.Context(), n), "%q", text)
		var m any
		require.NoError(t, json.Unmarshal(body, &m), "%q", text)
		return texts("", m)
	}
	place := regexp.MustCompile(`\[\d+\]`) // a part that says nothing is left out, and the others move up
	var harmless []string
	for path := range posted("x") {
		harmless = append(harmless, place.ReplaceAllString(path, ""))
	}
	for _, text := range hostile.Texts(t) {
		for path, s := range posted(text) {
			require.Contains(t, harmless, place.ReplaceAllString(path, ""), "%q", text)
			if !strings.HasSuffix(path, ".blocks[0].text.text") { // plain text is not parsed
				require.NotContains(t, s, "<", "%s: %q", path, text)
			}
		}
	}
}
