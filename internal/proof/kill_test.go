package proof_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// What was answered 200 survives kill -9 at any instant, no lead is doubled, and all work comes to an end.
func TestKillLoop(t *testing.T) {
	stores(t, func(t *testing.T, where string) {
		kills := count(100, 2000)
		if strings.HasPrefix(where, "postgres://") {
			kills = count(50, 1000)
		}
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 1))
		l := &killLoop{acked: map[string]bool{}}
		for range kills {
			c := start(t, where)
			l.load(c, time.Duration(20+random.IntN(200))*time.Millisecond)
		}
		l.checkStored(t, take(t, where))
		found := idle(t, where)
		checkWorked(t, found)
		if !strings.HasPrefix(where, "postgres://") {
			db, err := sql.Open("sqlite", where)
			require.NoError(t, err)
			defer db.Close()
			var ok string
			require.NoError(t, db.QueryRow("PRAGMA integrity_check").Scan(&ok))
			require.Equal(t, "ok", ok)
		}
		t.Logf("kills %d, acknowledged %d, stored %d, leads %d, dead tasks %d", kills, len(l.acked), len(found.submissions), len(found.leads), found.dead)
	})
}

// killLoop remembers what was sent and what was acknowledged.
type killLoop struct {
	mu    sync.Mutex
	acked map[string]bool // markers
	next  atomic.Int64
}

// load posts from eight clients for d, kills the child in the midst of it, and waits for the clients.
func (l *killLoop) load(c *child, d time.Duration) {
	var clients sync.WaitGroup
	var dead atomic.Bool
	httpClient := client()
	for range 8 {
		clients.Go(func() {
			for !dead.Load() {
				l.post(httpClient, c.url)
			}
		})
	}
	<-time.After(d)
	c.kill()
	dead.Store(true)
	clients.Wait()
	httpClient.CloseIdleConnections()
}

// post sends one submission: one in three from somebody who has been seen before.
func (l *killLoop) post(c *http.Client, url string) {
	n := l.next.Add(1)
	who := n
	if n%3 == 0 {
		who = n % 50
	}
	marker := fmt.Sprintf("m%d", n)
	status, err := post(c, url, fmt.Sprintf(`{"email":"ann%d@acme.com","firstName":"Ann","marker":%q}`, who, marker))
	if err == nil && status == 200 {
		l.mu.Lock()
		l.acked[marker] = true
		l.mu.Unlock()
	}
}

// checkStored compares what was acknowledged with what is there.
func (l *killLoop) checkStored(t *testing.T, found census) {
	t.Helper()
	require.NotEmpty(t, l.acked)
	stored := map[string]bool{}
	for _, sub := range found.submissions {
		marker := sub.Metadata.Text("marker")
		require.False(t, stored[marker], "a submission was stored twice")
		stored[marker] = true
	}
	lost := 0
	for marker := range l.acked {
		if !stored[marker] {
			lost++
		}
	}
	require.Zero(t, lost, "acknowledged submissions were lost")
	found.oneLeadAnIdentity(t)
}

// checkWorked checks that everything was worked on to its end.
func checkWorked(t *testing.T, found census) {
	t.Helper()
	require.Zero(t, found.dead, "no task may be given up: nothing here fails for good")
	for _, lead := range found.leads {
		require.NotNil(t, lead.Score, "every lead was worked on")
	}
}
