package notify_test

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
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
