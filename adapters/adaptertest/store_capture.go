package adaptertest

import (
	"context"
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	saysDurable    = "Capture makes the submissions durable in one transaction, in their order, each with the lead it belongs to."
	saysAnswers    = "It answers one Captured a submission, in the same order."
	saysQuarantine = "A quarantined submission is stored without a lead, event or task."
	saysOneError   = "An error of one submission stands in its Captured and leaves the others alone; the returned error means that none was stored."
	saysRefused    = "A submission whose ID is malformed or taken is refused in its Captured."
	saysAllOrNone  = "[Fold] says what becomes of it, and submission, lead, identity, event and tasks are stored all or none."
)

func captureContracts() []contract {
	return []contract{
		{"capture/in their order", saysDurable, captureOrder},
		{"capture/each with its lead", saysDurable, captureWithLead},
		{"capture/answers in the same order", saysAnswers, captureAnswers},
		{"capture/nothing to store", saysAnswers, captureNothing},
		{"capture/through no source", "It stores what it is given:", captureNoSource},
		{"capture/quarantine", saysQuarantine, captureQuarantine},
		{"capture/an ended context stores nothing", saysEnded, captureEnded},
		{"capture/one bad ID", saysRefused, captureBadID},
		{"capture/an ID that is taken", saysRefused, captureTakenID},
		{"capture/text no database takes", saysOneError, captureBadText},
		{"capture/all or none", saysAllOrNone, captureAllOrNone},
	}
}

// captureOrder sends submissions of one person whose result depends on their order.
func captureOrder(r *rig) {
	subs := make([]ingest.Submission, 5)
	for i := range subs {
		subs[i] = r.sub("ann@example.com")
		subs[i].Fields.Company = fmt.Sprintf("company %d", i)
		subs[i].Metadata = ingest.Metadata{"last": []byte(fmt.Sprint(i))}
	}
	captured := r.capture(subs...)
	lead := r.lead(captured[0].LeadID)
	r.check(lead.Company == "company 0", "the first company is not kept but %q", lead.Company)
	r.check(string(lead.Metadata["last"]) == "4", "the newest metadata is not kept but %s", lead.Metadata["last"])
	r.check(lead.First.SubmissionID == subs[0].ID && lead.Last.SubmissionID == subs[4].ID, "first and last touch are %+v and %+v", lead.First, lead.Last)
	r.check(lead.Submissions == 5 && lead.Version == 5, "submissions %d and version %d, want 5 and 5", lead.Submissions, lead.Version)
}

func captureWithLead(r *rig) {
	ann, bob := r.sub("ann@example.com"), r.sub("bob@example.com")
	ann2 := r.sub("ann@example.com")
	captured := r.capture(ann, bob, ann2)
	r.check(captured[0].LeadID == captured[2].LeadID && captured[0].LeadID != captured[1].LeadID, "leads are %+v", captured)
	r.check(captured[0].Created && captured[1].Created && !captured[2].Created, "created are %+v", captured)
	for i, sub := range []ingest.Submission{ann, bob, ann2} {
		r.check(r.lead(captured[i].LeadID).Email == sub.Fields.Email, "submission %d has another's lead", i)
	}
	r.same("submissions of ann", r.submissions(captured[0].LeadID), []ingest.Submission{ann, ann2})
	r.same("submissions of bob", r.submissions(captured[1].LeadID), []ingest.Submission{bob})
}

func captureAnswers(r *rig) {
	var subs []ingest.Submission
	for i := range 60 {
		sub := r.sub(fmt.Sprintf("person%d@example.com", (i*7)%20))
		if i%5 == 3 {
			sub.Verdict = ingest.Quarantined
		}
		subs = append(subs, sub)
	}
	for i, c := range r.capture(subs...) {
		r.check(c.SubmissionID == subs[i].ID, "answer %d is about another submission", i)
		r.check((c.LeadID == "") == (subs[i].Verdict == ingest.Quarantined), "answer %d has lead %q", i, c.LeadID)
		if c.LeadID != "" {
			r.check(r.lead(c.LeadID).Email == subs[i].Fields.Email, "answer %d has another's lead", i)
		}
	}
}

func captureNothing(r *rig) {
	captured, err := r.Capture(r.t.Context(), nil)
	r.check(len(captured) == 0 && err == nil, "Capture of nothing answered %v, %v", captured, err)
}

func captureNoSource(r *rig) {
	sub := r.sub("ann@example.com")
	sub.SourceID = ""
	c := r.one(sub)
	r.same("submission", r.submissions(c.LeadID)[0], sub)
	r.check(r.lead(c.LeadID).First.SourceID == "", "the lead has got a source")
}

func captureQuarantine(r *rig) {
	sub := r.sub("ann@example.com")
	sub.Verdict, sub.Reasons = ingest.Quarantined, []string{"honeypot"}
	c := r.one(sub)
	r.same("answer", c, leads.Captured{SubmissionID: sub.ID})
	r.check(len(r.claim(10)) == 0, "a quarantined submission has a task")
	accepted := r.one(r.sub("ann@example.com"))
	r.check(accepted.Created, "a quarantined submission has a lead")
	if _, ok := r.TestedStore.(leads.History); ok {
		r.check(len(r.events(accepted.LeadID)) == 1, "a quarantined submission has an event")
		r.check(len(r.submissions(accepted.LeadID)) == 1, "a quarantined submission belongs to a lead")
	}
}

// ended returns a context that has ended.
func ended(t interface{ Context() context.Context }) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func captureEnded(r *rig) {
	subs := []ingest.Submission{r.sub("ann@example.com"), r.keyed("key", "body"), r.sub("bob@example.com")}
	_, err := r.Capture(ended(r.t), subs)
	r.check(err != nil, "Capture with an ended context returned no error")
	r.check(len(r.claim(10)) == 0, "a task was stored")
	for i, c := range r.capture(subs...) {
		r.check(!c.Repeated && c.SubmissionID == subs[i].ID, "submission %d had been stored: %+v", i, c)
	}
	r.check(r.lead(r.one(r.sub("bob@example.com")).LeadID).Version == 2, "a lead had been stored")
}

// oneBad captures a submission that may be refused between two that must not be, and returns its answer.
func (r *rig) oneBad(bad ingest.Submission) leads.Captured {
	r.t.Helper()
	before, after := r.sub("before@example.com"), r.sub("after@example.com")
	captured, err := r.Capture(r.t.Context(), []ingest.Submission{before, bad, after})
	if err != nil || len(captured) != 3 {
		r.t.Fatalf("one bad submission failed its batch: %v", err)
	}
	r.check(captured[0].Err == nil && captured[2].Err == nil, "one bad submission failed its neighbours: %+v", captured)
	for _, i := range []int{0, 2} {
		r.check(r.lead(captured[i].LeadID).Version > 0, "neighbour %d is not stored", i)
	}
	return captured[1]
}

func captureBadID(r *rig) {
	for _, id := range []string{"", "7", "not-a-uuid", "\x00"} {
		bad := r.sub("bad@example.com")
		bad.ID = id
		r.fails(fmt.Sprintf("a submission with the ID %q", id), r.oneBad(bad).Err, leads.ErrInvalid)
	}
	r.check(r.one(r.sub("bad@example.com")).Created, "a refused submission has made a lead")
}

func captureTakenID(r *rig) {
	first := r.sub("first@example.com")
	c := r.one(first)
	before := r.state(c.LeadID)
	second := r.sub("second@example.com")
	second.ID = first.ID
	r.check(r.oneBad(second).Err != nil, "a second submission was stored under the ID of another")
	r.unchanged("the first", c.LeadID, before)

	pair := []ingest.Submission{r.sub("x@example.com"), r.sub("y@example.com")}
	pair[1].ID = pair[0].ID
	captured, err := r.Capture(r.t.Context(), pair)
	r.check(err == nil && captured[0].Err == nil && captured[1].Err != nil, "twice one ID in a batch: %+v, %v", captured, err)
}

// captureBadText checks that text which some database refuses costs at most its own submission.
func captureBadText(r *rig) {
	for _, text := range []string{"a\x00b", "\xff\xfe", "\xed\xa0\x80"} {
		bad := r.sub("ann@example.com")
		bad.Fields.Company, bad.UserAgent, bad.Key, bad.ContentType = text, text, text, text
		bad.Metadata = ingest.Metadata{text: []byte(`"` + text + `"`)}
		bad.Attribution = ingest.Attribution{Referrer: text, ClickIDs: map[string]string{text: text}}
		if c := r.oneBad(bad); c.Err == nil {
			r.lead(c.LeadID)
		}
	}
}

// captureAllOrNone ends the context somewhere in the middle of captures: whatever came of each, it is whole.
func captureAllOrNone(r *rig) {
	r.history()
	for i := range 20 {
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Duration(i*i)*20*time.Microsecond)
		sub := r.sub(fmt.Sprintf("person%d@example.com", i))
		_, err := r.Capture(ctx, []ingest.Submission{sub})
		cancel()
		second := again(sub, time.Minute)
		c := r.one(second)
		subs, events, tasks := r.submissions(c.LeadID), r.events(c.LeadID), r.tasks(c.LeadID)
		n := len(subs)
		r.check(n == 2 || n == 1 && err != nil, "capture %d (%v) left %d submissions", i, err, n)
		r.check(c.Created == (n == 1), "capture %d left a lead without its submission or the reverse", i)
		r.check(len(events) == n && len(tasks) == n, "capture %d: %d submissions, %d events, %d tasks", i, n, len(events), len(tasks))
	}
}
