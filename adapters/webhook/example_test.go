package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/adapters/webhook"
	"github.com/openleads/leads/ingest"
)

func Example() {
	ctx := context.Background()
	var secret string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verifier, _ := standardwebhooks.NewWebhook(secret)
		fmt.Println("signed by us:", verifier.Verify(body, r.Header) == nil)
	}))
	defer receiver.Close()

	hooks := webhook.New(memstore.New(nil), &webhook.Options{ // these three are for a receiver on this machine
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, AnyPort: true, Plain: true,
	})
	endpoint, err := hooks.Put(ctx, webhook.Endpoint{Tenant: leads.DefaultTenant, ID: "crm", URL: receiver.URL, Events: []string{"lead.new", "lead.hot"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	secret = endpoint.Secrets[0].Key
	fmt.Println(hooks.Notify(ctx, leads.Notification{Tenant: leads.DefaultTenant, Kind: leads.NotifyNew, Lead: leads.Lead{ID: "1", Fields: ingest.Fields{FirstName: "Ann"}}}))
	// Output:
	// signed by us: true
	// <nil>
}
