package dashboard

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Texts are what the pages say, by key ("nav.inbox"). A text may have verbs of package fmt, which a replacement must have too, in
// the same order. Where something is counted there are two texts, under the key with ".one" and with ".other".
type Texts map[string]string

//go:embed texts/*.json
var textFiles embed.FS

// English returns the catalogue with all its keys: what a translation needs to cover. The caller owns it.
func English() Texts {
	all := make(Texts)
	files, _ := textFiles.ReadDir("texts") // embedded: it is there, and a test reads every file
	for _, f := range files {
		data, _ := textFiles.ReadFile("texts/" + f.Name())
		var some Texts
		if err := json.Unmarshal(data, &some); err != nil {
			panic(fmt.Sprintf("dashboard: %s: %v", f.Name(), err)) // a program with it does not pass its tests
		}
		maps.Copy(all, some)
	}
	return all
}

// text returns the text under a key; one that is missing shows its key.
func (t Texts) text(key string, args ...any) string {
	format, ok := t[key]
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return format
	}
	return fmt.Sprintf(format, args...)
}

// count returns the text for n things.
func (t Texts) count(key string, n int) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	format, ok := t[key+form]
	if !ok {
		return t[key]
	}
	if !strings.Contains(format, "%") {
		return format
	}
	return fmt.Sprintf(format, numberOf(n))
}

// word returns the text of a value such as a status: that under prefix and value, or the value itself where the catalogue does not know it.
func (t Texts) word(prefix string, value any) string {
	s := fmt.Sprint(value)
	if text, ok := t[prefix+"."+s]; ok {
		return text
	}
	return visible(s)
}
