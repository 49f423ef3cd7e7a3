package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// StandardWebhooks is the Scheme of a Signature by https://www.standardwebhooks.com: webhook-id, webhook-timestamp and webhook-signature.
// Its secret is base64, with or without "whsec_" before it.
const StandardWebhooks = "standard"

// maxSignatureAge is how far the time of a signature may be from ours, where the scheme has one.
const maxSignatureAge = 5 * time.Minute

// Signature says how the sender of a source proves who it is. The zero value means that it does not.
type Signature struct {
	// Scheme is StandardWebhooks or that of a known sender, see [Schemes]. "" means that of the source's Preset.
	Scheme string
	// Secret is the key that is shared with the sender. The zero Secret turns the check off.
	Secret Secret
	// Previous is a key that still counts, while one is exchanged for another. The zero Secret means none.
	Previous Secret
}

// Schemes lists the schemes of signatures by name.
func Schemes() []string {
	names := []string{StandardWebhooks}
	for name := range schemes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	errUnsigned = &fault{status: http.StatusUnauthorized, code: "invalid_signature", message: "the signature is missing or does not fit"}
	errStale    = &fault{status: http.StatusUnauthorized, code: "signature_expired", message: "the signature is good, but more than 5 minutes old or ahead of time"}
	errScheme   = errors.New("ingest: the signature of the source is set up wrongly")
)

// scheme is how a vendor signs.
type scheme struct {
	header string // of the signature
	prefix string // before the digest; with parts, "t=…,v1=…" instead
	parts  bool
	base64 bool          // else hexadecimal
	stamp  string        // the header of the time, where that is not in the signature's own
	unit   time.Duration // of the time
	// signed returns what stands before and behind the body in what is signed.
	signed func(h *Handler, r *http.Request, stamp string) (before, behind string)
	// check replaces all of the above, and member does: the member of the body that has to be the secret itself.
	check  func(header http.Header, body []byte, secret string) bool
	member string
}

// schemes are the vendors' own. Where they come from stands in testdata/presets/README.md.
var schemes = map[string]*scheme{
	"typeform":  {header: "Typeform-Signature", prefix: "sha256=", base64: true},
	"tally":     {header: "Tally-Signature", base64: true},
	"meta":      {header: "X-Hub-Signature-256", prefix: "sha256="},
	"calendly":  {header: "Calendly-Webhook-Signature", parts: true, unit: time.Second, signed: stampDot},
	"formspree": {header: "Formspree-Signature", parts: true, unit: time.Second, signed: stampDot},
	"webflow": {header: "X-Webflow-Signature", stamp: "X-Webflow-Timestamp", unit: time.Millisecond,
		signed: func(_ *Handler, _ *http.Request, stamp string) (string, string) { return stamp + ":", "" }},
	"hubspot": {header: "X-Hubspot-Signature-V3", base64: true, stamp: "X-Hubspot-Request-Timestamp", unit: time.Millisecond,
		signed: func(h *Handler, r *http.Request, stamp string) (string, string) {
			return r.Method + h.publicURL(r), stamp
		}},
	"framer": {header: "Framer-Signature", prefix: "sha256=",
		signed: func(_ *Handler, r *http.Request, _ string) (string, string) {
			return "", r.Header.Get("Framer-Webhook-Submission-Id")
		}},
	"netlify":   {check: netlifySigned},
	"googleads": {member: "google_key"},
}

func stampDot(_ *Handler, _ *http.Request, stamp string) (before, behind string) {
	return stamp + ".", ""
}

// publicURL returns the address as the sender called it. HubSpot calls https only.
func (h *Handler) publicURL(r *http.Request) string {
	host := r.Host
	if forwarded, ok := only(r.Header, "X-Forwarded-Host"); ok && fromProxy(r, h.trusted) {
		host = forwarded
	}
	called := r.RequestURI // as it was before http.StripPrefix
	if !strings.HasPrefix(called, "/") {
		called = r.URL.RequestURI()
	}
	return "https://" + host + called
}

// scheme returns the scheme by which a source's requests are signed, by name, or "" if they are not.
func (s *Source) scheme() string {
	if !s.Signature.Secret.IsSet() {
		return ""
	}
	if p := presetOf(s.Preset); s.Signature.Scheme == "" && p != nil {
		return p.signature
	}
	return s.Signature.Scheme
}

// verify checks the signature over the body as it arrived. signed is false for a source that asks for none, and for those schemes
// whose proof is a member of the body.
func (h *Handler) verify(r *http.Request, source *Source, body []byte) (signed bool, err error) {
	if !source.Signature.Secret.IsSet() {
		return false, nil
	}
	name := source.scheme()
	known := schemes[name]
	switch {
	case name != StandardWebhooks && known == nil:
		return false, h.misconfigured(r)
	case known != nil && known.member != "":
		return false, nil
	}
	var last error = errUnsigned
	for _, secret := range source.secrets() {
		if name == StandardWebhooks {
			last = h.standard(r, body, secret)
		} else {
			last = h.vendor(r, known, body, secret)
		}
		if last == nil || last == error(errStale) || errors.Is(last, errScheme) {
			break
		}
	}
	return last == nil, last
}

// verifyMember checks a key that comes in the body.
func (a *assembly) verifyMember() (signed bool, err error) {
	known := schemes[a.source.scheme()]
	if known == nil || known.member == "" {
		return false, nil
	}
	if i := a.find([]byte(known.member)); i >= 0 {
		key, _ := a.plain(a.bytes(a.members[i].value))
		for _, secret := range a.source.secrets() {
			if subtle.ConstantTimeCompare(key, []byte(secret)) == 1 {
				return true, nil
			}
		}
	}
	return false, errUnsigned
}

func (s *Source) secrets() []string {
	keys := []string{s.Signature.Secret.Reveal()}
	if s.Signature.Previous.IsSet() {
		keys = append(keys, s.Signature.Previous.Reveal())
	}
	return keys
}

// misconfigured logs that nothing can be checked. The sender is told to come back: it is not to blame.
func (h *Handler) misconfigured(r *http.Request) error {
	h.log.LogAttrs(r.Context(), slog.LevelError, "ingest: the signature of a source cannot be checked: see Source.Validate")
	return errors.Join(errScheme, errUnavailable)
}

// standard checks a signature by Standard Webhooks. The library would ask the machine's clock for its age.
func (h *Handler) standard(r *http.Request, body []byte, secret string) error {
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return h.misconfigured(r)
	}
	if key.VerifyIgnoringTimestamp(body, r.Header) != nil {
		return errUnsigned
	}
	return h.fresh(r.Header.Get(standardwebhooks.HeaderWebhookTimestamp), time.Second)
}

// vendor checks a signature by a vendor's scheme.
func (h *Handler) vendor(r *http.Request, s *scheme, body []byte, secret string) error {
	if s.check != nil {
		if !s.check(r.Header, body, secret) {
			return errUnsigned
		}
		return nil
	}
	sent, ok := only(r.Header, s.header)
	if !ok {
		return errUnsigned
	}
	stamp, digests := r.Header.Get(s.stamp), []string{strings.TrimPrefix(sent, s.prefix)}
	switch {
	case s.parts:
		stamp, digests = stampAndDigests(sent)
	case !strings.HasPrefix(sent, s.prefix):
		return errUnsigned
	}
	mac := hmac.New(sha256.New, []byte(secret))
	before, behind := "", ""
	if s.signed != nil {
		before, behind = s.signed(h, r, stamp)
	}
	mac.Write([]byte(before))
	mac.Write(body)
	mac.Write([]byte(behind))
	if !slices.ContainsFunc(digests, func(d string) bool { return hmac.Equal(s.digest(d), mac.Sum(nil)) }) {
		return errUnsigned
	}
	if s.unit == 0 {
		return nil
	}
	return h.fresh(stamp, s.unit)
}

// digest decodes a digest; nil if it is none.
func (s *scheme) digest(text string) []byte {
	var sum []byte
	var err error
	if s.base64 {
		sum, err = base64.StdEncoding.DecodeString(text)
	} else {
		sum, err = hex.DecodeString(text)
	}
	if err != nil {
		return nil
	}
	return sum
}

// stampAndDigests reads "t=1700000000,v1=…", with one v1 or several.
func stampAndDigests(text string) (stamp string, digests []string) {
	for part := range strings.SplitSeq(text, ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "t":
			stamp = value
		case "v1":
			digests = append(digests, value)
		}
	}
	return stamp, digests
}

// fresh reports a time that is too far from ours.
func (h *Handler) fresh(stamp string, unit time.Duration) error {
	n, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errUnsigned
	}
	at := time.Unix(n, 0)
	if unit == time.Millisecond {
		at = time.UnixMilli(n)
	}
	if age := h.clock().Sub(at); age > maxSignatureAge || age < -maxSignatureAge {
		return errStale
	}
	return nil
}

// netlifySigned checks Netlify's JWS (RFC 7515, HS256), which has the SHA-256 of the body in its claims.
func netlifySigned(header http.Header, body []byte, secret string) bool {
	token, _ := only(header, "X-Webhook-Signature")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	var head struct {
		Algorithm string `json:"alg"`
	}
	var claims struct {
		Issuer string `json:"iss"`
		Digest string `json:"sha256"`
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", parts[0], parts[1])
	sum, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(sum, mac.Sum(nil)) || !decodePart(parts[0], &head) || !decodePart(parts[1], &claims) {
		return false
	}
	digest := sha256.Sum256(body)
	return head.Algorithm == "HS256" && claims.Issuer == "netlify" && claims.Digest == hex.EncodeToString(digest[:])
}

func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}
