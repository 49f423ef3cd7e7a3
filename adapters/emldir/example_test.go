package emldir_test

import (
	"context"
	"fmt"
	"net/mail"
	"os"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/emldir"
)

func Example() {
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	mailer := emldir.New(dir)
	_, err = mailer.Send(context.Background(), leads.Email{
		From: mail.Address{Address: "leads@example.com"}, To: []mail.Address{{Address: "sales@example.com"}},
		Subject: "Hello", Text: "It works.", MessageID: "1@example.com",
	})
	fmt.Println(err)

	mails, _ := mailer.List(10)
	fmt.Println(mails[0].Subject, "-", mails[0].Text)
	// Output:
	// <nil>
	// Hello - It works.
}
