package notify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

func TestResponseTimes(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	friday := time.Date(2026, 11, 27, 16, 45, 0, 0, zone)
	monday := func(hour, minute int) time.Time { return time.Date(2026, 11, 30, hour, minute, 0, 0, zone) }
	lead := func(assigned, viewed, contacted time.Time) leads.Lead {
		return leads.Lead{First: leads.Touch{At: friday.UTC()}, Response: leads.Response{Assigned: assigned, Viewed: viewed, Contacted: contacted}}
	}
	found := []leads.Lead{
		lead(friday.Add(time.Minute), monday(9, 0), monday(9, 30)),
		lead(friday.Add(3*time.Minute), time.Time{}, time.Time{}),
		lead(friday.Add(2*time.Minute), monday(9, 5), time.Time{}),
		lead(friday.Add(-time.Minute), time.Time{}, time.Time{}), // a clock was wrong
	}
	r := notify.ResponseTimes(found, notify.Weekdays("09:00", "17:00"), zone)
	require.Equal(t, notify.ResponseReport{
		Leads:     4,
		Assigned:  notify.ResponseTime{Count: 4, Median: time.Minute, P90: 3 * time.Minute},
		Viewed:    notify.ResponseTime{Count: 2, Median: 15 * time.Minute, P90: 20 * time.Minute},
		Contacted: notify.ResponseTime{Count: 1, Median: 45 * time.Minute, P90: 45 * time.Minute},
	}, r)
	require.Equal(t, 64*time.Hour+45*time.Minute, notify.ResponseTimes(found[:1], nil, nil).Contacted.Median, "by the calendar")
	require.Zero(t, notify.ResponseTimes(nil, nil, nil))
}
