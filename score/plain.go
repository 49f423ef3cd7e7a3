package score

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// maxPlain is how much of a model's text is looked at, in bytes.
const maxPlain = 4 << 10

var (
	markup = regexp.MustCompile(`<[^<>]*>|!\[[^\[\]]*\]\([^()]*\)`)
	anchor = regexp.MustCompile(`\[([^\[\]]*)\]\([^()]*\)`) // Markdown's, of which the words stay
	// link matches what mail programs and chats make into links by themselves: schemes, addresses, and names with dots, of which the
	// full-width and ideographic ones count as browsers have it.
	link = regexp.MustCompile(`(?i)\S*(?:://|//)\S*|\w*www[.．。｡]\S*|\b(?:https?|ftp|mailto|tel|sms|javascript|vbscript|data|file|blob):\S*|\S+[@＠]\S+|` +
		`[a-z0-9_-]+(?:[.．。｡][a-z0-9_-]+)*[.．。｡](?:xn--[a-z0-9-]+|[a-z]{2,})(?:[/:?]\S*)?|` +
		`[\p{L}\p{N}_-]+(?:[.．][\p{L}\p{N}_-]+)*[.．]\p{L}{2,}(?:[/:?]\S*)?|\b\d{1,3}(?:\.\d{1,3}){3}\S*`)
	entity   = regexp.MustCompile(`&#?[A-Za-z0-9]+;?`)
	sentence = regexp.MustCompile(`[.!?…](?:["')»”]*)(?:\s|$)|[。！？]`)
)

// Plain makes a model's text fit to be shown to people and mailed: one line of at most two sentences and 280 characters, without links, addresses,
// markup (HTML or Markdown), control characters and marks that cannot be seen (bidirectional, zero-width and tag characters). What
// is left must still be escaped wherever it is shown.
func Plain(text string) string { return shorten(twoSentences(bare(text)), maxSummary) }

// bare removes all that is not plain text.
func bare(text string) string {
	text = text[:min(len(text), maxPlain)]
	for range 3 { // an entity may hide another
		text = html.UnescapeString(text)
	}
	text = clean(visible(text))
	text = anchor.ReplaceAllString(markup.ReplaceAllString(text, " "), "$1")
	text = entity.ReplaceAllStringFunc(text, func(s string) string { // "R&D" is no entity, "&lt" is one that was hidden too well
		if strings.HasSuffix(s, ";") || html.UnescapeString(s) != s {
			return " "
		}
		return s
	})
	text = strings.Map(plainRune, text)
	return clean(link.ReplaceAllString(text, " "))
}

// plainRune drops what HTML, Markdown and templates are made of.
func plainRune(r rune) rune {
	if strings.ContainsRune("<>`*_~#|\\[]{}^＜＞", r) {
		return -1
	}
	return r
}

// visible drops what has no shape of its own; clean does not take letters and marks for invisible.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) || r == '\u2800' {
			return -1
		}
		return r
	}, text)
}

func twoSentences(text string) string {
	if ends := sentence.FindAllStringIndex(text, 2); len(ends) == 2 {
		return strings.TrimSpace(text[:ends[1][1]])
	}
	return text
}
