package dashboard

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"path"
	"strings"

	"github.com/openleads/leads"
)

//go:embed templates/*.html
var templateFiles embed.FS

// parse makes a template of every page: the file of its name together with those that begin with an underscore, which all share.
func (b *Dashboard) parse() map[string]*template.Template {
	shared := template.Must(template.New("").Funcs(b.funcs()).ParseFS(templateFiles, "templates/_*.html"))
	files, _ := templateFiles.ReadDir("templates") // embedded: it is there
	pages := make(map[string]*template.Template)
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".html"); ok && name[0] != '_' {
			pages[name] = template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, path.Join("templates", f.Name())))
		}
	}
	return pages
}

// funcs are what templates can call. Text of leads is shown through s.
func (b *Dashboard) funcs() template.FuncMap {
	return template.FuncMap{
		"t":       b.texts.text,
		"n":       b.texts.count,
		"word":    b.texts.word,
		"s":       func(v any) string { return visible(fmt.Sprint(v)) },
		"url":     b.url,
		"path":    func(p string) string { return b.prefix + "/" + strings.TrimPrefix(p, "/") },
		"asset":   b.assetURL,
		"links":   func() []Link { return b.opts.Links },
		"credits": func() string { return b.opts.Credits },
		"number":  numberOf,
		"pair":    func(v *view, d any) pair { return pair{v, d} },
		"who":     func(l leads.Lead) string { return visible(b.who(l)) },
		"both":    func(a, b any) struct{ V, D any } { return struct{ V, D any }{a, b} },
		"short":   short,
		"took":    b.texts.took,
		"waits":   b.texts.waits,
		"json":    indented,
		"bytes":   func(raw []byte) string { return visible(string(raw)) },
		"list":    func(s ...string) []string { return s },
		"link":    link,
		"add":     func(a, b int) int { return a + b },
	}
}

// url makes an address of the dashboard: the segments of a path, each escaped, with an optional last one that begins with "?".
func (b *Dashboard) url(segments ...string) string {
	var out strings.Builder
	out.WriteString(b.prefix)
	for _, s := range segments {
		if strings.HasPrefix(s, "?") {
			out.WriteString(s)
			continue
		}
		out.WriteString("/" + url.PathEscape(s))
	}
	if len(segments) == 0 || segments[0] == "" || strings.HasPrefix(segments[0], "?") {
		return b.prefix + "/" + strings.TrimPrefix(out.String()[len(b.prefix):], "/")
	}
	return out.String()
}

// who is how a lead is called: by its name, else by what is known of it.
func (b *Dashboard) who(l leads.Lead) string {
	name := strings.TrimSpace(l.FirstName + " " + l.LastName)
	for _, known := range []string{name, l.Email, l.Phone, l.Company} {
		if known != "" {
			return short(known, 120)
		}
	}
	return b.texts.text("lead.unnamed")
}

// short cuts a text to n characters.
func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// link returns an address that a page may link to, http and https only, or "".
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return address
}

// indented shows a value as JSON over several lines.
func indented(v any) string {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return visible(string(data))
}
