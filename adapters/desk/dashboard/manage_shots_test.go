package dashboard_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestManageShots writes a picture of every page into the folder that SHOTS in the environment names, for people to look at.
func TestManageShots(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("SHOTS")
	if folder == "" {
		t.Skip("SKIPPED: SHOTS names no folder")
	}
	w := newOfficeWith(t, given())
	pages := append(w.furnish(), "/sequences/given", "/sequences/given/json", "/sequences/given/copy")
	tab := w.tab(chromium(t), "owner")
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			require.NoError(t, tab.Do(chromedp.EmulateViewport(width, 900), scheme(theme)))
			for i, path := range pages {
				require.NoError(t, tab.Open(w.server.URL+"/dashboard"+path))
				picture, err := chromedp.Run(tab.Context(), chromedp.FullScreenshot(100))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("m%02d-%s-%d.png", i, theme, width)), picture, 0o644))
			}
		}
	}
	require.Empty(t, tab.Problems())
}
