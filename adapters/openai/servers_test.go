package openai_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/score"
)

// Servers that others wrote: what they take for the OpenAI API is not our own idea of it.
func TestOtherPeoplesServers(t *testing.T) {
	t.Parallel()
	bin := install(t)
	good := picks("demo", "asked", "let our team experience the platform")
	fenced := "Certainly! Here it is:\n```json\n" + good + "\n```\nBye."

	t.Run("aimock", func(t *testing.T) {
		t.Parallel()
		refuse := func(model, format string) any {
			return map[string]any{
				"match":    map[string]any{"model": model, "responseFormat": format},
				"response": map[string]any{"status": 400, "error": map[string]any{"message": "response_format " + format + " is not supported", "type": "invalid_request_error"}},
			}
		}
		says := func(model, content string) any {
			return map[string]any{"match": map[string]any{"model": model}, "response": map[string]any{"content": content, "usage": map[string]any{"prompt_tokens": 700, "completion_tokens": 60, "total_tokens": 760}}}
		}
		fixtures, err := json.Marshal(map[string]any{"fixtures": []any{
			refuse("no-schema", "json_schema"), refuse("no-object", "json_schema"), refuse("no-object", "json_object"),
			map[string]any{"match": map[string]any{"model": "busy"}, "response": map[string]any{"status": 429, "retryAfter": 60, "error": map[string]any{"message": "slow down", "type": "rate_limit_error"}}},
			says("prose", fenced), says("plain", good), says("no-schema", good), says("no-object", good),
		}})
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "fixtures.json")
		require.NoError(t, os.WriteFile(file, fixtures, 0o600))
		port := freePort(t)
		url := run(t, port, nil, filepath.Join(bin, "llmock"), "--strict", "-p", port, "-f", file)
		s := scored(t, url, "plain")
		require.Equal(t, 700, s.Model.InputTokens)
		require.Equal(t, 60, s.Model.OutputTokens)
		for _, model := range []string{"prose", "no-schema", "no-object"} {
			scored(t, url, model)
		}
		busy(t, url, "busy", time.Minute)
	})

	t.Run("mock-llm", func(t *testing.T) {
		t.Parallel()
		content, err := json.Marshal(fenced)
		require.NoError(t, err)
		bare, err := json.Marshal(good)
		require.NoError(t, err)
		rule := func(match, status, content string) string {
			return fmt.Sprintf("  - path: \"/v1/chat/completions\"\n    match: \"%s\"\n    response:\n      status: %s\n      content: |\n        %s\n", match, status, content)
		}
		refused := `{"error":{"message":"response_format is not supported","type":"invalid_request_error"}}`
		config := "rules:\n" +
			rule("@", "200", `{"choices":[{"message":{"role":"assistant","content":`+string(bare)+`},"finish_reason":"stop"}]}`) +
			rule("body.model == 'prose'", "200", `{"choices":[{"message":{"role":"assistant","content":`+string(content)+`},"finish_reason":"stop"}]}`) +
			rule("body.model == 'no-schema' && body.response_format.type == 'json_schema'", "400", refused) +
			rule("body.model == 'no-object' && body.response_format", "400", refused) +
			rule("body.model == 'busy'", "429", `{"error":{"message":"slow down","type":"rate_limit_error"}}`)
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "mock-llm.yaml"), []byte(config), 0o600))
		port := freePort(t)
		url := run(t, port, []string{"HOST=127.0.0.1", "PORT=" + port}, filepath.Join(bin, "mock-llm"), "--config", filepath.Join(dir, "mock-llm.yaml"))
		for _, model := range []string{"plain", "prose", "no-schema", "no-object"} {
			scored(t, url, model)
		}
		busy(t, url, "busy", 0)
	})
}

// scored asks for a score and holds it to be the model's.
func scored(t *testing.T, url, model string) leads.Score {
	t.Helper()
	s, err := score.Fallback{openai.New(url, "sk-key", model, nil), score.DefaultRubric()}.Score(t.Context(), ann())
	require.NoError(t, err, model)
	require.Equal(t, "model", s.By)
	require.Equal(t, "asked", on(t, s, "demo").Level)
	require.Equal(t, "let our team experience the platform", on(t, s, "demo").Quote)
	require.Equal(t, "Ann of Acme wants to see it. She is in a hurry.", s.Summary)
	return s
}

// busy asks for a score of a server that has no time, and holds it to be that of the rules.
func busy(t *testing.T, url, model string, after time.Duration) {
	t.Helper()
	s, err := score.Fallback{openai.New(url, "sk-key", model, nil), score.DefaultRubric()}.Score(t.Context(), ann())
	require.Error(t, err)
	require.False(t, leads.IsPermanent(err))
	require.Equal(t, after, leads.RetryAfter(err))
	require.Equal(t, "rules", s.By)
	require.True(t, s.Provisional)
	require.Equal(t, "openai: the server answered 429 (rate_limit_error)", s.Reason)
}

// install puts the servers into a folder of the test and returns where their programs are.
func install(t *testing.T) string {
	t.Helper()
	missing := func(why string, args ...any) {
		require.Empty(t, os.Getenv("CI"), why, args)
		t.Skipf("SKIPPED: the servers of other people were not tried: "+why, args...)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		missing("npm is missing")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", "servers", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		missing("npm ci: %v: %s", err, out)
	}
	return filepath.Join(dir, "node_modules", ".bin")
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// run starts a server and waits until it listens.
func run(t *testing.T, port string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
	})
	url := "http://127.0.0.1:" + port
	require.Eventually(t, func() bool {
		res, err := http.Get(url + "/v1/models")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil
	}, 30*time.Second, 50*time.Millisecond, "the server does not listen")
	return url + "/v1"
}
