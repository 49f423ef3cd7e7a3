package adaptertest

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"
)

// hostile returns valid UTF-8 without NUL that has broken stores: the syntax of SQL, of its drivers and of their placeholders, of
// JSON, arrays and COPY, and text that is longer or stranger than it looks.
func hostile() []string {
	return []string{
		`'`, `"`, "`", `\`, `\\`, `\'`, `''`, `' OR '1'='1`, `'); DROP TABLE leads; --`, `/* */ -- #`,
		`?`, `?? ?0 ?1 ?name ?TableAlias`, `$1 $$ $tag$ :name @name`, `%s %d %!v(MISSING) %`, `{{.}} ${x} #{x}`,
		`{}`, `[]`, `{NULL}`, `{"a":1}`, `null`, `NULL`, `true`, `0`, `-0`, `1e400`, `\N`, `\.`, `\x00`, `\u0000`, `\\u0000`, `E'\\'`,
		`<script>alert(1)</script>&amp;`, `a,b;c|d`, `=1+1`,
		" leading and trailing ", "\ttabs\tand\r\nlines\n", "\x01\x02\x1f\x7f", "\u0085\u2028\u2029", "\ufeffbyte order mark", "\u200b\u200e\u202e\u2066hidden",
		"\ufffd", "\ufffe\uffff\U0010ffff", "cafe\u0301", "caf\u00e9", "İıſK\u212a", "ß ẞ ss", "日本語", "العربية", "👩‍👩‍👧‍👦 🏳️‍🌈", "Z" + strings.Repeat("\u0351", 60),
		noise(16 << 10),
	}
}

// noise is text of n bytes that cannot be compressed below what an index takes.
func noise(n int) string {
	var b strings.Builder
	sum := sha256.Sum256(nil)
	for b.Len() < n {
		sum = sha256.Sum256(sum[:])
		b.WriteString(base64.StdEncoding.EncodeToString(sum[:]))
	}
	return b.String()[:n]
}

// limited cuts text to the bytes that a field may have.
func limited(s string, limit int) string {
	for len(s) > limit {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// limits are the lengths in bytes that a field may have, where it is less than that of any text (16 KiB).
var limits = map[string]int{
	"Key": 255, "Name": 128, "UserAgent": 512, "ContentType": 255, "Assignee": 255, "LastError": 500, "Error": 500,
	"Channel": 64, "Recipient": 254, "Provider": 255, "Tags": 255, "Honeypot": 128,
	"Purpose": 40, "Wording": 2000, "Note": 500, "By": 255, "Step": 40, "Outcome": 64, "Zone": 64, "AddressKey": 64, "Digest": 64, "Delivery": 255,
}

// hostileText makes every text field the same hostile text.
func hostileText(s string) func(string) string {
	return func(field string) string {
		if limit, ok := limits[field]; ok {
			return limited(s, limit)
		}
		return s
	}
}

// odd are IDs that a store may take for one another or be unable to keep.
func odd() []string {
	var ids []string
	for _, id := range append(hostile(), "id", "ID", "id ", " id", "i", "a\u0301", "\u00e1", "a%", "a_", noise(300)) {
		ids = append(ids, limited(id, 255))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
