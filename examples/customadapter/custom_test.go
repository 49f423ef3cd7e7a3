package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/score"
)

// These are all the tests that adapters of one's own need to begin with.
func TestContracts(t *testing.T) {
	t.Parallel()
	t.Run("enricher", func(t *testing.T) { adaptertest.TestEnricher(t, customers{"example.com": "pro"}) })
	t.Run("scorer", func(t *testing.T) { adaptertest.TestScorer(t, loyal{score.DefaultRubric()}) })
	t.Run("notifier", func(t *testing.T) { adaptertest.TestNotifier(t, lines{new(syncBuffer)}) })
}

func TestTheProgram(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	outbox := t.TempDir()
	require.NoError(t, run(t.Context(), &out, outbox))
	require.Equal(t, "new: \"eve@acme-tools.com\", hot, 100 of 100\n", out.String())
	files, err := os.ReadDir(outbox)
	require.NoError(t, err)
	require.Len(t, files, 1)
}

func TestNothingLeavesTheCompany(t *testing.T) {
	t.Parallel()
	m := inside{next: leads.MailerFunc(nil), domain: "example.com"}
	_, err := m.Send(t.Context(), leads.Email{To: addresses("ann@elsewhere.com")})
	require.True(t, leads.IsPermanent(err))
}
