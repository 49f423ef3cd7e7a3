package memstore

import (
	"maps"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// What a Store returns belongs to the caller, and what it is given stays the caller's: everything is copied on its way in and out,
// down to the last slice.

func cloneSource(s ingest.Source) ingest.Source {
	s.Mappings = maps.Clone(s.Mappings)
	s.Origins = slices.Clone(s.Origins)
	s.Redirects = slices.Clone(s.Redirects)
	s.Spam.Blocked = slices.Clone(s.Spam.Blocked)
	return s
}

func cloneSubmission(s ingest.Submission) ingest.Submission {
	s.Raw = slices.Clone(s.Raw)
	s.Metadata = cloneMetadata(s.Metadata)
	s.Attribution = cloneAttribution(s.Attribution)
	s.Flags = slices.Clone(s.Flags)
	s.Reasons = slices.Clone(s.Reasons)
	return s
}

func cloneLead(l leads.Lead) leads.Lead {
	l.Metadata = cloneMetadata(l.Metadata)
	l.First.Attribution = cloneAttribution(l.First.Attribution)
	l.Last.Attribution = cloneAttribution(l.Last.Attribution)
	l.Recent = slices.Clone(l.Recent)
	l.Enrichment = maps.Clone(l.Enrichment)
	l.Tags = slices.Clone(l.Tags)
	l.Edited = slices.Clone(l.Edited)
	l.Identities = slices.Clone(l.Identities)
	if l.Score != nil {
		score := *l.Score
		score.Evidence = slices.Clone(score.Evidence)
		l.Score = &score
	}
	return l
}

func cloneMetadata(m ingest.Metadata) ingest.Metadata {
	m = maps.Clone(m)
	for name, value := range m {
		m[name] = slices.Clone(value)
	}
	return m
}

func cloneAttribution(a ingest.Attribution) ingest.Attribution {
	a.ClickIDs = maps.Clone(a.ClickIDs)
	a.Touches = slices.Clone(a.Touches)
	return a
}

func cloneEvent(e leads.Event) leads.Event {
	e.Data = slices.Clone(e.Data)
	return e
}

// cloneTask copies a task as it is stored: its deliveries have a table of their own.
func cloneTask(t leads.Task) leads.Task {
	t.Payload = slices.Clone(t.Payload)
	t.Deliveries = nil
	return t
}

func cloneDelivery(d leads.Delivery) leads.Delivery {
	d.Body = slices.Clone(d.Body)
	return d
}

func cloneEntry(e desk.Entry) desk.Entry {
	e.Data = slices.Clone(e.Data)
	return e
}

func cloneRecord(r leads.Record) leads.Record {
	r.Data = slices.Clone(r.Data)
	return r
}

func cloneEnrollment(e sequence.Enrollment) sequence.Enrollment {
	e.Passed = slices.Clone(e.Passed)
	return e
}
