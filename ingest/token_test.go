package ingest_test

import (
	"hash/crc32"
	"math"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

func TestNewToken(t *testing.T) {
	t.Parallel()
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	format := regexp.MustCompile(`^lc_pub_[0-9A-Za-z]{36}$`)
	seen := map[string]bool{}
	count := map[byte]int{}
	const n = 20_000
	for range n {
		token := ingest.NewToken()
		if !format.MatchString(token) || seen[token] {
			t.Fatal("not a token, or twice: ", token)
		}
		seen[token] = true
		sum := crc32.ChecksumIEEE([]byte(token[:37]))
		for i := len(token) - 1; i >= 37; i-- {
			require.Equal(t, alphabet[sum%62], token[i], "checksum of %s", token)
			sum /= 62
		}
		for i := 7; i < 37; i++ {
			count[token[i]]++
		}
	}
	require.Greater(t, 30*math.Log2(62), 160.0)
	for i := range len(alphabet) {
		require.InEpsilon(t, n*30/62, count[alphabet[i]], 0.1, "every character is equally likely: %c", alphabet[i])
	}
}

func TestNewTokenIsTakenByTheDoor(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	token := ingest.NewToken()
	d.sources.change(func(s *sources) { s.byName[token] = ingest.Source{Tenant: "t"} })
	require.Equal(t, 200, d.do(request("/api/webhooks/"+token, leadBody)).Code)
}
