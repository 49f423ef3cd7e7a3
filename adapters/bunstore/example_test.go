package bunstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

func ExampleOpenSQLite() {
	folder, err := os.MkdirTemp("", "leads")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	store, err := bunstore.OpenSQLite(filepath.Join(folder, "leads.db"))
	if err != nil {
		panic(err)
	}
	defer store.Close()

	ctx := context.Background()
	source := ingest.Source{Tenant: leads.DefaultTenant, ID: leads.NewID(), Name: "Contact form"}
	if err := store.PutSource(ctx, source, "public-form-token"); err != nil {
		panic(err)
	}
	found, err := store.SourceByToken(ctx, "public-form-token")
	fmt.Println(found.Name, err)
	fmt.Println(len(store.Check(ctx)), "findings")
	// Output:
	// Contact form <nil>
	// 0 findings
}
