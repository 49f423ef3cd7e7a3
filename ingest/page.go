package ingest

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"io"
	"sync"
)

// pageStyle is the only style of the pages; the policy allows it by its hash and nothing else.
const pageStyle = `body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#222;background:#fff}@media(prefers-color-scheme:dark){body{color:#eee;background:#111}}`

// page is what a person sees who has submitted a form without a script.
type page struct {
	Title, Text string
	Fields      []fieldFault
}

var thankYou = page{Title: "Thank you", Text: "We have received your message."}

var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>{{.Title}}</title><style>` + pageStyle + `</style></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{with .Fields}}<ul>{{range .}}<li><code>{{.Pointer}}</code>: {{.Message}}</li>{{end}}</ul>{{end}}</main></body></html>
`))
})

var pagePolicy = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

func (p page) write(w io.Writer) { _ = pageTemplate().Execute(w, p) } // what fails is the connection
