package teams_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/teams"
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

// TestHostileText puts every text wherever a lead has some. What is posted is a card of the same form, in which it stands in text runs alone, which are no Markdown.
func TestHostileText(t *testing.T) {
	t.Parallel()
	var body post
	client := &http.Client{Transport: &body}
	chat := teams.New("https://chat.example.com/hook", &teams.Options{Client: client})
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
	for path := range posted("hostile") {
		harmless = append(harmless, place.ReplaceAllString(path, ""))
	}
	for _, text := range hostile.Texts(t) {
		for path, s := range posted("hostile " + text) {
			require.Contains(t, harmless, place.ReplaceAllString(path, ""), "%q", text)
			if strings.Contains(s, "hostile") {
				require.Regexp(t, `\]\.inlines\[\d+\]\.text$`, path, "%q", text)
			}
		}
	}
}
