package sequence

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxValue is how many characters of a value go into a mail.
const maxValue = 60

// personal makes of a value from outside what a mail to that person may carry: one line of at most 60 characters that can be seen, in which
// no mail program finds a link. Otherwise anybody could have us send their advertisement to anybody.
func personal(value string) string {
	const enough = maxValue * 16
	if len(value) > enough {
		value = strings.ToValidUTF8(value[:enough], "")
	}
	var words []string
	for _, word := range strings.Fields(visible(value)) {
		if word = unlink(word); word != "" {
			words = append(words, word)
		}
	}
	return shorten(strings.Join(words, " "), maxValue)
}

// shorten cuts to n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}

// visible drops characters that are not seen or change how others are read, and makes blanks of control characters. The full stops and
// slashes of other scripts that browsers take for ours become ours.
func visible(s string) string {
	marks := 0
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
			if marks > 4 { // no script needs more on one letter
				return -1
			}
		} else {
			marks = 0
		}
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r), r == utf8.RuneError:
			return ' '
		case unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unseen):
			return -1
		case strings.ContainsRune("。．｡․﹒", r):
			return '.'
		case r >= 0xFF01 && r <= 0xFF5E: // the full-width forms of ASCII
			return r - 0xFF01 + '!'
		}
		return r
	}, s)
}

// unseen are characters that show nothing although Unicode does not class them as format characters.
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034F, Hi: 0x034F, Stride: 1}, {Lo: 0x115F, Hi: 0x1160, Stride: 1}, {Lo: 0x17B4, Hi: 0x17B5, Stride: 1}, {Lo: 0x180B, Hi: 0x180F, Stride: 1},
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1}, {Lo: 0xFE00, Hi: 0xFE0F, Stride: 1}, {Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0xE0000, Hi: 0xE0FFF, Stride: 1}},
}

// unlink returns a word without what a mail program would make a link of: an address of any scheme or a mail address goes, and of a bare
// domain ("Booking.com") the name stays.
func unlink(word string) string {
	low := strings.ToLower(word)
	if strings.Contains(low, "//") || strings.Contains(low, "\\\\") || strings.Contains(low, "www.") || strings.Contains(low, "@") || scheme(low) {
		return ""
	}
	return strings.Join(splitKeep(word), "")
}

// splitKeep takes apart a word at the signs that cannot be in a domain, and shortens the domains in it.
func splitKeep(word string) []string {
	var parts []string
	start, inside := 0, false
	for i, r := range word {
		part := r == '.' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.In(r, unicode.Mn, unicode.Mc)
		if part != inside {
			if i > start {
				parts = append(parts, piece(word[start:i], inside))
			}
			start, inside = i, part
		}
	}
	return append(parts, piece(word[start:], inside))
}

func piece(s string, inside bool) string {
	if !inside || !isDomain(s) {
		return s
	}
	s = strings.Trim(s, ".-")
	name, _, _ := strings.Cut(s, ".")
	return name
}

// scheme reports whether the scheme of an address that programs open stands anywhere in a word.
func scheme(low string) bool {
	for {
		before, after, ok := strings.Cut(low, ":")
		if !ok {
			return false
		}
		name := before[len(strings.TrimRight(before, "abcdefghijklmnopqrstuvwxyz")):]
		if after != "" && slices.Contains(schemes, name) || slices.ContainsFunc(active, func(s string) bool { return strings.HasSuffix(name, s) }) {
			return true
		}
		low = after
	}
}

// active are the schemes that have no business in a name whatever stands before them.
var active = []string{"http", "https", "ftp", "mailto", "javascript", "vbscript", "callto"}

var schemes = []string{
	"hxxp", "hxxps", "ftps", "sftp", "tel", "sms", "sip", "skype", "facetime", "data", "file", "blob", "intent",
	"whatsapp", "tg", "slack", "zoommtg", "bitcoin", "ethereum", "magnet", "geo", "market", "itms", "webcal", "feed", "news", "xmpp", "irc", "ssh", "smb", "ws", "wss", "about", "view",
}

// isDomain reports whether s has a top-level domain that exists, so that programs may take it for a site, or is an IP address.
func isDomain(s string) bool {
	s = strings.Trim(s, ".-")
	last := strings.LastIndexByte(s, '.')
	if last < 0 {
		return false
	}
	top, err := idna.ToASCII(strings.ToLower(s[last+1:]))
	if err != nil {
		return true
	}
	if strings.Trim(s, "0123456789.") == "" {
		return strings.Count(s, ".") == 3
	}
	_, icann := publicsuffix.PublicSuffix(top)
	return icann
}
