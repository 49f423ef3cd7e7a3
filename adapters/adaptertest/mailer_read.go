package adaptertest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"

	"github.com/openleads/leads"
)

// ReadMail reads a message as its recipient does, for [Arrived]. A header field that stands twice is an error: no mail of ours has one.
func ReadMail(raw []byte) (leads.Email, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return leads.Email{}, err
	}
	m := leads.Email{Headers: make(map[string]string), MessageID: strings.Trim(msg.Header.Get("Message-Id"), "<>")}
	for name, values := range msg.Header {
		if len(values) != 1 {
			return leads.Email{}, fmt.Errorf("%s stands %d times", name, len(values))
		}
		if err := readField(&m, msg.Header, name, values[0]); err != nil {
			return leads.Email{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return m, readBody(&m, msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
}

func readField(m *leads.Email, header mail.Header, name, value string) error {
	switch name {
	case "From", "To", "Reply-To":
		list, err := header.AddressList(name)
		if err != nil {
			return err
		}
		for _, a := range list {
			switch name {
			case "From":
				m.From = *a
			case "To":
				m.To = append(m.To, *a)
			default:
				m.ReplyTo = append(m.ReplyTo, *a)
			}
		}
		return nil
	case "Message-Id", "Date", "Mime-Version", "Content-Type", "Content-Transfer-Encoding":
		return nil
	}
	text, err := new(mime.WordDecoder).DecodeHeader(value)
	if name == "Subject" {
		m.Subject = text
	} else {
		m.Headers[name] = text
	}
	return err
}

// readBody takes the text and HTML parts out of a body.
func readBody(m *leads.Email, contentType, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		reader := multipart.NewReader(body, params["boundary"])
		for {
			part, err := reader.NextRawPart()
			if err == io.EOF { //nolint:errorlint // one that wraps it is a body that broke off
				return nil
			}
			if err != nil {
				return err
			}
			if err := readBody(m, part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if kind == "text/html" {
		m.HTML = string(text)
	} else {
		m.Text = string(text)
	}
	return err
}
