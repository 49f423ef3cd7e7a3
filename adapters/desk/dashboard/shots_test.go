package dashboard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestShots writes a picture of every page into the folder that SHOTS in the environment names, for people to look at.
func TestShots(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("SHOTS")
	if folder == "" {
		t.Skip("SKIPPED: SHOTS names no folder")
	}
	w := newWorld(t)
	pages := w.pages(w.fill())
	tab := w.tab(chromium(t), "owner")
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			require.NoError(t, tab.Do(chromedp.EmulateViewport(width, 900), scheme(theme)))
			for i, path := range pages {
				require.NoError(t, tab.Open(w.server.URL+path))
				picture, err := chromedp.Run(tab.Context(), chromedp.FullScreenshot(100))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%02d-%s-%d.png", i, theme, width)), picture, 0o644))
			}
		}
	}
	require.Empty(t, tab.Problems())
}

// scheme has pages shown as on a light or dark system.
func scheme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	})
}
