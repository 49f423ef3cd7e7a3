package openai_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/ingest"
)

// request is what a fake server sees.
type request struct {
	Model    string `json:"model"`
	Messages []struct{ Role, Content string }
	Format   struct {
		Type   string `json:"type"`
		Schema struct {
			Strict bool
			Schema struct {
				Properties struct {
					Criteria struct {
						Properties map[string]struct {
							Properties struct{ Level struct{ Enum []string } }
						}
					}
				}
			} `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	header http.Header
	raw    string
	path   string
	gone   <-chan struct{} // closed when the client has gone
}

// lead is the text of the lead as the model is shown it.
func (r request) lead(t testing.TB) string {
	var data map[string]string
	if err := json.Unmarshal([]byte(r.Messages[1].Content), &data); err != nil || len(data) != 1 {
		t.Errorf("the lead is not one JSON string: %v", err)
	}
	return data["lead"]
}

// fake is a server that hands each request, numbered from 1, to answer.
func fake(t testing.TB, answer func(w http.ResponseWriter, n int, r request)) (url string, calls *atomic.Int32) {
	t.Helper()
	calls = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		req := request{header: r.Header, raw: string(text), path: r.URL.RequestURI(), gone: r.Context().Done()}
		if err := json.Unmarshal(text, &req); err != nil {
			t.Errorf("the request is not JSON: %v", err)
		}
		answer(w, int(calls.Add(1)), req)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1", calls
}

// says answers with a text of the model.
func says(w http.ResponseWriter, content string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": content}, "finish_reason": "stop"}},
		"usage":   map[string]any{"prompt_tokens": 900, "completion_tokens": 100},
	})
}

func fails(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// picks is an answer that picks one level with a quote.
func picks(criterion, level, quote string) string {
	return fmt.Sprintf(`{"criteria": {%q: {"level": %q, "quote": %q}}, "summary": "Ann of Acme wants to see it. She is in a hurry.", "nextStep": "Call Ann today."}`, criterion, level, quote)
}

const wish = "Kindly let our team experience the platform; we are ready to sign."

func ann() leads.Lead {
	lead := leads.Lead{
		Tenant: "acme", ID: "lead-1", Submissions: 1,
		Fields:     ingest.Fields{Email: "ann@acme.com", FirstName: "Ann", LastName: "Smith", Phone: "+49 30 1234567", Company: "Acme"},
		Metadata:   make(ingest.Metadata),
		Enrichment: leads.Enrichment{"email.class": {Key: "email.class", Truth: leads.Yes, Value: "business"}},
	}
	lead.Metadata.SetText("message", wish)
	return lead
}

func saying(text string) leads.Lead {
	lead := ann()
	lead.Metadata.SetText("message", text)
	return lead
}

func on(t testing.TB, s leads.Score, criterion string) leads.Evidence {
	t.Helper()
	for _, e := range s.Evidence {
		if e.Criterion == criterion {
			return e
		}
	}
	require.Failf(t, "no such criterion", criterion)
	return leads.Evidence{}
}

// quick are options for servers that are slow on purpose.
func quick() *openai.Options { return &openai.Options{Timeout: 700 * time.Millisecond} }

// requirePlain holds a text to what people may be shown.
func requirePlain(t testing.TB, text string) {
	t.Helper()
	require.LessOrEqual(t, len([]rune(text)), 280)
	for _, banned := range []string{"<", ">", "`", "](", "://", "www.", "javascript:", "mailto:", "data:", "evil.example", "\n", "\x00", "\x1b"} {
		require.NotContains(t, strings.ToLower(text), banned)
	}
	for _, r := range text {
		require.False(t, r >= 0xE0000 && r <= 0xE0FFF || r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069, "%U in %q", r, text)
	}
}
