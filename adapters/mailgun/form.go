package mailgun

import (
	"bufio"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"strings"
)

// maxForm is how long a forwarded mail may be: 25 MB is the most that Mailgun takes, and it grows on the way. Of that only the fields below are
// kept, a few hundred kilobytes at most: replies with attachments arrive, and fill no memory.
const maxForm = 64 << 20

// fields are the fields of a forwarded mail that are kept, with the most bytes of each.
var fields = map[string]int{
	"timestamp": 64, "token": 128, "signature": 128,
	"sender": 1024, "from": 4096, "recipient": 1024, "subject": 4096, "message-headers": 256 << 10,
	"stripped-text": 16 << 10, "body-plain": 16 << 10, "in-reply-to": 1024, "references": 8192, "message-id": 1024,
}

// form has the fields of a form that are kept, by their names in lower case. The first of a name counts.
type form map[string]string

func (f form) add(name, value string) {
	if _, ok := f[name]; !ok {
		f[name] = value
	}
}

// multiparted reads multipart/form-data.
func multiparted(body io.Reader, boundary string) (form, error) {
	f := make(form)
	for reader := multipart.NewReader(body, boundary); ; {
		part, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // one that wraps it is a form that broke off
			return f, nil
		}
		if err != nil {
			return nil, badForm(err)
		}
		name := strings.ToLower(part.FormName())
		limit, ok := fields[name]
		if !ok || part.FileName() != "" {
			continue // NextPart reads over the rest
		}
		value, err := io.ReadAll(io.LimitReader(part, int64(limit)))
		if err != nil {
			return nil, badForm(err)
		}
		f.add(name, string(value))
	}
}

// badForm tells a form that is none from one that did not arrive.
func badForm(err error) error {
	if broken(err) == errTooLarge {
		return errTooLarge
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errBroken
	}
	return errNotForm
}

// urlencoded reads application/x-www-form-urlencoded without keeping what is not wanted.
func urlencoded(body io.Reader) (form, error) {
	f, r := make(form), bufio.NewReader(body)
	for {
		name, end, err := until(r, 64, "=&")
		if err != nil {
			return nil, broken(err)
		}
		name = strings.ToLower(unescape(name))
		limit, wanted := fields[name]
		value := ""
		if end == '=' {
			if value, end, err = until(r, 3*limit, "&"); err != nil { // %XX is three bytes for one
				return nil, broken(err)
			}
		}
		if wanted {
			f.add(name, cut(unescape(value), limit))
		}
		if end == 0 {
			return f, nil
		}
	}
}

// until reads up to one of the ends, which it returns, or 0 at the end of all. It keeps the first n bytes.
func until(r *bufio.Reader, n int, ends string) (string, byte, error) {
	var kept []byte
	for {
		c, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return string(kept), 0, nil
		case err != nil:
			return "", 0, err
		case strings.IndexByte(ends, c) >= 0:
			return string(kept), c, nil
		case len(kept) < n:
			kept = append(kept, c)
		}
	}
}

// unescape decodes as far as it can be decoded: a value may have been cut within an escape.
func unescape(s string) string {
	if i := strings.LastIndexByte(s, '%'); i >= 0 && i > len(s)-3 {
		s = s[:i]
	}
	text, err := url.QueryUnescape(s)
	if err != nil {
		return ""
	}
	return text
}
