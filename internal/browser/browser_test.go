package browser_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/browser"
)

const (
	patience = 20 * time.Second
	pause    = 10 * time.Millisecond
)

const page = `<!doctype html><title>here</title><p id="p">hello</p><script>localStorage.mark = "1"</script><script>throw new Error("planned")</script>`

func TestTabs(t *testing.T) {
	t.Parallel()
	chromium, err := browser.Start(t.Context())
	if errors.Is(err, browser.ErrAbsent) && os.Getenv("CI") == "" {
		t.Skip("SKIPPED: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(chromium.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/blank" {
			return
		}
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(server.Close)

	tab, err := chromium.Tab()
	require.NoError(t, err)
	require.NoError(t, tab.Open(server.URL))
	title, err := browser.Eval[string](tab, "Promise.resolve(document.title)")
	require.NoError(t, err)
	require.Equal(t, "here", title)
	require.NoError(t, tab.Wait("document.getElementById('p')"))
	require.Eventually(t, func() bool { return len(tab.Problems()) == 1 }, patience, pause, "the exception was not seen")
	require.Contains(t, tab.Problems()[0], "planned")

	picture := filepath.Join(t.TempDir(), "page.png")
	require.NoError(t, tab.Screenshot(picture))
	info, err := os.Stat(picture)
	require.NoError(t, err)
	require.Greater(t, info.Size(), int64(1000))

	for name, tt := range map[string]struct {
		open func() (*browser.Tab, error)
		want bool
	}{"a sibling shares storage": {tab.Sibling, true}, "another tab does not": {chromium.Tab, false}} {
		other, err := tt.open()
		require.NoError(t, err, name)
		require.NoError(t, other.Open(server.URL+"/blank"), name)
		marked, err := browser.Eval[bool](other, "localStorage.mark === '1'")
		require.NoError(t, err, name)
		require.Equal(t, tt.want, marked, name)
		require.Empty(t, other.Problems(), name)
		other.Close()
	}
}
