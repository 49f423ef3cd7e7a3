package snippet

import (
	"html/template"
	"maps"
	"slices"
	"strings"
)

// TagOptions are what a tag says besides the token. The zero value says nothing.
type TagOptions struct {
	// Settings are the attributes of the tag that docs/snippet.md lists, without "data-": "mode", "forms", "redirect", "success" …
	// A name that is not made of lower-case letters and hyphens is left out.
	Settings map[string]string
	// Nonce is the nonce of the page's Content-Security-Policy. "" means none.
	Nonce string
}

// Tag returns the tag that loads this version of the script, with its integrity. base is the address under which the door is
// mounted, such as "https://example.com/api/webhooks/" or "/api/webhooks/"; token is the source's. Nil opts say nothing.
//
// A tag that is pasted into a page of another system should name [Stable] without an integrity: a later version of this library has
// another script, and does not serve this one any more.
func Tag(base, token string, opts *TagOptions) template.HTML {
	if opts == nil {
		opts = &TagOptions{}
	}
	var tag strings.Builder
	attribute := func(name, value string) {
		tag.WriteString(" " + name + `="` + template.HTMLEscapeString(value) + `"`)
	}
	tag.WriteString("<script")
	attribute("src", strings.TrimRight(base, "/")+"/"+Versioned())
	attribute("integrity", Integrity())
	attribute("crossorigin", "anonymous")
	attribute("data-token", token)
	for _, name := range slices.Sorted(maps.Keys(opts.Settings)) {
		if isSetting(name) {
			attribute("data-"+name, opts.Settings[name])
		}
	}
	if opts.Nonce != "" {
		attribute("nonce", opts.Nonce)
	}
	tag.WriteString(" defer></script>")
	return template.HTML(tag.String()) // every value is escaped
}

func isSetting(name string) bool {
	return name != "" && name != "token" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == ""
}
