package sequence

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"

	"github.com/google/uuid"
)

// link is what a link in a mail stands for. It holds the hash of the address and not the address, and goes on working when the lead is erased.
type link struct {
	kind       byte // linkStop or linkConfirm
	tenant     string
	addressKey string
	purpose    string
	enrollment string
}

// The kinds of links.
const (
	linkStop    = 'u'
	linkConfirm = 'c'
)

// linkVersion begins what is sealed, so that its form can change.
const linkVersion = 1

const (
	sealSize   = 16 // of the HMAC that is kept, 128 bits
	fixedSize  = 2 + sha256.Size + 16 + 1
	maxToken   = 1024 // characters; a longer one is not looked at
	maxPurpose = 255
)

var errLink = errors.New("sequence: the link is not one of ours")

var tokenEncoding = base64.RawURLEncoding.Strict()

// seal makes the token of a link: the first 128 bits of an HMAC-SHA-256 over its content, then the content encrypted with AES-256-CTR from
// them (a synthetic initialisation vector as in RFC 5297). It tells nobody anything, cannot be made without the secret, and is the same each time.
func (k *keyring) seal(l link) (string, error) {
	key, err := hex.DecodeString(l.addressKey)
	id, idErr := uuid.Parse(l.enrollment)
	if err != nil || len(key) != sha256.Size || idErr != nil || len(l.tenant) > 255 || len(l.purpose) > maxPurpose {
		return "", errLink
	}
	plain := append([]byte{linkVersion, l.kind}, key...)
	plain = append(append(plain, id[:]...), byte(len(l.tenant)))
	plain = append(append(plain, l.tenant...), l.purpose...)
	token := make([]byte, sealSize+len(plain))
	copy(token, k.sum(plain))
	cipher.NewCTR(k.block, token[:sealSize]).XORKeyStream(token[sealSize:], plain)
	return tokenEncoding.EncodeToString(token), nil
}

// open returns the link of a token that this keyring has sealed.
func (k *keyring) open(token string) (link, error) {
	if len(token) > maxToken {
		return link{}, errLink
	}
	raw, err := tokenEncoding.DecodeString(token)
	if err != nil || len(raw) < sealSize+fixedSize {
		return link{}, errLink
	}
	plain := make([]byte, len(raw)-sealSize)
	cipher.NewCTR(k.block, raw[:sealSize]).XORKeyStream(plain, raw[sealSize:])
	if subtle.ConstantTimeCompare(raw[:sealSize], k.sum(plain)) != 1 || plain[0] != linkVersion {
		return link{}, errLink
	}
	id, rest := uuid.UUID(plain[2+sha256.Size:fixedSize-1]), plain[fixedSize:]
	n := int(plain[fixedSize-1])
	if n > len(rest) {
		return link{}, errLink
	}
	return link{
		kind: plain[1], addressKey: hex.EncodeToString(plain[2 : 2+sha256.Size]), enrollment: id.String(),
		tenant: string(rest[:n]), purpose: string(rest[n:]),
	}, nil
}

func (k *keyring) sum(plain []byte) []byte {
	h := hmac.New(sha256.New, k.mac)
	_, _ = h.Write(plain)
	return h.Sum(nil)[:sealSize]
}

// url returns the address of the page of a link.
func (s *Sequencer) url(k *keyring, l link) (string, error) {
	if s.opts.BaseURL == "" {
		return "", nil
	}
	token, err := k.seal(l)
	return s.opts.BaseURL + "/" + string(l.kind) + "/" + token, err
}
