package openai_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/score"
)

// flood writes 50 MB, as long as somebody reads.
func flood(w io.Writer) {
	block := []byte(strings.Repeat("a", 1<<16))
	for range 800 {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// drip writes a byte every few milliseconds until the client has gone.
func drip(w http.ResponseWriter, r request) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-r.gone:
			return
		case <-tick.C:
			if _, err := io.WriteString(w, " "); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}
}

// reply is a response whose content is text as JSON.
func reply(content string) string {
	return fmt.Sprintf(`{"choices":[{"message":{"role":"assistant","content":%s},"finish_reason":"stop"}]}`, content)
}

// Whatever the server does, the lead has a valid score in time, and the reason is recorded.
func TestHostileServer(t *testing.T) {
	t.Parallel()
	const used, kept = "", "-" // the model's answer is used; the rules' score stands without a failure
	unusable := "openai: the reply could not be used"
	text := func(s string) func(http.ResponseWriter, request) {
		return func(w http.ResponseWriter, _ request) { _, _ = io.WriteString(w, s) }
	}
	status := func(code int, s string) func(http.ResponseWriter, request) {
		return func(w http.ResponseWriter, _ request) { fails(w, code, s) }
	}
	cases := map[string]struct {
		answer func(w http.ResponseWriter, r request)
		reason string
	}{
		"garbage":             {text("\x00\xff\xfe garbage"), unusable},
		"empty":               {text(""), unusable},
		"null":                {text("null"), unusable},
		"a number":            {text("1e309"), unusable},
		"choices of no kind":  {text(`{"choices": 7}`), unusable},
		"no choices":          {text(`{"choices": []}`), unusable},
		"truncated JSON":      {text(`{"choices":[{"message":{"content":"{\"criteria\": {\"de`), unusable},
		"truncated answer":    {text(`{"choices":[{"message":{"content":"{\"criteria\": {\"de"},"finish_reason":"length"}]}`), unusable},
		"50 MB":               {func(w http.ResponseWriter, _ request) { flood(w) }, unusable},
		"50 MB and an error":  {func(w http.ResponseWriter, _ request) { w.WriteHeader(500); flood(w) }, "openai: the server answered 500"},
		"slow drip":           {func(w http.ResponseWriter, r request) { drip(w, r) }, "timed out"},
		"no answer at all":    {func(_ http.ResponseWriter, r request) { <-r.gone }, "timed out"},
		"hangs up":            {func(http.ResponseWriter, request) { panic(http.ErrAbortHandler) }, "openai: the connection failed"},
		"1e309":               {text(reply(`"{\"score\": 1e309, \"criteria\": {\"demo\": {\"level\": 1e309, \"quote\": 1e309}}}"`)), unusable},
		"1e309 tokens":        {text(strings.Replace(reply(fmt.Sprintf("%q", picks("demo", "asked", wish))), "{", `{"usage":{"prompt_tokens":1e309},`, 1)), used},
		"NaN":                 {text(reply(`"{\"criteria\": {\"demo\": {\"level\": NaN}}}"`)), unusable},
		"NaN bare":            {text(`{"choices": NaN}`), unusable},
		"nested":              {text(reply(`"` + strings.Repeat(`{\"a\":`, 9000) + `"`)), unusable},
		"nested too deep":     {text(strings.Repeat("[", 60000)), unusable},
		"answer inside":       {text(reply(fmt.Sprintf("%q", `{"result": `+picks("demo", "asked", wish)+`}`))), used},
		"HTML":                {text("<html><body><img src=https://evil.example/x.png></body></html>"), unusable},
		"markdown image":      {text(reply(`"![x](https://evil.example/x.png)"`)), unusable},
		"a number for a text": {text(reply(`7`)), unusable},
		"a list for a text":   {text(reply(fmt.Sprintf(`[{"type":"text","text":%q}]`, picks("demo", "asked", wish)))), used},
		"tool calls":          {text(`{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"send_mail","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`), unusable},
		"wrong content type": {func(w http.ResponseWriter, _ request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = io.WriteString(w, reply(fmt.Sprintf("%q", picks("demo", "asked", wish))))
		}, used},
		"redirect": {func(w http.ResponseWriter, _ request) {
			w.Header().Set("Location", "http://evil.example/")
			w.WriteHeader(307)
		}, "openai: the server answered 307"},
		"redirect to itself": {func(w http.ResponseWriter, r request) {
			w.Header().Set("Location", r.path)
			w.WriteHeader(307)
		}, "openai: the server answered 307"},
		"429 with Retry-After": {func(w http.ResponseWriter, _ request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(429)
		}, "openai: the server answered 429"},
		"500": {status(500, "oops"), "openai: the server answered 500"},
		"401": {status(401, "who?"), "openai: the server answered 401"},
		"400 on json_schema": {func(w http.ResponseWriter, r request) {
			if r.Format.Type == "json_schema" {
				fails(w, 400, "")
				return
			}
			says(w, picks("demo", "asked", wish))
		}, used},
		"400 on json_object": {func(w http.ResponseWriter, r request) {
			if r.Format.Type != "" {
				fails(w, 400, "")
				return
			}
			says(w, picks("demo", "asked", wish))
		}, used},
		"fenced prose": {func(w http.ResponseWriter, _ request) {
			says(w, "Here:\n```json\n"+picks("demo", "asked", wish)+"\n```\nBye")
		}, used},
		"a level that is none":  {func(w http.ResponseWriter, _ request) { says(w, picks("demo", "super", wish)) }, kept},
		"a criterion not asked": {func(w http.ResponseWriter, _ request) { says(w, picks("email_address", "business", "ann@acme.com")) }, kept},
		"words not said":        {func(w http.ResponseWriter, _ request) { says(w, picks("demo", "asked", "please show us a demo")) }, kept},
		"no words":              {func(w http.ResponseWriter, _ request) { says(w, picks("demo", "asked", "")) }, kept},
		"half a word":           {func(w http.ResponseWriter, _ request) { says(w, picks("demo", "asked", "ready to sig")) }, kept},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := fake(t, func(w http.ResponseWriter, _ int, r request) { c.answer(w, r) })
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			began := time.Now()
			s, err := score.Fallback{openai.New(url, "sk-key", "m", quick()), score.DefaultRubric()}.Score(ctx, ann())
			require.Less(t, time.Since(began), 5*time.Second)
			rules, _ := score.DefaultRubric().Score(ctx, ann())
			requirePlain(t, s.Summary)
			requirePlain(t, s.NextStep)
			switch c.reason {
			case used:
				require.NoError(t, err)
				require.Equal(t, "model", on(t, s, "demo").By)
				require.Equal(t, rules.Value+16, s.Value)
			case kept:
				require.NoError(t, err)
				require.Equal(t, "rule", on(t, s, "demo").By)
				require.Equal(t, rules.Evidence, s.Evidence)
			default:
				require.Error(t, err)
				require.True(t, strings.HasPrefix(s.Reason, c.reason), "%s, not %s", s.Reason, c.reason)
				require.True(t, s.Provisional)
				require.Equal(t, rules.Value, s.Value)
				require.Equal(t, rules.Evidence, s.Evidence)
				require.Equal(t, name == "401", leads.IsPermanent(err))
			}
		})
	}
}

func TestOnlyTheBeginningIsRead(t *testing.T) {
	url, _ := fake(t, func(w http.ResponseWriter, _ int, _ request) { flood(w) })
	scorer := openai.New(url, "", "m", nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range 10 {
		_, err := scorer.Score(t.Context(), saying(fmt.Sprint(i)))
		require.ErrorIs(t, err, openai.ErrReply)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(50<<20), "500 MB were offered")
}
