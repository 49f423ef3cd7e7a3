package sequence

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
)

// Texts are those of the pages behind the links in mails. What is empty is in English.
type Texts struct {
	Lang string // of the pages, as in HTML's lang. "" means "en"
	// Stop and Confirm are the pages that ask; their Button does it, and AllButton, on Stop, stops all mails.
	Stop, Confirm PageText
	// The others say what has come of it: Stopped, Confirmed, Expired (there is nothing to confirm any more), Unknown (not one of our links) and
	// Failed (try again).
	Stopped, Confirmed, Expired, Unknown, Failed PageText
}

// PageText is what stands on a page, as plain text.
type PageText struct {
	Title, Text       string
	Button, AllButton string
}

func (t PageText) or(other PageText) PageText {
	return PageText{cmp.Or(t.Title, other.Title), cmp.Or(t.Text, other.Text), cmp.Or(t.Button, other.Button), cmp.Or(t.AllButton, other.AllButton)}
}

func (t Texts) withDefaults() Texts {
	return Texts{
		Lang: cmp.Or(t.Lang, "en"),
		Stop: t.Stop.or(PageText{
			Title: "Stop these mails?", Text: "You will get no more mails of this kind from us.",
			Button: "Stop these mails", AllButton: "Stop all mails",
		}),
		Confirm: t.Confirm.or(PageText{
			Title: "May we write to you?", Text: "Please confirm that you want our mails. Each of them has a link to stop.", Button: "Yes, write to me",
		}),
		Stopped:   t.Stopped.or(PageText{Title: "Done", Text: "We have stopped writing to you. There is nothing else to do."}),
		Confirmed: t.Confirmed.or(PageText{Title: "Thank you", Text: "You have confirmed your address."}),
		Expired:   t.Expired.or(PageText{Title: "Nothing to confirm", Text: "This link is not valid any more. If you still want our mails, please send the form again."}),
		Unknown:   t.Unknown.or(PageText{Title: "Unknown link", Text: "This link does not lead anywhere. Please check that it is complete."}),
		Failed:    t.Failed.or(PageText{Title: "Please try again", Text: "Something went wrong on our side. Nothing was changed; please try again in a minute."}),
	}
}

// doorStyle is the only style of the pages; the policy allows it by its hash and nothing else.
const doorStyle = `body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#222;background:#fff}` +
	`button{font:inherit;padding:.6rem 1.2rem;margin:0 .6rem .6rem 0;border:2px solid #1d4ed8;border-radius:.4rem;background:#1d4ed8;color:#fff;cursor:pointer}` +
	`button[name]{background:none;color:inherit}button:focus-visible{outline:3px solid #f59e0b;outline-offset:2px}` +
	`@media(prefers-color-scheme:dark){body{color:#eee;background:#111}}`

// doorPage is a page as the template sees it. Its form has no action: it posts to the page's own address, wherever the handler is mounted.
type doorPage struct {
	Lang string
	PageText
	Form, All bool
}

var doorTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>{{.Title}}</title><style>` + doorStyle + `</style></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{if .Form}}<form method="post"><button type="submit">{{.Button}}</button>{{if .All}}<button type="submit" name="all" value="1">{{.AllButton}}</button>{{end}}</form>{{end}}</main></body></html>
`))

var doorPolicy = func() string {
	sum := sha256.Sum256([]byte(doorStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// header is what every answer has: no script, no frame, no copy anywhere, and no token in anybody's Referer.
func header(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", doorPolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
}

func (d door) ask(w http.ResponseWriter, t PageText, all bool) {
	_ = doorTemplate.Execute(w, doorPage{Lang: d.opts.Texts.Lang, PageText: t, Form: true, All: all}) // what fails is the connection
}

func (d door) answer(w http.ResponseWriter, status int, t PageText) {
	w.WriteHeader(status)
	_ = doorTemplate.Execute(w, doorPage{Lang: d.opts.Texts.Lang, PageText: t}) // what fails is the connection
}
