package snippet_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/browser"
)

// strict reports whether a missing tool is a failure.
func strict() bool { return os.Getenv("CI") != "" }

// thorough reports whether to run what takes minutes.
func thorough() bool { return strict() || os.Getenv("LEADS_PROOF") != "" }

// chromium is shared by all tests. It is nil when the machine has none.
var chromium *browser.Browser

func TestMain(m *testing.M) {
	var err error
	if chromium, err = browser.Start(context.Background()); err != nil && !errors.Is(err, browser.ErrAbsent) {
		panic(err)
	}
	code := m.Run()
	if chromium != nil {
		chromium.Close()
	}
	os.Exit(code)
}

// tab opens a tab for a test, or skips it when there is no browser.
func tab(t *testing.T) *browser.Tab {
	t.Helper()
	if chromium == nil {
		require.False(t, strict(), "no chromium: %v", browser.ErrAbsent)
		t.Skip("SKIPPED: ", browser.ErrAbsent)
	}
	opened, err := chromium.Tab()
	require.NoError(t, err)
	t.Cleanup(opened.Close)
	return opened
}
