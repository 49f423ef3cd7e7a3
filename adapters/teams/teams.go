// Package teams tells the team in a Microsoft Teams channel or chat, through a workflow "When a Teams webhook request is received".
//
//	notifier := notify.All(notify.Email(mailer, "sales@example.com"), teams.New(os.Getenv("TEAMS_WORKFLOW_URL"), nil))
//
// The older connectors ("Incoming Webhook") are being retired by Microsoft and take other messages. What a lead typed is shown as text: it mentions nobody
// and links nowhere.
package teams

import (
	"context"
	"net/http"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

// Options sets a [Notifier]. The zero value of each field is its default.
type Options struct {
	// Client makes the requests. Nil means one that reaches public addresses only, follows no redirects and gives up after 8 seconds.
	Client *http.Client
}

// Notifier posts to one workflow. It is made by [New] and never changes.
type Notifier struct {
	hook notify.Hook
	err  error
}

// New returns a notifier for the URL of a workflow. opts may be nil. A URL that is none is reported by Check as fatal and by Notify as a permanent error.
func New(workflowURL string, opts *Options) *Notifier {
	if opts == nil {
		opts = &Options{}
	}
	hook, err := notify.NewHook("teams", workflowURL, opts.Client)
	return &Notifier{hook, err}
}

// Check reports what is wrong with the configuration.
func (t *Notifier) Check(context.Context) []leads.Finding {
	if t.err == nil {
		return nil
	}
	return []leads.Finding{{Fatal: true, Part: "teams", Message: t.err.Error(), Fix: "copy it from the workflow's trigger in Teams"}}
}

// Notify posts one card. Digests and backlogs are not for a channel.
func (t *Notifier) Notify(ctx context.Context, n leads.Notification) error {
	if t.err != nil {
		return leads.Permanent(t.err)
	}
	summary, ok := notify.Summarize(n)
	if !ok {
		return nil
	}
	return t.hook.Post(ctx, n, newMessage(summary))
}

// message carries an Adaptive Card, at most 28 kB: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
type message struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

type card struct {
	Schema  string   `json:"$schema"`
	Type    string   `json:"type"`
	Version string   `json:"version"`
	Body    []rich   `json:"body"`
	Actions []action `json:"actions,omitempty"`
}

// rich is a RichTextBlock, the one element whose text is not read as Markdown.
type rich struct {
	Type    string `json:"type"`
	Inlines []run  `json:"inlines"`
}

type run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Size   string `json:"size,omitempty"`
	Weight string `json:"weight,omitempty"`
	Italic bool   `json:"italic,omitempty"`
}

type action struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

func newMessage(s notify.Summary) message {
	c := card{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4"}
	c.add(run{Text: s.Headline + ": " + s.Who, Size: "large", Weight: "bolder"})
	c.add(run{Text: s.Score, Weight: "bolder"})
	c.add(run{Text: s.Reason})
	c.add(run{Text: s.Line})
	c.add(run{Text: s.Note, Italic: s.Quoted})
	c.add(run{Text: s.Message, Italic: true})
	c.labelled("Next", s.Next)
	for _, f := range s.Facts {
		c.labelled(f.Label, f.Value)
	}
	if s.URL != "" {
		c.Actions = []action{{Type: "Action.OpenUrl", Title: "Open the lead", URL: s.URL}}
	}
	return message{Type: "message", Attachments: []attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: c}}}
}

func (c *card) labelled(label, value string) {
	if value != "" {
		c.add(run{Text: label + ": ", Weight: "bolder"}, run{Text: value})
	}
}

// add puts a paragraph into the card; one without text is left out.
func (c *card) add(runs ...run) {
	if runs[len(runs)-1].Text == "" {
		return
	}
	for i := range runs {
		runs[i].Type = "TextRun"
	}
	c.Body = append(c.Body, rich{Type: "RichTextBlock", Inlines: runs})
}
