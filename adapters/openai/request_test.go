package openai_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	fenced := "Sure! Here {is} it:\n```json\n" + picks("demo", "asked", "we are ready to sign") + "\n```\nAnything else?"
	cases := map[string]struct {
		refuse map[string]int // format → status
		text   string
		first  int // requests of the first call, of the second
		second int
		last   string
	}{
		"takes schemas":             {nil, "", 1, 1, "json_schema"},
		"refuses schemas":           {map[string]int{"json_schema": 400}, "", 2, 1, "json_object"},
		"refuses schemas with 500":  {map[string]int{"json_schema": 500}, "", 2, 1, "json_object"},
		"refuses both":              {map[string]int{"json_schema": 400, "json_object": 400}, "", 3, 1, ""},
		"refuses both, 404 and 422": {map[string]int{"json_schema": 404, "json_object": 422}, "", 3, 1, ""},
		"ignores them":              {nil, fenced, 1, 1, "json_schema"},
		"refuses both, then fences": {map[string]int{"json_schema": 400, "json_object": 400}, fenced, 3, 1, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			last := "?"
			url, calls := fake(t, func(w http.ResponseWriter, _ int, r request) {
				mu.Lock()
				defer mu.Unlock()
				last = r.Format.Type
				if status := c.refuse[last]; status != 0 {
					fails(w, status, `{"error":{"message":"response_format is not supported"}}`)
					return
				}
				if c.text != "" {
					says(w, c.text)
					return
				}
				says(w, picks("demo", "asked", "we are ready to sign"))
			})
			scorer := openai.New(url, "k", "m", &openai.Options{CacheSize: -1})
			for _, want := range []int{c.first, c.second} {
				before := int(calls.Load())
				s, err := scorer.Score(t.Context(), ann())
				require.NoError(t, err)
				require.Equal(t, "model", on(t, s, "demo").By)
				require.Equal(t, want, int(calls.Load())-before)
			}
			require.Equal(t, c.last, last)
		})
	}
}

func TestFormatChosenByTheHost(t *testing.T) {
	t.Parallel()
	url, calls := fake(t, func(w http.ResponseWriter, _ int, r request) { fails(w, 400, `{"error":{"code":"bad_format"}}`) })
	_, err := openai.New(url, "k", "m", &openai.Options{Format: openai.FormatObject}).Score(t.Context(), ann())
	require.EqualError(t, err, "openai: the server answered 400 (bad_format)")
	require.True(t, leads.IsPermanent(err))
	require.EqualValues(t, 1, calls.Load())
}

func TestNoDetours(t *testing.T) {
	t.Parallel()
	elsewhere, stolen := fake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, picks("demo", "asked", wish)) })
	for _, status := range []int{301, 302, 307, 308} {
		url, _ := fake(t, func(w http.ResponseWriter, _ int, _ request) {
			w.Header().Set("Location", elsewhere+"/chat/completions")
			w.WriteHeader(status)
		})
		_, err := openai.New(url, "k", "m", nil).Score(t.Context(), ann())
		require.EqualError(t, err, fmt.Sprintf("openai: the server answered %d", status))
		require.False(t, leads.IsPermanent(err))
	}
	require.Zero(t, stolen.Load())
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ base, url, header string }{
		"OpenAI by default": {"", "https://api.openai.com/v1/chat/completions", "Authorization"},
		"no path":           {"http://localhost:4010", "http://localhost:4010/v1/chat/completions", "Authorization"},
		"slash":             {"http://localhost:4010/", "http://localhost:4010/v1/chat/completions", "Authorization"},
		"Ollama":            {"http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions", "Authorization"},
		"Groq":              {"https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions", "Authorization"},
		"Azure": {
			"https://acme.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21",
			"https://acme.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21", "Api-Key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got *http.Request
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				got = r
				w := httptest.NewRecorder()
				says(w, picks("demo", "none", ""))
				return w.Result(), nil
			})}
			_, err := openai.New(c.base, "sk-key", "m", &openai.Options{Client: client, Header: http.Header{"x-gateway": {"a"}}}).Score(t.Context(), ann())
			require.NoError(t, err)
			require.Equal(t, c.url, got.URL.String())
			require.Contains(t, got.Header.Get(c.header), "sk-key")
			require.Equal(t, "a", got.Header.Get("X-Gateway"))
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
