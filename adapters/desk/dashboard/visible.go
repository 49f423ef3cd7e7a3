package dashboard

import (
	"fmt"
	"strings"
	"unicode"
)

// maxMarks is how many combining marks one character may carry; no script needs more, and a tower of them covers other lines.
const maxMarks = 4

// visible shows the characters of a text that cannot be seen or that turn what follows around, as "[U+202E]", so that a text cannot
// look like another one. Joiners stay where scripts and emoji need them.
func visible(s string) string {
	if !strings.ContainsFunc(s, notPlain) {
		return s
	}
	var b strings.Builder
	marks := 0
	for _, r := range s {
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		if hidden(r) {
			fmt.Fprintf(&b, "[%U]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// notPlain reports whether a character is one that visible has to look at: any but those that a plain keyboard has.
func notPlain(r rune) bool {
	return (r < ' ' || r >= 0x7f) && r != '\n' && r != '\t' && r != '\r'
}

func hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r' || r == '\u200c' || r == '\u200d':
		return false
	case r >= 0xfe00 && r <= 0xfe0f: // the variation selectors that emoji are written with
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}
