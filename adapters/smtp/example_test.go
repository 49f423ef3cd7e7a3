package smtp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/mail"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/smtp"
)

// printer is the session of a server that prints what it is told.
type printer struct{}

func (printer) Mail(from string, _ *gosmtp.MailOptions) error { fmt.Println("from", from); return nil }
func (printer) Rcpt(to string, _ *gosmtp.RcptOptions) error   { fmt.Println("to", to); return nil }
func (printer) Data(r io.Reader) error                        { _, err := io.Copy(io.Discard, r); return err }
func (printer) Reset()                                        {}
func (printer) Logout() error                                 { return nil }

func Example() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return printer{}, nil }))
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()

	// A mail catcher on this machine: no TLS, no password.
	mailer := smtp.New(listener.Addr().String(), &smtp.Options{Security: smtp.None})
	defer func() { _ = mailer.Close() }()
	_, err = mailer.Send(context.Background(), leads.Email{
		From: mail.Address{Address: "leads@example.com"}, To: []mail.Address{{Address: "sales@example.com"}},
		Subject: "Hello", Text: "It works.", MessageID: "1@example.com",
	})
	fmt.Println(err)
	// Output:
	// from leads@example.com
	// to sales@example.com
	// <nil>
}
