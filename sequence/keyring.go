package sequence

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// minSecret is how many bytes a secret has at least.
const minSecret = 32

// kindSecret is the record of the secret that is made where the host gives none.
const kindSecret = "sequence.secret"

// keyring holds what is derived from the secret: one key for each use, so that none of them tells of another.
type keyring struct {
	address []byte // of the hashes of addresses
	mac     []byte // of the links
	block   cipher.Block
}

func newKeyring(secret []byte) (*keyring, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("sequence: Options.Secret must have at least %d bytes: it has %d", minSecret, len(secret))
	}
	block, err := aes.NewCipher(derive(secret, "link encryption"))
	if err != nil {
		return nil, err
	}
	return &keyring{address: derive(secret, "address"), mac: derive(secret, "link"), block: block}, nil
}

func derive(secret []byte, use string) []byte {
	h := hmac.New(sha256.New, secret)
	_, _ = h.Write([]byte("leads/sequence/" + use))
	return h.Sum(nil)
}

// addressKey is the keyed hash of an address: HMAC-SHA-256 of its canonical form, in hex. It differs from tenant to tenant.
func (k *keyring) addressKey(tenant string, a emailaddr.Address) string {
	h := hmac.New(sha256.New, k.address)
	_, _ = h.Write([]byte(tenant + "\x00" + a.Canonical()))
	return hex.EncodeToString(h.Sum(nil))
}

// keys returns the keyring. The secret is read or made at first use; of several processes that make one, one's is kept.
func (s *Sequencer) keys(ctx context.Context) (*keyring, error) {
	s.mu.Lock()
	ring := s.ring
	s.mu.Unlock()
	if ring != nil {
		return ring, nil
	}
	secret, err := s.secret(ctx)
	if err == nil {
		ring, err = newKeyring(secret)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ring = ring
	return ring, nil
}

func (s *Sequencer) secret(ctx context.Context) ([]byte, error) {
	if s.opts.Secret != nil {
		return s.opts.Secret, nil
	}
	if s.store == nil {
		return nil, errNoStore
	}
	var secret []byte
	_, err := leads.UpdateRecord(ctx, s.store, leads.DefaultTenant, kindSecret, "1", func(r *leads.Record) error {
		if r.Version > 0 {
			return errors.Join(json.Unmarshal(r.Data, &secret), errThere)
		}
		secret = make([]byte, minSecret)
		_, _ = rand.Read(secret) // crypto/rand never returns an error
		data, err := json.Marshal(secret)
		r.Data = data
		return err
	})
	if err != nil && !errors.Is(err, errThere) {
		return nil, fmt.Errorf("sequence: the secret: %w", err)
	}
	return secret, nil
}

var errThere = errors.New("the secret is there")

// errNoStore is what is wrong with a Sequencer that was made without a store.
var errNoStore = leads.Permanent(errors.New("sequence: New: the store is required"))
