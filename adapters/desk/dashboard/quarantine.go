package dashboard

import (
	"context"
	"errors"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

var quarantineRoutes = []route{
	{Method: "GET", Path: "/quarantine", Role: desk.Reader, Area: "quarantine", Do: listQuarantine},
	{Method: "POST", Path: "/quarantine", Role: desk.Member, Area: "quarantine", Do: decideQuarantine},
}

const quarantineShown = 50

// quarantinePage lists what waits for a person.
type quarantinePage struct {
	Rows  []quarantineRow
	After string
	Next  string
}

// quarantineRow is a submission that waits.
type quarantineRow struct {
	ingest.Submission
	Source string
}

// Who is how the sender is called.
func (r quarantineRow) Who() string {
	name := strings.TrimSpace(r.Fields.FirstName + " " + r.Fields.LastName)
	for _, known := range []string{name, r.Fields.Email, r.Fields.Phone, r.Fields.Company} {
		if known != "" {
			return visible(short(known, 120))
		}
	}
	return ""
}

// Client is where it came from, or "".
func (r quarantineRow) Client() string {
	if !r.Submission.Client.IsValid() {
		return ""
	}
	return r.Submission.Client.String()
}

func listQuarantine(p *page) error {
	found, err := p.desk().Quarantined(p.ctx(), p.user, p.query("after"), quarantineShown)
	if err != nil {
		return err
	}
	names, err := p.sourceNames()
	if err != nil {
		return err
	}
	data := quarantinePage{After: p.query("after")}
	for _, sub := range found {
		data.Rows = append(data.Rows, quarantineRow{sub, names[sub.SourceID]})
	}
	if len(found) == quarantineShown {
		data.Next = found[len(found)-1].ID
	}
	return p.show("quarantine", view{Title: p.say("nav.quarantine"), Data: data})
}

// sourceNames are the names of the sources by their IDs, of deleted ones too.
func (p *page) sourceNames() (map[string]string, error) {
	all, err := p.desk().AllSources(p.ctx(), p.user)
	names := make(map[string]string, len(all))
	for _, s := range all {
		names[s.ID] = s.Name
	}
	return names, err
}

// decideQuarantine releases or deletes what was picked. What somebody else has decided on meanwhile is passed over.
func decideQuarantine(p *page) error {
	do, key := p.desk().DeleteQuarantined, "quarantine.deleted"
	action, one, single := strings.Cut(p.form("do"), ":")
	switch action {
	case "release":
		key = "quarantine.released"
		do = func(ctx context.Context, u desk.User, id string) error {
			_, err := p.desk().Release(ctx, u, id)
			return err
		}
	case "delete":
	default:
		return errForm
	}
	picked := p.r.PostForm["id"]
	if single {
		picked = []string{one}
	}
	if len(picked) > desk.MaxBulk {
		return errForm
	}
	n := 0
	for _, id := range picked {
		switch err := do(p.ctx(), p.user, id); {
		case err == nil:
			n++
		case !errors.Is(err, leads.ErrNotFound) && !errors.Is(err, leads.ErrInvalid):
			return err
		}
	}
	return p.done("/quarantine", key, n)
}
