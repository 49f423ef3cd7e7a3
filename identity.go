package leads

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/emailaddr"
)

// IdentityKind says what an identity is made from.
type IdentityKind string

// The kinds of identities.
const (
	IdentityEmail IdentityKind = "email" // the canonical email address
	IdentityPhone IdentityKind = "phone" // the phone number in E.164
	// IdentityBody is the digest of an anonymous submission's body, source and client, by which only a double click is known.
	IdentityBody IdentityKind = "body"
)

// Identity is what a lead is found by. Within a tenant it is unique and belongs to one lead.
type Identity struct {
	Kind  IdentityKind
	Value string // at most 254 bytes of valid UTF-8
}

// Identify returns the identity of a submission: its canonical email address if that is valid, else its phone number if that is
// written in international form, else the digest of its body. It is never an IP address, a cookie or a name.
func Identify(sub ingest.Submission) Identity {
	if a, err := emailaddr.Parse(sub.Fields.Email); err == nil {
		return Identity{IdentityEmail, a.Canonical()}
	}
	if number, ok := e164(sub.Fields.Phone); ok {
		return Identity{IdentityPhone, number}
	}
	digest := clickDigest(sub)
	return Identity{IdentityBody, hex.EncodeToString(digest[:])}
}

// Reidentify tells what identity an edit has given a lead, and reports whether it has given one: that of its email address, or of the phone number
// of a lead without one, if edit has changed it to one that makes an identity. The lead keeps those that it has, for people write from their old
// address too: edited.Identities are then those of the lead as it was, with the one that edit has replaced. A [Store] calls it with what edit has
// made of the lead.
func Reidentify(was Lead, edited *Lead) (Identity, bool) {
	former, now := Identify(ingest.Submission{Fields: was.Fields}), Identify(ingest.Submission{Fields: edited.Fields})
	edited.Identities = slices.DeleteFunc(slices.Clone(was.Identities), func(i Identity) bool { return i == now || i == former })
	if former != now && former.Kind != IdentityBody {
		edited.Identities = append(edited.Identities, former)
	}
	var before ingest.Fields
	switch now.Kind {
	case IdentityEmail:
		before.Email = was.Email
	case IdentityPhone:
		before.Phone = was.Phone
	default:
		return Identity{}, false
	}
	return now, now != Identify(ingest.Submission{Fields: before})
}

// TakenError says that another lead of the tenant is found by an identity. It is also [ErrInvalid].
type TakenError struct {
	Kind   IdentityKind
	LeadID string // whose it is
}

// Error names the other lead and tells nothing of the person.
func (e *TakenError) Error() string {
	return "leads: the " + string(e.Kind) + " belongs to lead " + e.LeadID
}

// Is makes a TakenError known as [ErrInvalid].
func (e *TakenError) Is(target error) bool { return target == ErrInvalid }

// e164 takes a number in international form: "+" or "00", then 8 to 15 digits (ITU-T E.164), with blanks and the usual
// punctuation between.
func e164(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	if !strings.HasPrefix(s, "+") {
		return "", false
	}
	digits := make([]byte, 1, 16)
	digits[0] = '+'
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits = append(digits, c)
		case strings.IndexByte(" .-()/", c) < 0:
			return "", false
		}
		if len(digits) > 16 {
			return "", false
		}
	}
	if len(digits) < 9 || digits[1] == '0' {
		return "", false
	}
	return string(digits), true
}

// clickDigest is equal for two submissions that a double click makes: the same body from the same client to the same source.
// IPv6 clients are one by /64.
func clickDigest(sub ingest.Submission) [32]byte {
	client := sub.Client.Unmap()
	if client.Is6() {
		if prefix, err := client.Prefix(64); err == nil {
			client = prefix.Addr()
		}
	}
	h := sha256.New()
	_, _ = io.WriteString(h, sub.SourceID+"\x00"+text(client)+"\x00")
	_, _ = h.Write(sub.Digest[:])
	return [32]byte(h.Sum(nil))
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// NewID returns a new UUIDv7 in text form (RFC 9562). IDs made by one process are in the order in which they were made.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }
