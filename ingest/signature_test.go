package ingest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// noon is the time at the door in these tests.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const signingKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// signer signs a request as its vendor does.
type signer func(r *http.Request, body string, at time.Time, key string)

func sum(key string, parts ...string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	for _, part := range parts {
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

var signers = map[string]signer{
	"standard": func(r *http.Request, body string, at time.Time, key string) {
		hook, err := standardwebhooks.NewWebhook(key)
		if err != nil {
			return
		}
		signature, _ := hook.Sign("msg_1", at, []byte(body))
		r.Header.Set("webhook-id", "msg_1")
		r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
		r.Header.Set("webhook-signature", "v1,bm90IHRoaXMgb25l "+signature)
	},
	"typeform": func(r *http.Request, body string, _ time.Time, key string) {
		r.Header.Set("Typeform-Signature", "sha256="+base64.StdEncoding.EncodeToString(sum(key, body)))
	},
	"tally": func(r *http.Request, body string, _ time.Time, key string) {
		r.Header.Set("Tally-Signature", base64.StdEncoding.EncodeToString(sum(key, body)))
	},
	"meta": func(r *http.Request, body string, _ time.Time, key string) {
		r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum(key, body)))
	},
	"calendly":  stamped("Calendly-Webhook-Signature"),
	"formspree": stamped("Formspree-Signature"),
	"webflow": func(r *http.Request, body string, at time.Time, key string) {
		stamp := strconv.FormatInt(at.UnixMilli(), 10)
		r.Header.Set("x-webflow-timestamp", stamp)
		r.Header.Set("x-webflow-signature", hex.EncodeToString(sum(key, stamp+":"+body)))
	},
	"hubspot": func(r *http.Request, body string, at time.Time, key string) {
		stamp := strconv.FormatInt(at.UnixMilli(), 10)
		r.Header.Set("X-HubSpot-Request-Timestamp", stamp)
		r.Header.Set("X-HubSpot-Signature-v3", base64.StdEncoding.EncodeToString(sum(key, "POST", "https://door.example"+r.URL.RequestURI(), body, stamp)))
	},
	"framer": func(r *http.Request, body string, _ time.Time, key string) {
		r.Header.Set("Framer-Webhook-Submission-Id", "0fbbb90e")
		r.Header.Set("Framer-Signature", "sha256="+hex.EncodeToString(sum(key, body, "0fbbb90e")))
	},
	"netlify": func(r *http.Request, body string, _ time.Time, key string) {
		digest := sha256.Sum256([]byte(body))
		claims := fmt.Sprintf(`{"iss":"netlify","sha256":"%x"}`, digest)
		text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		r.Header.Set("X-Webhook-Signature", text+"."+base64.RawURLEncoding.EncodeToString(sum(key, text)))
	},
	"googleads": func(*http.Request, string, time.Time, string) {}, // it stands in the body
}

// stamped signs with "t=…,v1=…".
func stamped(header string) signer {
	return func(r *http.Request, body string, at time.Time, key string) {
		stamp := strconv.FormatInt(at.Unix(), 10)
		r.Header.Set(header, "t="+stamp+",v1="+strings.Repeat("0", 64)+",v1="+hex.EncodeToString(sum(key, stamp+"."+body)))
	}
}

func signedDoor(scheme string) *door {
	return newDoor(&ingest.Options{Clock: func() time.Time { return noon }}).with(func(s *ingest.Source) {
		s.Signature = ingest.Signature{Scheme: scheme, Secret: ingest.NewSecret(signingKey)}
	})
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	require.Len(t, signers, len(ingest.Schemes()), "every scheme is tried")
	body := `{"email":"ann.lee@example.com","google_key":"` + signingKey + `"}`
	for _, scheme := range ingest.Schemes() {
		timed := scheme != "typeform" && scheme != "tally" && scheme != "meta" && scheme != "framer" && scheme != "netlify" && scheme != "googleads"
		inBody := scheme == "googleads"
		tests := []struct {
			name   string
			signed string // what is signed, if not what is sent
			sent   string
			at     time.Time
			key    string
			strip  bool
			status int
			code   string
		}{
			{name: "good", status: 200},
			{name: "nearly too old", at: noon.Add(-5 * time.Minute), status: 200},
			{name: "too old", at: noon.Add(-5*time.Minute - time.Second), status: ifElse(timed, 401, 200), code: ifElse(timed, "signature_expired", "")},
			{name: "ahead of time", at: noon.Add(5*time.Minute + time.Second), status: ifElse(timed, 401, 200), code: ifElse(timed, "signature_expired", "")},
			{name: "another body", signed: body + " ", status: ifElse(inBody, 200, 401), code: ifElse(inBody, "", "invalid_signature")},
			{name: "another key", key: "whsec_bm90IHRoaXMgb25l", sent: strings.Replace(body, signingKey, "whsec_bm90IHRoaXMgb25l", 1), status: 401, code: "invalid_signature"},
			{name: "an old one with another key", at: noon.Add(-time.Hour), key: "whsec_bm90IHRoaXMgb25l", sent: strings.Replace(body, signingKey, "no", 1), status: 401, code: "invalid_signature"},
			{name: "none", strip: true, sent: `{"email":"ann.lee@example.com"}`, status: 401, code: "invalid_signature"},
		}
		for _, tt := range tests {
			t.Run(scheme+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				d := signedDoor(scheme)
				sent := ifElse(tt.sent == "", body, tt.sent)
				r := request("/api/webhooks/"+goodToken, sent)
				if !tt.strip {
					at := ifElse(tt.at.IsZero(), noon, tt.at)
					signers[scheme](r, ifElse(tt.signed == "", sent, tt.signed), at, ifElse(tt.key == "", signingKey, tt.key))
				}
				w := d.do(r)
				require.Equal(t, tt.status, w.Code, w.Body)
				checkAnswer(t, w, tt.status, tt.code)
				if tt.status != 200 {
					require.Zero(t, d.sink.len())
					require.Equal(t, "Signature", w.Header().Get("WWW-Authenticate"))
					return
				}
				require.Equal(t, []ingest.Flag{ingest.FlagSigned}, d.last(t).Flags)
			})
		}
	}
}

func ifElse[T any](cond bool, yes, no T) T {
	if cond {
		return yes
	}
	return no
}

func TestSignaturesThatAreNearlyRight(t *testing.T) {
	t.Parallel()
	good := func(scheme string, r *http.Request) { signers[scheme](r, leadBody, noon, signingKey) }
	tests := []struct {
		name   string
		scheme string
		change func(r *http.Request)
	}{
		{"a prefix is missing", "typeform", func(r *http.Request) {
			r.Header.Set("Typeform-Signature", strings.TrimPrefix(r.Header.Get("Typeform-Signature"), "sha256="))
		}},
		{"two headers", "tally", func(r *http.Request) { r.Header.Add("Tally-Signature", r.Header.Get("Tally-Signature")) }},
		{"an empty header", "tally", func(r *http.Request) { r.Header.Set("Tally-Signature", "") }},
		{"half of it", "tally", func(r *http.Request) { r.Header.Set("Tally-Signature", r.Header.Get("Tally-Signature")[:20]) }},
		{"another time than the signed one", "webflow", func(r *http.Request) {
			r.Header.Set("x-webflow-timestamp", strconv.FormatInt(noon.UnixMilli()+1, 10))
		}},
		{"no time", "webflow", func(r *http.Request) { r.Header.Del("x-webflow-timestamp") }},
		{"another address", "hubspot", func(r *http.Request) { r.Host = "evil.example" }},
		{"another host forwarded by nobody that is trusted", "hubspot", func(r *http.Request) {
			r.Host = "inner"
			r.Header.Set("X-Forwarded-Host", "door.example")
		}},
		{"another id", "framer", func(r *http.Request) { r.Header.Set("Framer-Webhook-Submission-Id", "1") }},
		{"no digest", "calendly", func(r *http.Request) { r.Header.Set("Calendly-Webhook-Signature", fmt.Sprintf("t=%d", noon.Unix())) }},
		{"no algorithm", "netlify", func(r *http.Request) {
			_, rest, _ := strings.Cut(r.Header.Get("X-Webhook-Signature"), ".")
			r.Header.Set("X-Webhook-Signature", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))+"."+rest)
		}},
		{"no token", "netlify", func(r *http.Request) { r.Header.Set("X-Webhook-Signature", "a.b") }},
		{"another webhook's id", "standard", func(r *http.Request) { r.Header.Set("webhook-id", "msg_2") }},
	}
	for _, tt := range tests {
		t.Run(tt.scheme+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			d := signedDoor(tt.scheme)
			r := request("/api/webhooks/"+goodToken, leadBody)
			good(tt.scheme, r)
			require.Equal(t, 200, d.do(r).Code)
			r = request("/api/webhooks/"+goodToken, leadBody)
			good(tt.scheme, r)
			tt.change(r)
			require.Equal(t, 401, d.do(r).Code)
			require.Equal(t, 1, d.sink.len())
		})
	}
}

func TestAKeyIsExchangedForAnother(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"standard", "tally"} {
		d := signedDoor(scheme).with(func(s *ingest.Source) {
			s.Signature.Secret, s.Signature.Previous = ingest.NewSecret("whsec_bmV3IGtleSwgbmV3IGx1Y2s="), s.Signature.Secret
		})
		for _, key := range []string{signingKey, "whsec_bmV3IGtleSwgbmV3IGx1Y2s="} {
			r := request("/api/webhooks/"+goodToken, leadBody)
			signers[scheme](r, leadBody, noon, key)
			require.Equal(t, 200, d.do(r).Code, "%s with %s", scheme, key)
		}
	}
}

func TestThePresetKnowsTheScheme(t *testing.T) {
	t.Parallel()
	body := payloadOf(t, "typeform")
	d := signedDoor("").with(func(s *ingest.Source) { s.Preset = "typeform" })
	require.Equal(t, 401, d.post(body).Code)
	r := request("/api/webhooks/"+goodToken, body)
	signers["typeform"](r, body, noon, signingKey)
	require.Equal(t, 200, d.do(r).Code)
	require.Equal(t, "Ann", d.last(t).Fields.FirstName)
}

func TestASignatureThatIsSetUpWronglyIsOurFault(t *testing.T) {
	t.Parallel()
	for _, sign := range []ingest.Signature{
		{Scheme: "standard", Secret: ingest.NewSecret("not base64!")}, {Scheme: "no such scheme", Secret: ingest.NewSecret("x")}, {Secret: ingest.NewSecret("x")},
	} {
		d := newDoor(nil).with(func(s *ingest.Source) { s.Signature = sign })
		require.Equal(t, 503, d.post(leadBody).Code, "the sender comes back")
		require.Zero(t, d.sink.len(), "and nothing is taken in unchecked")
	}
}

// TestReplays holds that who has seen a signed request cannot have it count once more.
func TestReplays(t *testing.T) {
	t.Parallel()
	body := payloadOf(t, "typeform")
	for _, tt := range []struct{ scheme, preset, body string }{
		{"standard", "", leadBody}, {"hubspot", "hubspot", leadBody}, {"typeform", "typeform", body}, {"framer", "framer", leadBody}, {"webflow", "", leadBody},
	} {
		d := signedDoor(tt.scheme).with(func(s *ingest.Source) { s.Preset = tt.preset })
		keys := map[string]bool{}
		for i := range 2 {
			r := request("/api/webhooks/"+goodToken, tt.body, "Idempotency-Key", strconv.Itoa(i))
			signers[tt.scheme](r, tt.body, noon, signingKey)
			require.Equal(t, 200, d.do(r).Code)
			require.NotEmpty(t, d.last(t).Key, tt.scheme)
			keys[d.last(t).Key] = true
		}
		require.Len(t, keys, 1, "%s: another Idempotency-Key makes no other submission", tt.scheme)
	}
}

func TestTheHostBehindATrustedProxyIsSigned(t *testing.T) {
	t.Parallel()
	d := newDoor(&ingest.Options{Clock: func() time.Time { return noon }, TrustedProxies: prefixes("203.0.113.0/24")}).with(func(s *ingest.Source) {
		s.Signature = ingest.Signature{Scheme: "hubspot", Secret: ingest.NewSecret(signingKey)}
	})
	r := request("/api/webhooks/"+goodToken, leadBody)
	signers["hubspot"](r, leadBody, noon, signingKey)
	r.Host = "inner:8080"
	r.Header.Set("X-Forwarded-Host", "door.example")
	r.RequestURI = ""
	require.Equal(t, 200, d.do(r).Code)
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	source := ingest.Source{Signature: ingest.Signature{Secret: ingest.NewSecret("hunter2"), Previous: ingest.NewSecret("hunter2")}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "source", source, "secret", source.Signature.Secret)
	text, err := json.Marshal(source)
	require.NoError(t, err)
	all := log.String() + string(text)
	hidden := struct{ s ingest.Source }{source}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		all += fmt.Sprintf(verb, source) + fmt.Sprintf(verb, &source) + fmt.Sprintf(verb, source.Signature.Secret) + fmt.Sprintf(verb, hidden)
	}
	require.NotContains(t, all, "hunter2")
	require.NotContains(t, all, "68756e74657232")
	require.Contains(t, all, "[redacted]")
	require.Equal(t, "hunter2", source.Signature.Secret.Reveal())
	require.Equal(t, ingest.NewSecret("a"), ingest.NewSecret("a"), "stores are compared by what they give back")
	require.Equal(t, ingest.Secret{}, ingest.NewSecret(""))
}

func TestMetaConfirmsTheAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, preset, query string
		status              int
	}{
		{"good", "meta", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" + goodToken, 200},
		{"another token", "meta", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=x", 405},
		{"no token", "meta", "hub.mode=subscribe&hub.challenge=1158201444", 405},
		{"another mode", "meta", "hub.mode=unsubscribe&hub.challenge=1158201444&hub.verify_token=" + goodToken, 405},
		{"no challenge", "meta", "hub.mode=subscribe&hub.verify_token=" + goodToken, 405},
		{"markup", "meta", "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=" + goodToken, 405},
		{"too long", "meta", "hub.mode=subscribe&hub.challenge=" + strings.Repeat("1", 129) + "&hub.verify_token=" + goodToken, 405},
		{"another sender's source", "", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" + goodToken, 405},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) { s.Preset = tt.preset })
			r := request("/api/webhooks/"+goodToken, "")
			r.Method, r.URL.RawQuery = http.MethodGet, tt.query
			w := d.do(r)
			require.Equal(t, tt.status, w.Code, w.Body)
			require.Zero(t, d.sink.len())
			if tt.status == 200 {
				require.Equal(t, "1158201444", w.Body.String())
				require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
				require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
			}
		})
	}
}
