package adaptertest

import (
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

const (
	saysRetry    = "A key that the tenant and source have used within 72 hours with the same digest is a retry: nothing is stored and the earlier submission is answered with Repeated set."
	saysRepeated = "SubmissionID and LeadID are then those of the earlier submission, Created is false, and DuplicateOf is the earlier submission's or empty."
	saysNoRenew  = "A retry does not renew the 72 hours."
	saysConflict = "With another digest the submission is stored without its key and with FlagKeyConflict."
)

func keyContracts() []contract {
	return []contract{
		{"keys/retry", saysRetry, keyRetry},
		{"keys/retry in one batch", saysRetry, keyRetryInBatch},
		{"keys/concurrent retries", saysRetry, keyRace},
		{"keys/another source", saysRetry, keyOtherSource},
		{"keys/another tenant", saysRetry, keyOtherTenant},
		{"keys/72 hours", saysRetry, keyLife},
		{"keys/a retry does not renew", saysNoRenew, keyNoRenewal},
		{"keys/retry of a double click", saysRepeated, keyDoubleClick},
		{"keys/retry of a quarantined submission", saysRetry, keyQuarantined},
		{"keys/compared byte by byte", saysRetry, keyExact},
		{"keys/conflict", saysConflict, keyConflict},
		{"keys/conflict in one batch", saysConflict, keyConflictInBatch},
	}
}

// repeats checks that an answer is that of an earlier submission.
func (r *rig) repeats(what string, got, earlier leads.Captured) {
	r.t.Helper()
	earlier.Repeated, earlier.Created = true, false
	if got.DuplicateOf == "" { // a store need not look it up
		earlier.DuplicateOf = ""
	}
	r.same(what, got, earlier)
}

func keyRetry(r *rig) {
	sub := r.keyed("key", "body")
	first := r.one(sub)
	before := r.state(first.LeadID)
	retry := again(sub, time.Minute)
	retry.Fields.Company, retry.UserAgent = "changed", "changed"
	r.repeats("retry", r.one(retry), first)
	r.unchanged("the lead after a retry", first.LeadID, before)
	r.repeats("second retry", r.one(again(sub, 2*time.Minute)), first)
	r.check(len(r.claim(10)) == 1, "a retry has a task")
}

func keyRetryInBatch(r *rig) {
	sub := r.keyed("key", "body")
	other := r.sub("bob@example.com")
	captured := r.capture(sub, other, again(sub, time.Second))
	r.repeats("retry", captured[2], captured[0])
	r.check(captured[1].Created && !captured[1].Repeated, "its neighbour is %+v", captured[1])
	r.check(r.lead(captured[0].LeadID).Submissions == 1, "the retry was counted")
}

func keyRace(r *rig) {
	const n = 16
	subs, captured := make([]ingest.Submission, n), make([]leads.Captured, n)
	first := r.keyed("key", "body")
	for i := range subs {
		subs[i] = again(first, time.Duration(i)*time.Millisecond)
	}
	r.together(n, func(i int) error {
		answers, err := r.Capture(r.t.Context(), subs[i:i+1])
		if err == nil {
			captured[i], err = answers[0], answers[0].Err
		}
		return err
	})
	stored := 0
	for _, c := range captured {
		if !c.Repeated {
			stored++
		}
		r.check(c.SubmissionID == captured[0].SubmissionID && c.LeadID == captured[0].LeadID, "the answers differ: %+v, %+v", c, captured[0])
	}
	r.check(stored == 1, "%d of %d concurrent retries were stored", stored, n)
	r.check(r.lead(captured[0].LeadID).Version == 1, "a retry changed the lead")
}

func keyOtherSource(r *rig) {
	sub := r.keyed("key", "body")
	first := r.one(sub)
	other := again(sub, time.Minute)
	other.SourceID = r.newSource(r.tenant)
	c := r.one(other)
	r.check(!c.Repeated && c.SubmissionID == other.ID && c.LeadID == first.LeadID, "the same key at another source: %+v", c)
	r.check(r.submissions(first.LeadID)[1].Key == "key", "the key of the other source is gone")
	r.repeats("retry at the first source", r.one(again(sub, 2*time.Minute)), first)
	r.repeats("retry at the other source", r.one(again(other, time.Minute)), c)
}

func keyOtherTenant(r *rig) {
	sub := r.keyed("key", "body")
	first := r.one(sub)
	other := r.as("other")
	foreign := again(sub, time.Minute)
	foreign.Tenant = "other"
	foreign.SourceID = r.source // a tenant's source may have any ID
	r.put(ingest.Source{Tenant: "other", ID: r.source, Name: "same", CreatedAt: r.start}, "same")
	c := other.one(foreign)
	r.check(!c.Repeated && c.Created && c.LeadID != first.LeadID, "the same key at another tenant: %+v", c)
}

func keyLife(r *rig) {
	sub := r.keyed("key", "body")
	sub.Received = r.start.Add(-80 * hour)
	first := r.one(sub)
	r.repeats("retry just within 72 hours", r.one(again(sub, 72*hour-time.Second)), first)

	late := again(sub, 72*hour+time.Second)
	c := r.one(late)
	r.check(!c.Repeated && c.SubmissionID == late.ID && c.LeadID == first.LeadID, "the same key after 72 hours: %+v", c)
	stored := r.submissions(first.LeadID)
	r.check(len(stored) == 2 && stored[1].Key == "key", "the key used again is not stored: %+v", stored)
	r.repeats("retry of the second use", r.one(again(late, time.Minute)), c)

	other := withBody(again(late, 73*hour), "other body")
	c = r.one(other)
	r.check(!c.Repeated && !r.submissions(c.LeadID)[2].HasFlag(ingest.FlagKeyConflict), "another body after 72 hours is a conflict")
}

// keyNoRenewal retries all the time, which must not keep the key alive.
func keyNoRenewal(r *rig) {
	sub := r.keyed("key", "body")
	sub.Received = r.start.Add(-80 * hour)
	first := r.one(sub)
	for after := 24 * hour; after < 72*hour; after += 12 * hour {
		r.repeats("retry", r.one(again(sub, after)), first)
	}
	c := r.one(again(sub, 72*hour+time.Second))
	r.check(!c.Repeated && c.LeadID == first.LeadID, "retries have renewed the key: %+v", c)
}

// keyDoubleClick retries a submission that was itself a double click, from the store and within one batch.
func keyDoubleClick(r *rig) {
	first := r.sub("ann@example.com")
	click := again(first, time.Second)
	click.Key = "key"
	r.one(first)
	clicked := r.one(click)
	r.check(clicked.DuplicateOf == first.ID, "the double click is %+v", clicked)
	r.repeats("retry of a double click", r.one(again(click, time.Minute)), clicked)

	other := r.sub("bob@example.com")
	click = again(other, time.Second)
	click.Key = "other key"
	captured := r.capture(other, click, again(click, time.Second))
	r.repeats("retry in the batch of its double click", captured[2], captured[1])
}

func keyQuarantined(r *rig) {
	sub := r.keyed("key", "body")
	sub.Verdict = ingest.Quarantined
	first := r.one(sub)
	r.repeats("retry", r.one(again(sub, time.Minute)), first)
	accepted := again(sub, 2*time.Minute)
	accepted.Verdict = ingest.Accepted
	r.repeats("accepted retry", r.one(accepted), first)

	released, err := r.history().Release(r.t.Context(), r.tenant, sub.ID)
	r.check(err == nil, "Release: %v", err)
	c := r.one(again(sub, 3*time.Minute))
	r.check(c.Repeated && c.LeadID == released.LeadID && c.LeadID != "", "a retry after the release is %+v, want lead %s", c, released.LeadID)
}

func keyExact(r *rig) {
	long := strings.Repeat("k", 254)
	keys := append(hostile(), "key", "KEY", "key ", " key", "ke\u0301y", "k\u00e9y", long+"a", long+"b")
	seen := make(map[string]bool)
	for _, key := range keys {
		if key = limited(key, 255); seen[key] {
			continue
		}
		seen[key] = true
		sub := r.keyed(key, "body")
		c := r.one(sub)
		r.check(!c.Repeated, "the key %s is taken for another", shown(key))
		r.repeats("retry with the key "+shown(key), r.one(again(sub, time.Minute)), c)
	}
}

func keyConflict(r *rig) {
	sub := r.keyed("key", "body")
	first := r.one(sub)
	other := withBody(again(sub, time.Minute), "other body")
	other.Flags = []ingest.Flag{ingest.FlagSanitised}
	c := r.one(other)
	r.same("answer", c, leads.Captured{SubmissionID: other.ID, LeadID: first.LeadID})

	other.Key, other.Flags = "", []ingest.Flag{ingest.FlagSanitised, ingest.FlagKeyConflict}
	stored := r.submissions(first.LeadID)
	r.check(len(stored) == 2, "%d submissions, want 2", len(stored))
	r.same("stored", stored[len(stored)-1], other)
	r.repeats("retry of the first body", r.one(again(sub, 2*time.Minute)), first)
}

func keyConflictInBatch(r *rig) {
	sub := r.keyed("key", "body")
	other := withBody(again(sub, time.Second), "other body")
	captured := r.capture(sub, other, again(sub, 2*time.Second))
	r.check(!captured[1].Repeated && captured[1].SubmissionID == other.ID, "the conflict is %+v", captured[1])
	r.repeats("retry", captured[2], captured[0])
	stored := r.submissions(captured[0].LeadID)
	r.check(len(stored) == 2 && stored[1].Key == "" && stored[1].HasFlag(ingest.FlagKeyConflict), "stored: %+v", stored)
}
