package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func packages() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"package.json": file(`{"config":{"date":"2026-01-02"},"dependencies":{"disposable-email-domains":"1.0.0","mailchecker":"2.0.0","free-email-domains":"3.0.0"}}`),
		"node_modules/disposable-email-domains/package.json":  file(`{"version":"1.0.0","license":"MIT"}`),
		"node_modules/disposable-email-domains/index.json":    file(`["b.com","a.com","x.wild.com","gmaıl.net","web.id"]`),
		"node_modules/disposable-email-domains/wildcard.json": file(`["wild.com","my.id"]`),
		"node_modules/mailchecker/package.json":               file(`{"version":"2.0.0","license":"MIT"}`),
		"node_modules/mailchecker/platform/node/index.js":     file(`var b = new Set(["A.com","c.com","z.c.com","not a domain"]); x();`),
		"node_modules/free-email-domains/package.json":        file(`{"version":"3.0.0","license":"MIT"}`),
		"node_modules/free-email-domains/domains.json":        file(`["free.com","a.com","y.wild.com","q.c.com"]`),
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	lists, err := build(packages())
	require.NoError(t, err)
	require.Equal(t, map[string]list{
		"disposable-email-domains": {
			header: "# disposable-email-domains 1.0.0 2026-01-02 · MIT, see NOTICE",
			lines:  []string{".wild.com", "a.com", "b.com", "xn--gmal-nza.net"}, dropped: 3, // below a wildcard; two public suffixes
		},
		"mailchecker":        {header: "# mailchecker 2.0.0 2026-01-02 · MIT, see NOTICE", lines: []string{".c.com"}, dropped: 3},
		"free-email-domains": {header: "# free-email-domains 3.0.0 2026-01-02 · MIT, see NOTICE", lines: []string{"free.com"}, dropped: 3},
	}, lists)
}

func TestBuildRefusesAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := packages()
	dir["node_modules/mailchecker/package.json"].Data = []byte(`{"version":"2.0.1","license":"MIT"}`)
	_, err := build(dir)
	require.EqualError(t, err, "mailchecker: version 2.0.1 is installed, 2.0.0 is pinned")
}

func TestBuildNeedsEveryPackage(t *testing.T) {
	t.Parallel()
	for name := range packages() {
		dir := packages()
		delete(dir, name)
		_, err := build(dir)
		require.ErrorIs(t, err, os.ErrNotExist, name)
	}
}

func TestPackIsWholeAndRepeatable(t *testing.T) {
	t.Parallel()
	l := list{header: "# h", lines: []string{".a.com", "b.com"}}
	first, err := pack(l)
	require.NoError(t, err)
	second, err := pack(l)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Equal(t, "# h\n.a.com\nb.com\n", unpack(t, first))
}

// The committed lists are those that the pinned packages make.
func TestCommittedListsAreCurrent(t *testing.T) {
	t.Parallel()
	lists, err := build(os.DirFS("."))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("SKIPPED: the packages are not installed (go generate in enrich/lists installs them)")
	}
	require.NoError(t, err)
	for name, l := range lists {
		have, err := os.ReadFile("../" + name + ".txt.gz")
		require.NoError(t, err)
		require.True(t, unpack(t, have) == l.text(), "%s.txt.gz: run go generate", name)
	}
}

func unpack(t *testing.T, packed []byte) string {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	text, err := io.ReadAll(zr)
	require.NoError(t, err)
	return string(text)
}
