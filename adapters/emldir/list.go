package emldir

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const extension = ".eml"

// maxRead is how much of a file is read.
const maxRead = 1 << 20

// Mail is a mail in the folder.
type Mail struct {
	Name    string // the file's name
	Date    time.Time
	From    string // "Leads <leads@example.com>"
	To      string
	Subject string
	Text    string // the plain-text part, or ""
	HTML    string // the HTML part, or ""
}

// List returns up to n mails, the newest first. Files that are no mails are left out. A folder that is not there has none.
func (m *Mailer) List(n int) ([]Mail, error) {
	names, err := m.names()
	if err != nil {
		return nil, fmt.Errorf("emldir: %w", err)
	}
	slices.Reverse(names)
	mails := make([]Mail, 0, min(n, len(names)))
	for _, name := range names {
		if len(mails) >= n {
			break
		}
		if parsed, err := m.read(name); err == nil {
			mails = append(mails, parsed)
		}
	}
	return mails, nil
}

// names returns the names of the mails, the oldest first.
func (m *Mailer) names() ([]string, error) {
	entries, err := os.ReadDir(m.dir) // sorted by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), extension) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (m *Mailer) read(name string) (Mail, error) {
	file, err := os.Open(filepath.Join(m.dir, name))
	if err != nil {
		return Mail{}, err
	}
	defer func() { _ = file.Close() }()
	msg, err := mail.ReadMessage(io.LimitReader(file, maxRead))
	if err != nil {
		return Mail{}, err
	}
	parsed := Mail{Name: name, From: decode(msg.Header.Get("From")), To: decode(msg.Header.Get("To")), Subject: decode(msg.Header.Get("Subject"))}
	parsed.Date, _ = msg.Header.Date() // a mail of another program may have none
	parsed.add(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
	return parsed, nil
}

// add takes the text and HTML parts out of a body; what cannot be read is left out.
func (p *Mail) add(contentType, encoding string, body io.Reader) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain" // RFC 2045's default
	}
	switch {
	case kind == "multipart/alternative":
		reader := multipart.NewReader(body, params["boundary"])
		for {
			part, err := reader.NextRawPart()
			if err != nil {
				return
			}
			p.add(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		}
	case kind == "text/plain" && p.Text == "":
		p.Text = decodeBody(encoding, body)
	case kind == "text/html" && p.HTML == "":
		p.HTML = decodeBody(encoding, body)
	}
}

func decodeBody(encoding string, body io.Reader) string {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, _ := io.ReadAll(body) // as far as it can be read
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// decode reads encoded words; text that is not well encoded stays as it is.
func decode(s string) string {
	if text, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
		return text
	}
	return s
}
