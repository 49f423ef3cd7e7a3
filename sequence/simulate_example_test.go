package sequence_test

import (
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// A lead from Berlin comes in on a Friday evening before the clocks go forward. Mails go out on workdays from 9 to 17.
func ExampleSimulate() {
	d, err := sequence.Parse([]byte(`{
		"id": "welcome", "name": "Welcome",
		"match": {"field": "qualification", "is": ["hot", "warm"]},
		"hours": {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"},
		"delay": "10m",
		"steps": [
			{"id": "hello", "email": {"subject": "Your request{{#firstName}}, {{firstName}}{{/firstName}}", "body": "Thank you. We call you."}},
			{"id": "pause", "wait": {"for": "2d", "until": {"at": "10:30"}}},
			{"id": "read", "branch": {"if": {"field": "opened", "is": ["hello"]}, "then": "book", "else": "again"}},
			{"id": "again", "email": {"subject": "Did this reach you?", "body": "Just asking."}, "next": "end"},
			{"id": "book", "email": {"subject": "A time that suits you", "body": "[Book a call](https://example.com/book)."}},
			{"id": "month", "wait": {"for": "1mo"}},
			{"id": "tell", "notify": {"note": "No answer for a month: call {{name}}{{^name}}them{{/name}}."}}
		]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	lead := leads.Lead{
		ID: "0198a1f0-0000-7000-8000-000000000001", Fields: ingest.Fields{FirstName: "Ann", Email: "ann@example.com"},
		Enrichment: leads.Enrichment{"geo.timezone": {Key: "geo.timezone", Truth: leads.Yes, Value: "Europe/Berlin"}},
	}
	fmt.Print(sequence.Simulate(d, lead, sequence.Calendar{
		Start:  time.Date(2026, 3, 27, 16, 40, 0, 0, time.UTC),
		Opened: []string{"hello"},
	}))
	// Output:
	// Welcome (Europe/Berlin)
	// Fri 2026-03-27 17:40 CET   enrolled
	// Mon 2026-03-30 09:00 CEST  hello     email   Your request, Ann (held to the hours since Fri 17:50)
	// Wed 2026-04-01 10:30 CEST  pause     wait    2d until 10:30
	// Wed 2026-04-01 10:30 CEST  read      branch  then
	// Wed 2026-04-01 10:30 CEST  book      email   A time that suits you
	// Fri 2026-05-01 10:30 CEST  month     wait    1mo
	// Fri 2026-05-01 10:30 CEST  tell      notify  No answer for a month: call Ann.
	// Fri 2026-05-01 10:30 CEST  end
}
