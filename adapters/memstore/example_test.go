package memstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// A submission becomes a lead and a task; a worker claims the task and settles it with what it learned.
func Example() {
	ctx := context.Background()
	store := memstore.New(nil)

	captured, err := store.Capture(ctx, []ingest.Submission{{
		Tenant: leads.DefaultTenant, ID: leads.NewID(), Received: time.Now(),
		Fields: ingest.Fields{Email: "ann@example.com", FirstName: "Ann"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	tasks, err := store.Claim(ctx, leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 8}, Lease: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, task := range tasks {
		err := store.Settle(ctx, task, leads.Outcome{
			Settlement: leads.Done,
			Change:     func(lead *leads.Lead) { lead.Tags = append(lead.Tags, "vip") },
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	lead, err := store.Lead(ctx, leads.DefaultTenant, captured[0].LeadID)
	fmt.Println(lead.FirstName, lead.Tags, "version", lead.Version, err)
	// Output: Ann [vip] version 2 <nil>
}
