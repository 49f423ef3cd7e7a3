// Package snippet holds the script that makes leads of the forms on a page, and serves it. A page needs one tag and nothing else:
//
//	<script src="https://example.com/api/webhooks/leads.js" data-token="lc_pub_…" defer></script>
//
// [ingest.Handler] serves the script beside its tokens, so a program that mounts it has nothing to do; [Tag] writes the tag with the
// script's integrity for pages of the same program. docs/snippet.md of the repository says what the script does and how it is set.
//
// The script is written in TypeScript in src. To build it anew, run go generate, which needs node and npm; neither is needed otherwise.
package snippet

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:generate npm ci --prefix gen --ignore-scripts --silent --no-audit --no-fund
//go:generate npm run --prefix gen --silent build

//go:embed leads.js
var source []byte

// Stable is the name under which the newest version of the script is served. Browsers keep it for an hour.
const Stable = "leads.js"

// digest is the SHA-384 of the script.
var digest = sync.OnceValue(func() [sha512.Size384]byte { return sha512.Sum384(source) })

// Versioned returns the name under which this version of the script, and no other, is served: "leads.HASH.js", where HASH is 16
// hexadecimal digits. Browsers keep it for ever.
func Versioned() string {
	sum := digest()
	return "leads." + hex.EncodeToString(sum[:8]) + ".js"
}

// Integrity returns the script's hash for subresource integrity: "sha384-" and base64.
func Integrity() string {
	sum := digest()
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// gzipped returns the script as most browsers take it.
var gzipped = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is a valid one
	_, _ = w.Write(source)                                     // a Buffer takes everything
	_ = w.Close()
	return packed.Bytes()
})

// Handler returns a handler that serves the script at any path whose last segment is [Stable] or [Versioned], and answers 404 to
// the rest.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Serve(w, r) {
			http.NotFound(w, r)
		}
	})
}

// Serve answers a GET or HEAD of the script, and reports whether the request was one. It wrote nothing if not. The script may be loaded
// from every origin.
func Serve(w http.ResponseWriter, r *http.Request) bool {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if r.Method != http.MethodGet && r.Method != http.MethodHead || name != Stable && name != Versioned() {
		return false
	}
	sum := digest()
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*") // integrity is checked only of what CORS lets read
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	packed := h.Get("Content-Encoding") != "" || varies(h) // by a middleware that will pack the answer, or says that it does
	if !varies(h) {
		h.Add("Vary", "Accept-Encoding")
	}
	h.Set("ETag", `W/"`+hex.EncodeToString(sum[:8])+`"`)
	h.Set("Cache-Control", "public, max-age=3600, stale-while-revalidate=86400")
	if name != Stable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	content := source
	if !packed && takesGzip(r.Header) {
		h.Set("Content-Encoding", "gzip")
		content = gzipped()
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return true
}

// varies reports whether an answer is said to depend on Accept-Encoding.
func varies(h http.Header) bool {
	return strings.Contains(strings.ToLower(strings.Join(h.Values("Vary"), ",")), "accept-encoding")
}

// takesGzip reports whether a client takes gzip. One that refuses it writes a quality of zero.
func takesGzip(h http.Header) bool {
	for entry := range strings.SplitSeq(h.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(entry), ";")
		if strings.EqualFold(name, "gzip") {
			q := strings.TrimLeft(strings.TrimPrefix(strings.ReplaceAll(params, " ", ""), "q="), "0.")
			return params == "" || q != ""
		}
	}
	return false
}
