package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed assets/*.js assets/*.css assets/*.svg assets/*.txt
var assetFiles embed.FS

// assetHash names the contents of a file in its address, so that a browser may keep it for ever.
var assetHash = sync.OnceValue(func() map[string]string {
	hashes := make(map[string]string)
	files, _ := assetFiles.ReadDir("assets") // embedded: it is there
	for _, f := range files {
		data, _ := assetFiles.ReadFile("assets/" + f.Name())
		sum := sha256.Sum256(data)
		hashes[f.Name()] = hex.EncodeToString(sum[:8])
	}
	return hashes
})

// assetTypes does not leave it to the machine's own table, which may know another type.
var assetTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}

// assetURL is the address of a file in assets.
func (b *Dashboard) assetURL(name string) string {
	return b.prefix + "/assets/" + assetHash()[name] + "/" + name
}

// asset serves a file. They are the same for everybody, so that they need no user. One asked for under the hash of another version is given as it is
// now and not kept.
func (b *Dashboard) asset(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	}
	hash, name := path.Split(strings.TrimPrefix(r.URL.Path, "/assets/"))
	data, err := assetFiles.ReadFile("assets/" + name)
	if err != nil || strings.Count(hash, "/") != 1 {
		http.NotFound(w, r)
		return
	}
	if strings.TrimSuffix(hash, "/") == assetHash()[name] {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", assetTypes[path.Ext(name)])
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}
