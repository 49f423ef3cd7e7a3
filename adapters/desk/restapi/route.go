package restapi

import (
	"cmp"
	"net/http"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/sequence"
)

// route is one call of the API: what serves it and what describes it.
type route struct {
	Method, Path string
	Role         desk.Role // the least that may
	Summary      string
	Query        []param
	// Body and Answer are values of the types that are read and written; nil means none. Status is that of a success, 0 means 200.
	Body, Answer any
	Status       int
	// Idempotent routes take an Idempotency-Key, Tagged ones answer an ETag, and Matched ones take If-Match.
	Idempotent, Tagged, Matched bool

	do func(c *call) (result, error)
}

// answers are the media types of a success; none where it has no body.
func (r route) answers() []string {
	switch {
	case r.Path == exportPath:
		return []string{"text/csv", "application/json"}
	case r.Answer == nil:
		return nil
	}
	return []string{"application/json", "application/problem+json"}
}

const exportPath, importPath = "/leads/export", "/leads/import"

// run calls the handler; a success that says nothing else has the route's status.
func (r route) run(c *call) (result, error) {
	res, err := r.do(c)
	if res.status == 0 {
		res.status = cmp.Or(r.Status, http.StatusOK)
	}
	return res, err
}

// param is a parameter of the query.
type param struct{ Name, Kind, Text string }

var (
	paging = []param{{"after", "string", "the id of the last one of the page before"}, {"limit", "integer", "1 to 100, by default 20"}}
	span   = []param{
		{"startDate", "string", "a date or time; by default 30 days ago"}, {"endDate", "string", "a date, whose end counts, or a time; by default now"},
		{"timeZone", "string", "the IANA name of the zone in which days begin; by default UTC"},
	}
	filters = []param{
		{"status", "string", "one or more of new, contacted, qualified, converted, closed, separated by commas"},
		{"sourceId", "string", "one or more, separated by commas"},
		{"search", "string", "words that begin words of the name, email, phone or company"},
		{"startDate", "string", "created then or later: a date or a time"},
		{"endDate", "string", "created before: a date, whose end counts, or a time"},
		{"assignedTo", "string", "the id of a person, me, or unassigned"},
		{"duplicates", "string", "only: those with more than one submission; exclude: the others"},
		{"qualification", "string", "one or more of hot, warm, cold"},
		{"minScore", "integer", "1 to 100"},
		{"tag", "string", "a tag"},
		{"stageId", "string", "one or more stages of any pipeline"},
	}
	listing = append(filters[:len(filters):len(filters)],
		param{"sort", "string", "newest (the default), oldest, score or updated"}, param{"page", "integer", "from 1"}, param{"limit", "integer", "1 to 100, by default 20"},
		param{"cursor", "string", "pagination.nextCursor of the page before, instead of page"})
)

// routes is the API. The dots of a path are where http.ServeMux has {id}.
var routes = []route{
	{Method: "GET", Path: "/leads", Role: desk.Reader, Summary: "List leads", Query: listing, Answer: leadPage{}, do: listLeads},
	{Method: "POST", Path: "/leads", Role: desk.Member, Summary: "Create a lead, or add to one who is known", Body: newLead{}, Answer: leadFull{}, Status: http.StatusCreated, Idempotent: true, Tagged: true, do: createLead},
	{Method: "POST", Path: "/leads/bulk", Role: desk.Member, Summary: "Change or delete many leads", Body: bulk{}, Answer: bulkReport{}, Idempotent: true, do: bulkLeads},
	{Method: "POST", Path: "/leads/import", Role: desk.Admin, Summary: "Import leads from CSV (text/csv)", Query: importParams, Answer: importReport{}, do: importLeads},
	{Method: "GET", Path: "/leads/export", Role: desk.Admin, Summary: "Export leads as a stream", Query: append(filters[:len(filters):len(filters)], param{"format", "string", "csv (the default) or json"}, param{"raw", "boolean", "writes CSV cells as they are, formulas too"}), do: exportLeads},
	{Method: "GET", Path: "/leads/{id}", Role: desk.Reader, Summary: "Get a lead", Answer: leadFull{}, Tagged: true, do: getLead},
	{Method: "PATCH", Path: "/leads/{id}", Role: desk.Member, Summary: "Change a lead", Body: leadPatch{}, Answer: leadFull{}, Tagged: true, Matched: true, do: patchLead},
	{Method: "DELETE", Path: "/leads/{id}", Role: desk.Admin, Summary: "Erase a lead and everything about it", Status: http.StatusNoContent, Matched: true, do: deleteLead},
	{Method: "PUT", Path: "/leads/{id}/status", Role: desk.Member, Summary: "Move a lead in the default pipeline", Body: statusBody{}, Answer: leadFull{}, Tagged: true, Matched: true, do: putStatus},
	{Method: "GET", Path: "/leads/{id}/events", Role: desk.Reader, Summary: "The timeline of a lead, oldest first", Answer: []eventShape{}, do: leadEvents},
	{Method: "GET", Path: "/leads/{id}/submissions", Role: desk.Reader, Summary: "What arrived from a lead, oldest first", Answer: []submissionShape{}, do: leadSubmissions},
	{Method: "GET", Path: "/leads/{id}/explain", Role: desk.Reader, Summary: "The receipt of a lead: every stage, and what is still to be done", Answer: explanation{}, do: leadExplain},
	{Method: "GET", Path: "/leads/{id}/deliveries", Role: desk.Reader, Summary: "What was sent about and to a lead, oldest first", Answer: []deliveryShape{}, do: leadDeliveries},
	{Method: "GET", Path: "/leads/{id}/person", Role: desk.Admin, Summary: "Everything that is kept about a person", Answer: dossier{}, do: leadPerson},
	{Method: "GET", Path: "/leads/{id}/enrollments", Role: desk.Reader, Summary: "The enrolments of a lead", Answer: []enrollmentShape{}, do: leadEnrollments},

	{Method: "GET", Path: "/sources", Role: desk.Reader, Summary: "List sources", Answer: []sourceShape{}, do: listSources},
	{Method: "POST", Path: "/sources", Role: desk.Admin, Summary: "Create a source", Body: sourceBody{}, Answer: sourceShape{}, Status: http.StatusCreated, Idempotent: true, Tagged: true, do: createSource},
	{Method: "GET", Path: "/sources/{id}", Role: desk.Reader, Summary: "Get a source", Answer: sourceShape{}, Tagged: true, do: getSource},
	{Method: "PUT", Path: "/sources/{id}", Role: desk.Admin, Summary: "Change a source", Body: sourceBody{}, Answer: sourceShape{}, Tagged: true, Matched: true, do: putSource},
	{Method: "DELETE", Path: "/sources/{id}", Role: desk.Admin, Summary: "Delete a source; its leads stay", Status: http.StatusNoContent, Matched: true, do: deleteSource},
	{Method: "POST", Path: "/sources/{id}/regenerate-token", Role: desk.Admin, Summary: "Give a source a new token", Query: []param{{"keep", "boolean", "goes on taking the former token too"}}, Answer: sourceShape{}, Tagged: true, do: regenerateToken},

	{Method: "GET", Path: "/pipelines", Role: desk.Reader, Summary: "List pipelines", Answer: []pipelineShape{}, do: listPipelines},
	{Method: "POST", Path: "/pipelines", Role: desk.Admin, Summary: "Create a pipeline", Body: pipelineBody{}, Answer: pipelineShape{}, Status: http.StatusCreated, Idempotent: true, Tagged: true, do: createPipeline},
	{Method: "GET", Path: "/pipelines/{id}", Role: desk.Reader, Summary: "Get a pipeline", Answer: pipelineShape{}, Tagged: true, do: getPipeline},
	{Method: "PUT", Path: "/pipelines/{id}", Role: desk.Admin, Summary: "Change a pipeline", Body: pipelineBody{}, Answer: pipelineShape{}, Tagged: true, Matched: true, do: putPipeline},
	{Method: "DELETE", Path: "/pipelines/{id}", Role: desk.Admin, Summary: "Delete an empty pipeline", Status: http.StatusNoContent, Matched: true, do: deletePipeline},

	{Method: "GET", Path: "/api-keys", Role: desk.Admin, Summary: "List API keys", Answer: []keyShape{}, do: listKeys},
	{Method: "POST", Path: "/api-keys", Role: desk.Admin, Summary: "Create an API key, which is shown once", Body: keyBody{}, Answer: keyShape{}, Status: http.StatusCreated, Idempotent: true, Tagged: true, do: createKey},
	{Method: "GET", Path: "/api-keys/{id}", Role: desk.Admin, Summary: "Get an API key, without the key", Answer: keyShape{}, Tagged: true, do: getKey},
	{Method: "PATCH", Path: "/api-keys/{id}", Role: desk.Admin, Summary: "Rename an API key or switch it on or off", Body: keyPatch{}, Answer: keyShape{}, Tagged: true, Matched: true, do: patchKey},
	{Method: "DELETE", Path: "/api-keys/{id}", Role: desk.Admin, Summary: "Delete an API key", Status: http.StatusNoContent, Matched: true, do: deleteKey},

	{Method: "GET", Path: "/sequences", Role: desk.Reader, Summary: "List sequences, those that come with the program too", Answer: []sequenceShape{}, do: listSequences},
	{Method: "POST", Path: "/sequences", Role: desk.Admin, Summary: "Create a sequence", Body: sequence.Definition{}, Answer: sequenceShape{}, Status: http.StatusCreated, Idempotent: true, Tagged: true, do: createSequence},
	{Method: "POST", Path: "/sequences/pause", Role: desk.Admin, Summary: "Pause every sequence that is not paused", Answer: pausedSequences{}, do: pauseSequences},
	{Method: "POST", Path: "/sequences/resume", Role: desk.Admin, Summary: "Let those go on that were paused all together", Answer: pausedSequences{}, do: resumeSequences},
	{Method: "GET", Path: "/sequences/{id}", Role: desk.Reader, Summary: "Get a sequence", Answer: sequenceShape{}, Tagged: true, do: getSequence},
	{Method: "PUT", Path: "/sequences/{id}", Role: desk.Admin, Summary: "Save a sequence as a new version", Body: sequence.Definition{}, Answer: sequenceShape{}, Tagged: true, Matched: true, do: putSequence},
	{Method: "DELETE", Path: "/sequences/{id}", Role: desk.Admin, Summary: "Delete a sequence; everybody leaves it", Status: http.StatusNoContent, Matched: true, do: deleteSequence},
	{Method: "POST", Path: "/sequences/{id}/pause", Role: desk.Admin, Summary: "Pause a sequence", Status: http.StatusNoContent, do: pauseSequence(true)},
	{Method: "POST", Path: "/sequences/{id}/resume", Role: desk.Admin, Summary: "Let a paused sequence go on", Status: http.StatusNoContent, do: pauseSequence(false)},
	{Method: "GET", Path: "/sequences/{id}/funnel", Role: desk.Reader, Summary: "How far the leads of a sequence have come", Answer: funnel{}, do: sequenceFunnel},
	{Method: "GET", Path: "/enrollments", Role: desk.Reader, Summary: "List enrolments, newest first", Query: append([]param{{"leadId", "string", ""}, {"sequenceId", "string", ""}, {"state", "string", "pending, active, paused, finished or exited"}}, paging...), Answer: []enrollmentShape{}, do: listEnrollments},
	{Method: "POST", Path: "/enrollments", Role: desk.Member, Summary: "Put a lead into a sequence", Body: enrollBody{}, Answer: enrollmentShape{}, Status: http.StatusCreated, Idempotent: true, do: enroll},
	{Method: "POST", Path: "/enrollments/{id}/pause", Role: desk.Member, Summary: "Pause an enrolment", Status: http.StatusNoContent, do: changeEnrollment((*desk.Desk).PauseEnrollment)},
	{Method: "POST", Path: "/enrollments/{id}/resume", Role: desk.Member, Summary: "Let a paused enrolment go on", Status: http.StatusNoContent, do: changeEnrollment((*desk.Desk).ResumeEnrollment)},
	{Method: "POST", Path: "/enrollments/{id}/exit", Role: desk.Member, Summary: "Take a lead out of a sequence", Status: http.StatusNoContent, do: changeEnrollment((*desk.Desk).ExitEnrollment)},

	{Method: "GET", Path: "/quarantine", Role: desk.Reader, Summary: "List quarantined submissions, newest first", Query: paging, Answer: []submissionShape{}, do: listQuarantine},
	{Method: "POST", Path: "/quarantine/{id}/release", Role: desk.Member, Summary: "Take a quarantined submission in after all", Answer: released{}, do: release},
	{Method: "POST", Path: "/quarantine/{id}/block", Role: desk.Admin, Summary: "Put the sender of a quarantined submission on the block list of its source, or of all", Body: blockBody{}, Answer: blockShape{}, do: blockSender},
	{Method: "DELETE", Path: "/quarantine/{id}", Role: desk.Member, Summary: "Delete a quarantined submission", Status: http.StatusNoContent, do: deleteQuarantined},
	{Method: "GET", Path: "/tasks", Role: desk.Reader, Summary: "The queue, and what was given up, newest first", Query: paging, Answer: taskList{}, do: listTasks},
	{Method: "POST", Path: "/tasks/{id}/replay", Role: desk.Member, Summary: "Have a dead task run again", Status: http.StatusNoContent, do: replay},
	{Method: "GET", Path: "/suppressions", Role: desk.Admin, Summary: "Whom not to write to, by keyed hashes", Query: []param{{"afterKey", "string", ""}, {"afterPurpose", "string", ""}, {"limit", "integer", "1 to 1,000, by default 100"}}, Answer: []suppressionShape{}, do: listSuppressions},
	{Method: "POST", Path: "/suppressions", Role: desk.Member, Summary: "Keep an address from being written to", Body: suppressBody{}, Status: http.StatusNoContent, do: suppress},
	{Method: "DELETE", Path: "/suppressions", Role: desk.Admin, Summary: "Let an address be written to again", Query: []param{{"email", "string", "the address"}, {"purpose", "string", "for which purpose; by default any"}}, Status: http.StatusNoContent, do: unsuppress},
	{Method: "GET", Path: "/audit", Role: desk.Admin, Summary: "What people and programs did, newest first", Query: paging, Answer: []entryShape{}, do: listAudit},
	{Method: "GET", Path: "/stats", Role: desk.Reader, Summary: "Leads by day, stages and response times within a span", Query: append([]param{{"by", "string", "source, channel, qualification or status"}}, span...), Answer: stats{}, do: getStats},

	{Method: "GET", Path: "/webhooks", Role: desk.Admin, Summary: "List the endpoints that are called when something happens", Answer: []webhookShape{}, do: listWebhooks},
	{Method: "POST", Path: "/webhooks", Role: desk.Admin, Summary: "Create an endpoint; its secret is shown once", Body: webhookBody{}, Answer: webhookShape{}, Status: http.StatusCreated, Idempotent: true, Tagged: true, do: createWebhook},
	{Method: "GET", Path: "/webhooks/{id}", Role: desk.Admin, Summary: "Get an endpoint", Answer: webhookShape{}, Tagged: true, do: getWebhook},
	{Method: "PUT", Path: "/webhooks/{id}", Role: desk.Admin, Summary: "Change an endpoint, or switch it on or off", Body: webhookBody{}, Answer: webhookShape{}, Tagged: true, Matched: true, do: putWebhook},
	{Method: "DELETE", Path: "/webhooks/{id}", Role: desk.Admin, Summary: "Delete an endpoint", Status: http.StatusNoContent, Matched: true, do: deleteWebhook},
	{Method: "POST", Path: "/webhooks/{id}/rotate-secret", Role: desk.Admin, Summary: "Give an endpoint a new secret, which is shown once", Answer: webhookShape{}, Tagged: true, do: rotateWebhook},
	{Method: "GET", Path: "/tags", Role: desk.Reader, Summary: "List the tags that were given", Query: []param{{"count", "boolean", "says how many leads have each, up to 10,000"}}, Answer: []tagShape{}, do: listTags},
	{Method: "GET", Path: "/retention", Role: desk.Reader, Summary: "For how many days what is kept; 0 is for ever", Answer: desk.RetentionRules{}, Tagged: true, do: getRetention},
	{Method: "PUT", Path: "/retention", Role: desk.Owner, Summary: "Change for how long what is kept", Body: desk.RetentionRules{}, Answer: desk.RetentionRules{}, Tagged: true, Matched: true, do: putRetention},
	{Method: "GET", Path: "/check", Role: desk.Admin, Summary: "What is wrong with how the program is set up", Answer: []findingShape{}, do: checkParts},
}
