package dashboard

import (
	"cmp"
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
	{Method: "POST", Path: "/quarantine/{id}/block", Role: desk.Admin, Area: "quarantine", Do: blockSender},
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
	Here   bool // the source is still there
	// Blocks are what of the sender can be blocked, and Unblockable says why the domain of an address cannot.
	Blocks      []ingest.Blocked
	Unblockable string
}

// quarantineRow shows a submission, and to who may block what of its sender can be.
func (p *page) quarantineRow(sub ingest.Submission, source desk.Source) quarantineRow {
	row := quarantineRow{Submission: sub, Source: source.Name, Here: source.ID != "" && !source.Deleted()}
	if !p.user.Role.May(desk.Admin) {
		return row
	}
	for _, kind := range []ingest.BlockKind{ingest.BlockEmail, ingest.BlockDomain, ingest.BlockNetwork} {
		entry, err := desk.BlockEntry(sub, kind)
		var wrong *desk.InvalidError
		switch {
		case err == nil:
			row.Blocks = append(row.Blocks, entry)
		case kind == ingest.BlockDomain && len(row.Blocks) > 0 && errors.As(err, &wrong):
			row.Unblockable = p.said(wrong.Fields)[0].Message
		}
	}
	return row
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
	data, err := p.quarantinePage()
	if err != nil {
		return err
	}
	return p.show("quarantine", view{Title: p.say("nav.quarantine"), Data: data})
}

func (p *page) quarantinePage() (quarantinePage, error) {
	data := quarantinePage{After: p.query("after")}
	found, err := p.desk().Quarantined(p.ctx(), p.user, data.After, quarantineShown)
	if err != nil {
		return data, err
	}
	all, err := p.desk().AllSources(p.ctx(), p.user)
	sources := make(map[string]desk.Source, len(all))
	for _, s := range all {
		sources[s.ID] = s
	}
	for _, sub := range found {
		data.Rows = append(data.Rows, p.quarantineRow(sub, sources[sub.SourceID]))
	}
	if len(found) == quarantineShown {
		data.Next = found[len(found)-1].ID
	}
	return data, err
}

// sourceNames are the names of the sources by their IDs, of deleted ones too.
func (p *page) sourceNames() (map[string]string, error) {
	all, err := p.desk().SourceNames(p.ctx(), p.user)
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

// blockSender puts part of a submission's sender on the block list of its source, or of all sources.
func blockSender(p *page) error {
	report, err := p.desk().Block(p.ctx(), p.user, desk.BlockRequest{
		SubmissionID: p.id(), What: ingest.BlockKind(p.form("what")), Everywhere: p.form("where") == "all",
	})
	if err == nil {
		return p.done("/quarantine", "quarantine.blocked", len(report.Sources))
	}
	data, pageErr := p.quarantinePage()
	return cmp.Or(pageErr, p.invalid(err, "quarantine", view{Title: p.say("nav.quarantine"), Data: data}))
}
