package main_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// With OPENAI_BASE_URL a model judges; one that is away costs the lead nothing.
func TestModel(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		want   string
	}{
		"judges":  {200, "Ann of Acme wants forty seats."},
		"is away": {503, "(fit "}, // the rules' own summary
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer secret-value" {
					t.Error("the key is not sent")
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"{\"criteria\":{\"price\":{\"level\":\"asked\",\"quote\":\"a price for 40 seats\"}},\"summary\":\"Ann of Acme wants forty seats.\",\"nextStep\":\"Call.\"}"}}]}`)
			}))
			t.Cleanup(server.Close)
			dir := t.TempDir()
			p := start(t, dir, []string{"OPENAI_BASE_URL=" + server.URL + "/v1", "OPENAI_API_KEY=secret-value", "OPENAI_MODEL=m"})
			p.post(t, ann)
			mail := awaitMails(t, filepath.Join(dir, "outbox"), 1)[0]
			require.Contains(t, strings.Join(strings.Fields(mail.Text), " "), test.want)
			require.NotNil(t, p.leads(t, "").Data[0].Score)
			p.stop(t)
			require.NotContains(t, p.stderr.String(), "secret-value")
		})
	}
}
