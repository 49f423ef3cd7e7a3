package proof_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Concurrent first submissions of one address make one lead, also through two processes.
func TestHammer(t *testing.T) {
	stores(t, func(t *testing.T, where string) {
		emails, at := count(500, 5000), 16
		children := []*child{start(t, where), start(t, where)}
		httpClient := client()
		for i := range emails {
			var wg sync.WaitGroup
			for j := range at {
				wg.Go(func() {
					email := fmt.Sprintf("Ann%d@Acme.com", i)
					if j%2 == 0 {
						email = strings.ToLower(email)
					}
					status, err := post(httpClient, children[j%2].url, fmt.Sprintf(`{"email":%q,"n":%d}`, email, j))
					if err != nil || status != 200 {
						t.Errorf("status %d, error %v", status, err)
					}
				})
			}
			wg.Wait()
		}
		for _, c := range children {
			c.stop(t)
		}
		found := take(t, where)
		require.Len(t, found.leads, emails)
		require.Len(t, found.submissions, emails*at)
		found.oneLeadAnIdentity(t)
		t.Logf("emails %d, concurrent %d, requests %d, leads %d", emails, at, emails*at, len(found.leads))
	})
}

// Once the last byte of the body was received, the client is not needed any more.
func TestDisconnect(t *testing.T) {
	stores(t, func(t *testing.T, where string) {
		n := count(500, 5000)
		store, err := open(where)
		require.NoError(t, err)
		defer store.Close()
		require.NoError(t, store.PutSource(t.Context(), source(), token))
		engine, err := newEngine(store)
		require.NoError(t, err)
		server := httptest.NewServer(engine.Handler())
		defer server.Close()
		address := server.Listener.Addr().String()

		var wg sync.WaitGroup
		slots := make(chan struct{}, 32)
		for i := range n {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				body := fmt.Sprintf(`{"email":"ann%d@acme.com"}`, i)
				conn, err := net.DialTimeout("tcp", address, 5*time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				_, err = fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", token, len(body), body)
				if err != nil {
					t.Error(err)
				}
				_ = conn.Close()
			})
		}
		wg.Wait()
		deadline := time.Now().Add(20 * time.Second)
		for found := 0; found != n; {
			found = len(take(t, where).leads)
			require.True(t, time.Now().Before(deadline), "%d of %d leads were stored", found, n)
		}
	})
}
