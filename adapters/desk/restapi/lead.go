package restapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

type leadPage struct {
	Data       []leadShape `json:"data"`
	Pagination pagination  `json:"pagination"`
}

type pagination struct {
	Page       int    `json:"page"`
	Limit      int    `json:"limit"`
	Total      int    `json:"total"`
	Pages      int    `json:"pages"`
	NextCursor string `json:"nextCursor,omitempty"`
}

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
			q.faults = append(q.faults, desk.FieldError{Pointer: "status", Message: fmt.Sprintf("of %v", desk.Statuses())})
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
	total, err := c.api.desk.Count(c.ctx(), c.user, f, c.api.opts.MaxTotal)
	if err != nil {
		return result{}, err
	}
	named, err := c.sources()
	return ok(leadPage{
		Data:       each(found.Leads, func(l leads.Lead) leadShape { return shapeLead(l, named) }),
		Pagination: pagination{Page: page, Limit: limit, Total: total, Pages: (total + limit - 1) / limit, NextCursor: found.Next},
	}, err)
}

// one answers one lead with its ETag.
func (c *call) one(lead leads.Lead, err error) (result, error) {
	if err != nil {
		return result{}, err
	}
	named, err := c.sources()
	return result{body: shapeFull(lead, named), etag: leadTag(lead)}, err
}

func leadTag(lead leads.Lead) string { return fmt.Sprintf(`"v%d"`, lead.Version) }

// version reads If-Match: the version that a lead must have, 0 for any.
func (c *call) version() (int64, error) {
	tag := c.r.Header.Get("If-Match")
	if tag == "" || tag == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(tag, `"v`), `"`), 10, 64)
	if err != nil || n < 1 {
		return 0, errStale // an ETag that no lead has
	}
	return n, nil
}

func getLead(c *call) (result, error) { return c.one(c.api.desk.Lead(c.ctx(), c.user, c.id())) }

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
	AssignedTo *json.RawMessage           `json:"assignedTo,omitempty"` // an id, or null for nobody
	Tags       *[]string                  `json:"tags,omitempty"`
	AddTags    []string                   `json:"addTags,omitempty"`
	RemoveTags []string                   `json:"removeTags,omitempty"`
	Note       string                     `json:"note,omitempty"`
	Contacted  bool                       `json:"contacted,omitempty"`
}

// patch makes the desk's change of it.
func (in leadPatch) patch() (desk.Patch, error) {
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
	if in.AssignedTo != nil {
		var who *string
		if err := json.Unmarshal(*in.AssignedTo, &who); err != nil {
			return p, field("/assignedTo", "an id, or null for nobody")
		}
		nobody := ""
		if p.Assignee = who; who == nil {
			p.Assignee = &nobody
		}
	}
	return p, nil
}

func patchLead(c *call) (result, error) {
	var in leadPatch
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	p, err := in.patch()
	if err != nil {
		return result{}, err
	}
	if p.Version, err = c.version(); err != nil {
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
	version, err := c.version()
	if err != nil {
		return result{}, err
	}
	return c.one(c.api.desk.Update(c.ctx(), c.user, c.id(), desk.Patch{Status: &in.Status, Version: version}))
}

func deleteLead(c *call) (result, error) {
	if c.r.Header.Get("If-Match") != "" {
		lead, err := c.api.desk.Lead(c.ctx(), c.user, c.id())
		if err != nil {
			return result{}, err
		}
		if err := c.unchanged(leadTag(lead)); err != nil {
			return result{}, err
		}
	}
	return done(c.api.desk.Erase(c.ctx(), c.user, c.id()))
}

type bulk struct {
	IDs    []string   `json:"ids"`
	Patch  *leadPatch `json:"patch,omitempty"`  // the change, or
	Delete bool       `json:"delete,omitempty"` // erase them
}

type bulkReport struct {
	Changed int         `json:"changed"`
	Failed  []bulkFault `json:"failed"`
}

type bulkFault struct {
	ID      string `json:"id"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func bulkLeads(c *call) (result, error) {
	var in bulk
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	if in.Delete == (in.Patch != nil) {
		return result{}, field("", "give either patch or delete")
	}
	report, err := c.bulk(in)
	if err != nil {
		return result{}, err
	}
	out := bulkReport{Changed: report.Changed, Failed: []bulkFault{}}
	for _, id := range in.IDs {
		if failed, ok := report.Failed[id]; ok {
			f := faultOf(failed)
			if f == nil {
				f = errBusy
			}
			out.Failed = append(out.Failed, bulkFault{ID: id, Code: f.code, Message: f.message})
		}
	}
	return ok(out, nil)
}

func (c *call) bulk(in bulk) (desk.BulkReport, error) {
	if in.Delete {
		return c.api.desk.EraseMany(c.ctx(), c.user, in.IDs)
	}
	p, err := in.Patch.patch()
	if err != nil {
		return desk.BulkReport{}, err
	}
	return c.api.desk.Bulk(c.ctx(), c.user, in.IDs, p)
}

func leadEvents(c *call) (result, error) {
	events, err := c.api.desk.Events(c.ctx(), c.user, c.id())
	return ok(each(events, shapeEvent), err)
}

func leadSubmissions(c *call) (result, error) {
	x, err := c.api.desk.Explain(c.ctx(), c.user, c.id())
	return ok(each(x.Submissions, shapeSubmission), err)
}

func leadDeliveries(c *call) (result, error) {
	deliveries, err := c.api.desk.Deliveries(c.ctx(), c.user, c.id())
	return ok(each(deliveries, shapeDelivery), err)
}

type explanation struct {
	LeadID  string             `json:"leadId"`
	Pending bool               `json:"pending"`
	Stages  []leads.StageEntry `json:"stages"`
	Tasks   []taskShape        `json:"tasks"`
}

func leadExplain(c *call) (result, error) {
	x, err := c.api.desk.Explain(c.ctx(), c.user, c.id())
	return ok(explanation{LeadID: x.Lead.ID, Pending: x.Pending(), Stages: orEmpty(x.Stages), Tasks: each(x.Tasks, shapeTask)}, err)
}

type dossier struct {
	Lead         leadFull           `json:"lead"`
	Submissions  []submissionShape  `json:"submissions"`
	Events       []eventShape       `json:"events"`
	Deliveries   []deliveryShape    `json:"deliveries"`
	Enrollments  []enrollmentShape  `json:"enrollments"`
	Consents     []sequence.Consent `json:"consents"`
	Suppressions []suppressionShape `json:"suppressions"`
}

func leadPerson(c *call) (result, error) {
	x, err := c.api.desk.Dossier(c.ctx(), c.user, c.id())
	if err != nil {
		return result{}, err
	}
	named, err := c.sources()
	return ok(dossier{
		Lead: shapeFull(x.Lead, named), Submissions: each(x.Submissions, shapeSubmission), Events: each(x.Events, shapeEvent),
		Deliveries: each(x.Deliveries, shapeDelivery), Enrollments: each(x.Enrollments, shapeEnrollment), Consents: orEmpty(x.Consents),
		Suppressions: each(x.Suppressed, shapeSuppression),
	}, err)
}

func leadEnrollments(c *call) (result, error) {
	if _, err := c.api.desk.Lead(c.ctx(), c.user, c.id()); err != nil {
		return result{}, err
	}
	found, err := c.api.desk.Enrollments(c.ctx(), c.user, sequence.EnrollmentQuery{LeadID: c.id(), Limit: 1000})
	return ok(each(found, shapeEnrollment), err)
}

// errStop ends an export whose reader has gone away.
var errStop = errors.New("the reader has gone away")

func exportLeads(c *call) (result, error) {
	q := c.query()
	f := c.filter(q)
	format, raw := q.one("format", "csv", "json"), q.one("raw", "true", "false") == "true"
	if err := q.err(); err != nil {
		return result{}, err
	}
	h := c.w.Header()
	if format != "json" {
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="leads.csv"`)
		return c.streamed(c.api.desk.ExportCSV(c.ctx(), c.user, f, c.w, raw))
	}
	named, err := c.sources()
	if err != nil {
		return result{}, err
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="leads.json"`)
	n := 0
	count, err := c.api.desk.Each(c.ctx(), c.user, f, func(lead leads.Lead) error {
		data, err := json.Marshal(shapeFull(lead, named))
		if err != nil {
			return err
		}
		lead1 := ",\n"
		if n == 0 {
			lead1 = "[\n"
		}
		n++
		if _, err := c.w.Write(append([]byte(lead1), data...)); err != nil {
			return errStop
		}
		return nil
	})
	if err == nil {
		end := "\n]\n"
		if n == 0 {
			end = "[]\n"
		}
		_, _ = c.w.Write([]byte(end))
	}
	return c.streamed(count, err)
}

// streamed ends an answer that was streamed. What fails after the first byte can only break the connection, so that nobody takes half
// of it for the whole.
func (c *call) streamed(n int, err error) (result, error) {
	if err == nil {
		return written, nil
	}
	if n == 0 && faultOf(err) != nil {
		c.w.Header().Del("Content-Disposition")
		return result{}, err
	}
	c.api.opts.Logger.ErrorContext(c.ctx(), "restapi: an export was broken off", "leads", n, "error", err)
	panic(http.ErrAbortHandler)
}
