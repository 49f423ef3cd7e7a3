package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// unlimited lets everything in.
var unlimited = limiterFunc(func() (ingest.Allowance, error) { return ingest.Allowance{OK: true, Remaining: 1}, nil })

// FuzzJSON holds that no body breaks the door, that its verdict is stable and the one of encoding/json, and that what it makes of
// a body is clean and canonical.
func FuzzJSON(f *testing.F) {
	d := newDoor(&ingest.Options{Limiter: unlimited, Clock: func() time.Time { return time.Unix(1e9, 0) }}).with(func(s *ingest.Source) {
		s.Mappings = map[string]string{"name": "fullName", "mail": "email", "a": "b"}
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		sub, status := twice(t, d, body, "application/json")
		text := bytes.TrimPrefix(body, []byte("\uFEFF"))
		switch {
		case status == 200:
			require.True(t, json.Valid(text), "accepted what is not JSON")
			checkClean(t, sub)
			require.Equal(t, string(body), string(sub.Raw))
		case status == 413:
			require.Greater(t, len(body), ingest.MaxBody)
		}
	})
}

// FuzzPreset holds that no payload breaks what takes a sender's payloads apart, and that what it makes of one is clean.
func FuzzPreset(f *testing.F) {
	doors := map[string]*door{}
	names := []string{""}
	for _, p := range ingest.Presets() {
		f.Add(len(names), p.Payload, p.ContentType == urlencoded)
		names = append(names, p.Name)
	}
	for _, name := range names {
		doors[name] = newDoor(&ingest.Options{Limiter: unlimited, Clock: func() time.Time { return time.Unix(1e9, 0) }}).with(func(s *ingest.Source) { s.Preset = name })
	}
	f.Fuzz(func(t *testing.T, i int, body []byte, form bool) {
		if i < 0 {
			return
		}
		contentType := "application/json"
		if form {
			contentType = urlencoded
		}
		if sub, status := twice(t, doors[names[i%len(names)]], body, contentType); status == 200 {
			checkClean(t, sub)
			require.Equal(t, string(body), string(sub.Raw))
		}
	})
}

// FuzzForm holds of forms what FuzzJSON holds, and that no content of a file is kept.
func FuzzForm(f *testing.F) {
	d := newDoor(&ingest.Options{Limiter: unlimited, Clock: func() time.Time { return time.Unix(1e9, 0) }})
	f.Fuzz(func(t *testing.T, body []byte, isMultipart bool) {
		contentType := urlencoded
		if isMultipart {
			contentType = "multipart/form-data; boundary=b"
		}
		sub, status := twice(t, d, body, contentType)
		if status != 200 {
			return
		}
		checkClean(t, sub)
		if isMultipart {
			checkParts(t, body, sub.Raw)
			return
		}
		require.Equal(t, string(body), string(sub.Raw))
		if values, err := url.ParseQuery(string(body)); err == nil && len(sub.Flags) == 0 && !bytes.HasPrefix(body, []byte("\uFEFF")) {
			for name, value := range sub.Metadata {
				require.Contains(t, values, name)
				if len(values[name]) == 1 {
					require.Equal(t, values[name][0], sub.Metadata.Text(name), "%s", value)
				}
			}
		}
	})
}

// FuzzClientIP holds that a client behind an untrusted peer is that peer, and that one behind a trusted proxy is what the proxy
// appended, whatever the client sent.
func FuzzClientIP(f *testing.F) {
	trusted := prefixes("10.0.0.0/8", "fd00::/8")
	f.Fuzz(func(t *testing.T, peer, first, second string) {
		headers := http.Header{"X-Forwarded-For": {first, second}}
		address, err := netip.ParseAddr(peer)
		if err == nil {
			address = address.Unmap().WithZone("")
			got := ingest.ClientIP(&http.Request{RemoteAddr: netip.AddrPortFrom(address, 4711).String(), Header: headers}, nil)
			require.Equal(t, address, got, "nobody is trusted")
			if !trusted[0].Contains(address) && !trusted[1].Contains(address) {
				got = ingest.ClientIP(&http.Request{RemoteAddr: netip.AddrPortFrom(address, 4711).String(), Header: headers}, trusted)
				require.Equal(t, address, got, "the peer is not trusted")
			}
		}
		got := ingest.ClientIP(&http.Request{RemoteAddr: "10.0.0.1:1", Header: headers}, trusted)
		require.True(t, got.IsValid() && got.Zone() == "" && !got.Is4In6(), "%v", got)
		appended := http.Header{"X-Forwarded-For": {first, second + ", 198.51.100.77, 10.3.2.1"}}
		got = ingest.ClientIP(&http.Request{RemoteAddr: "10.0.0.1:1", Header: appended}, trusted)
		require.Equal(t, "198.51.100.77", got.String(), "the proxy's word counts")
	})
}

// FuzzRedirect holds that a form is never sent to a host that is not listed, as browsers read addresses.
func FuzzRedirect(f *testing.F) {
	d := newDoor(&ingest.Options{Limiter: unlimited}).with(func(s *ingest.Source) { s.Redirects = []string{"/thanks", "https://example.com/"} })
	f.Fuzz(func(t *testing.T, wish string) {
		w := d.post(url.Values{"email": {"a"}, "_redirect": {wish}}.Encode(), "Content-Type", urlencoded, "Accept", browser)
		if w.Code == http.StatusBadRequest {
			return // too long
		}
		require.Equal(t, http.StatusSeeOther, w.Code)
		to := w.Header().Get("Location")
		// Browsers drop tabs and line feeds, trim blanks and read "\" as "/" (WHATWG URL Standard).
		read := strings.ReplaceAll(strings.Trim(strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(to), "\x00 "), `\`, "/")
		require.Equal(t, to, read)
		if rest, ok := strings.CutPrefix(read, "https://example.com"); ok {
			require.True(t, strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, ":443/"), "%q", to)
			return
		}
		require.True(t, to == "/thanks" || strings.HasPrefix(to, "/thanks/") || strings.HasPrefix(to, "/thanks?") || strings.HasPrefix(to, "/thanks#"), "%q", to)
	})
}

// twice posts a body two times and makes sure that the verdict is the same and no fault of ours.
func twice(t *testing.T, d *door, body []byte, contentType string) (ingest.Submission, int) {
	t.Helper()
	d.sink.mu.Lock()
	d.sink.subs = nil
	d.sink.mu.Unlock()
	one := d.post(string(body), "Content-Type", contentType)
	two := d.post(string(body), "Content-Type", contentType)
	require.Equal(t, one.Code, two.Code)
	require.Equal(t, one.Body.String(), two.Body.String())
	require.Contains(t, []int{200, 400, 413}, one.Code)
	require.True(t, json.Valid(one.Body.Bytes()) && utf8.Valid(one.Body.Bytes()))
	if one.Code != 200 {
		require.Zero(t, d.sink.len())
		return ingest.Submission{}, one.Code
	}
	first, second := d.subs[0], d.subs[1]
	first.ID, second.ID = "", ""
	require.Equal(t, first, second)
	return d.subs[0], one.Code
}

// checkClean makes sure that a submission can be stored anywhere and that Prepare has nothing to add.
func checkClean(t *testing.T, sub ingest.Submission) {
	t.Helper()
	texts := []string{sub.Fields.Email, sub.Fields.FirstName, sub.Fields.LastName, sub.Fields.Phone, sub.Fields.Company, sub.Key,
		sub.Attribution.Referrer, sub.Attribution.Page, sub.Attribution.Landing, sub.Attribution.UTM.Source, sub.Attribution.UTM.Term, string(sub.Attribution.Touches)}
	for name, value := range sub.Metadata {
		texts = append(texts, name, string(value))
		require.True(t, json.Valid(value), "%s", value)
		require.NotContains(t, string(value), `\u0000`)
	}
	for _, text := range texts {
		require.True(t, utf8.ValidString(text) && !strings.Contains(text, "\x00"), "%q", text)
	}
	if sub.Fields == (ingest.Fields{}) && len(sub.Metadata) == 0 {
		return
	}
	again, err := ingest.Prepare(sub, time.Now())
	require.NoError(t, err)
	require.Equal(t, sub, again, "canonical form is not idempotent")
}

// checkParts compares a multipart body with what was kept of it: the same parts, files without their content.
func checkParts(t *testing.T, body, kept []byte) {
	t.Helper()
	before := multipart.NewReader(bytes.NewReader(body), "b")
	after := multipart.NewReader(bytes.NewReader(kept), "b")
	for {
		a, errA := before.NextRawPart()
		b, errB := after.NextRawPart()
		if errors.Is(errA, io.EOF) || errors.Is(errB, io.EOF) {
			require.Equal(t, errA, errB)
			return
		}
		require.NoError(t, errA)
		require.NoError(t, errB)
		require.Equal(t, a.Header, b.Header)
		contentA, err := io.ReadAll(a)
		require.NoError(t, err)
		contentB, err := io.ReadAll(b)
		require.NoError(t, err)
		_, params, _ := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		if _, isFile := params["filename"]; isFile {
			require.Empty(t, contentB)
			continue
		}
		require.Equal(t, string(contentA), string(contentB))
	}
}
