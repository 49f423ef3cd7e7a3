package phone_test

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/phone"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

func Example() {
	part := enrich.Phone{Parser: phone.Parser{}, Region: "DE"}
	lead := leads.Lead{Fields: ingest.Fields{Phone: "030 / 12345678 ext. 12"}}
	facts, err := part.Enrich(context.Background(), lead)
	for _, f := range facts {
		fmt.Printf("%s: %s %q\n", f.Key, f.Truth, f.Value)
	}
	fmt.Println(err)
	// Output:
	// phone.valid: yes "030 / 12345678 ext. 12"
	// phone.e164: yes "+493012345678"
	// phone.region: yes "DE"
	// phone.type: yes "fixed"
	// phone.extension: yes "12"
	// <nil>
}
