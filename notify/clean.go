package notify

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks one character may carry; no script needs more, and a tower of them covers other lines.
const maxMarks = 4

// header makes one line of at most limit characters for a header or a headline: control characters become spaces, invisible ones are
// dropped, and what a mail program would take for an encoded word ("=?") is taken apart.
func header(s string, limit int) string {
	s = oneLine(scan(bound(s, limit), drop))
	return cut(strings.ReplaceAll(s, "=?", "= ?"), limit)
}

// inline makes one line of at most limit characters for the body, in which invisible characters are shown.
func inline(s string, limit int) string { return cut(oneLine(scan(bound(s, limit), codePoint)), limit) }

// block is inline for text of several lines; runs of empty lines become one.
func block(s string, limit int) string {
	lines := strings.Split(scan(strings.ReplaceAll(bound(s, limit), "\r\n", "\n"), codePoint), "\n")
	kept := lines[:0]
	for _, line := range lines {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue
		}
		kept = append(kept, line)
	}
	return cut(strings.TrimSpace(strings.Join(kept, "\n")), limit)
}

// bound drops what limit characters have no room for before any work is done on it.
func bound(s string, limit int) string {
	end := limit * 16 // generous: blanks are joined and marks dropped
	if end >= len(s) {
		return s
	}
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// oneLine joins lines and runs of blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// drop takes hidden characters out; control characters stand between words.
func drop(r rune) string {
	if unicode.IsControl(r) {
		return " "
	}
	return ""
}

// codePoint shows a character that cannot be seen: "[U+202E]".
func codePoint(r rune) string { return fmt.Sprintf("[%U]", r) }

// scan rewrites what is not plain text: line separators become \n, other control and invisible characters what hidden makes of them,
// invalid bytes U+FFFD. Joiners stay where scripts and emoji need them.
func scan(s string, hidden func(rune) string) string {
	var b strings.Builder
	b.Grow(len(s))
	marks, last := 0, rune(0)
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			b.WriteByte('\n')
		case r == '\t':
			b.WriteByte(' ')
		case noncharacter(r):
			b.WriteRune(utf8.RuneError)
		case (r == '\u200c' || r == '\u200d') && joins(last):
			b.WriteRune(r)
		case invisible(r):
			b.WriteString(hidden(r))
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks <= maxMarks {
				b.WriteRune(r)
			}
			continue // a mark belongs to the character before it
		default:
			b.WriteRune(r)
		}
		marks, last = 0, r
	}
	return b.String()
}

// joins reports whether a joiner after r can mean something: within emoji and the scripts that shape their letters.
func joins(r rune) bool {
	return r >= 0x0600 && (unicode.IsLetter(r) || unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r))
}

func noncharacter(r rune) bool { return r&0xFFFE == 0xFFFE || 0xFDD0 <= r && r <= 0xFDEF }

// blanks are characters that show nothing although Unicode does not class them as format characters: joiner and filler letters,
// the Braille blank, and the variation selectors that carry hidden text.
var blanks = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034F, Hi: 0x034F, Stride: 1}, {Lo: 0x115F, Hi: 0x1160, Stride: 1}, {Lo: 0x17B4, Hi: 0x17B5, Stride: 1},
		{Lo: 0x180B, Hi: 0x180F, Stride: 1}, {Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1}, {Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0xE0000, Hi: 0xE0FFF, Stride: 1}},
}

// invisible covers control characters (Cc), zero-width and bidirectional ones (Cf), and blanks.
func invisible(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, blanks) }

// cut shortens s to limit characters, the last of which is then an ellipsis.
func cut(s string, limit int) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)[:max(0, limit-1)]
	return strings.TrimRightFunc(string(runes), unicode.IsSpace) + "…"
}

// capital makes the first letter a capital one.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + s[size:]
}
