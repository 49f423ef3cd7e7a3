package hcaptcha_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/hcaptcha"
	"github.com/openleads/leads/ingest"
)

const attempt = "01890a5d-ac96-774b-bcce-b302099a8057"

// server is a fake of the service. It answers as told and notes the forms.
func server(t *testing.T, status int, body string) (address string, forms *[]url.Values) {
	t.Helper()
	forms = &[]url.Values{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		*forms = append(*forms, r.PostForm)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL, forms
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	address, forms := server(t, 200, `{"success":true,"hostname":"shop.example","action":"contact"}`)
	v := hcaptcha.New("hunter2", &hcaptcha.Options{Endpoint: address, Hostnames: []string{"shop.example"}, SiteKey: "site"})
	got, err := v.Verify(t.Context(), ingest.CaptchaAnswer{Token: "tok", Client: netip.MustParseAddr("203.0.113.9"), Attempt: attempt})
	require.NoError(t, err)
	require.True(t, got.OK)
	require.Equal(t, []url.Values{{"secret": {"hunter2"}, "response": {"tok"}, "remoteip": {"203.0.113.9"}, "sitekey": {"site"}}}, *forms)
	require.NotContains(t, fmt.Sprintf("%+v %#v %v", v, v, *v), "hunter2")
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   ingest.CaptchaVerdict
		err    bool
	}{
		{"good", 200, `{"success":true,"hostname":"shop.example"}`, ingest.CaptchaVerdict{OK: true}, false},
		{"another host", 200, `{"success":true,"hostname":"evil.example"}`, ingest.CaptchaVerdict{Reason: "hostname"}, false},
		{"used up", 200, `{"success":false,"error-codes":["already-seen-response"]}`, ingest.CaptchaVerdict{Reason: "already-seen-response"}, false},
		{"not our site key", 200, `{"success":false,"error-codes":["sitekey-secret-mismatch"]}`, ingest.CaptchaVerdict{}, true},
		{"not our secret", 200, `{"success":false,"error-codes":["invalid-input-secret"]}`, ingest.CaptchaVerdict{}, true},
		{"down", 503, "", ingest.CaptchaVerdict{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			address, forms := server(t, tt.status, tt.body)
			v := hcaptcha.New("hunter2", &hcaptcha.Options{Endpoint: address, Hostnames: []string{"shop.example"}})
			got, err := v.Verify(t.Context(), ingest.CaptchaAnswer{Token: "tok", Attempt: attempt})
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.err, err != nil)
			if err != nil {
				require.NotContains(t, err.Error(), "hunter2")
				require.Len(t, *forms, 1)
			}
		})
	}
}

// TestAtTheDoor has the door ask the service about a form that the widget stands in.
func TestAtTheDoor(t *testing.T) {
	t.Parallel()
	address, forms := server(t, 200, `{"success":false,"error-codes":["invalid-input-response"]}`)
	opts := &ingest.Options{Captchas: map[string]ingest.Captcha{"c": hcaptcha.New("hunter2", &hcaptcha.Options{Endpoint: address})}}
	sink := &keep{}
	door := ingest.NewHandler(source{}, sink, opts)
	r := httptest.NewRequest(http.MethodPost, "/lc_pub_example", strings.NewReader("email=a%40example.com&h-captcha-response=tok"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	door.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, ingest.Quarantined, sink.sub.Verdict)
	require.Equal(t, []string{"captcha_failed:invalid-input-response"}, sink.sub.Reasons)
	require.Equal(t, "tok", (*forms)[0].Get("response"))
	require.Equal(t, netip.MustParseAddr("192.0.2.1").String(), (*forms)[0].Get("remoteip"))
}
