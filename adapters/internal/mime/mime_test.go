package mime_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"maps"
	stdmime "mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/internal/mime"
)

var date = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func letter() leads.Email {
	return leads.Email{
		From: mail.Address{Name: "Leads", Address: "leads@example.com"}, To: []mail.Address{{Address: "sales@example.com"}},
		ReplyTo: []mail.Address{{Name: "Ann Lee", Address: "ann@acme.com"}},
		Subject: "Hot lead", Text: "the text\n", HTML: "<p>the html</p>\n", MessageID: "id1@example.com",
		Headers: map[string]string{"X-Text": "x"},
	}
}

// written prepares and writes a mail.
func written(t testing.TB, m leads.Email) string {
	t.Helper()
	m, err := mime.Prepare(m)
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = mime.Message(m, date).WriteTo(&out)
	require.NoError(t, err)
	return out.String()
}

func TestTheBytes(t *testing.T) {
	t.Parallel()
	m := letter()
	m.HTML, m.Text = "", "Grüße,\nAnn"
	m.Headers = map[string]string{"list-unsubscribe": "<https://example.com/u/1>"}
	require.Equal(t, strings.ReplaceAll(`Date: Mon, 23 Nov 2026 12:00:00 +0000
List-Unsubscribe: <https://example.com/u/1>
MIME-Version: 1.0
Message-ID: <id1@example.com>
Subject: Hot lead
From: "Leads" <leads@example.com>
To: <sales@example.com>
Reply-To: "Ann Lee" <ann@acme.com>
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=UTF-8

Gr=C3=BC=C3=9Fe,
Ann`, "\n", "\r\n"), written(t, m))
}

func TestLongLinesAreFolded(t *testing.T) {
	t.Parallel()
	m := letter()
	m.Subject = strings.Repeat("word ", 400) + "end"
	m.Headers["X-Long"] = strings.Repeat("w", 2000)
	m.Text, m.HTML = strings.Repeat("t", 5000), strings.Repeat("<b>h</b>", 1000)
	raw := written(t, m)
	for line := range strings.SplitSeq(raw, "\r\n") {
		require.LessOrEqual(t, len(line), 998)
	}
	parsed := parse(t, raw)
	require.Equal(t, m.Subject, parsed.header["Subject"])
	require.Equal(t, m.Headers["X-Long"], parsed.header["X-Long"])
	require.Equal(t, m.Text, parsed.text)
	require.Equal(t, m.HTML, parsed.html)
}

func TestPrepareLeavesTheMailAlone(t *testing.T) {
	t.Parallel()
	m := letter()
	m.To[0].Address, m.MessageID = "ann@müller.example", ""
	got, err := mime.Prepare(m)
	require.NoError(t, err)
	require.Equal(t, "ann@xn--mller-kva.example", got.To[0].Address)
	require.Equal(t, "ann@müller.example", m.To[0].Address)
	require.Regexp(t, `^[0-9a-f-]{36}@example\.com$`, got.MessageID)
	require.Empty(t, m.MessageID)
}

func TestPrepareNamesEveryField(t *testing.T) {
	t.Parallel()
	injection := "a\r\nBcc: b@example.com"
	_, err := mime.Prepare(leads.Email{
		From: mail.Address{Address: "a@b\r\n"}, To: []mail.Address{{Address: "a@b.example", Name: injection}}, ReplyTo: []mail.Address{{}},
		Subject: injection, MessageID: "<a@b>", Headers: map[string]string{"Bcc": "x", "X": injection}, Tags: []string{"\xff"},
		Variables: map[string]string{"a b": "x", "C": "", "c": ""},
	})
	require.True(t, leads.IsPermanent(err))
	require.Equal(t, `Email.From: this is not an email address
Email.To[0]: the name: it holds a line break or NUL
Email.ReplyTo[0]: this is not an email address
Email.Subject: it holds a line break or NUL
Email.MessageID: this is not a Message-ID without its angle brackets
Email.Tags[0]: it is not valid UTF-8
Email.Headers: ["Bcc"]: this header is not free to be set
["X"]: it holds a line break or NUL
Email.Variables: ["a b"]: this is not a header name
["c"]: this header is set twice`, err.Error())
}

func TestErrorsDoNotRepeatWhatTheyRefuse(t *testing.T) {
	t.Parallel()
	m := letter()
	m.To[0].Address, m.Subject = "personal data@example.com", "personal\ndata"
	_, err := mime.Prepare(m)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "personal")
}

// read is a message as its reader has it.
type read struct {
	header     map[string]string // decoded
	text, html string
}

// parse reads a message with nothing but the standard library.
func parse(t testing.TB, raw string) read {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	require.NoError(t, err, "%q", raw)
	r := read{header: make(map[string]string)}
	for name, values := range msg.Header {
		require.Len(t, values, 1, name)
		r.header[name], err = new(stdmime.WordDecoder).DecodeHeader(values[0])
		require.NoError(t, err, "%q", values[0])
	}
	r.add(t, msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
	return r
}

func (r *read) add(t testing.TB, contentType, encoding string, body io.Reader) {
	t.Helper()
	kind, params, err := stdmime.ParseMediaType(contentType)
	require.NoError(t, err)
	if kind == "multipart/alternative" {
		reader := multipart.NewReader(body, params["boundary"])
		for {
			part, err := reader.NextRawPart()
			if err == io.EOF {
				return
			}
			require.NoError(t, err)
			r.add(t, part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		}
	}
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "UTF-8", params["charset"])
	if kind == "text/html" {
		r.html = string(text)
	} else {
		r.text = string(text)
	}
}

// withText has a text wherever a mail takes one.
func withText(s string) leads.Email {
	m := letter()
	m.Subject, m.Text, m.HTML = s, "text "+s+" end", "<p>"+s+"</p>"
	m.From.Name, m.To[0].Name, m.ReplyTo[0].Name = s, s, s
	m.Headers["X-Text"] = s
	return m
}

// FuzzMessage writes a text wherever a mail takes one: it is refused, or the message that comes out has the header fields of any other, and
// the same text in them.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		"x", "\r\nBcc: evil@evil.example", "a\nSubject: b", "\x00", "a\r\n\r\n<html>", "=?utf-8?q?a=0D=0ABcc:_x?=", "=?utf-8?b?AA==?= x", "=?", "?=", "=?a?b?c?=",
		" leading and trailing ", "two  blanks\tand a tab", strings.Repeat("a ", 600), strings.Repeat("ä", 600), strings.Repeat("w", 1500),
		"\x1b]0;title\x07", "\u2028\u2029\u0085", "\"quoted\\\" <a@b.example>", "a, b@c.example;", "(comment)", ".\r\n", "--boundary\r\n", "From x", "=3D=\n", "\u202e",
		"\xa0", "\xff", "é\v\f", "{{x}} %recipient%", "日本語" + strings.Repeat(" 語", 90),
	} {
		f.Add(s)
	}
	want := slices.Sorted(maps.Keys(parse(f, written(f, withText("x"))).header))
	f.Fuzz(func(t *testing.T, s string) {
		m, err := mime.Prepare(withText(s))
		if err != nil {
			require.True(t, leads.IsPermanent(err))
			return
		}
		raw := written(t, m)
		for line := range strings.SplitSeq(raw, "\r\n") {
			require.LessOrEqual(t, len(line), 998)
			require.NotContains(t, line, "\n")
			require.NotContains(t, line, "\r")
		}
		got := parse(t, raw)
		require.Equal(t, want, slices.Sorted(maps.Keys(got.header)))
		require.Equal(t, s, got.header["Subject"])
		require.Equal(t, s, got.header["X-Text"])
		require.Equal(t, "<id1@example.com>", got.header["Message-Id"])
		require.Equal(t, breaks(m.Text), breaks(got.text))
		require.Equal(t, breaks(m.HTML), breaks(got.html))
		requireAddress(t, raw, "From", "leads@example.com", s)
		requireAddress(t, raw, "To", "sales@example.com", s)
		requireAddress(t, raw, "Reply-To", "ann@acme.com", s)
	})
}

// breaks makes all line breaks alike, which a mail does not keep apart.
func breaks(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

func requireAddress(t *testing.T, raw, field, address, name string) {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	require.NoError(t, err)
	list, err := msg.Header.AddressList(field)
	require.NoError(t, err, "%q", msg.Header.Get(field))
	require.Len(t, list, 1)
	require.Equal(t, address, list[0].Address)
	name = strings.NewReplacer("=?", "= ?", `\`, "/").Replace(name)
	require.Equal(t, strings.Join(strings.Fields(name), " "), strings.Join(strings.Fields(list[0].Name), " "))
}
