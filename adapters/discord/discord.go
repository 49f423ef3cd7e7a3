// Package discord tells the team in a Discord channel, through a webhook.
//
//	notifier := notify.All(notify.Email(mailer, "sales@example.com"), discord.New(os.Getenv("DISCORD_WEBHOOK_URL"), nil))
//
// What a lead typed is shown as text: it mentions nobody and links nowhere.
package discord

import (
	"context"
	"net/http"
	"strings"
	"unicode"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

// Options sets a [Notifier]. The zero value of each field is its default.
type Options struct {
	// Client makes the requests. Nil means one that reaches public addresses only, follows no redirects and gives up after 8 seconds.
	Client *http.Client
}

// Notifier posts to one Discord channel. It is made by [New] and never changes.
type Notifier struct {
	hook notify.Hook
	err  error
}

// New returns a notifier for the URL of a webhook. opts may be nil. A URL that is none is reported by Check as fatal and by Notify as a permanent error.
func New(webhookURL string, opts *Options) *Notifier {
	if opts == nil {
		opts = &Options{}
	}
	hook, err := notify.NewHook("discord", webhookURL, opts.Client)
	return &Notifier{hook, err}
}

// Check reports what is wrong with the configuration.
func (d *Notifier) Check(context.Context) []leads.Finding {
	if d.err == nil {
		return nil
	}
	return []leads.Finding{{Fatal: true, Part: "discord", Message: d.err.Error(), Fix: "copy it from the channel's settings, Integrations, Webhooks"}}
}

// Notify posts one message. Digests and backlogs are not for a channel.
func (d *Notifier) Notify(ctx context.Context, n leads.Notification) error {
	if d.err != nil {
		return leads.Permanent(d.err)
	}
	summary, ok := notify.Summarize(n)
	if !ok {
		return nil
	}
	return d.hook.Post(ctx, n, newMessage(summary))
}

// message is the body of a post: https://discord.com/developers/docs/resources/webhook#execute-webhook
type message struct {
	Embeds   []embed  `json:"embeds"`
	Mentions mentions `json:"allowed_mentions"`
}

// mentions with an empty list lets nothing in the message notify anybody, "@everyone" included.
type mentions struct {
	Parse []string `json:"parse"`
}

type embed struct {
	Title       string  `json:"title"` // at most 256 characters
	URL         string  `json:"url,omitempty"`
	Description string  `json:"description,omitempty"` // at most 4,096
	Fields      []field `json:"fields,omitempty"`      // at most 25
}

type field struct {
	Name   string `json:"name"`
	Value  string `json:"value"` // at most 1,024
	Inline bool   `json:"inline"`
}

func newMessage(s notify.Summary) message {
	var lines []string
	for _, part := range []string{s.Line, join(s.Score, s.Reason), s.Note, s.Message, join("Next", s.Next)} {
		if part != "" && part != "Next" {
			lines = append(lines, escape(part))
		}
	}
	e := embed{Title: limit(escape(s.Headline+": "+s.Who), 256), URL: s.URL, Description: limit(strings.Join(lines, "\n\n"), 4096)}
	for _, f := range s.Facts {
		e.Fields = append(e.Fields, field{Name: f.Label, Value: limit(escape(f.Value), 1024), Inline: true})
	}
	return message{Embeds: []embed{e}, Mentions: mentions{Parse: []string{}}}
}

// escape puts a backslash before everything that could be Markdown, a link or a mention; Discord does not show it.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}

// limit cuts between characters, and never behind a lone backslash.
func limit(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return strings.TrimRight(string(r[:most-1]), `\`) + "…"
}
