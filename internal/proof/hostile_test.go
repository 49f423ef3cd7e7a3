package proof_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// Any body is stored, or refused with a reason, and every Store agrees; the raw bytes come back as they were sent.
func TestHostileBodies(t *testing.T) {
	bodies := append(corpusBodies(t), generated(count(2000, 20000))...)
	verdicts := map[string][]int{}
	contents := map[string]map[[32]byte]string{}
	for name, open := range map[string]func(t *testing.T) proofStore{
		"memstore":   func(*testing.T) proofStore { return memstore.New(nil) },
		"SQLite":     func(t *testing.T) proofStore { return bun(t, filepath.Join(t.TempDir(), "leads.db")) },
		"PostgreSQL": func(t *testing.T) proofStore { return bun(t, postgres(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			verdicts[name], contents[name] = submit(t, open(t), bodies)
		})
	}
	for name, codes := range verdicts {
		for i, code := range codes {
			require.Equalf(t, verdicts["memstore"][i], code, "%s and memstore disagree on %q", name, bodies[i])
		}
		require.Equal(t, contents["memstore"], contents[name], "%s and memstore have stored different things", name)
	}
	stored := 0
	for _, code := range verdicts["memstore"] {
		if code == 200 {
			stored++
		}
	}
	require.Greater(t, stored, len(bodies)/4, "most hostile bodies are leads all the same")
	require.Less(t, stored, len(bodies), "some are refused")
	t.Logf("bodies %d, stored %d, refused %d, stores %d", len(bodies), stored, len(bodies)-stored, len(verdicts))
}

// proofStore is what the test needs of a Store.
type proofStore interface {
	leads.Store
	leads.History
	leads.Lister
	PutSource(ctx context.Context, source ingest.Source, tokens ...string) error
}

func bun(t *testing.T, where string) *bunstore.Store {
	t.Helper()
	store, err := open(where)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// submit posts every body through the door of an engine on store. It returns the statuses and, by the digest of the raw bytes, what
// was understood of each stored body.
func submit(t *testing.T, store proofStore, bodies []string) ([]int, map[[32]byte]string) {
	t.Helper()
	require.NoError(t, store.PutSource(t.Context(), source(), token))
	engine, err := newEngine(store)
	require.NoError(t, err)
	codes := make([]int, len(bodies))
	sent := map[[32]byte]bool{}
	for i, body := range bodies {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/"+token, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		engine.Handler().ServeHTTP(w, r)
		codes[i] = w.Code
		require.Lessf(t, w.Code, 500, "%q", body)
		require.True(t, json.Valid(w.Body.Bytes()))
		if w.Code == 200 {
			sent[sha256.Sum256([]byte(body))] = true
		} else {
			require.Contains(t, []int{400, 413}, w.Code)
		}
	}
	understood := map[[32]byte]string{}
	for after := ""; ; {
		page, err := store.Leads(t.Context(), leads.LeadQuery{Tenant: leads.DefaultTenant, After: after, Limit: 100})
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, lead := range page {
			subs, err := store.Submissions(t.Context(), lead.Tenant, lead.ID)
			require.NoError(t, err)
			for _, sub := range subs {
				require.Equal(t, sub.Digest, sha256.Sum256(sub.Raw), "the raw bytes are not what was sent")
				content, err := json.Marshal([]any{sub.Fields, sub.Metadata, sub.Attribution, sub.Flags})
				require.NoError(t, err)
				require.True(t, utf8.Valid(content))
				understood[sub.Digest] = string(content)
			}
		}
		after = page[len(page)-1].ID
	}
	for digest := range sent {
		require.Contains(t, understood, digest, "a body that was answered 200 is not there")
	}
	require.Len(t, understood, len(sent))
	return codes, understood
}

// corpusBodies puts every string of the public corpus into every known field and into the metadata.
func corpusBodies(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/corpora/blns.json")
	if err != nil {
		t.Logf("WITHOUT THE PUBLIC CORPUS: %v", err)
		return nil
	}
	var naughty []string
	require.NoError(t, json.Unmarshal(raw, &naughty))
	var bodies []string
	for i, s := range naughty {
		quoted, _ := json.Marshal(s)
		bodies = append(bodies,
			fmt.Sprintf(`{"email":%s,"n":%d}`, quoted, i),
			fmt.Sprintf(`{"email":"a%d@acme.com","firstName":%s,"lastName":%s,"phone":%s,"company":%s,%s:%s}`, i, quoted, quoted, quoted, quoted, strconv.Quote(fmt.Sprint("k", i)), quoted))
	}
	return bodies
}

// generated makes bodies from a fixed seed: nested, cut, with bad bytes, big numbers, twice the same name.
func generated(n int) []string {
	g := generator{rand.New(rand.NewPCG(20261123, 7))}
	bodies := make([]string, n)
	for i := range bodies {
		body := g.object(0, fmt.Sprintf(`"email":"g%d@acme.com"`, i))
		switch g.IntN(12) {
		case 0: // cut somewhere
			body = body[:g.IntN(len(body))]
		case 1: // a byte changed
			b := []byte(body)
			b[g.IntN(len(b))] = byte(g.IntN(256))
			body = string(b)
		case 2:
			body += g.pick(" ", "\n", "x", "{}", "\x00", "\xff")
		}
		bodies[i] = body
	}
	return bodies
}

type generator struct{ *rand.Rand }

func (g generator) pick(choices ...string) string { return choices[g.IntN(len(choices))] }

func (g generator) object(depth int, first string) string {
	members := []string{}
	if first != "" {
		members = append(members, first)
	}
	for range g.IntN(5) {
		members = append(members, g.name()+":"+g.value(depth+1))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (g generator) name() string {
	return g.pick(`"email"`, `"firstName"`, `"phone"`, `"company"`, `"_utm"`, `"_referrer"`, `"_id"`, `"utm_source"`, `"x"`, `"x"`, `"EMAIL"`, `"__proto__"`,
		`"\u0000"`, `"tenant_id"`, `"score"`, `"\ud800"`, `"`+strings.Repeat("k", 130)+`"`, `""`, `"?"`, `"a.b[0]"`)
}

func (g generator) value(depth int) string {
	switch {
	case depth > 3 && g.IntN(40) == 0:
		return strings.Repeat("[", 40) + strings.Repeat("]", 40)
	case depth < 6 && g.IntN(4) == 0:
		return g.object(depth, "")
	case depth < 6 && g.IntN(5) == 0:
		return "[" + g.value(depth+1) + "," + g.value(depth+1) + "]"
	}
	return g.pick(`"Ann"`, `"\u0000"`, `"a\ud800b"`, "\"\xff\xfe\"", "\"a\xc3\"", `"' OR 1=1 --"`, `"?"`, `"$1"`, `"\\u0000"`, `"İ"`, `"\u202e"`, `"</script>"`,
		"1", "-0", "1e309", "9e130000", "12345678901234567890", strings.Repeat("9", 41), "true", "null", `""`, `"`+strings.Repeat("x", 20000)+`"`, `"line\r\nBcc: a@b"`,
		`"`+strings.Repeat("é", 100)+`"`, "\"\u2028\"", `"👩‍👩‍👧"`)
}
