package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// patience bounds everything that a tab waits for.
const patience = 30 * time.Second

// Tab is a tab with cookies and storage of its own.
type Tab struct {
	ctx  context.Context // chromedp finds the tab in it
	stop context.CancelFunc

	mu       sync.Mutex
	messages []chromedp.ConsoleMessage
}

// Tab opens a tab that shares no cookies and no storage with others.
func (b *Browser) Tab() (*Tab, error) { return open(b.ctx, chromedp.WithNewBrowserContext()) }

// Sibling opens a tab that shares cookies and storage with this one, as a visitor's next tab does.
func (t *Tab) Sibling() (*Tab, error) { return open(t.ctx) }

func open(ctx context.Context, options ...chromedp.ContextOption) (*Tab, error) {
	ctx, stop := chromedp.NewContext(ctx, options...)
	t := &Tab{ctx: ctx, stop: stop}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("browser: tab: %w", err)
	}
	console := chromedp.Console(ctx)
	go func() {
		for message, err := range console {
			if err != nil {
				return
			}
			t.mu.Lock()
			t.messages = append(t.messages, message)
			t.mu.Unlock()
		}
	}()
	return t, nil
}

// Context returns the context in which chromedp's actions run on this tab.
func (t *Tab) Context() context.Context { return t.ctx }

// Close closes the tab.
func (t *Tab) Close() { t.stop() }

// Do runs actions, for at most half a minute.
func (t *Tab) Do(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// Open goes to an address and waits until the page has loaded.
func (t *Tab) Open(address string) error { return t.Do(chromedp.Navigate(address)) }

// Wait waits until an expression is true in the page, for at most half a minute. The page may be left for another meanwhile.
func (t *Tab) Wait(expression string) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	poll := chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingTimeout(patience), chromedp.WithPollingInterval(20*time.Millisecond))
	for {
		_, err := chromedp.Run(ctx, poll)
		if _, left := errors.AsType[*cdproto.Error](err); !left || ctx.Err() != nil {
			return wrap(err, "waiting for "+expression)
		}
	}
}

func wrap(err error, what string) error {
	if err != nil {
		return fmt.Errorf("browser: %s: %w", what, err)
	}
	return nil
}

// Eval returns what an expression gives in the page; a promise is waited for.
func Eval[T any](t *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Messages returns what the console was told so far.
func (t *Tab) Messages() []chromedp.ConsoleMessage {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]chromedp.ConsoleMessage(nil), t.messages...)
}

// Problems returns the exceptions that nothing caught, and what the Content-Security-Policy refused, so far.
func (t *Tab) Problems() []string {
	var problems []string
	for _, m := range t.Messages() {
		if m.IsException() || m.Source == "security" || strings.Contains(m.Text, "Content Security Policy") {
			problems = append(problems, m.Text)
		}
	}
	return problems
}

// Screenshot writes a picture of the visible part of the page as PNG.
func (t *Tab) Screenshot(path string) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return fmt.Errorf("browser: screenshot: %w", err)
	}
	return os.WriteFile(path, picture, 0o644)
}
