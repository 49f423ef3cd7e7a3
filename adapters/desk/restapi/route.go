package restapi

import (
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
	// Idempotent routes take an Idempotency-Key.
	Idempotent bool
	do         func(c *call) (result, error)
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
	{Method: "POST", Path: "/leads", Role: desk.Member, Summary: "Create a lead, or add to one who is known", Body: newLead{}, Answer: leadFull{}, Status: http.StatusCreated, Idempotent: true, do: createLead},
	{Method: "POST", Path: "/leads/bulk", Role: desk.Member, Summary: "Change or delete many leads", Body: bulk{}, Answer: bulkReport{}, Idempotent: true, do: bulkLeads},
	{Method: "POST", Path: "/leads/import", Role: desk.Admin, Summary: "Import leads from CSV (text/csv)", Query: importParams, Answer: desk.ImportReport{}, do: importLeads},
	{Method: "GET", Path: "/leads/export", Role: desk.Admin, Summary: "Export leads as a stream", Query: append(filters[:len(filters):len(filters)], param{"format", "string", "csv (the default) or json"}, param{"raw", "string", "true writes CSV cells as they are, formulas too"}), do: exportLeads},
	{Method: "GET", Path: "/leads/{id}", Role: desk.Reader, Summary: "Get a lead", Answer: leadFull{}, do: getLead},
	{Method: "PATCH", Path: "/leads/{id}", Role: desk.Member, Summary: "Change a lead", Body: leadPatch{}, Answer: leadFull{}, do: patchLead},
	{Method: "DELETE", Path: "/leads/{id}", Role: desk.Admin, Summary: "Erase a lead and everything about it", Status: http.StatusNoContent, do: deleteLead},
	{Method: "PUT", Path: "/leads/{id}/status", Role: desk.Member, Summary: "Move a lead in the default pipeline", Body: statusBody{}, Answer: leadFull{}, do: putStatus},
	{Method: "GET", Path: "/leads/{id}/events", Role: desk.Reader, Summary: "The timeline of a lead, oldest first", Answer: []eventShape{}, do: leadEvents},
	{Method: "GET", Path: "/leads/{id}/submissions", Role: desk.Reader, Summary: "What arrived from a lead, oldest first", Answer: []submissionShape{}, do: leadSubmissions},
	{Method: "GET", Path: "/leads/{id}/explain", Role: desk.Reader, Summary: "The receipt of a lead: every stage, and what is still to be done", Answer: explanation{}, do: leadExplain},
	{Method: "GET", Path: "/leads/{id}/deliveries", Role: desk.Reader, Summary: "What was sent about and to a lead, oldest first", Answer: []deliveryShape{}, do: leadDeliveries},
	{Method: "GET", Path: "/leads/{id}/person", Role: desk.Admin, Summary: "Everything that is kept about a person", Answer: dossier{}, do: leadPerson},
	{Method: "GET", Path: "/leads/{id}/enrollments", Role: desk.Reader, Summary: "The enrolments of a lead", Answer: []enrollmentShape{}, do: leadEnrollments},

	{Method: "GET", Path: "/sources", Role: desk.Reader, Summary: "List sources", Answer: []sourceShape{}, do: listSources},
	{Method: "POST", Path: "/sources", Role: desk.Admin, Summary: "Create a source", Body: sourceBody{}, Answer: sourceShape{}, Status: http.StatusCreated, Idempotent: true, do: createSource},
	{Method: "GET", Path: "/sources/{id}", Role: desk.Reader, Summary: "Get a source", Answer: sourceShape{}, do: getSource},
	{Method: "PUT", Path: "/sources/{id}", Role: desk.Admin, Summary: "Change a source", Body: sourceBody{}, Answer: sourceShape{}, do: putSource},
	{Method: "DELETE", Path: "/sources/{id}", Role: desk.Admin, Summary: "Delete a source; its leads stay", Status: http.StatusNoContent, do: deleteSource},
	{Method: "POST", Path: "/sources/{id}/regenerate-token", Role: desk.Admin, Summary: "Give a source a new token", Query: []param{{"keep", "string", "true goes on taking the former token too"}}, Answer: sourceShape{}, do: regenerateToken},

	{Method: "GET", Path: "/pipelines", Role: desk.Reader, Summary: "List pipelines", Answer: []pipelineShape{}, do: listPipelines},
	{Method: "POST", Path: "/pipelines", Role: desk.Admin, Summary: "Create a pipeline", Body: pipelineBody{}, Answer: pipelineShape{}, Status: http.StatusCreated, Idempotent: true, do: createPipeline},
	{Method: "GET", Path: "/pipelines/{id}", Role: desk.Reader, Summary: "Get a pipeline", Answer: pipelineShape{}, do: getPipeline},
	{Method: "PUT", Path: "/pipelines/{id}", Role: desk.Admin, Summary: "Change a pipeline", Body: pipelineBody{}, Answer: pipelineShape{}, do: putPipeline},
	{Method: "DELETE", Path: "/pipelines/{id}", Role: desk.Admin, Summary: "Delete an empty pipeline", Status: http.StatusNoContent, do: deletePipeline},

	{Method: "GET", Path: "/api-keys", Role: desk.Admin, Summary: "List API keys", Answer: []keyShape{}, do: listKeys},
	{Method: "POST", Path: "/api-keys", Role: desk.Admin, Summary: "Create an API key, which is shown once", Body: keyBody{}, Answer: keyShape{}, Status: http.StatusCreated, do: createKey},
	{Method: "PATCH", Path: "/api-keys/{id}", Role: desk.Admin, Summary: "Rename an API key or switch it on or off", Body: keyPatch{}, Answer: keyShape{}, do: patchKey},
	{Method: "DELETE", Path: "/api-keys/{id}", Role: desk.Admin, Summary: "Delete an API key", Status: http.StatusNoContent, do: deleteKey},

	{Method: "GET", Path: "/sequences", Role: desk.Reader, Summary: "List sequences", Answer: []sequence.Definition{}, do: listSequences},
	{Method: "POST", Path: "/sequences", Role: desk.Admin, Summary: "Create a sequence", Body: sequence.Definition{}, Answer: sequence.Definition{}, Status: http.StatusCreated, Idempotent: true, do: createSequence},
	{Method: "GET", Path: "/sequences/{id}", Role: desk.Reader, Summary: "Get a sequence", Answer: sequence.Definition{}, do: getSequence},
	{Method: "PUT", Path: "/sequences/{id}", Role: desk.Admin, Summary: "Save a sequence as a new version", Body: sequence.Definition{}, Answer: sequence.Definition{}, do: putSequence},
	{Method: "DELETE", Path: "/sequences/{id}", Role: desk.Admin, Summary: "Delete a sequence; everybody leaves it", Status: http.StatusNoContent, do: deleteSequence},
	{Method: "POST", Path: "/sequences/{id}/pause", Role: desk.Admin, Summary: "Pause a sequence", Status: http.StatusNoContent, do: pauseSequence(true)},
	{Method: "POST", Path: "/sequences/{id}/resume", Role: desk.Admin, Summary: "Let a paused sequence go on", Status: http.StatusNoContent, do: pauseSequence(false)},
	{Method: "GET", Path: "/enrollments", Role: desk.Reader, Summary: "List enrolments, newest first", Query: append([]param{{"leadId", "string", ""}, {"sequenceId", "string", ""}, {"state", "string", "pending, active, paused, finished or exited"}}, paging...), Answer: []enrollmentShape{}, do: listEnrollments},
	{Method: "POST", Path: "/enrollments", Role: desk.Member, Summary: "Put a lead into a sequence", Body: enrollBody{}, Answer: enrollmentShape{}, Status: http.StatusCreated, Idempotent: true, do: enroll},
	{Method: "POST", Path: "/enrollments/{id}/pause", Role: desk.Member, Summary: "Pause an enrolment", Status: http.StatusNoContent, do: changeEnrollment((*desk.Desk).PauseEnrollment)},
	{Method: "POST", Path: "/enrollments/{id}/resume", Role: desk.Member, Summary: "Let a paused enrolment go on", Status: http.StatusNoContent, do: changeEnrollment((*desk.Desk).ResumeEnrollment)},
	{Method: "POST", Path: "/enrollments/{id}/exit", Role: desk.Member, Summary: "Take a lead out of a sequence", Status: http.StatusNoContent, do: changeEnrollment((*desk.Desk).ExitEnrollment)},

	{Method: "GET", Path: "/quarantine", Role: desk.Reader, Summary: "List quarantined submissions, newest first", Query: paging, Answer: []submissionShape{}, do: listQuarantine},
	{Method: "POST", Path: "/quarantine/{id}/release", Role: desk.Member, Summary: "Take a quarantined submission in after all", Answer: released{}, do: release},
	{Method: "DELETE", Path: "/quarantine/{id}", Role: desk.Member, Summary: "Delete a quarantined submission", Status: http.StatusNoContent, do: deleteQuarantined},
	{Method: "GET", Path: "/tasks", Role: desk.Reader, Summary: "The queue, and what was given up, newest first", Query: paging, Answer: taskList{}, do: listTasks},
	{Method: "POST", Path: "/tasks/{id}/replay", Role: desk.Member, Summary: "Have a dead task run again", Status: http.StatusNoContent, do: replay},
	{Method: "GET", Path: "/suppressions", Role: desk.Admin, Summary: "Whom not to write to, by keyed hashes", Query: []param{{"afterKey", "string", ""}, {"afterPurpose", "string", ""}, {"limit", "integer", "1 to 1,000, by default 100"}}, Answer: []suppressionShape{}, do: listSuppressions},
	{Method: "POST", Path: "/suppressions", Role: desk.Member, Summary: "Keep an address from being written to", Body: suppressBody{}, Status: http.StatusNoContent, do: suppress},
	{Method: "DELETE", Path: "/suppressions", Role: desk.Admin, Summary: "Let an address be written to again", Query: []param{{"email", "string", "the address"}, {"purpose", "string", "for which purpose; by default any"}}, Status: http.StatusNoContent, do: unsuppress},
	{Method: "GET", Path: "/audit", Role: desk.Admin, Summary: "What people and programs did, newest first", Query: paging, Answer: []entryShape{}, do: listAudit},
	{Method: "GET", Path: "/stats", Role: desk.Reader, Summary: "Leads by day, stages and response times within a span", Query: append([]param{{"by", "string", "source, channel, qualification or status"}}, span...), Answer: stats{}, do: getStats},
}
