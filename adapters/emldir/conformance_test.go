package emldir_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/emldir"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	adaptertest.TestMailer(t, emldir.New(dir), func(t *testing.T, id string) []leads.Email {
		t.Helper()
		var found []leads.Email
		files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
		require.NoError(t, err)
		for _, file := range files {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			if !strings.Contains(string(raw), id) {
				continue
			}
			m, err := adaptertest.ReadMail(raw)
			require.NoError(t, err)
			maps.DeleteFunc(m.Headers, func(name, _ string) bool { return strings.HasPrefix(name, "X-Leads-") })
			found = append(found, m)
		}
		return found
	})
}
