package adaptertest

import (
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// addressed is an edit that changes who the lead is, and nothing else.
func addressed(email, phone string) editing {
	return func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		lead.Email, lead.Phone = email, phone
		return nil, nil, nil
	}
}

// belongs checks to whom a submission belongs; no ID means that it makes a new lead.
func (r *rig) belongs(fields ingest.Fields, leadID string) string {
	r.t.Helper()
	sub := r.sub(fields.Email)
	sub.Fields = fields
	c := r.one(sub)
	r.check(c.Created == (leadID == "") && (c.Created || c.LeadID == leadID), "a submission of %+v belongs to %s (new: %t), not to %q", fields, c.LeadID, c.Created, leadID)
	return c.LeadID
}

// editWhich has edits make of a lead what package leads makes of it.
func editWhich(r *rig) {
	sub := r.sub("")
	sub.Fields = ingest.Fields{FirstName: "Ann"}
	id := r.one(sub).LeadID
	for _, fields := range []ingest.Fields{
		{FirstName: "Ann"}, {Email: "no address"}, {Phone: "030 1234567"}, {Phone: "+49 30 1234567"}, {Phone: "0049301234567"},
		{Email: "Ann@Example.com", Phone: "+49 30 7654321"}, {Email: "ann@example.com"}, {Email: "ann@example.net"}, {}, {Email: "ann@example.com"},
	} {
		was := r.lead(id)
		want := was
		want.Fields = fields
		leads.Reidentify(was, &want)
		r.edit(id, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
			lead.Fields, lead.Identities = fields, []leads.Identity{{Kind: leads.IdentityEmail, Value: "made@example.com"}}
			return nil, nil, nil
		})
		r.same(fmt.Sprintf("what a lead with %+v is found by", fields), r.lead(id).Identities, want.Identities)
	}
	r.check(len(r.lead(id).Identities) == 2, "the lead was known by %+v", r.lead(id).Identities)
}

func editFound(r *rig) {
	id := r.person("ann@example.com")
	r.edit(id, addressed("ann@example.net", "+49 30 1234567"))
	r.edit(id, addressed("Ann@Example.org", ""))
	for _, email := range []string{"ann@example.com", "ann@example.net", "ann@example.org"} {
		r.belongs(ingest.Fields{Email: email}, id)
	}
	r.check(r.lead(id).Submissions == 4 && r.lead(id).Email == "Ann@Example.org", "the lead is %+v", r.lead(id))
	other := r.belongs(ingest.Fields{Phone: "+49 30 1234567"}, "") // the number of a lead with an address makes no identity
	r.edit(other, addressed("", "+49 30 7654321"))
	r.belongs(ingest.Fields{Phone: "0049 30 7654321"}, other)
	r.edit(id, addressed("ann@example.com", "")) // back to what it had
	r.belongs(ingest.Fields{Email: "ann@example.net"}, id)
	r.as("other").belongs(ingest.Fields{Email: "ann@example.net"}, "")
}

func editTaken(r *rig) {
	ann, bob := r.person("ann@example.com"), r.person("bob@example.com")
	r.edit(bob, addressed("bob@example.net", ""))
	before, theirs := r.state(ann), r.state(bob)
	for _, email := range []string{"bob@example.com", "BOB@example.net"} {
		_, err := ability[leads.Editor](r).Edit(r.t.Context(), r.tenant, ann, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
			lead.Email = email
			return []leads.Event{{Kind: leads.EventEdited, At: r.tick()}}, []leads.Task{{Kind: leads.TaskNotify}}, nil
		})
		var taken *leads.TakenError
		if !errors.As(err, &taken) || taken.LeadID != bob || taken.Kind != leads.IdentityEmail {
			r.t.Errorf("giving a lead another one's address: %v", err)
		}
	}
	r.unchanged("the lead", ann, before)
	r.unchanged("the other lead", bob, theirs)
	r.check(len(r.claim(10, leads.TaskNotify)) == 0, "a task was stored")
	r.belongs(ingest.Fields{Email: "bob@example.com"}, bob)
	r.belongs(ingest.Fields{Email: "ann@example.com"}, ann)
}

// editTakenTogether gives two leads the same address at once, while somebody writes from it.
func editTakenTogether(r *rig) {
	editor := ability[leads.Editor](r)
	for round := range 8 {
		email := fmt.Sprintf("shared%d@example.com", round)
		ids := []string{r.person(fmt.Sprintf("ann%d@example.com", round)), r.person(fmt.Sprintf("bob%d@example.com", round))}
		sub := again(r.sub(email), time.Second)
		won := make([]bool, 3)
		r.together(3, func(i int) error {
			if i == 2 {
				c, err := r.captureOne(sub)
				won[i] = c.Created
				return err
			}
			_, err := editor.Edit(r.t.Context(), r.tenant, ids[i], addressed(email, ""))
			var taken *leads.TakenError
			if errors.As(err, &taken) {
				return nil
			}
			won[i] = err == nil
			return err
		})
		n := 0
		for _, w := range won {
			if w {
				n++
			}
		}
		r.check(n == 1, "of three who want one address at once %d have it", n)
	}
}
