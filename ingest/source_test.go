package ingest_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

func TestSourceValidate(t *testing.T) {
	t.Parallel()
	good := ingest.Source{
		Tenant: "t", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Name: strings.Repeat("n", 255),
		Mappings:  map[string]string{"contact_email": "email", "name": "fullName", "x": "budget", "_subject": "subject"},
		Origins:   []string{"https://example.com", "http://localhost:8080", "https://[::1]:8443"},
		Redirects: []string{"/thanks", "/", "https://example.com/", "https://example.com/thanks?a=b"},
		PerMinute: 1000, Spam: ingest.Spam{Honeypot: "website", MinFill: time.Hour}, CreatedAt: time.Now(),
		Preset: "typeform", Signature: ingest.Signature{Secret: ingest.NewSecret("x")}, Captcha: ingest.CaptchaSettings{Name: "turnstile", OnOutage: ingest.CaptchaAccept},
	}
	require.NoError(t, good.Validate())
	tests := []struct {
		name   string
		change func(s *ingest.Source)
		want   []string
	}{
		{"everything that is required", func(s *ingest.Source) { *s = ingest.Source{} }, []string{"Source.Tenant is required", "Source.ID is required", "Source.Name is required"}},
		{"ID", func(s *ingest.Source) { s.ID = "7" }, []string{"Source.ID is not a UUID: "}},
		{"name, in bytes", func(s *ingest.Source) { s.Name = strings.Repeat("é", 128) }, []string{"Source.Name is longer than 255 bytes: shorten it"}},
		{"mapping onto a reserved name", func(s *ingest.Source) { s.Mappings = map[string]string{"x": "_id"} }, []string{`Source.Mappings[x] begins with "_"`}},
		{"mapping of a reserved name", func(s *ingest.Source) { s.Mappings = map[string]string{"_hp": "email"} }, []string{"Source.Mappings[_hp] maps a name that belongs to the door"}},
		{"mapping onto nothing", func(s *ingest.Source) { s.Mappings = map[string]string{"x": ""} }, []string{"Source.Mappings[x] is required"}},
		{"long target", func(s *ingest.Source) { s.Mappings = map[string]string{"x": strings.Repeat("t", 129)} }, []string{"Source.Mappings[x] is longer than 128 bytes"}},
		{"origins", func(s *ingest.Source) {
			s.Origins = []string{"example.com", "https://example.com/", "https://EXAMPLE.com", "*", "null", "https://a@b"}
		},
			[]string{"Source.Origins[0]", "Source.Origins[1]", "Source.Origins[2]", "Source.Origins[3]", "Source.Origins[4]", "Source.Origins[5]"}},
		{"redirects", func(s *ingest.Source) {
			s.Redirects = []string{"thanks", "//example.com", "javascript:alert(1)", `/\x`, ""}
		},
			[]string{"Source.Redirects[0]", "Source.Redirects[1]", "Source.Redirects[2]", "Source.Redirects[3]", "Source.Redirects[4]"}},
		{"limit below", func(s *ingest.Source) { s.PerMinute = -1 }, []string{"Source.PerMinute is below 0: use 0 for the default"}},
		{"limit above", func(s *ingest.Source) { s.PerMinute = 100_001 }, []string{"Source.PerMinute is above 100000: lower it"}},
		{"preset", func(s *ingest.Source) { s.Preset, s.Signature = "wufoo", ingest.Signature{} }, []string{"Source.Preset is no known sender: choose one of Presets"}},
		{"scheme", func(s *ingest.Source) {
			s.Signature = ingest.Signature{Scheme: "rot13", Secret: ingest.NewSecret("hunter2")}
		}, []string{"Source.Signature.Scheme is no known scheme: choose one of calendly, "}},
		{"scheme without a secret", func(s *ingest.Source) { s.Signature = ingest.Signature{Scheme: "tally"} }, []string{"Source.Signature.Secret is required"}},
		{"secret without a scheme", func(s *ingest.Source) {
			s.Preset, s.Signature.Secret = "zapier", ingest.NewSecret("hunter2")
		}, []string{"Source.Signature.Scheme is required with a secret"}},
		{"only the key before", func(s *ingest.Source) { s.Signature = ingest.Signature{Previous: ingest.NewSecret("hunter2")} }, []string{"Source.Signature.Previous is given without Secret"}},
		{"secret that is not base64", func(s *ingest.Source) {
			s.Signature = ingest.Signature{Scheme: ingest.StandardWebhooks, Secret: ingest.NewSecret("whsec_hunter2!")}
		}, []string{"Source.Signature.Secret is not base64"}},
		{"key before that is not base64", func(s *ingest.Source) {
			s.Signature = ingest.Signature{Scheme: ingest.StandardWebhooks, Secret: ingest.NewSecret("aGk="), Previous: ingest.NewSecret("hunter2!")}
		}, []string{"Source.Signature.Previous is not base64"}},
		{"captcha", func(s *ingest.Source) {
			s.Captcha = ingest.CaptchaSettings{Name: strings.Repeat("x", 129), Field: "email", OnOutage: "refuse"}
		},
			[]string{"Source.Captcha.Name is longer than 128 bytes", "Source.Captcha.Field is a known field: choose another name", `Source.Captcha.OnOutage is neither "" nor "accept"`}},
		{"trap that people see", func(s *ingest.Source) { s.Spam.Honeypot = "email" }, []string{"Source.Spam.Honeypot is a known field"}},
		{"time that nobody has", func(s *ingest.Source) { s.Spam.MinFill = 2 * time.Hour }, []string{"Source.Spam.MinFill is above 1h0m0s: lower it"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := good
			tt.change(&s)
			err := s.Validate()
			require.Error(t, err)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.Len(t, strings.Split(err.Error(), "\n"), len(tt.want), "one error a field: %v", err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestOptionsValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, (*ingest.Options)(nil).Validate())
	require.NoError(t, (&ingest.Options{TrustedProxies: prefixes("10.0.0.0/8"), PerMinute: 5}).Validate())
	bad := &ingest.Options{TrustedProxies: []netip.Prefix{{}}, PerMinute: -1, MaxInFlight: -1, Timeout: -1, CaptureTimeout: -1}
	err := bad.Validate()
	for _, want := range []string{"Options.TrustedProxies[0]", "Options.PerMinute", "Options.MaxInFlight", "Options.Timeout", "Options.CaptureTimeout"} {
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, 200, newDoor(bad).post(leadBody).Code, "a door with bad options works with the defaults")
}
