package leads_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

func TestReidentify(t *testing.T) {
	t.Parallel()
	email := func(value string) leads.Identity { return leads.Identity{Kind: leads.IdentityEmail, Value: value} }
	phone := func(value string) leads.Identity { return leads.Identity{Kind: leads.IdentityPhone, Value: value} }
	for name, test := range map[string]struct {
		was, now ingest.Fields
		has      []leads.Identity
		want     []leads.Identity
		given    leads.Identity
	}{
		"nothing changed":               {ingest.Fields{Email: "a@example.com"}, ingest.Fields{Email: "a@example.com", FirstName: "Ann"}, nil, nil, leads.Identity{}},
		"another address":               {ingest.Fields{Email: "a@example.com"}, ingest.Fields{Email: "b@example.com"}, nil, []leads.Identity{email("a@example.com")}, email("b@example.com")},
		"the same address":              {ingest.Fields{Email: "a@example.com"}, ingest.Fields{Email: " A@EXAMPLE.com"}, nil, nil, leads.Identity{}},
		"no address":                    {ingest.Fields{Email: "a@example.com"}, ingest.Fields{Email: "a at example.com"}, nil, []leads.Identity{email("a@example.com")}, leads.Identity{}},
		"an address taken away":         {ingest.Fields{Email: "a@example.com", Phone: "+49 30 1234567"}, ingest.Fields{Phone: "+49 30 1234567"}, nil, []leads.Identity{email("a@example.com")}, leads.Identity{}},
		"a first address":               {ingest.Fields{FirstName: "Ann"}, ingest.Fields{Email: "a@example.com"}, nil, nil, email("a@example.com")},
		"an address beside the number":  {ingest.Fields{Phone: "+49 30 1234567"}, ingest.Fields{Email: "a@example.com", Phone: "+49 30 1234567"}, nil, []leads.Identity{phone("+49301234567")}, email("a@example.com")},
		"another number":                {ingest.Fields{Phone: "+49 30 1234567"}, ingest.Fields{Phone: "+49 30 7654321"}, nil, []leads.Identity{phone("+49301234567")}, phone("+49307654321")},
		"the number beside an address":  {ingest.Fields{Email: "a@example.com"}, ingest.Fields{Email: "a@example.com", Phone: "+49 30 7654321"}, nil, nil, leads.Identity{}},
		"a third address":               {ingest.Fields{Email: "b@example.com"}, ingest.Fields{Email: "c@example.com"}, []leads.Identity{email("a@example.com")}, []leads.Identity{email("a@example.com"), email("b@example.com")}, email("c@example.com")},
		"an address that it had before": {ingest.Fields{Email: "b@example.com"}, ingest.Fields{Email: "a@example.com"}, []leads.Identity{email("a@example.com")}, []leads.Identity{email("b@example.com")}, email("a@example.com")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edited := leads.Lead{Fields: test.now, Identities: []leads.Identity{email("made@example.com")}}
			given, ok := leads.Reidentify(leads.Lead{Fields: test.was, Identities: test.has}, &edited)
			require.Equal(t, test.given != leads.Identity{}, ok)
			if ok {
				require.Equal(t, test.given, given)
			}
			require.ElementsMatch(t, test.want, edited.Identities)
		})
	}
	require.ErrorIs(t, &leads.TakenError{Kind: leads.IdentityEmail, LeadID: "x"}, leads.ErrInvalid)
}
