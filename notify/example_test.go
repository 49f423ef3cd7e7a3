package notify_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
)

func ExampleEmail() {
	mailer := leads.MailerFunc(func(_ context.Context, m leads.Email) (leads.Receipt, error) {
		fmt.Printf("to %s, reply to %s: %s\n", m.To[0].Address, m.ReplyTo[0].Address, m.Subject)
		return leads.Receipt{}, nil
	})
	notifier := notify.Email(mailer, "sales@example.com")

	lead := leads.Lead{
		Fields: ingest.Fields{Email: "ann@acme.com", FirstName: "Ann", LastName: "Lee", Company: "Acme"},
		Score:  &leads.Score{Value: 87, Qualification: leads.Hot},
	}
	err := notifier.Notify(context.Background(), leads.Notification{Kind: leads.NotifyNew, Lead: lead})
	fmt.Println(err)
	// Output:
	// to sales@example.com, reply to ann@acme.com: Hot lead: Ann Lee, Acme (87)
	// <nil>
}

func ExampleEmailTo() {
	mailer := leads.MailerFunc(func(_ context.Context, m leads.Email) (leads.Receipt, error) {
		fmt.Println(m.Subject)
		return leads.Receipt{}, nil
	})
	notifier := notify.EmailTo(mailer, &notify.EmailOptions{To: []string{"Sales <sales@example.com>"}, Prefix: "[Acme]"})
	_ = notifier.Notify(context.Background(), leads.Notification{Lead: leads.Lead{Fields: ingest.Fields{Phone: "+49 30 1234567"}}})
	// Output: [Acme] New lead: +49 30 1234567
}

func ExampleTeam() {
	mailer := leads.MailerFunc(func(_ context.Context, m leads.Email) (leads.Receipt, error) {
		fmt.Printf("to %s: %s\n", m.To[0].Address, m.Subject)
		return leads.Receipt{}, nil
	})
	people := notify.People{
		{ID: "ann", Name: "Ann", Email: "ann@example.com"},
		{ID: "ben", Name: "Ben", Email: "ben@example.com", Preferences: notify.Preferences{
			Modes: map[leads.NotificationKind]notify.Mode{leads.NotifyNew: notify.Off, leads.NotifyHot: notify.Instant},
		}},
	}
	team := notify.Team(mailer, people, nil)

	warm := leads.Lead{ID: "1", Fields: ingest.Fields{FirstName: "Lee"}, Score: &leads.Score{Value: 55, Qualification: leads.Warm}}
	_ = team.Notify(context.Background(), leads.Notification{Kind: leads.NotifyNew, Lead: warm})
	hot := leads.Lead{ID: "2", Fields: ingest.Fields{FirstName: "Kim"}, Score: &leads.Score{Value: 91, Qualification: leads.Hot}}
	_ = team.Notify(context.Background(), leads.Notification{Kind: leads.NotifyNew, Lead: hot})
	reply := leads.Notification{Kind: leads.NotifyReplied, Lead: hot, Note: "Tuesday suits me."}
	reply.Lead.Assignee = "ben"
	_ = team.Notify(context.Background(), reply)
	// Output:
	// to ann@example.com: Warm lead: Lee (55)
	// to ann@example.com: Hot lead: Kim (91)
	// to ben@example.com: Hot lead: Kim (91)
	// to ben@example.com: Reply: Kim (91)
}

func ExampleRoute() {
	store := memstore.New(nil)
	people := notify.People{{ID: "ann", Weight: 2}, {ID: "ben", Weight: 1}, {ID: "cy", Weight: 1}}
	router := notify.Route(store, &notify.RouteOptions{
		People: people,
		Rules:  []notify.Rule{{Name: "partners", Tags: []string{"partner"}, To: []string{"cy"}}},
	}, leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
		fmt.Println(n.Lead.Email, "goes to", n.Lead.Assignee)
		return nil
	}))
	ctx := context.Background()
	engine, _ := leads.New(leads.Config{Store: store})
	for _, email := range []string{"one@acme.com", "two@beta.com", "three@gamma.com", "four@delta.com"} {
		captured, _ := engine.Capture(ctx, ingest.Submission{Fields: ingest.Fields{Email: email}})
		lead, _ := store.Lead(ctx, leads.DefaultTenant, captured.LeadID)
		// In a program the engine does this.
		_ = router.Notify(ctx, leads.Notification{Tenant: leads.DefaultTenant, Kind: leads.NotifyNew, Lead: lead})
	}
	// Output:
	// one@acme.com goes to ann
	// two@beta.com goes to ben
	// three@gamma.com goes to cy
	// four@delta.com goes to ann
}

func ExampleAll() {
	say := func(channel string) leads.Notifier {
		return leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
			return errors.New(channel + " is away")
		})
	}
	err := notify.All(say("mail"), notify.Only(say("chat"), leads.NotifyHot)).Notify(context.Background(), leads.Notification{Kind: leads.NotifyNew})
	fmt.Println(err)
	// Output: mail is away
}

func ExampleResponseTimes() {
	friday := time.Date(2026, 11, 27, 16, 45, 0, 0, time.UTC)
	monday := time.Date(2026, 11, 30, 9, 30, 0, 0, time.UTC)
	answered := leads.Lead{First: leads.Touch{At: friday}, Response: leads.Response{Assigned: friday, Contacted: monday}}
	waiting := leads.Lead{First: leads.Touch{At: friday}, Response: leads.Response{Assigned: friday}}
	report := notify.ResponseTimes([]leads.Lead{answered, waiting}, notify.Weekdays("09:00", "17:00"), time.UTC)
	fmt.Printf("%d of %d leads were contacted, half of them within %s\n", report.Contacted.Count, report.Leads, report.Contacted.Median)
	// Output: 1 of 2 leads were contacted, half of them within 45m0s
}

func ExampleSummarize() {
	lead := leads.Lead{ID: "1", Fields: ingest.Fields{FirstName: "Ann", Company: "Acme"}, Score: &leads.Score{Value: 87, Qualification: leads.Hot}}
	s, ok := notify.Summarize(leads.Notification{Kind: leads.NotifyNew, Lead: lead})
	fmt.Println(ok, s.Headline, "/", s.Who, "/", s.Score)
	// Output: true Hot lead / Ann, Acme / 87 of 100, hot
}
