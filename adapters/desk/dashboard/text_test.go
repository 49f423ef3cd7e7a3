package dashboard_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/notify"
)

var (
	usedText  = regexp.MustCompile(`\{\{(?:[^}]*[( ])?t "([^"]+)"`)
	usedCount = regexp.MustCompile(`\{\{(?:[^}]*[( ])?n "([^"]+)"`)
)

func TestEveryTextOfATemplateIsThere(t *testing.T) {
	t.Parallel()
	texts := dashboard.English()
	files, err := filepath.Glob("templates/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range usedText.FindAllStringSubmatch(string(data), -1) {
			require.Contains(t, texts, m[1], f)
		}
		for _, m := range usedCount.FindAllStringSubmatch(string(data), -1) {
			require.Contains(t, texts, m[1]+".one", f)
			require.Contains(t, texts, m[1]+".other", f)
		}
	}
	for key, text := range texts {
		require.NotEmpty(t, text, key)
		if one, ok := strings.CutSuffix(key, ".one"); ok {
			require.Contains(t, texts, one+".other")
		}
	}
}

// TestPagesSpeakOnlyTheCatalogue replaces every text: what is left of English on a page does not come from the catalogue.
func TestPagesSpeakOnlyTheCatalogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *dashboard.Options) {
		o.Language, o.Texts, o.People = "x-test", dashboard.English(), notify.People{}
		for key, text := range o.Texts {
			o.Texts[key] = "§" + strings.Join(regexp.MustCompile(`%.`).FindAllString(text, -1), "§") + "§"
		}
	})
	for _, path := range w.pages(w.fill())[:13] {
		_, page, _ := w.get("owner", path)
		require.Contains(t, page, `<html lang="x-test">`)
		for _, word := range []string{">Inbox<", ">Move<", ">Save<", ">Stage<", ">Score<", "Everything", "came", ">hot", ">Delete<", "missing", "error."} {
			require.NotContains(t, page, word, path)
		}
		require.NotContains(t, page, "%!", path)
	}
}

func TestMessagesAreOfTheCatalogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, page, _ := w.get("owner", "/dashboard/?done=bulk.stage&n=1234")
	require.Contains(t, page, "1,234 leads were moved.")
	for _, made := range []string{"done=You+won", "done=&n=3", "done=error.missing", "done=bulk.stage&n=x", "done=bulk.stage"} {
		_, page, _ = w.get("owner", "/dashboard/?"+made)
		require.NotContains(t, page, `class="flash"`, made)
	}
}

func TestVendoredFilesAreUnchanged(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("assets/VENDORED.txt")
	require.NoError(t, err)
	for _, name := range []string{"htmx.min.js", "hx-sse.min.js"} {
		data, err := os.ReadFile("assets/" + name)
		require.NoError(t, err)
		sum := sha256.Sum256(data)
		require.Contains(t, string(list), hex.EncodeToString(sum[:]), name)
	}
}
