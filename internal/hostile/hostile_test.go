package hostile_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/hostile"
)

func TestTexts(t *testing.T) {
	t.Parallel()
	all := hostile.Generated()
	require.GreaterOrEqual(t, len(all), hostile.Least)
	seen := make(map[string]bool)
	kinds := map[string]func(s string) bool{
		"a script":      func(s string) bool { return strings.HasPrefix(s, "<script>") },
		"a header":      func(s string) bool { return strings.Contains(s, "\r\nBcc:") },
		"a formula":     func(s string) bool { return strings.HasPrefix(s, "=cmd") },
		"an escape":     func(s string) bool { return strings.Contains(s, "\x1b[") },
		"no UTF-8":      func(s string) bool { return !utf8.ValidString(s) },
		"a NUL":         func(s string) bool { return strings.Contains(s, "\x00") },
		"a template":    func(s string) bool { return strings.Contains(s, "{{") },
		"more than 4 K": func(s string) bool { return len(s) > 4096 },
	}
	for _, s := range all {
		require.NotEmpty(t, s)
		require.False(t, seen[s], "%q twice", s)
		seen[s] = true
		for name, is := range kinds {
			if is(s) {
				delete(kinds, name)
			}
		}
	}
	require.Empty(t, kinds)
	texts := hostile.Texts(t)
	require.Equal(t, texts, hostile.Texts(t), "the order is always the same")
	t.Logf("%d texts, %d of them in use", len(all), len(texts))
}

func TestCut(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"abcdef": "abcd", "é": "é", "abcé": "abc", "a\x00": "a\uFFFD", "\xff": "\uFFFD", "": ""} {
		require.Equal(t, want, hostile.Cut(in, 4), "%q", in)
	}
}
