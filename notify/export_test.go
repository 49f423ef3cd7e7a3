package notify

import "time"

// What the tests of the calendar look at.
var (
	End    = func(h Hours, t time.Time, zone *time.Location) time.Time { return end(h.quiet(), t, zone) }
	Within = func(h Hours, t time.Time, d time.Duration, zone *time.Location) time.Time {
		return within(h.office(), t, d, zone)
	}
	NextAt = nextAt
)

// Unassigned is the note of the alert about a lead that nobody could take.
const Unassigned = unassigned
