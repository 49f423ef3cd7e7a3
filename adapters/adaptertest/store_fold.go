package adaptertest

import (
	"net/netip"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	saysFound = "For any other the lead is found by [Identify] under lock, so that concurrent first submissions of one identity make one lead;"
	saysFold  = "[Fold] says what becomes of it,"
	saysClick = "DuplicateOf is the ID of the submission that this one repeats (a double click)."
)

func foldContracts() []contract {
	return []contract{
		{"fold/found by email", saysFound, foundByEmail},
		{"fold/found by phone", saysFound, foundByPhone},
		{"fold/what has no identity is new", saysFound, foundByNothing},
		{"fold/as Fold says", saysFold, foldedAsFold},
		{"fold/events and tasks as Fold says", saysFold, foldedEvents},
		{"fold/double click", saysClick, doubleClick},
		{"fold/double click without identity", saysClick, anonymousDoubleClick},
		{"fold/double click in one batch", saysClick, batchDoubleClick},
	}
}

func foundByEmail(r *rig) {
	first := r.one(r.sub("Ann@Example.com"))
	for _, email := range []string{"ann@example.com", " ANN@EXAMPLE.COM", "ann@example.com."} {
		sub := r.sub(email)
		if leads.Identify(sub).Kind != leads.IdentityEmail {
			continue
		}
		c := r.one(sub)
		r.check(c.LeadID == first.LeadID && !c.Created, "%q made another lead", email)
	}
	r.check(r.one(r.sub("ann@example.org")).Created, "another address found the lead")
}

func foundByPhone(r *rig) {
	phone := func(email, number string) ingest.Submission {
		sub := r.sub(email)
		sub.Fields.Phone = number
		return sub
	}
	first := r.one(phone("", "+49 30 1234567"))
	second := r.one(phone("", "0049 (30) 1234-567"))
	r.check(second.LeadID == first.LeadID, "the same number made another lead")
	r.check(r.one(phone("", "+49 30 1234568")).Created, "another number found the lead")
	r.check(r.one(phone("ann@example.com", "+49 30 1234567")).Created, "a number found the lead although there is an email")
}

func foundByNothing(r *rig) {
	for range 3 {
		c := r.one(r.sub("not an address"))
		r.check(c.Created && c.DuplicateOf == "", "a submission without an identity found a lead: %+v", c)
	}
}

// story is one person's submissions, of every kind that Fold tells apart.
func (r *rig) story() []ingest.Submission {
	f := &filler{base: r.start}
	subs := make([]ingest.Submission, 6)
	for i := range subs {
		subs[i] = f.submission(r)
		subs[i].Fields.Email = "ann@example.com"
	}
	subs[0].Fields = ingest.Fields{Email: "ann@example.com"}
	subs[1].Fields.Company = ""
	subs[2].Metadata = subs[1].Metadata
	subs[3] = again(subs[2], time.Second)
	subs[3].Key = ""
	subs[4].Metadata, subs[4].Attribution = nil, ingest.Attribution{}
	subs[5].Client, subs[5].UserAgent = netip.Addr{}, ""
	return subs
}

func foldedAsFold(r *rig) {
	var want leads.Lead
	for i, sub := range r.story() {
		c := r.one(sub)
		if i == 0 {
			want.ID = c.LeadID
		}
		folded := leads.Fold(want, sub)
		want = folded.Lead
		r.same("answer", c, leads.Captured{SubmissionID: sub.ID, LeadID: want.ID, Created: folded.Created, DuplicateOf: folded.DuplicateOf})
		r.same("lead", r.lead(want.ID), want)
	}
	r.check(want.Version == 5, "the story is not told right: version %d", want.Version)
}

func foldedEvents(r *rig) {
	r.history()
	var (
		want   leads.Lead
		events []leads.Event
		tasks  []leads.Task
	)
	for _, sub := range r.story() {
		c := r.one(sub)
		want.ID = c.LeadID
		folded := leads.Fold(want, sub)
		want = folded.Lead
		events, tasks = append(events, folded.Events...), append(tasks, folded.Tasks...)
	}
	gotEvents, gotTasks := r.events(want.ID), r.tasks(want.ID)
	for i := range gotEvents { // the events and tasks that were stored come from another call of Fold
		gotEvents[i].ID = ""
	}
	for i := range events {
		events[i].ID = ""
	}
	r.same("events", gotEvents, events)
	r.check(len(gotTasks) == len(tasks), "%d tasks, want %d", len(gotTasks), len(tasks))
	for i := range min(len(gotTasks), len(tasks)) {
		r.same("task", gotTasks[i], tasks[i], "ID", "Due")
	}
}

func doubleClick(r *rig) {
	sub := r.sub("ann@example.com")
	sub.Client = netip.MustParseAddr("203.0.113.7")
	first := r.one(sub)
	r.settle(r.task(), leads.Outcome{})
	before := r.lead(first.LeadID)

	click := again(sub, 2*time.Second)
	c := r.one(click)
	r.same("answer", c, leads.Captured{SubmissionID: click.ID, LeadID: first.LeadID, DuplicateOf: sub.ID})
	r.same("lead", r.lead(first.LeadID), before)
	r.check(len(r.claim(10)) == 0, "a double click has a task")

	later := r.one(again(sub, 11*time.Second))
	r.check(later.DuplicateOf == "" && later.LeadID == first.LeadID, "after ten seconds it is still a double click: %+v", later)
	elsewhere := again(sub, 12*time.Second)
	elsewhere.Client = netip.MustParseAddr("203.0.113.8")
	r.check(r.one(elsewhere).DuplicateOf == "", "another client's submission is taken for a double click")
	stored := r.submissions(first.LeadID)
	r.check(len(stored) == 4 && stored[1].DuplicateOf == sub.ID && stored[1].ID == click.ID, "the submissions are %+v", stored)
}

func anonymousDoubleClick(r *rig) {
	sub := r.sub("")
	first := r.one(sub)
	click := r.one(again(sub, 9*time.Second))
	r.check(click.LeadID == first.LeadID && click.DuplicateOf == sub.ID, "a double click made a lead: %+v", click)

	later := again(sub, 11*time.Second)
	second := r.one(later)
	r.check(second.Created && second.LeadID != first.LeadID && second.DuplicateOf == "", "the same body after ten seconds is %+v", second)
	third := r.one(again(later, time.Second))
	r.check(third.LeadID == second.LeadID && third.DuplicateOf == later.ID, "its double click is %+v, want one of %s", third, later.ID)
}

func batchDoubleClick(r *rig) {
	for _, email := range []string{"ann@example.com", ""} {
		sub := r.sub(email)
		captured := r.capture(sub, again(sub, time.Second))
		r.check(captured[1].DuplicateOf == sub.ID && captured[1].LeadID == captured[0].LeadID, "with email %q: %+v", email, captured)
	}
}
