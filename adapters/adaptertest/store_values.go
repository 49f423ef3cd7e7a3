package adaptertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const saysGiven = "It stores what it is given:"

func valueContracts() []contract {
	return []contract{
		{"values/every field of a submission", saysGiven, submissionFields},
		{"values/an empty submission", saysGiven, submissionEmpty},
		{"values/every field of a lead", saysGiven, leadFields},
		{"values/every field of an event, a task and a delivery", saysGiven, outcomeFields},
		{"values/raw bytes", "Raw is the body verbatim, byte for byte;", rawBytes},
		{"values/times to the microsecond", "UTC, whole microseconds", exactTimes},
		{"values/metadata as it was typed", "JSON values by name, in canonical text (no insignificant space, numbers as they were typed).", exactMetadata},
		{"values/payloads verbatim", "what the kind needs, JSON text; nil means nothing", exactPayloads},
		{"values/hostile submissions", saysGiven, hostileSubmissions},
		{"values/hostile leads", saysGiven, hostileLeads},
		{"values/hostile events, tasks and deliveries", saysGiven, hostileOutcomes},
		{"values/hostile sources", saysGiven, hostileSources},
	}
}

// stores captures a submission and checks that it comes back as it was.
func (r *rig) stores(what string, sub ingest.Submission) leads.Captured {
	r.t.Helper()
	c := r.one(sub)
	r.same(what, r.submissions(c.LeadID)[0], sub)
	return c
}

func submissionFields(r *rig) {
	r.history()
	f := &filler{base: r.start}
	r.stores("accepted", f.submission(r))
	r.stores("second", f.submission(r))

	quarantined := f.submission(r)
	quarantined.Verdict = ingest.Quarantined
	r.one(quarantined)
	c, err := r.history().Release(r.t.Context(), r.tenant, quarantined.ID)
	r.check(err == nil, "Release: %v", err)
	r.same("released", r.submissions(c.LeadID)[0], quarantined, "Verdict", "Reasons")
}

func submissionEmpty(r *rig) {
	sub := ingest.Submission{Tenant: r.tenant, ID: leads.NewID(), Received: r.tick()}
	c := r.stores("submission", sub)
	r.same("lead", r.lead(c.LeadID), leads.Fold(leads.Lead{ID: c.LeadID}, sub).Lead)
}

// becomes changes a lead into another and checks that it comes back so.
func (r *rig) becomes(what string, task leads.Task, want leads.Lead) {
	r.t.Helper()
	before := r.lead(task.LeadID)
	want.Tenant, want.ID, want.Version, want.CreatedAt = before.Tenant, before.ID, before.Version+1, before.CreatedAt
	r.settle(task, leads.Outcome{Settlement: leads.Extend, Delay: hour, Change: func(lead *leads.Lead) { *lead = want }})
	r.same(what, r.lead(task.LeadID), want)
}

func leadFields(r *rig) {
	task := r.begun()
	f := &filler{base: r.start}
	r.becomes("every field set", task, f.lead())
	r.becomes("every field set anew", task, f.lead())
	r.becomes("every field empty", task, leads.Lead{Status: leads.StatusNew, UpdatedAt: r.tick()})
}

// outcomeOf makes an outcome whose event, task and delivery have every field set that does not belong to the store.
func (r *rig) outcomeOf(f *filler, task leads.Task) leads.Outcome {
	event, follow, delivery := filled[leads.Event](f), filled[leads.Task](f), filled[leads.Delivery](f)
	event.Tenant, event.LeadID, event.SubmissionID, event.TaskID = r.tenant, task.LeadID, task.SubmissionID, task.ID
	follow.Tenant, follow.LeadID, follow.SubmissionID = r.tenant, task.LeadID, task.SubmissionID
	delivery.Tenant, delivery.LeadID, delivery.TaskID = r.tenant, task.LeadID, task.ID
	follow.Due = r.soon().Add(hour).Add(time.Microsecond)
	follow.State, follow.Attempts, follow.Fence, follow.LeaseUntil, follow.LastError, follow.Deliveries = "", 0, 0, time.Time{}, "", nil
	return leads.Outcome{
		Settlement: leads.Extend, Delay: 100 * hour, Error: limited(f.textOr("error"), 500),
		Events: []leads.Event{event}, Tasks: []leads.Task{follow}, Deliveries: []leads.Delivery{delivery},
	}
}

func (f *filler) textOr(s string) string {
	if f.text != nil {
		return f.text("Error")
	}
	return s
}

// settles stores an outcome of a new task, and checks that all of it comes back.
func (r *rig) settles(what string, f *filler) {
	r.t.Helper()
	c := r.one(r.sub("ann@example.com"))
	task := r.taskAt(r.soon())
	o := r.outcomeOf(f, task)
	r.settle(task, o)
	r.same(what, r.taskAt(o.Tasks[0].Due.Add(time.Second), o.Tasks[0].Kind), o.Tasks[0], "State", "Attempts", "Fence", "LeaseUntil")
	r.settle(task, leads.Outcome{Settlement: leads.Retry})
	task = r.task()
	r.same(what, task.Deliveries, o.Deliveries)
	r.check(task.LastError == o.Error, "%s: the error is %s", what, shown(task.LastError))
	r.settle(task, leads.Outcome{})
	if _, ok := r.TestedStore.(leads.History); ok {
		for _, event := range r.events(c.LeadID) {
			if event.ID == o.Events[0].ID {
				r.same(what, event, o.Events[0])
				return
			}
		}
		r.t.Errorf("%s: the event is not in the timeline", what)
	}
}

func outcomeFields(r *rig) {
	f := &filler{base: r.start}
	r.settles("first", f)
	r.settles("second", f)
}

func rawBytes(r *rig) {
	r.history()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, raw := range map[string]string{
		"every byte":           string(every),
		"NUL":                  "\x00",
		"invalid UTF-8":        "\xff\xfe\xed\xa0\x80",
		"the limit of 256 KiB": strings.Repeat(string(every), 1024),
		"looks like hex":       `\x00`,
		"blank":                " ",
	} {
		r.stores(name, withBody(r.sub(""), raw))
	}
}

func exactTimes(r *rig) {
	task := r.begun()
	for _, at := range []time.Time{
		time.Date(2026, 11, 23, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(2028, 2, 29, 0, 0, 0, 1_000, time.UTC),
		time.Date(2026, 3, 29, 1, 30, 0, 123_457_000, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 1_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	} {
		lead := leads.Lead{Status: leads.StatusNew, UpdatedAt: at, First: leads.Touch{At: at}}
		lead.Recent = []leads.Recent{{SubmissionID: leads.NewID(), At: at}}
		lead.Enrichment = leads.Enrichment{"a": {Key: "a", At: at, Expires: at}}
		lead.Score = &leads.Score{At: at}
		r.becomes(at.String(), task, lead)
		sub := r.sub("")
		sub.Received = at
		c := r.one(sub)
		r.check(r.lead(c.LeadID).CreatedAt.Equal(at), "a lead of %v was created %v", at, r.lead(c.LeadID).CreatedAt)
		if _, ok := r.TestedStore.(leads.History); ok {
			r.same("submission", r.submissions(c.LeadID)[0], sub)
			r.check(r.events(c.LeadID)[0].At.Equal(at), "an event of %v is of %v", at, r.events(c.LeadID)[0].At)
		}
	}
}

// exact are JSON texts that are easily altered: by numbers that become floats, escapes that are resolved and characters that are escaped.
func exact() []string {
	return []string{
		`123456789012345678901234567890`, `0.1000000000000000055511151231257827`, `1e308`, `1E+2`, `-0`, `1.0`, `1.50`,
		`"<b>&'"`, `"\\u0000"`, `"\\"`, `"\""`, `""`, "\"\u2028\u2029\"", `"日本語"`, `"👍"`, `null`, `true`,
		`[]`, `{}`, `[1,[2,[3]]]`, `{"b":1,"a":2}`, `"` + noise(16<<10) + `"`,
	}
}

func exactMetadata(r *rig) {
	task := r.begun()
	metadata := make(ingest.Metadata)
	for i, value := range exact() {
		metadata[fmt.Sprintf("name%d", i)] = json.RawMessage(value)
	}
	r.becomes("lead", task, leads.Lead{Status: leads.StatusNew, Metadata: metadata, UpdatedAt: r.start})
	sub := r.sub("bob@example.com")
	sub.Metadata = metadata
	c := r.one(sub)
	r.same("captured", r.lead(c.LeadID).Metadata, metadata)
	r.same("submission", r.submissions(c.LeadID)[0].Metadata, metadata)
}

func exactPayloads(r *rig) {
	for _, text := range append(exact(), ` { "a" : 1 } `, `"\u003cb\u003e"`, `{"a":1,"a":2}`) {
		f := &filler{base: r.start}
		r.one(r.sub("ann@example.com"))
		task := r.task()
		o := r.outcomeOf(f, task)
		o.Events[0].Data, o.Tasks[0].Payload = json.RawMessage(text), json.RawMessage(text)
		o.Settlement = leads.Done
		r.settle(task, o)
		follow := r.taskAt(r.soon().Add(2*hour), o.Tasks[0].Kind)
		r.check(string(follow.Payload) == text, "the payload %s became %s", shown(text), shown(string(follow.Payload)))
		r.settle(follow, leads.Outcome{})
		if _, ok := r.TestedStore.(leads.History); ok {
			events := r.events(task.LeadID)
			got := string(events[len(events)-1].Data)
			r.check(got == text, "the data %s became %s", shown(text), shown(got))
		}
	}
}

func hostileSubmissions(r *rig) {
	r.history()
	var subs []ingest.Submission
	for _, text := range hostile() {
		f := &filler{base: r.start, text: hostileText(text)}
		sub := withBody(f.submission(r), text)
		quoted, _ := json.Marshal(text)
		sub.Metadata[limited(text, 128)] = quoted
		subs = append(subs, sub)
	}
	for i, c := range r.capture(subs...) {
		r.same("submission", r.submissions(c.LeadID)[0], subs[i])
		r.same("lead", r.lead(c.LeadID), leads.Fold(leads.Lead{ID: c.LeadID}, subs[i]).Lead)
	}
}

func hostileLeads(r *rig) {
	task := r.begun()
	for _, text := range hostile() {
		f := &filler{base: r.start, text: hostileText(text)}
		r.becomes(shown(text), task, f.lead())
	}
}

func hostileOutcomes(r *rig) {
	for _, text := range hostile() {
		r.settles(shown(text), &filler{base: r.start, text: hostileText(text)})
	}
}

func hostileSources(r *rig) {
	for i, text := range hostile() {
		f := &filler{base: r.start, text: hostileText(text)}
		source := filled[ingest.Source](f)
		source.Tenant, source.DeletedAt = r.tenant, time.Time{}
		token := fmt.Sprintf("token-%d", i)
		r.put(source, token)
		got, err := r.SourceByToken(r.t.Context(), token)
		r.check(err == nil, "SourceByToken: %v", err)
		r.same("source", got, source)
	}
}
