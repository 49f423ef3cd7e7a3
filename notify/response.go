package notify

import (
	"slices"
	"time"

	"github.com/openleads/leads"
)

// ResponseReport is how soon a team takes care of its leads.
type ResponseReport struct {
	Leads int `json:"leads"`
	// Assigned, Viewed and Contacted are how long it took until somebody was responsible, looked at the lead, and was in touch.
	Assigned  ResponseTime `json:"assigned"`
	Viewed    ResponseTime `json:"viewed"`
	Contacted ResponseTime `json:"contacted"`
}

// ResponseTime sums up how long something took.
type ResponseTime struct {
	// Count is for how many leads it has happened; the others do not count.
	Count int `json:"count"`
	// Median is within what time it happened for half of them, P90 for nine in ten. Both are times that a lead really took, or 0 without any.
	Median time.Duration `json:"median"`
	P90    time.Duration `json:"p90"`
}

// ResponseTimes reports on leads, from their first submission on. Only the hours count, by the clocks of zone: a lead that comes in on a Friday evening and is
// answered on Monday at half past nine has taken half an hour of a week from nine to five. Empty hours mean that all time counts. A nil zone means UTC.
func ResponseTimes(found []leads.Lead, hours Hours, zone *time.Location) ResponseReport {
	if zone == nil {
		zone = time.UTC
	}
	week := hours.office()
	sum := func(when func(leads.Response) time.Time) ResponseTime {
		var took []time.Duration
		for _, l := range found {
			if at := when(l.Response); !at.IsZero() {
				took = append(took, week.Between(l.First.At, at, zone))
			}
		}
		return summed(took)
	}
	return ResponseReport{
		Leads:     len(found),
		Assigned:  sum(func(r leads.Response) time.Time { return r.Assigned }),
		Viewed:    sum(func(r leads.Response) time.Time { return r.Viewed }),
		Contacted: sum(func(r leads.Response) time.Time { return r.Contacted }),
	}
}

// summed takes the nearest rank: the smallest value that at least that part of them does not exceed.
func summed(took []time.Duration) ResponseTime {
	if len(took) == 0 {
		return ResponseTime{}
	}
	slices.Sort(took)
	rank := func(percent int) time.Duration { return took[(len(took)*percent+99)/100-1] }
	return ResponseTime{Count: len(took), Median: rank(50), P90: rank(90)}
}
