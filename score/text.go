package score

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openleads/leads/ingest"
)

// How much of a lead's text is looked at, in bytes. More costs time and says no more.
const (
	maxField = 4 << 10
	maxText  = 8 << 10
)

// writing is what the lead wrote, and what was found in it.
type writing struct {
	words, links int
	hits         []hit // by slot of the phrasebook; a zero one was not found
}

// hit is the first place where one of a slot's phrases stands.
type hit struct {
	field      string
	start, end int
	denied     bool // they stand in the text directly negated only
}

func (w *writing) reading() reading {
	if w.words == 0 {
		return reading{value: none}
	}
	return reading{value: "given", count: w.words}
}

// texts returns what the lead wrote, the fields in which people write freely first, all in a fixed order.
func texts(m ingest.Metadata) []string {
	if len(m) == 0 {
		return nil
	}
	var all []string
	left := maxText
	for _, name := range byFreedom(m) {
		for _, text := range strs(m[name]) {
			text = text[:min(len(text), maxField, left)]
			left -= len(text)
			if text != "" {
				all = append(all, text)
			}
		}
	}
	return all
}

func isFree(name string) bool {
	switch strings.ToLower(name) {
	case "message", "comment", "comments", "note", "notes", "question", "questions", "description", "details", "subject", "inquiry", "enquiry", "text",
		"nachricht", "kommentar", "anfrage", "betreff", "mensaje", "comentario", "comentarios", "mensagem", "commentaire", "demande", "your-message":
		return true
	}
	return false
}

// strs returns the string, or the strings of the list, in a JSON text. Of a long string it may return the beginning only.
func strs(raw json.RawMessage) []string {
	if len(raw) < 2 {
		return nil
	}
	var list []string
	switch raw[0] {
	case '"':
		if plain := raw[1:min(len(raw)-1, maxField+1)]; bytes.IndexByte(plain, '\\') < 0 {
			return []string{string(plain)}
		}
		list = make([]string, 1)
		if json.Unmarshal(raw, &list[0]) != nil {
			return nil
		}
	case '[':
		if json.Unmarshal(raw, &list) != nil {
			return nil
		}
	}
	return list
}

// token is a word of a text: its letters and digits, folded, and where it stands.
type token struct {
	word       []byte // valid until the next token
	start, end int
	stop       bool // a sentence has ended since the token before
}

// maxWord is the longest word that is looked up, in folded bytes.
const maxWord = 40

// tokens calls yield with each word of the text. What it costs is linear in the length of the text.
func tokens(text string, yield func(token)) {
	var buf [maxWord + 8]byte
	t := token{word: buf[:0], start: -1}
	flush := func(end int) {
		if t.start >= 0 {
			t.end = end
			yield(t)
			t = token{word: buf[:0], start: -1}
		}
	}
	for i := 0; i < len(text); {
		c, size := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case joins(c):
			if t.start < 0 {
				t.start = i
			}
			if len(t.word) <= maxWord { // a longer one is no word that is in any list
				t.word = fold(t.word, c)
			}
		case c >= 0x300 && c <= 0x36F || c >= utf8.RuneSelf && unicode.Is(unicode.Cf, c):
			// Soft hyphens, accents that stand alone and invisible marks do not part a word.
		default:
			flush(i)
			t.stop = t.stop || strings.ContainsRune(".!?;\n", c)
		}
		i += size
	}
	flush(len(text))
}

func joins(c rune) bool {
	if c < utf8.RuneSelf {
		return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
	}
	return c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsDigit(c))
}

// latin folds U+00C0 to U+017F to ASCII; "_" stands for what needs two letters or is none.
const latin = "aaaaaa_ceeeeiiii" + "dnooooo_ouuuuy__" + "aaaaaa_ceeeeiiii" + "dnooooo_ouuuuy_y" +
	"aaaaaaccccccccdd" + "ddeeeeeeeeeegggg" + "gggghhhhiiiiiiii" + "ii__jjkkklllllll" +
	"lllnnnnnnnnnoooo" + "oo__rrrrrrssssss" + "ssttttttuuuuuuuu" + "uuuuwwyyyzzzzzzs"

// fold appends a letter or digit in lower case and, for Latin ones, without its accent.
func fold(word []byte, c rune) []byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return append(word, byte(c)|0x20)
	case c < utf8.RuneSelf:
		return append(word, byte(c))
	case c == 'ß' || c == 'ẞ':
		return append(word, "ss"...)
	case c == 'æ' || c == 'Æ':
		return append(word, "ae"...)
	case c == 'œ' || c == 'Œ':
		return append(word, "oe"...)
	case c >= 0xC0 && c <= 0x17F && latin[c-0xC0] != '_':
		return append(word, latin[c-0xC0])
	}
	return utf8.AppendRune(word, unicode.ToLower(c))
}

// countLinks counts what looks like a link.
func countLinks(text string) int { return strings.Count(text, "://") + strings.Count(text, "www.") }

// maxQuote is the longest quote, in runes.
const maxQuote = 120

// excerpt returns the hit and what stands around it on its line, as a quote.
func (h hit) excerpt() string {
	if h.field == "" {
		return ""
	}
	from := strings.LastIndexAny(h.field[:h.start], "\r\n") + 1
	if near := h.start - maxQuote/2; from < near {
		from = h.start
		if blank := strings.IndexByte(h.field[near:h.start], ' '); blank >= 0 {
			from = near + blank + 1
		}
	}
	to := min(len(h.field), from+maxQuote*utf8.UTFMax)
	if line := strings.IndexAny(h.field[h.end:max(h.end, to)], "\r\n"); line >= 0 {
		to = h.end + line
	}
	return quote(h.field[from:max(h.end, to)])
}

// quote makes a quote of a lead's own text.
func quote(s string) string {
	return shorten(clean(s[:min(len(s), maxQuote*utf8.UTFMax)]), maxQuote)
}

// shorten cuts a text to at most n runes, behind a whole word where there is one.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	runes := 0
	for i := range s {
		if runes == n {
			s = s[:i]
			if blank := strings.LastIndexByte(s, ' '); blank > 0 {
				s = s[:blank]
			}
			return s
		}
		runes++
	}
	return s
}

// clean makes plain text of one line: blanks become single spaces, control characters and invisible or bidirectional marks go.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func isClean(s string) bool {
	before := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c >= 0x7F || c == ' ' && before == ' ' {
			return false
		}
		before = c
	}
	return before != ' ' || s == ""
}
