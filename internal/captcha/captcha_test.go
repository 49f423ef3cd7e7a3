package captcha_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/captcha"
	"github.com/openleads/leads/internal/secret"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	write := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"success":true`))
	}
	elsewhere := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
	}
	tests := []struct {
		name   string
		serve  http.HandlerFunc
		hosts  []string
		action string
		want   captcha.Verdict
		err    string // "" means a verdict
		tries  int    // 0 means one
	}{
		{name: "ok", serve: write(200, `{"success":true,"challenge_ts":"2026-11-23T10:00:00Z","hostname":"shop.example","error-codes":[],"action":"login","cdata":"x"}`), want: captcha.Verdict{OK: true}},
		{name: "ok on this host for this action", serve: write(200, `{"success":true,"hostname":"Shop.example","action":"contact"}`), hosts: []string{"a.example", "shop.example"}, action: "contact", want: captcha.Verdict{OK: true}},
		{name: "another host", serve: write(200, `{"success":true,"hostname":"evil.example"}`), hosts: []string{"shop.example"}, want: captcha.Verdict{Reason: "hostname"}},
		{name: "a host below", serve: write(200, `{"success":true,"hostname":"x.shop.example"}`), hosts: []string{"shop.example"}, want: captcha.Verdict{Reason: "hostname"}},
		{name: "no host", serve: write(200, `{"success":true}`), hosts: []string{"shop.example"}, want: captcha.Verdict{Reason: "hostname"}},
		{name: "another action", serve: write(200, `{"success":true,"action":"login"}`), action: "contact", want: captcha.Verdict{Reason: "action"}},
		{name: "no", serve: write(200, `{"success":false,"error-codes":["timeout-or-duplicate"]}`), want: captcha.Verdict{Reason: "timeout-or-duplicate"}},
		{name: "no, with a status", serve: write(400, `{"success":false,"error-codes":["invalid-input-response"]}`), want: captcha.Verdict{Reason: "invalid-input-response"}},
		{name: "no, without a reason", serve: write(200, `{"success":false}`), want: captcha.Verdict{}},
		{name: "our secret", serve: write(200, `{"success":false,"error-codes":["invalid-input-secret"]}`), err: "refused: invalid-input-secret", tries: 2},
		{name: "500", serve: write(500, `{"success":true}`), err: "status 500", tries: 2},
		{name: "429", serve: write(429, `{"success":true}`), err: "status 429", tries: 2},
		{name: "garbage", serve: write(200, `<html>success: true</html>`), err: "makes no sense", tries: 2},
		{name: "nothing", serve: write(200, ``), err: "makes no sense", tries: 2},
		{name: "JSON of something else", serve: write(200, `{"ok":true}`), err: "makes no sense", tries: 2},
		{name: "success that is a text", serve: write(200, `{"success":"true"}`), err: "makes no sense", tries: 2},
		{name: "huge", serve: write(200, `{"success":true,"x":"`+strings.Repeat("x", 1<<20)+`"}`), err: "too long", tries: 2},
		{name: "hangs", serve: hang, err: "deadline exceeded", tries: 2},
		{name: "cut off", serve: cut, err: "unexpected EOF", tries: 2},
		{name: "redirect", serve: elsewhere, err: "makes no sense", tries: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if r.Method != http.MethodPost || r.FormValue("secret") != "hunter2" || r.FormValue("response") != "token" || r.URL.Path != "/" {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				tt.serve(w, r)
			}))
			t.Cleanup(server.Close)
			s := &captcha.Service{
				Name: "x", Endpoint: server.URL, Secret: secret.New("hunter2"), Client: captcha.NewClient(), Timeout: 500 * time.Millisecond,
				Tries: 2, Hostnames: tt.hosts, Action: tt.action, OurFaults: []string{"invalid-input-secret"},
			}
			got, err := s.Ask(t.Context(), url.Values{"response": {"token"}})
			require.EqualValues(t, max(1, tt.tries), asked.Load())
			if tt.err == "" {
				require.NoError(t, err)
				require.Equal(t, tt.want, got)
				return
			}
			require.ErrorContains(t, err, tt.err)
			require.Equal(t, captcha.Verdict{}, got)
			require.NotContains(t, fmt.Sprintf("%+v %#v", err, s), "hunter2")
		})
	}
}

func TestAskAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(`{"success":true}`))
	}))
	t.Cleanup(server.Close)
	s := &captcha.Service{Name: "x", Endpoint: server.URL, Secret: secret.New("s"), Client: captcha.NewClient(), Timeout: time.Second, Tries: 2}
	got, err := s.Ask(t.Context(), url.Values{})
	require.NoError(t, err)
	require.True(t, got.OK)
}

func TestAskEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_ = r.ParseForm() // the server notices that the client has gone only once the body is read
		cancel()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	s := &captcha.Service{Name: "x", Endpoint: server.URL, Secret: secret.New("s"), Client: captcha.NewClient(), Timeout: time.Minute, Tries: 2}
	_, err := s.Ask(ctx, url.Values{})
	require.ErrorIs(t, err, context.Canceled)
	require.EqualValues(t, 1, asked.Load())
}

func TestWithoutASecretNobodyIsAsked(t *testing.T) {
	t.Parallel()
	s := &captcha.Service{Name: "x"}
	_, err := s.Ask(t.Context(), url.Values{})
	require.EqualError(t, err, "x: the secret is empty")
}
