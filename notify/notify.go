// Package notify tells the team about leads: each of its types is a [leads.Notifier].
//
//	engine, err := leads.New(leads.Config{
//		Store:    store,
//		Notifier: notify.Email(mailer, "sales@example.com"),
//	})
//
// [Email] writes one mail to each recipient, which a person can read on a phone: who it is, what they want, how the score came
// about, and everything else that is known. A reply goes to the lead. [EmailTo] is the same with options.
//
// What a lead typed is hostile. It gets into a header only as a name or a subject without line breaks and invisible characters, into
// the HTML only through html/template, and never becomes a link to a web page; characters that would hide or turn text around are
// shown as their code points.
package notify
