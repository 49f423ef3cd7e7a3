// Package browser drives Chromium in tests: it starts one, opens tabs that share nothing, and keeps what their consoles say.
//
//	chromium, err := browser.Start(ctx)
//	tab, err := chromium.Tab()
//	err = tab.Open("http://127.0.0.1:8080/")
//	title, err := browser.Eval[string](tab, "document.title")
//
// It speaks to the browser through chromedp, whose actions run in [Tab.Context].
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// ErrAbsent is returned by Start when the machine has no Chromium.
var ErrAbsent = errors.New("browser: no chromium on this machine")

// Browser is a running Chromium.
type Browser struct {
	ctx  context.Context // of the browser's first tab, which chromedp needs for every other
	stop []context.CancelFunc
}

// names are the programs that are tried, after the one that the environment names.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Path returns the path of Chromium: what CHROMIUM in the environment says, else the first that the search path has.
func Path() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrAbsent
}

// Start starts Chromium without a window. It runs until Close, or until ctx ends.
func Start(ctx context.Context) (*Browser, error) {
	path, err := Path()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-site-isolation-trials", true),              // one process for all frames of a tab
		chromedp.Flag("host-resolver-rules", "MAP *.localhost 127.0.0.1"), // and never ::1, where nobody listens
		chromedp.WindowSize(1280, 900),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stopProcess := chromedp.NewExecAllocator(ctx, options...)
	ctx, stopTab := chromedp.NewContext(ctx)
	b := &Browser{ctx: ctx, stop: []context.CancelFunc{stopTab, stopProcess}}
	if err := chromedp.Do(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("browser: start %s: %w", path, err)
	}
	return b, nil
}

// Close ends Chromium and waits until it has gone.
func (b *Browser) Close() {
	_ = chromedp.Cancel(b.ctx) // it may have ended by itself
	for _, stop := range b.stop {
		stop()
	}
}
