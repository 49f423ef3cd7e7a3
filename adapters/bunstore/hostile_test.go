package bunstore_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

func TestHostileText(t *testing.T) {
	t.Parallel()
	var texts []string
	for i, s := range hostile.Texts(t) { // internal/proof has the stores take twenty thousand
		if i%8 == 0 {
			texts = append(texts, s)
		}
	}
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		var subs []ingest.Submission
		for i, text := range texts {
			clean := hostile.UTF8(text)
			sub := submission("acme", fmt.Sprintf("p%d@example.com", i))
			sub.Fields.FirstName, sub.Fields.Company, sub.UserAgent, sub.Key = clean, clean, clean, fmt.Sprintf("%.50s%d", hostile.Cut(text, 50), i)
			quoted, err := json.Marshal(clean)
			require.NoError(t, err)
			sub.Metadata = ingest.Metadata{clean: quoted, "raw": json.RawMessage(`{"a":"\u0000\ud800\/","n":1e400,"z":[1.50,-0]}`)}
			sub.Attribution.Referrer, sub.Attribution.Touches = clean, json.RawMessage("[]")
			sub.Raw = []byte(text)
			sub.Digest = digest(sub.Raw)
			subs = append(subs, sub)
		}
		got, err := s.Capture(t.Context(), subs)
		require.NoError(t, err)
		for i, c := range got {
			require.NoError(t, c.Err, "%q", texts[i])
			lead, err := s.Lead(t.Context(), "acme", c.LeadID)
			require.NoError(t, err)
			require.Equal(t, subs[i].Fields, lead.Fields)
			require.Equal(t, subs[i].Metadata, lead.Metadata)
			stored, err := s.Submissions(t.Context(), "acme", c.LeadID)
			require.NoError(t, err)
			require.Equal(t, []ingest.Submission{subs[i]}, stored)
		}
	})
}

func TestRawBytesAreKeptVerbatim(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		random := rand.NewChaCha8([32]byte{7})
		bodies := [][]byte{nil, {0}, {0xff, 0xfe, 0}, []byte("\\x00\\000'"), make([]byte, 256<<10)}
		for n := range 40 {
			bodies = append(bodies, make([]byte, n*n))
		}
		for i, body := range bodies {
			if i > 3 {
				_, _ = random.Read(body)
			}
			sub := submission("acme", fmt.Sprintf("p%d@example.com", i))
			sub.Raw, sub.Digest = body, digest(body)
			stored, err := s.Submissions(t.Context(), "acme", captureOne(t, s, sub).LeadID)
			require.NoError(t, err)
			require.Equal(t, sub.Digest, digest(stored[0].Raw))
			require.Equal(t, sub.Digest, stored[0].Digest)
		}
	})
}

func TestTextThatNoDatabaseTakesIsAbsent(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		require.NoError(t, s.PutSource(t.Context(), source("acme"), "token"))
		lead := captureOne(t, s, submission("acme", "ann@example.com")).LeadID
		// bun leaves a NUL out, so that these would be found.
		for _, tenant := range []string{"ac\x00me", "acme\x00", "acme\xff"} {
			_, err := s.Lead(t.Context(), tenant, lead)
			require.Error(t, err)
			_, err = s.Events(t.Context(), tenant, lead)
			require.Error(t, err)
			page, err := s.Leads(t.Context(), leadsOf(tenant))
			require.NoError(t, err)
			require.Empty(t, page)
		}
		for _, token := range []string{"tok\x00en", "token\x00", "", "TOKEN", "token\xff", strings.Repeat("t", 300)} {
			_, err := s.SourceByToken(t.Context(), token)
			require.ErrorIs(t, err, ingest.ErrNotFound, "%q", token)
		}
		found, err := s.SourceByToken(t.Context(), "token")
		require.NoError(t, err)
		require.Equal(t, "acme", found.Tenant)
	})
}
