package ingest_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// service is a captcha service that does what it is told and notes what it is asked.
type service struct {
	mu     sync.Mutex
	asked  []ingest.CaptchaAnswer
	answer func(ctx context.Context, a ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error)
}

func (s *service) Verify(ctx context.Context, a ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) {
	s.mu.Lock()
	s.asked = append(s.asked, a)
	s.mu.Unlock()
	return s.answer(ctx, a)
}

func (s *service) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func says(v ingest.CaptchaVerdict, err error) *service {
	return &service{answer: func(context.Context, ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) { return v, err }}
}

func hangs() *service {
	return &service{answer: func(ctx context.Context, _ ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) {
		<-ctx.Done()
		return ingest.CaptchaVerdict{}, ctx.Err()
	}}
}

var good = ingest.CaptchaVerdict{OK: true}

// captchaDoor is a door whose source has a captcha.
func captchaDoor(s ingest.Captcha, settings ingest.CaptchaSettings) *door {
	d := newDoor(&ingest.Options{Captchas: map[string]ingest.Captcha{"turnstile": s}, Limiter: unlimited})
	settings.Name = "turnstile"
	return d.with(func(s *ingest.Source) { s.Captcha = settings })
}

func TestCaptcha(t *testing.T) {
	t.Parallel()
	const body = `{"email":"a@example.com","cf-turnstile-response":"tok"}`
	panics := &service{answer: func(context.Context, ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) {
		panic("ann.lee@example.com")
	}}
	tests := []struct {
		name     string
		service  *service
		settings ingest.CaptchaSettings
		body     string
		reasons  []string
		flags    []ingest.Flag
		calls    int
	}{
		{name: "good", service: says(good, nil), calls: 1},
		{name: "the snippet's field", service: says(good, nil), body: `{"_captcha":"tok"}`, calls: 1},
		{name: "hCaptcha's fields", service: says(good, nil), body: `{"g-recaptcha-response":"tok","h-captcha-response":"tok"}`, calls: 1},
		{name: "a field of its own", service: says(good, nil), settings: ingest.CaptchaSettings{Field: "proof"}, body: `{"proof":"tok"}`, calls: 1},
		{name: "failed", service: says(ingest.CaptchaVerdict{Reason: "timeout-or-duplicate"}, nil), reasons: []string{"captcha_failed:timeout-or-duplicate"}, calls: 1},
		{name: "failed without a reason", service: says(ingest.CaptchaVerdict{}, nil), reasons: []string{"captcha_failed"}, calls: 1},
		{name: "failed with a strange reason", service: says(ingest.CaptchaVerdict{Reason: "a<b>"}, nil), reasons: []string{"captcha_failed:a"}, calls: 1},
		{name: "failed with a long reason", service: says(ingest.CaptchaVerdict{Reason: strings.Repeat("x", 100)}, nil), reasons: []string{"captcha_failed:" + strings.Repeat("x", 64)}, calls: 1},
		{name: "missing", service: says(good, nil), body: `{"email":"a@example.com"}`, reasons: []string{"captcha_missing"}},
		{name: "empty", service: says(good, nil), body: `{"cf-turnstile-response":""}`, reasons: []string{"captcha_missing"}},
		{name: "a list", service: says(good, nil), body: `{"cf-turnstile-response":["a"]}`, reasons: []string{"captcha_missing"}},
		{name: "too long", service: says(good, nil), body: `{"cf-turnstile-response":"` + strings.Repeat("x", 2049) + `"}`, reasons: []string{"captcha_failed"}},
		{name: "as long as may be", service: says(good, nil), body: `{"cf-turnstile-response":"` + strings.Repeat("x", 2048) + `"}`, calls: 1},
		{name: "outage", service: says(good, errors.New("dial")), reasons: []string{"captcha_unavailable"}, calls: 1},
		{name: "outage, accepted", service: says(good, errors.New("dial")), settings: ingest.CaptchaSettings{OnOutage: ingest.CaptchaAccept}, flags: []ingest.Flag{ingest.FlagNoCaptcha}, calls: 1},
		{name: "failed, and outages are accepted", service: says(ingest.CaptchaVerdict{}, nil), settings: ingest.CaptchaSettings{OnOutage: ingest.CaptchaAccept}, reasons: []string{"captcha_failed"}, calls: 1},
		{name: "missing, and outages are accepted", service: says(good, nil), settings: ingest.CaptchaSettings{OnOutage: ingest.CaptchaAccept}, body: `{"a":1}`, reasons: []string{"captcha_missing"}},
		{name: "panic", service: panics, reasons: []string{"captcha_unavailable"}, calls: 1},
		{name: "a bot by a cheaper sign", service: says(good, nil), body: `{"_hp":"x","cf-turnstile-response":"tok"}`, reasons: []string{"honeypot"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := captchaDoor(tt.service, tt.settings)
			w := d.post(ifElse(tt.body == "", body, tt.body))
			require.Equal(t, 200, w.Code)
			require.Equal(t, `{"success":true}`, w.Body.String())
			sub := d.last(t)
			require.Equal(t, tt.reasons, sub.Reasons)
			require.Equal(t, tt.reasons != nil, sub.Verdict == ingest.Quarantined)
			require.Equal(t, tt.flags, sub.Flags)
			require.Equal(t, tt.calls, tt.service.calls())
			if tt.calls > 0 {
				require.Empty(t, sub.Metadata, "the token is no content")
				require.Equal(t, "203.0.113.9", tt.service.asked[0].Client.String())
			}
		})
	}
}

func TestCaptchaThatHangsCostsTwoSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := hangs()
		d := captchaDoor(service, ingest.CaptchaSettings{})
		began := time.Now()
		require.Equal(t, 200, d.post(`{"_captcha":"tok"}`).Code)
		require.Equal(t, 2*time.Second, time.Since(began))
		require.Equal(t, []string{"captcha_unavailable"}, d.last(t).Reasons)
		synctest.Wait()

		for range 4 {
			d.post(`{"_captcha":"tok"}`)
			synctest.Wait()
		}
		require.Equal(t, 5, service.calls(), "a question without an answer is asked again")
		began = time.Now()
		require.Equal(t, 200, d.post(`{"_captcha":"tok"}`).Code)
		require.Zero(t, time.Since(began), "after five outages in a row the service has a rest")
		require.Equal(t, 5, service.calls())
		time.Sleep(10 * time.Second)
		service.answer = func(context.Context, ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) { return good, nil }
		require.Equal(t, 200, d.post(`{"_captcha":"tok"}`).Code)
		require.Equal(t, ingest.Accepted, d.last(t).Verdict, "and is asked again")
		require.Equal(t, 6, service.calls())
	})
}

func TestATokenIsVerifiedOnceForASubmission(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		used := map[string]bool{}
		var mu sync.Mutex
		service := &service{answer: func(_ context.Context, a ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) {
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			if used[a.Token] {
				return ingest.CaptchaVerdict{Reason: "timeout-or-duplicate"}, nil
			}
			used[a.Token] = true
			return good, nil
		}}
		d := captchaDoor(service, ingest.CaptchaSettings{})
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { d.post(`{"_id":"1","_captcha":"tok"}`) })
		}
		all.Wait()
		d.post(`{"_id":"1","_captcha":"tok"}`)
		require.Equal(t, 1, service.calls(), "retries, at once and later")
		require.Equal(t, 6, d.sink.len())
		for _, sub := range d.subs {
			require.Equal(t, ingest.Accepted, sub.Verdict)
		}
		d.post(`{"_id":"2","_captcha":"tok"}`)
		require.Equal(t, []string{"captcha_failed:timeout-or-duplicate"}, d.last(t).Reasons, "another submission with a used token")
		d.post(`{"a":1,"_captcha":"tok2"}`)
		d.post(`{"a":1,"_captcha":"tok2"}`)
		require.Equal(t, 3, service.calls(), "without a key the body tells a retry")
		require.NotEqual(t, service.asked[0].Attempt, service.asked[1].Attempt)
		time.Sleep(6 * time.Minute)
		d.post(`{"_id":"1","_captcha":"tok"}`)
		require.Equal(t, 4, service.calls())
		require.Equal(t, service.asked[0].Attempt, service.asked[3].Attempt, "the same attempt has the same name for ever")
	})
}

func TestCaptchaThatIsNotThere(t *testing.T) {
	t.Parallel()
	for _, opts := range []*ingest.Options{nil, {Captchas: map[string]ingest.Captcha{"other": says(good, nil)}}, {Captchas: map[string]ingest.Captcha{"turnstile": nil}}} {
		d := newDoor(opts).with(func(s *ingest.Source) { s.Captcha.Name = "turnstile" })
		require.Equal(t, 200, d.post(`{"_captcha":"tok"}`).Code)
		require.Equal(t, []string{"captcha_unavailable"}, d.last(t).Reasons)
	}
	err := (&ingest.Options{Captchas: map[string]ingest.Captcha{"turnstile": nil}, CaptchaTimeout: -1}).Validate()
	require.ErrorContains(t, err, `Options.Captchas["turnstile"] is empty`)
	require.ErrorContains(t, err, "Options.CaptchaTimeout is negative")
}

func TestASignedSenderNeedsNoCaptcha(t *testing.T) {
	t.Parallel()
	service := says(good, nil)
	d := newDoor(&ingest.Options{Captchas: map[string]ingest.Captcha{"c": service}}).with(func(s *ingest.Source) {
		s.Captcha.Name, s.Signature = "c", ingest.Signature{Scheme: "tally", Secret: ingest.NewSecret("k")}
	})
	r := request("/"+goodToken, leadBody)
	signers["tally"](r, leadBody, noon, "k")
	require.Equal(t, 200, d.do(r).Code)
	require.Equal(t, ingest.Accepted, d.last(t).Verdict)
	require.Zero(t, service.calls())
}

func TestTheVisitorWhoLeavesDoesNotEndTheVerification(t *testing.T) {
	t.Parallel()
	service := &service{answer: func(ctx context.Context, _ ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) {
		return good, ctx.Err()
	}}
	d := captchaDoor(service, ingest.CaptchaSettings{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, request("/"+goodToken, `{"_captcha":"tok"}`).WithContext(ctx))
	require.Equal(t, 200, w.Code)
	require.Equal(t, ingest.Accepted, d.last(t).Verdict)
}

func TestAttributionOfPlainForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		form    url.Values
		referer string
		json    string
		want    ingest.Attribution
	}{
		{name: "hidden fields", form: url.Values{"utm_source": {"google"}, "gclid": {"g"}, "_referrer": {"https://www.google.com/"}, "_page": {"https://shop.example/a"}},
			want: ingest.Attribution{UTM: ingest.UTM{Source: "google"}, ClickIDs: map[string]string{"gclid": "g"}, Referrer: "https://www.google.com/", Page: "https://shop.example/a"}},
		{name: "hidden fields as of an object", form: url.Values{"_utm[utm_source]": {"google"}, "_utm[utm_medium]": {"cpc"}, "utm_source": {"n"}},
			want: ingest.Attribution{UTM: ingest.UTM{Source: "google", Medium: "cpc"}}},
		{name: "one hidden field", form: url.Values{"_utm": {"?utm_source=google&utm_medium=cpc&gclid=g&token=secret"}},
			want: ingest.Attribution{UTM: ingest.UTM{Source: "google", Medium: "cpc"}, ClickIDs: map[string]string{"gclid": "g"}}},
		{name: "the page's address", form: url.Values{"a": {"b"}}, referer: "https://shop.example/contact?utm_source=news&utm_campaign=spring&msclkid=m&token=secret#top",
			want: ingest.Attribution{UTM: ingest.UTM{Source: "news", Campaign: "spring"}, ClickIDs: map[string]string{"msclkid": "m"}, Page: "https://shop.example/contact"}},
		{name: "the form knows better", form: url.Values{"utm_source": {"google"}, "_page": {"https://shop.example/a"}}, referer: "https://shop.example/contact?utm_source=news&utm_medium=mail",
			want: ingest.Attribution{UTM: ingest.UTM{Source: "google", Medium: "mail"}, Page: "https://shop.example/a"}},
		{name: "only the origin, as browsers send it to others", form: url.Values{"a": {"b"}}, referer: "https://shop.example/", want: ingest.Attribution{Page: "https://shop.example/"}},
		{name: "credentials", form: url.Values{"a": {"b"}}, referer: "https://u:p@shop.example/x", want: ingest.Attribution{Page: "https://shop.example/x"}},
		{name: "no web page", form: url.Values{"a": {"b"}}, referer: "android-app://com.example/"},
		{name: "no address", form: url.Values{"a": {"b"}}, referer: "https://%zz/"},
		{name: "a broken query", form: url.Values{"a": {"b"}}, referer: "https://shop.example/x?utm_source=%zz", want: ingest.Attribution{Page: "https://shop.example/x"}},
		{name: "bytes that are no UTF-8", form: url.Values{"a": {"b"}}, referer: "https://shop.example/x?utm_source=%FF%00", want: ingest.Attribution{Page: "https://shop.example/x", UTM: ingest.UTM{Source: "\uFFFD\uFFFD"}}},
		{name: "very long", form: url.Values{"a": {"b"}}, referer: "https://shop.example/" + strings.Repeat("x", 5000)},
		{name: "a script tells for itself", json: `{"a":1}`, referer: "https://shop.example/contact?utm_source=news"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil)
			w := d.post(tt.form.Encode(), "Content-Type", urlencoded, "Referer", tt.referer)
			if tt.json != "" {
				w = d.post(tt.json, "Referer", tt.referer)
			}
			require.Equal(t, 200, w.Code)
			require.Equal(t, tt.want, d.last(t).Attribution)
			require.NotContains(t, d.last(t).Metadata, "_utm")
		})
	}
}
