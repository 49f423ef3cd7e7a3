package restapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

type leadPage struct {
	Data       []leadShape `json:"data"`
	Pagination pagination  `json:"pagination"`
}

type pagination struct {
	Page  int `json:"page"`
	Limit int `json:"limit"`
	Total int `json:"total"`
	Pages int `json:"pages"`
	// Capped says that there may be more than Total: see Options.MaxTotal.
	Capped     bool   `json:"capped,omitempty"`
	NextCursor string `json:"nextCursor,omitempty"`
}

var qualifications = []leads.Qualification{leads.Hot, leads.Warm, leads.Cold}

// filter reads the parameters that select leads.
func (c *call) filter(q *query) desk.Filter {
	f := desk.Filter{
		Sources: q.list("sourceId"), Stages: q.list("stageId"), Search: q.text("search"), Tag: q.text("tag"), From: q.time("startDate", false), To: q.time("endDate", true),
		Duplicates: desk.Duplicates(q.one("duplicates", string(desk.DuplicatesOnly), string(desk.DuplicatesExclude))),
		MinScore:   q.number("minScore", 0, 1, 100),
	}
	for _, s := range q.list("status") {
		f.Statuses = append(f.Statuses, leads.Status(s))
	}
	for _, s := range q.list("qualification") {
		f.Qualifications = append(f.Qualifications, leads.Qualification(s))
	}
	for _, status := range f.Statuses {
		if !slices.Contains(desk.Statuses(), status) {
			q.fault("status", fmt.Sprintf("of %v", desk.Statuses()))
		}
	}
	for _, grade := range f.Qualifications {
		if !slices.Contains(qualifications, grade) {
			q.fault("qualification", fmt.Sprintf("of %v", qualifications))
		}
	}
	switch who := q.text("assignedTo"); who {
	case "unassigned":
		f.Unassigned = true
	case "me":
		f.Assignee = c.user.ID
	default:
		f.Assignee = who
	}
	return f
}

var sorts = map[string]desk.Sort{"": desk.NewestFirst, "newest": desk.NewestFirst, "oldest": desk.OldestFirst, "score": desk.HottestFirst, "updated": desk.ChangedFirst}

func listLeads(c *call) (result, error) {
	q := c.query()
	f := c.filter(q)
	page, limit := q.number("page", 1, 1, 1_000_000), q.number("limit", 20, 1, 100)
	f.Sort, f.Limit, f.After = sorts[q.one("sort", "newest", "oldest", "score", "updated")], limit, q.text("cursor")
	if _, err := desk.ParsePlace(f.Sort, f.After); f.After != "" && err != nil {
		q.fault("cursor", "pagination.nextCursor of a page in the same order")
	}
	if f.After == "" {
		f.Offset = (page - 1) * limit
	}
	if err := q.err(); err != nil {
		return result{}, err
	}
	found, err := c.api.desk.Leads(c.ctx(), c.user, f)
	if err != nil {
		return result{}, err
	}
	total, capped := f.Offset+len(found.Leads), false
	if found.Next != "" || f.After != "" || total == f.Offset { // else the last page tells it
		most := c.api.most(f)
		total, err = c.api.desk.Count(c.ctx(), c.user, f, most)
		capped = total >= most
	}
	if err != nil {
		return result{}, err
	}
	named, err := c.sources()
	return ok(leadPage{
		Data:       each(found.Leads, func(l leads.Lead) leadShape { return shapeLead(l, named) }),
		Pagination: pagination{Page: page, Limit: limit, Total: total, Pages: (total + limit - 1) / limit, Capped: capped, NextCursor: found.Next},
	}, err)
}

// The most that totals count, unless the host says otherwise: of a search every lead is looked at, of a filter an index, and all leads are counted ahead.
const (
	mostFound    = 10_000
	mostFiltered = 100_000
	mostOfAll    = 1 << 30
)

// most is up to how many leads the total of a list is counted.
func (a *API) most(f desk.Filter) int {
	all := desk.Filter{Sort: f.Sort, Limit: f.Limit, Offset: f.Offset, After: f.After, From: f.From, To: f.To}
	switch {
	case a.opts.MaxTotal > 0:
		return a.opts.MaxTotal
	case f.Search != "":
		return mostFound
	case !reflect.DeepEqual(f, all):
		return mostFiltered
	}
	return mostOfAll
}

// one answers one lead with its ETag.
func (c *call) one(lead leads.Lead, err error) (result, error) {
	if err != nil {
		return result{}, err
	}
	named, err := c.sources()
	return result{body: shapeFull(lead, named), etag: versionTag(lead.Version), object: lead.ID}, err
}

// leadVersion tells the version of a lead.
func (c *call) leadVersion() (int64, error) {
	lead, err := c.api.desk.Lead(c.ctx(), c.user, c.id())
	return lead.Version, err
}

func getLead(c *call) (result, error) { return getLeadByID(c, c.id()) }

func getLeadByID(c *call, id string) (result, error) {
	return c.one(c.api.desk.Lead(c.ctx(), c.user, id))
}

type newLead struct {
	ingest.Fields
	Metadata ingest.Metadata `json:"metadata,omitempty"`
	SourceID string          `json:"sourceId,omitempty"`
}

func createLead(c *call) (result, error) {
	var in newLead
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	lead, created, err := c.api.desk.Create(c.ctx(), c.user, desk.NewLead{Fields: in.Fields, Metadata: in.Metadata, SourceID: in.SourceID, Key: c.submissionKey()})
	res, err := c.one(lead, err)
	res.status = http.StatusOK
	if created {
		res.status = http.StatusCreated
		c.w.Header().Set("Location", c.api.opts.Prefix+"/leads/"+lead.ID)
	}
	return res, err
}

type leadPatch struct {
	Email      *string                    `json:"email,omitempty"`
	FirstName  *string                    `json:"firstName,omitempty"`
	LastName   *string                    `json:"lastName,omitempty"`
	Phone      *string                    `json:"phone,omitempty"`
	Company    *string                    `json:"company,omitempty"`
	Metadata   map[string]json.RawMessage `json:"metadata,omitempty"` // null removes a name
	Status     *leads.Status              `json:"status,omitempty"`
	StageID    *string                    `json:"stageId,omitempty"`
	AssignedTo orNobody                   `json:"assignedTo,omitzero"`
	Tags       *[]string                  `json:"tags,omitempty"`
	AddTags    []string                   `json:"addTags,omitempty"`
	RemoveTags []string                   `json:"removeTags,omitempty"`
	Note       string                     `json:"note,omitempty"`
	Contacted  bool                       `json:"contacted,omitempty"`
}

// orNobody is somebody's ID, null for nobody, or not given.
type orNobody struct {
	given bool
	who   string
}

// UnmarshalJSON is called for null too.
func (o *orNobody) UnmarshalJSON(data []byte) error {
	o.given = true
	return json.Unmarshal(data, &o.who) // null leaves ""
}

// patch makes the desk's change of it.
func (in leadPatch) patch() desk.Patch {
	p := desk.Patch{
		Fields: map[string]string{}, Metadata: in.Metadata, Status: in.Status, Stage: in.StageID, Tags: in.Tags, AddTags: in.AddTags, RemoveTags: in.RemoveTags,
		Note: in.Note, Contacted: in.Contacted,
	}
	for name, value := range map[string]*string{"email": in.Email, "firstName": in.FirstName, "lastName": in.LastName, "phone": in.Phone, "company": in.Company} {
		if value != nil {
			p.Fields[name] = *value
		}
	}
	for name, value := range p.Metadata {
		if string(value) == "null" {
			p.Metadata[name] = nil
		}
	}
	if in.AssignedTo.given {
		p.Assignee = &in.AssignedTo.who
	}
	return p
}

func patchLead(c *call) (result, error) {
	var in leadPatch
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	p := in.patch()
	var err error
	if p.Version, err = c.version(c.leadVersion); err != nil {
		return result{}, err
	}
	return c.one(c.api.desk.Update(c.ctx(), c.user, c.id(), p))
}

type statusBody struct {
	Status leads.Status `json:"status"`
}

func putStatus(c *call) (result, error) {
	var in statusBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	version, err := c.version(c.leadVersion)
	if err != nil {
		return result{}, err
	}
	return c.one(c.api.desk.Update(c.ctx(), c.user, c.id(), desk.Patch{Status: &in.Status, Version: version}))
}

func deleteLead(c *call) (result, error) {
	if c.r.Header.Get("If-Match") != "" {
		version, err := c.leadVersion()
		if err != nil {
			return result{}, err
		}
		if err := c.unchanged(versionTag(version)); err != nil {
			return result{}, err
		}
	}
	return done(c.api.desk.Erase(c.ctx(), c.user, c.id()))
}
