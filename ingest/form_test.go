package ingest_test

import (
	"bytes"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

const urlencoded = "application/x-www-form-urlencoded"

func TestForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body string
		want meaning
	}{
		{"known fields", "email=ann%40example.com&firstName=Ann+Mary&lastName=%C3%89", meaning{fields: ingest.Fields{Email: "ann@example.com", FirstName: "Ann Mary", LastName: "É"}}},
		{"repeated names become lists", "tag=a&x=1&tag=b&tag=a", meaning{meta: map[string]string{"tag": `["a","b","a"]`, "x": `"1"`}}},
		{"a known field twice", "email=a&email=b", meaning{meta: map[string]string{"email": `["a","b"]`}, flags: []ingest.Flag{ingest.FlagNotScalar}}},
		{"a name without a value", "agree&x=&=y", meaning{meta: map[string]string{"agree": `""`, "x": `""`, "": `"y"`}}},
		{"percent signs that escape nothing", "x=100%&y=%zz&z=%4&%=1", meaning{meta: map[string]string{"x": `"100%"`, "y": `"%zz"`, "z": `"%4"`, "%": `"1"`}}},
		{"semicolons do not separate", "x=1;y=2", meaning{meta: map[string]string{"x": `"1;y=2"`}}},
		{"NUL and invalid UTF-8", "email=a%00b&x=%ff", meaning{fields: ingest.Fields{Email: "a\uFFFDb"}, meta: map[string]string{"x": "\"\uFFFD\""}, flags: []ingest.Flag{ingest.FlagSanitised}}},
		{"attribution", "utm_source=google&gclid=G&_referrer=r&email=a", meaning{fields: ingest.Fields{Email: "a"}, attr: ingest.Attribution{UTM: ingest.UTM{Source: "google"}, Referrer: "r", ClickIDs: map[string]string{"gclid": "G"}}}},
		{"what is for the door", "_hp=&_t=5000&_id=k&_redirect=%2Fx&email=a", meaning{fields: ingest.Fields{Email: "a"}}},
		{"text that needs escapes", "x=%22%5C%0D%0A%3Cb%3E", meaning{meta: map[string]string{"x": `"\"\\\r\n<b>"`}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil)
			w := d.post(tt.body, "Content-Type", urlencoded)
			require.Equal(t, 200, w.Code, w.Body)
			sub := d.last(t)
			checkMeaning(t, tt.want, sub)
			require.Equal(t, tt.body, string(sub.Raw))
			require.Equal(t, urlencoded, sub.ContentType)
		})
	}
}

func TestFormLimits(t *testing.T) {
	t.Parallel()
	x := strings.Repeat
	tests := []struct{ name, within, beyond, code string }{
		{"fields", x("a=1&", 256), x("a=1&", 257), "too_many_fields"},
		{"name", x("%41", 128) + "=1", x("%41", 129) + "=1", "name_too_long"},
		{"value", "a=" + x("%41", 16384), "a=" + x("%41", 16385), "string_too_long"},
		{"email", "email=" + x("%41", 254), "email=" + x("%41", 255), "email_too_long"},
		{"body", "a=" + x("&", ingest.MaxBody-2), "a=" + x("&", ingest.MaxBody-1), "payload_too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil)
			require.Equal(t, 200, d.post(tt.within, "Content-Type", urlencoded).Code)
			w := d.post(tt.beyond, "Content-Type", urlencoded)
			require.Contains(t, w.Body.String(), `"code":"`+tt.code+`"`)
		})
	}
}

// part is a part of a multipart body; file is "" for a text field.
type part struct{ name, file, contentType, content string }

func multipartBody(t *testing.T, parts ...part) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		disposition := `form-data; name="` + p.name + `"`
		header := textproto.MIMEHeader{}
		if p.contentType != "" {
			disposition += `; filename="` + p.file + `"`
			header.Set("Content-Type", p.contentType)
		}
		header.Set("Content-Disposition", disposition)
		content, err := w.CreatePart(header)
		require.NoError(t, err)
		_, err = content.Write([]byte(p.content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String(), w.FormDataContentType()
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	secret := "%PDF secret\r\n--not the boundary\r\n\r\nof the file\r"
	tests := []struct {
		name  string
		parts []part
		want  meaning
	}{
		{"text", []part{{name: "email", content: "a@b.c"}, {name: "x", content: "1\r\n2"}, {name: "x", content: ""}},
			meaning{fields: ingest.Fields{Email: "a@b.c"}, meta: map[string]string{"x": `["1\r\n2",""]`}}},
		{"a file is recorded and not kept", []part{{name: "email", content: "a"}, {"cv", "my cv.pdf", "application/pdf", secret}, {name: "y", content: "z"}},
			meaning{fields: ingest.Fields{Email: "a"}, meta: map[string]string{"cv": `{"name":"my cv.pdf","type":"application/pdf","size":47}`, "y": `"z"`}}},
		{"several files of one name", []part{{"f", "a", "text/plain", secret}, {"f", "b", "text/plain", "x" + secret}},
			meaning{meta: map[string]string{"f": `[{"name":"a","type":"text/plain","size":47},{"name":"b","type":"text/plain","size":48}]`}}},
		{"a file input in which nothing was chosen", []part{{name: "email", content: "a"}, {"cv", "", "application/octet-stream", ""}},
			meaning{fields: ingest.Fields{Email: "a"}}},
		{"an empty file", []part{{"cv", "empty", "text/plain", ""}}, meaning{meta: map[string]string{"cv": `{"name":"empty","type":"text/plain","size":0}`}}},
		{"a file as a known field", []part{{"email", "x", "text/plain", secret}},
			meaning{meta: map[string]string{"email": `{"name":"x","type":"text/plain","size":47}`}, flags: []ingest.Flag{ingest.FlagNotScalar}}},
		{"a broken file name", []part{{"cv", "\xFF<b>", "text/plain", "x"}},
			meaning{meta: map[string]string{"cv": "{\"name\":\"\uFFFD<b>\",\"type\":\"text/plain\",\"size\":1}"}, flags: []ingest.Flag{ingest.FlagSanitised}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil)
			body, contentType := multipartBody(t, tt.parts...)
			w := d.post(body, "Content-Type", contentType)
			require.Equal(t, 200, w.Code, w.Body)
			sub := d.last(t)
			checkMeaning(t, tt.want, sub)
			require.Equal(t, digestOf(string(sub.Raw)), sub.Digest)
			want := body
			for _, p := range tt.parts {
				if p.contentType != "" && p.content != "" {
					want = strings.Replace(want, "\r\n\r\n"+p.content+"\r\n--", "\r\n\r\n\r\n--", 1)
				}
			}
			require.Equal(t, want, string(sub.Raw), "the text fields are kept as they arrived, files are not")
		})
	}
}

func TestBrokenMultipart(t *testing.T) {
	t.Parallel()
	body, contentType := multipartBody(t, part{name: "email", content: "a@b.c"}, part{name: "x", content: "1"})
	for name, broken := range map[string]string{
		"cut off": body[:len(body)-10], "cut in a header": body[:80], "no boundary in it": "hello", "two lines": "a\r\nb",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDoor(nil).post(broken, "Content-Type", contentType)
			require.Equal(t, 400, w.Code)
			require.Contains(t, w.Body.String(), "malformed_payload")
		})
	}
}

func TestMultipartWithBareLineFeeds(t *testing.T) {
	t.Parallel()
	body, contentType := multipartBody(t, part{name: "email", content: "a@b.c"}, part{"f", "n", "text/plain", "secret"})
	d := newDoor(nil)
	w := d.post(strings.ReplaceAll(body, "\r\n", "\n"), "Content-Type", contentType)
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, "a@b.c", d.last(t).Fields.Email)
	require.NotContains(t, string(d.last(t).Raw), "secret")
}
