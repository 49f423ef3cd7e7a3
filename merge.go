package leads

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads/ingest"
)

// doubleClick is how long an identical body from the same client is taken for a double click.
const doubleClick = 10 * time.Second

// maxMetadata bounds how many names the metadata of a lead can have; further ones stay in their submissions.
const maxMetadata = 1024

// maxRecent bounds how many submissions a lead remembers for the recognition of double clicks.
const maxRecent = 16

// Folded is what a submission makes of the lead it belongs to: what a [Store] is to write.
type Folded struct {
	Lead Lead // as it is to be stored
	// Created is set when Lead is a new one, even if another was given (an anonymous body seen again after ten seconds). The
	// submission's identity then belongs to the new lead.
	Created bool
	// DuplicateOf is what the submission is to be stored with.
	DuplicateOf string
	Events      []Event
	Tasks       []Task
}

// Fold merges an accepted submission into its lead. A lead whose Version is 0 does not exist yet: it is made, with the ID given or, if
// that is empty, a new one. Fold changes nothing it is given, and has no effects.
//
// The rules: blanks are filled; what is known stays, because a public form can be filled by anybody who knows an address; metadata takes
// the newest value (history is in the submissions) unless a person edited it; the first touch stays, the last one moves. Status, score,
// assignee, tags and tenant are never changed by a submission.
func Fold(lead Lead, sub ingest.Submission) Folded {
	digest := clickDigest(sub)
	exists := lead.Version > 0
	if exists {
		if earlier, ok := clicked(lead, sub, digest); ok {
			return Folded{Lead: lead, DuplicateOf: earlier, Events: []Event{event(lead, sub, EventRepeated)}}
		}
		if Identify(sub).Kind == IdentityBody {
			lead, exists = Lead{}, false
		}
	}
	kind := EventSubmitted
	if !exists {
		lead = newLead(lead.ID, sub)
		kind = EventCreated
	} else {
		lead = merge(lead, sub)
	}
	lead.Recent = remember(lead.Recent, sub, digest)
	return Folded{Lead: lead, Created: !exists, Events: []Event{event(lead, sub, kind)}, Tasks: []Task{firstTask(lead, sub)}}
}

func newLead(id string, sub ingest.Submission) Lead {
	if id == "" {
		id = NewID()
	}
	touch := touchOf(sub)
	return Lead{
		Tenant: sub.Tenant, ID: id, Version: 1,
		Fields: sub.Fields, Metadata: sub.Metadata,
		First: touch, Last: touch, Submissions: 1,
		Status:    StatusNew,
		CreatedAt: sub.Received, UpdatedAt: sub.Received,
	}
}

func merge(lead Lead, sub ingest.Submission) Lead {
	lead.Version++
	for _, name := range ingest.KnownFields() {
		field, given := lead.Field(name), *sub.Fields.Field(name)
		if blank(*field) && !blank(given) && !slices.Contains(lead.Edited, name) {
			*field = given
		}
	}
	lead.Metadata = maps.Clone(lead.Metadata)
	for name, value := range sub.Metadata {
		if _, known := lead.Metadata[name]; slices.Contains(lead.Edited, name) || !known && len(lead.Metadata) >= maxMetadata {
			continue
		}
		if lead.Metadata == nil {
			lead.Metadata = make(ingest.Metadata, len(sub.Metadata))
		}
		lead.Metadata[name] = value
	}
	lead.Last = touchOf(sub)
	lead.Submissions++
	lead.UpdatedAt = sub.Received
	return lead
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func touchOf(sub ingest.Submission) Touch {
	return Touch{
		At: sub.Received, SubmissionID: sub.ID, SourceID: sub.SourceID,
		Attribution: sub.Attribution, Client: sub.Client, UserAgent: sub.UserAgent, Place: sub.Place,
	}
}

// clicked finds the submission that sub repeats.
func clicked(lead Lead, sub ingest.Submission, digest [32]byte) (string, bool) {
	for _, r := range lead.Recent {
		if r.Digest == digest && sub.Received.Sub(r.At).Abs() <= doubleClick {
			return r.SubmissionID, true
		}
	}
	return "", false
}

// remember adds the submission to the recent ones and drops those that are too old or too many.
func remember(recent []Recent, sub ingest.Submission, digest [32]byte) []Recent {
	kept := make([]Recent, 0, len(recent)+1)
	for _, r := range recent {
		if sub.Received.Sub(r.At) <= doubleClick {
			kept = append(kept, r)
		}
	}
	kept = append(kept, Recent{SubmissionID: sub.ID, Digest: digest, At: sub.Received})
	return kept[max(0, len(kept)-maxRecent):]
}

func event(lead Lead, sub ingest.Submission, kind EventKind) Event {
	return Event{Tenant: lead.Tenant, ID: NewID(), LeadID: lead.ID, Kind: kind, At: sub.Received, SubmissionID: sub.ID}
}

func firstTask(lead Lead, sub ingest.Submission) Task {
	return Task{
		Tenant: lead.Tenant, ID: NewID(), Kind: TaskEnrich, LeadID: lead.ID, SubmissionID: sub.ID,
		Payload: baton{Quiet: sub.HasFlag(ingest.FlagImported)}.payload(), State: TaskWaiting, CreatedAt: sub.Received,
	}
}
