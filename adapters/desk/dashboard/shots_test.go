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

// TestShotsOfStates writes pictures of what pages look like in use: with a file read, something refused, something open.
func TestShotsOfStates(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("SHOTS")
	if folder == "" {
		t.Skip("SKIPPED: SHOTS names no folder")
	}
	w := newOffice(t)
	ids := w.fill()
	tab := w.tab(chromium(t), "owner")
	good, bad := filepath.Join(t.TempDir(), "leads.csv"), filepath.Join(t.TempDir(), "bad.csv")
	require.NoError(t, os.WriteFile(good, []byte(file), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("Email,Status\na@x.example,won\nb@x.example,new\nc@x.example,new,more,cells\n"), 0o600))
	upload := func(name, button string) []chromedp.Action[chromedp.Void] {
		return []chromedp.Action[chromedp.Void]{chromedp.SetUploadFiles(`input[type=file]`, []string{name}), chromedp.Click(button)}
	}
	then := func(first []chromedp.Action[chromedp.Void], more ...chromedp.Action[chromedp.Void]) []chromedp.Action[chromedp.Void] {
		return append(first, more...)
	}
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			require.NoError(t, tab.Do(chromedp.EmulateViewport(width, 900), scheme(theme)))
			for _, s := range []struct {
				name, path string
				do         []chromedp.Action[chromedp.Void]
			}{
				{"import-tried", "/import", then(upload(good, `button[value=try]`), chromedp.WaitVisible(`#result table`))},
				{"import-ran", "/import", then(upload(bad, `button[value=try]`), chromedp.WaitVisible(`#result table`), chromedp.Click(`#result button[value=run]`), chromedp.WaitVisible(`#result .flash`))},
				{"tip", "/", []chromedp.Action[chromedp.Void]{chromedp.Focus(`tr[data-lead] button.badge`)}},
				{"bulk", "/", []chromedp.Action[chromedp.Void]{chromedp.Click(fmt.Sprintf(`input[name=id][value="%s"]`, ids[1]))}},
				{"unassigned", "/?owner=none", nil},
				{"receipt", "/leads/" + ids[3], []chromedp.Action[chromedp.Void]{chromedp.ScrollIntoView(`.receipt`)}},
				{"erase", "/leads/" + ids[0], []chromedp.Action[chromedp.Void]{chromedp.Click(`form[action$="/erase"] button`), chromedp.WaitVisible(`form:has(input[name=sure]) button`)}},
			} {
				require.NoError(t, tab.Open(w.server.URL+"/dashboard"+s.path))
				require.NoError(t, tab.Do(s.do...), s.name)
				picture, err := chromedp.Run(tab.Context(), chromedp.FullScreenshot(100))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("s-%s-%s-%d.png", s.name, theme, width)), picture, 0o644))
			}
		}
	}
	require.Empty(t, tab.Problems())
}
