// Package slack tells the team in a Slack channel, through an incoming webhook.
//
//	notifier := notify.All(notify.Email(mailer, "sales@example.com"), slack.New(os.Getenv("SLACK_WEBHOOK_URL"), nil))
//
// What a lead typed is shown as text: it mentions nobody, links nowhere and unfurls nothing. Slack takes one message a second for each webhook and asks for
// patience beyond that; the engine then waits as long as it was asked to.
package slack

import (
	"context"
	"net/http"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

// Options sets a [Notifier]. The zero value of each field is its default.
type Options struct {
	// Client makes the requests. Nil means one that reaches public addresses only, follows no redirects and gives up after 8 seconds.
	Client *http.Client
}

// Notifier posts to one Slack channel. It is made by [New] and never changes.
type Notifier struct {
	hook notify.Hook
	err  error
}

// New returns a notifier for the URL of an incoming webhook, which names the channel. opts may be nil. A URL that is none is reported by Check as fatal and by
// Notify as a permanent error.
func New(webhookURL string, opts *Options) *Notifier {
	if opts == nil {
		opts = &Options{}
	}
	hook, err := notify.NewHook("slack", webhookURL, opts.Client)
	return &Notifier{hook, err}
}

// Check reports what is wrong with the configuration.
func (s *Notifier) Check(context.Context) []leads.Finding {
	if s.err == nil {
		return nil
	}
	return []leads.Finding{{Fatal: true, Part: "slack", Message: s.err.Error(), Fix: "copy it from the incoming webhooks of your Slack app"}}
}

// Notify posts one message. Digests and backlogs are not for a channel.
func (s *Notifier) Notify(ctx context.Context, n leads.Notification) error {
	if s.err != nil {
		return leads.Permanent(s.err)
	}
	summary, ok := notify.Summarize(n)
	if !ok {
		return nil
	}
	return s.hook.Post(ctx, n, newMessage(summary))
}

// message is the body of a post: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
type message struct {
	Text        string  `json:"text"` // what the notification on a phone shows
	Blocks      []block `json:"blocks"`
	UnfurlLinks bool    `json:"unfurl_links"`
	UnfurlMedia bool    `json:"unfurl_media"`
}

type block struct {
	Type     string   `json:"type"`
	Text     *text    `json:"text,omitempty"`
	Fields   []text   `json:"fields,omitempty"`   // at most 10 of 2,000 characters
	Elements []button `json:"elements,omitempty"` // of an actions block
}

type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"` // at most 3,000 characters, of a header 150
	Verbatim bool   `json:"verbatim,omitempty"`
}

type button struct {
	Type  string `json:"type"`
	Text  text   `json:"text"`
	URL   string `json:"url"`
	Style string `json:"style,omitempty"`
}

func newMessage(s notify.Summary) message {
	title := s.Headline + ": " + s.Who
	m := message{Text: escape(title), Blocks: []block{{Type: "header", Text: &text{Type: "plain_text", Text: limit(title, 150)}}}}
	for _, part := range []string{
		join(bold(s.Score), escape(s.Reason)), escape(s.Line), quote(s.Note), quote(s.Message), label("Next", s.Next),
	} {
		if part != "" {
			m.Blocks = append(m.Blocks, block{Type: "section", Text: plain(part)})
		}
	}
	if len(s.Facts) > 0 {
		fields := make([]text, 0, len(s.Facts))
		for _, f := range s.Facts {
			fields = append(fields, *plain(bold(f.Label) + "\n" + escape(f.Value)))
		}
		m.Blocks = append(m.Blocks, block{Type: "section", Fields: fields})
	}
	if s.URL != "" {
		open := button{Type: "button", Text: text{Type: "plain_text", Text: "Open the lead"}, URL: s.URL, Style: "primary"}
		m.Blocks = append(m.Blocks, block{Type: "actions", Elements: []button{open}})
	}
	return m
}

// plain is text with our marks only: verbatim keeps Slack from making links and mentions of what looks like one.
func plain(s string) *text { return &text{Type: "mrkdwn", Text: limit(s, 3000), Verbatim: true} }

// escape is what Slack asks for; mentions and links are written in angle brackets.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func bold(s string) string {
	if s == "" {
		return ""
	}
	return "*" + escape(s) + "*"
}

func label(name, s string) string {
	if s == "" {
		return ""
	}
	return bold(name) + " " + escape(s)
}

func quote(s string) string {
	if s == "" {
		return ""
	}
	return ">" + strings.ReplaceAll(escape(s), "\n", "\n>")
}

func join(a, b string) string { return strings.TrimSpace(a + "\n" + b) }

func limit(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
