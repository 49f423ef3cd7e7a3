package enrich

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page is what a homepage says of itself.
type page struct {
	read         bool
	reason       string // how it was read, or why it was not
	name, source string
	description  string
	failed       error // the connection broke
}

// maxDescription bounds a description, in bytes.
const maxDescription = 500

// head collects what the head of a page says.
type head struct {
	charset     string
	names       map[string]string // by their source
	description string
	title       string
}

// parsePage reads the head of a page and stops where its body begins. label is that of the page's domain.
func parsePage(r io.Reader, charset, label string) page {
	h := head{charset: charset, names: make(map[string]string)}
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxPage)
	err := h.read(z)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, html.ErrBufferExceeded) {
		return page{failed: err}
	}
	p := page{description: h.description}
	if name := h.titleName(label); name != "" {
		h.names[sourceTitle] = name
	}
	for _, source := range []string{sourceJSONLD, sourceSiteName, sourceApplication, sourceTitle} {
		if p.name = h.names[source]; p.name != "" {
			p.source = source
			break
		}
	}
	return p
}

// read goes through the tokens of the head.
func (h *head) read(z *html.Tokenizer) error {
	for {
		switch z.Next() {
		case html.ErrorToken:
			return z.Err()
		case html.StartTagToken, html.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			switch tag := atom.Lookup(name); tag {
			case atom.Html, atom.Head, atom.Link, atom.Base, atom.Style:
			case atom.Noscript, atom.Template:
				skip(z, tag)
			case atom.Meta:
				h.meta(attributes(z, hasAttr))
			case atom.Title:
				if text := rawText(z); h.title == "" {
					h.title = text
				}
			case atom.Script:
				if attributes(z, hasAttr)["type"] == "application/ld+json" {
					h.set(sourceJSONLD, html.UnescapeString(organizationName(rawText(z)))) // some escape twice
				}
			default:
				return nil // the body has begun, said or unsaid
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == atom.Head {
				return nil
			}
		}
	}
}

// skip goes behind the end of an element.
func skip(z *html.Tokenizer, element atom.Atom) {
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.EndTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == element {
				return
			}
		}
	}
}

// rawText returns the text of an element that has nothing else in it.
func rawText(z *html.Tokenizer) string {
	if z.Next() != html.TextToken {
		return ""
	}
	return string(z.Text())
}

// attributes returns an element's, those that a head needs in lower case.
func attributes(z *html.Tokenizer, more bool) map[string]string {
	found := make(map[string]string)
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		text := string(value)
		switch k := string(key); k {
		case "name", "property", "type", "http-equiv", "charset":
			text = strings.ToLower(strings.TrimSpace(text))
			fallthrough
		case "content":
			if _, twice := found[k]; !twice {
				found[k] = text
			}
		}
	}
	return found
}

func (h *head) meta(attr map[string]string) {
	if charset := attr["charset"]; charset != "" && h.charset == "" {
		h.charset = charset
	}
	if _, charset, ok := strings.Cut(strings.ToLower(attr["content"]), "charset="); ok && attr["http-equiv"] == "content-type" && h.charset == "" {
		h.charset = strings.TrimSpace(charset)
	}
	for _, key := range []string{attr["name"], attr["property"]} {
		switch key {
		case "og:site_name":
			h.set(sourceSiteName, attr["content"])
		case "application-name":
			h.set(sourceApplication, attr["content"])
		case "description", "og:description":
			if text := h.plain(attr["content"], maxDescription); text != "" && (h.description == "" || key == "description") {
				h.description = text
			}
		}
	}
}

// set keeps the first usable name of a source.
func (h *head) set(source, name string) {
	if h.names[source] != "" {
		return
	}
	if name = h.plain(name, maxName); name != "" && !isGeneric(name) && !strings.Contains(name, "://") {
		h.names[source] = name
	}
}

// titleName finds the organisation's name in the title. A title may say anything, so only a part that is like the domain's label is
// believed.
func (h *head) titleName(label string) string {
	for _, part := range strings.FieldsFunc(h.plain(h.title, 4*maxName), func(r rune) bool { return strings.ContainsRune("|–—·•»:/", r) }) {
		for _, name := range strings.Split(part, " - ") {
			if name = strings.TrimSpace(name); name != "" && len(name) <= maxName && alike(name, label) {
				return name
			}
		}
	}
	return ""
}

// plain makes a short line of plain text of what a page says: no markup, no control characters and none that are invisible or turn the
// direction of writing.
func (h *head) plain(text string, most int) string {
	text = h.decode(text)
	if len(text) > 4*most {
		text = shorten(text, 4*most)
	}
	text = strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, withoutTags(text))
	return strings.TrimSpace(shorten(strings.Join(strings.Fields(text), " "), most))
}

// decode returns the text in UTF-8. Of the other encodings only the one of Western Europe is read, which needs no tables; text in
// another is no text to us.
func (h *head) decode(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	switch strings.Trim(h.charset, `"' `) {
	case "", "iso-8859-1", "iso8859-1", "iso-8859-15", "latin1", "windows-1252", "cp1252":
		var b strings.Builder
		for i := range len(text) {
			if c := text[i]; c < 0x80 || c >= 0xA0 {
				b.WriteRune(rune(c))
			}
		}
		return b.String()
	}
	return ""
}
