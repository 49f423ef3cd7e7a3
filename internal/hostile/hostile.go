// Package hostile has texts that have broken programs, for tests that put them wherever the text of a stranger can come to stand: pages, mails and
// their headers, spreadsheets, chats, logs, answers.
//
//	for _, text := range hostile.Texts(t) { … }
//
// They are a product, ways out of a context × ways to do harm, for each kind of reader (markup.go: browsers; lines.go: what reads line by line, as mail
// servers, spreadsheets and terminals do; words.go: the rest), and the public Big List of Naughty Strings, which is read from ../shared/corpora beside
// the repository. Only tests use this package.
package hostile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Least is how many texts there are at least, without the public list and without the race detector.
const Least = 5000

// Logger is what Texts needs of a test.
type Logger interface {
	Logf(format string, args ...any)
}

// Texts returns all texts, always in the same order, each once, none empty. Some are not valid UTF-8 and some have NULs. Under the race detector it is
// one of [Share]: what goes wrong with a text goes wrong without it too.
func Texts(t Logger) []string {
	all := distinct(slices.Concat(Generated(), naughty(t)))
	if Share == 1 {
		return all
	}
	some := make([]string, 0, len(all)/Share+1)
	for i := 0; i < len(all); i += Share {
		some = append(some, all[i])
	}
	return some
}

// Generated returns the texts without the public list.
func Generated() []string {
	return distinct(slices.Concat(words(), formulas(), headers(), terminals(), markup()))
}

// UTF8 returns a text as a Store gives it back: valid, and without NULs.
func UTF8(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// Cut returns the beginning of a text, at most n bytes of valid UTF-8 without NULs.
func Cut(s string, n int) string {
	s = UTF8(s)
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}

// naughty reads the Big List of Naughty Strings.
func naughty(t Logger) []string {
	const corpus = "blns.json"
	data, err := read(corpus)
	if err != nil {
		t.Logf("SKIPPED the Big List of Naughty Strings: %v", err)
		return nil
	}
	var all []string
	if err := json.Unmarshal(data, &all); err != nil {
		t.Logf("SKIPPED the Big List of Naughty Strings: %v", err)
	}
	return all
}

// read reads a file of ../shared/corpora, seen from the root of the module.
func read(name string) ([]byte, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return os.ReadFile(filepath.Join(dir, "..", "shared", "corpora", name))
		}
	}
	return nil, fmt.Errorf("hostile: %s: not within a module", name)
}

func distinct(all []string) []string {
	seen := make(map[string]bool, len(all))
	return slices.DeleteFunc(all, func(s string) bool {
		twice := s == "" || seen[s]
		seen[s] = true
		return twice
	})
}

// product returns every combination of one of each, put into a format.
func product(format string, lists ...[]string) []string {
	rows := [][]any{nil}
	for _, list := range lists {
		var next [][]any
		for _, row := range rows {
			for _, s := range list {
				next = append(next, append(slices.Clone(row), s))
			}
		}
		rows = next
	}
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = fmt.Sprintf(format, row...)
	}
	return out
}
