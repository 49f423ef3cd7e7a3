package emldir_test

import (
	"fmt"
	"maps"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/emldir"
	"github.com/openleads/leads/internal/hostile"
)

func letter() leads.Email {
	return leads.Email{
		From: mail.Address{Name: "Leads", Address: "leads@example.com"}, To: []mail.Address{{Address: "sales@example.com"}},
		ReplyTo: []mail.Address{{Name: "Ann Lee", Address: "ann@acme.com"}},
		Subject: "Hot lead: Ann Lee, Acme (87)", Text: "the text\n", HTML: "<p>the html</p>\n", MessageID: "id1@example.com",
	}
}

// sent sends the mail and reads the one file there is.
func sent(t *testing.T, m leads.Email) *mail.Message {
	t.Helper()
	dir := t.TempDir()
	receipt, err := emldir.New(dir).Send(t.Context(), m)
	require.NoError(t, err)
	files := names(t, dir)
	require.Equal(t, []string{receipt.ID}, files)
	raw, err := os.ReadFile(filepath.Join(dir, files[0]))
	require.NoError(t, err)
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		require.LessOrEqual(t, len(line), 998)
		require.NotContains(t, line, "\n")
	}
	msg, err := mail.ReadMessage(strings.NewReader(string(raw)))
	require.NoError(t, err)
	return msg
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestTheFileIsTheMail(t *testing.T) {
	t.Parallel()
	m := letter()
	m.Headers = map[string]string{"List-Unsubscribe": "<https://example.com/u/" + strings.Repeat("t", 80) + ">", "x-note": "ä"}
	m.Tags, m.Variables = []string{"lead-new", "hot"}, map[string]string{"task": "t1"}
	msg := sent(t, m)
	for name, want := range map[string]string{
		"From": `"Leads" <leads@example.com>`, "To": "<sales@example.com>", "Reply-To": `"Ann Lee" <ann@acme.com>`,
		"Subject": "Hot lead: Ann Lee, Acme (87)", "Message-Id": "<id1@example.com>", "Mime-Version": "1.0",
		"List-Unsubscribe": m.Headers["List-Unsubscribe"], "X-Note": "ä", "X-Leads-Tags": "lead-new, hot", "X-Leads-Variable-Task": "t1",
	} {
		got, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get(name))
		require.NoError(t, err)
		require.Equal(t, want, got, name)
		delete(msg.Header, name)
	}
	date, err := msg.Header.Date()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), date, time.Minute)
	require.True(t, strings.HasPrefix(msg.Header.Get("Content-Type"), "multipart/alternative"))
	require.Equal(t, []string{"Content-Type", "Date"}, slices.Sorted(maps.Keys(msg.Header)), "no other headers")
}

func TestList(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "outbox")
	m := emldir.New(dir)
	list, err := m.List(10)
	require.NoError(t, err)
	require.Empty(t, list, "the folder is not there yet")
	for i := range 5 {
		l := letter()
		l.MessageID, l.Subject = fmt.Sprintf("id%d@example.com", i), fmt.Sprintf("Größe №%d", i)
		l.Text, l.HTML = "text=ü\nsecond line "+strings.Repeat("long ", 40)+"\n", "<p style=\"a:b\">ü</p>\n"
		_, err := m.Send(t.Context(), l)
		require.NoError(t, err)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "99990101T000000.000000Z-broken.eml"), []byte("no mail"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))
	list, err = m.List(3)
	require.NoError(t, err)
	require.Len(t, list, 3)
	for i, got := range list {
		require.Equal(t, fmt.Sprintf("Größe №%d", 4-i), got.Subject)
		require.Equal(t, "<sales@example.com>", got.To)
		require.Equal(t, `"Leads" <leads@example.com>`, got.From)
		require.Equal(t, "text=ü\nsecond line "+strings.Repeat("long ", 40)+"\n", got.Text)
		require.Equal(t, "<p style=\"a:b\">ü</p>\n", got.HTML)
		require.WithinDuration(t, time.Now(), got.Date, time.Minute)
	}
}

func TestPlainTextOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m, l := emldir.New(dir), letter()
	l.HTML = ""
	_, err := m.Send(t.Context(), l)
	require.NoError(t, err)
	list, err := m.List(1)
	require.NoError(t, err)
	require.Equal(t, "the text\n", list[0].Text)
	require.Empty(t, list[0].HTML)
}

func TestARetryIsOneFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := letter()
	first, err := emldir.New(dir).Send(t.Context(), l)
	require.NoError(t, err)
	l.Text = "again\n"
	second, err := emldir.New(dir).Send(t.Context(), l) // another process
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Len(t, names(t, dir), 1)
	list, err := emldir.New(dir).List(2)
	require.NoError(t, err)
	require.Equal(t, "again\n", list[0].Text)
}

func TestConcurrentSends(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := emldir.New(dir)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			l := letter()
			l.MessageID = fmt.Sprintf("id%d@example.com", i%16)
			_, err := m.Send(t.Context(), l)
			require.NoError(t, err)
		})
	}
	wg.Wait()
	require.Len(t, names(t, dir), 16, "one file a Message-ID, and no temporary ones")
}

func TestAMailWithoutAMessageIDGetsOne(t *testing.T) {
	t.Parallel()
	l := letter()
	l.MessageID = ""
	require.Regexp(t, `^<[0-9a-f-]{36}@example\.com>$`, sent(t, l).Header.Get("Message-Id"))
}

func TestRefusedFields(t *testing.T) {
	t.Parallel()
	injection := "x\r\nBcc: evil@evil.example"
	for name, test := range map[string]struct {
		change func(m *leads.Email)
		want   string
	}{
		"no sender":           {func(m *leads.Email) { m.From = mail.Address{} }, "emldir: Email.From"},
		"sender's name":       {func(m *leads.Email) { m.From.Name = injection }, "emldir: Email.From: the name"},
		"no recipient":        {func(m *leads.Email) { m.To = nil }, "emldir: Email.To"},
		"recipient":           {func(m *leads.Email) { m.To = append(m.To, mail.Address{Address: "b@example.com, c@example.com"}) }, "emldir: Email.To[1]"},
		"recipient injection": {func(m *leads.Email) { m.To[0].Address = "a@example.com\r\nBcc: b@example.com" }, "emldir: Email.To[0]"},
		"recipient too long":  {func(m *leads.Email) { m.To[0].Address = strings.Repeat("a", 250) + "@example.com" }, "emldir: Email.To[0]"},
		"reply-to":            {func(m *leads.Email) { m.ReplyTo[0].Address = "ann" }, "emldir: Email.ReplyTo[0]"},
		"reply-to NUL":        {func(m *leads.Email) { m.ReplyTo[0].Name = "a\x00b" }, "emldir: Email.ReplyTo[0]: the name"},
		"long name":           {func(m *leads.Email) { m.ReplyTo[0].Name = strings.Repeat("n", 1000) }, "emldir: Email.ReplyTo[0]"},
		"subject CRLF":        {func(m *leads.Email) { m.Subject = injection }, "emldir: Email.Subject"},
		"subject LF":          {func(m *leads.Email) { m.Subject = "a\nb" }, "emldir: Email.Subject"},
		"subject CR":          {func(m *leads.Email) { m.Subject = "a\rb" }, "emldir: Email.Subject"},
		"subject NUL":         {func(m *leads.Email) { m.Subject = "a\x00b" }, "emldir: Email.Subject"},
		"subject UTF-8":       {func(m *leads.Email) { m.Subject = "\xff" }, "emldir: Email.Subject"},
		"Message-ID":          {func(m *leads.Email) { m.MessageID = "a@b>\r\nX: y" }, "emldir: Email.MessageID"},
		"Message-ID brackets": {func(m *leads.Email) { m.MessageID = "<a@b>" }, "emldir: Email.MessageID"},
		"Message-ID no at":    {func(m *leads.Email) { m.MessageID = "ab" }, "emldir: Email.MessageID"},
		"header name":         {func(m *leads.Email) { m.Headers = map[string]string{"X: y\r\nBcc": "z"} }, "emldir: Email.Headers"},
		"header empty name":   {func(m *leads.Email) { m.Headers = map[string]string{"": "z"} }, "emldir: Email.Headers"},
		"header value":        {func(m *leads.Email) { m.Headers = map[string]string{"X-A": injection} }, `emldir: Email.Headers: ["X-A"]`},
		"header that is ours": {func(m *leads.Email) { m.Headers = map[string]string{"bcc": "x@example.com"} }, `emldir: Email.Headers: ["bcc"]`},
		"content type":        {func(m *leads.Email) { m.Headers = map[string]string{"content-type": "text/html"} }, "emldir: Email.Headers"},
		"header twice":        {func(m *leads.Email) { m.Headers = map[string]string{"X-A": "1", "x-a": "2"} }, "emldir: Email.Headers"},
		"tag":                 {func(m *leads.Email) { m.Tags = []string{"ok", injection} }, "emldir: Email.Tags[1]"},
		"variable":            {func(m *leads.Email) { m.Variables = map[string]string{"a": injection} }, "emldir: Email.Variables"},
		"variable name":       {func(m *leads.Email) { m.Variables = map[string]string{injection: "a"} }, "emldir: Email.Variables"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, m := t.TempDir(), letter()
			test.change(&m)
			_, err := emldir.New(dir).Send(t.Context(), m)
			require.ErrorContains(t, err, test.want)
			require.True(t, leads.IsPermanent(err))
			require.Empty(t, names(t, dir))
		})
	}
}

// TestHostileText puts every string wherever a mail takes text: either the mail is refused, or its headers are those it was given.
func TestHostileText(t *testing.T) {
	t.Parallel()
	want := slices.Sorted(maps.Keys(sent(t, withText("x")).Header))
	for _, s := range hostile.Texts(t) {
		dir, m := t.TempDir(), withText(s)
		mailer := emldir.New(dir)
		_, err := mailer.Send(t.Context(), m)
		if err != nil {
			require.True(t, leads.IsPermanent(err), "%q: %v", s, err)
			require.Empty(t, names(t, dir))
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, names(t, dir)[0]))
		require.NoError(t, err)
		msg, err := mail.ReadMessage(strings.NewReader(string(raw)))
		require.NoError(t, err, "%q", s)
		require.Equal(t, want, slices.Sorted(maps.Keys(msg.Header)), "%q", s)
		for name, values := range msg.Header {
			require.Len(t, values, 1, name)
		}
		require.Equal(t, strings.TrimSpace(m.Subject), strings.TrimSpace(decode(t, msg.Header.Get("Subject"))))
		require.Equal(t, strings.TrimSpace(m.Headers["X-Text"]), strings.TrimSpace(decode(t, msg.Header.Get("X-Text"))))
		replyTo, err := msg.Header.AddressList("Reply-To")
		require.NoError(t, err, "%q", s)
		require.Len(t, replyTo, 1)
		require.Equal(t, m.ReplyTo[0].Address, replyTo[0].Address)
		list, err := mailer.List(1)
		require.NoError(t, err)
		require.Equal(t, strings.ReplaceAll(m.Text, "\r\n", "\n"), list[0].Text)
		require.Equal(t, strings.ReplaceAll(m.HTML, "\r\n", "\n"), list[0].HTML)
	}
}

func withText(s string) leads.Email {
	m := letter()
	m.Subject, m.Text, m.HTML = s, "text "+s+" end\n", "<p>"+s+"</p>\n"
	m.ReplyTo[0].Name = s
	m.Headers = map[string]string{"X-Text": s}
	return m
}

func decode(t *testing.T, s string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(s)
	require.NoError(t, err, "%q", s)
	return text
}

func TestAnUnusableFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	m := emldir.New(filepath.Join(file, "outbox"))
	findings := m.Check(t.Context())
	require.Len(t, findings, 1)
	require.True(t, findings[0].Fatal)
	_, err := m.Send(t.Context(), letter())
	require.Error(t, err)
	require.False(t, leads.IsPermanent(err), "a full or missing disk may be mended")
}

func TestCheckLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "outbox")
	require.Empty(t, emldir.New(dir).Check(t.Context()))
	require.Empty(t, names(t, dir))
}
