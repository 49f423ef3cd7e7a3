package snippet_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheDocsNameEveryFormAndSetting(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/snippet.md")
	require.NoError(t, err)
	docs := string(content)
	for _, m := range markups(t) {
		require.Regexp(t, `\b`+regexp.QuoteMeta(m.name)+`\b`, docs)
	}
	script, err := os.ReadFile("leads.js")
	require.NoError(t, err)
	for _, setting := range []string{"token", "endpoint", "mode", "forms", "fields", "redirect", "success", "error", "class", "consent", "timeout"} {
		require.Contains(t, string(script), `"`+setting+`"`)
		require.Contains(t, docs, "`data-"+setting)
	}
	for _, word := range []string{"WordPress", "Webflow", "Squarespace", "Shopify", "Framer", "React", "Vue", "plain HTML", "Google Tag Manager"} {
		require.True(t, strings.Contains(docs, word), word)
	}
}
