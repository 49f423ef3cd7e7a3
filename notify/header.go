package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// maxSubject is how long a subject may be, in characters.
const maxSubject = 150

// subject is what a phone shows on its lock screen: "Hot lead: Ann Lee, Acme (87)".
func subject(prefix string, n leads.Notification, reader reader) string {
	prefix = header(prefix, 40)
	if prefix != "" {
		prefix += " "
	}
	before, after := prefix+headline(n, reader)+": ", ""
	if n.Lead.Score != nil {
		after = fmt.Sprintf(" (%d)", n.Lead.Score.Value)
	}
	room := maxSubject - utf8.RuneCountInString(before) - utf8.RuneCountInString(after)
	if n.Lead.ID == "" && n.Note != "" { // it is about no lead
		first, _, _ := strings.Cut(block(n.Note, maxSubject), "\n")
		return before + header(first, room)
	}
	return before + header(who(n.Lead), room) + after
}

// who names a lead in one line: name and company, or what else there is.
func who(lead leads.Lead) string {
	name := header(fullName(lead), 80)
	company := header(lead.Company, 60)
	switch {
	case name != "" && company != "":
		return name + ", " + company
	case name != "":
		return name
	}
	for _, s := range []string{lead.Email, lead.Phone} {
		if s = header(s, 80); s != "" && company != "" {
			return s + ", " + company
		} else if s != "" {
			return s
		}
	}
	if company != "" {
		return company
	}
	return "no name given"
}

func fullName(lead leads.Lead) string { return strings.TrimSpace(lead.FirstName + " " + lead.LastName) }

// replyTo is the lead's address if a mail can reach it.
func replyTo(lead leads.Lead) []mail.Address {
	a, err := emailaddr.Parse(lead.Email)
	if err != nil {
		return nil
	}
	return []mail.Address{{Name: header(fullName(lead), 60), Address: a.String()}}
}

// messageID is the same for every attempt to tell one recipient about one submission, and cannot be guessed from another. What was caused
// by something else than a submission can happen again to the same lead, so its time counts; a retry sends the letter that was stored.
func messageID(n leads.Notification, recipient, from string) string {
	names := []string{n.Tenant, n.Lead.ID, n.SubmissionID, string(n.Kind), recipient}
	if n.Kind != leads.NotifyNew && n.Kind != leads.NotifyReturned {
		names = append(names, n.Note, n.To, n.At.UTC().Format(time.RFC3339Nano))
	}
	h := sha256.New()
	for _, s := range names {
		_, _ = io.WriteString(h, s+"\x00")
	}
	_, domain, _ := strings.Cut(from, "@")
	return hex.EncodeToString(h.Sum(nil)[:20]) + "@" + domain
}

// encode makes the bytes that a delivery keeps of a mail.
func encode(letter leads.Email) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // half the size
	if err := enc.Encode(letter); err != nil {
		return nil, fmt.Errorf("notify: encode: %w", err)
	}
	return b.Bytes(), nil
}
