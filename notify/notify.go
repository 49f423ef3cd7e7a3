// Package notify tells the team about leads and makes somebody responsible for them: each of its types is a [leads.Notifier], and they are put together.
//
//	people := notify.People{
//		{ID: "ann", Name: "Ann Smith", Email: "ann@example.com", Zone: "Europe/Berlin", Weight: 2},
//		{ID: "ben", Name: "Ben Kurz", Email: "ben@example.com", Weight: 1},
//	}
//	team := notify.Team(mailer, people, &notify.TeamOptions{Store: store})
//	engine, err := leads.New(leads.Config{
//		Store:    store,
//		Notifier: notify.Route(store, &notify.RouteOptions{People: people}, notify.All(team, slack.New(hookURL, nil))),
//	})
//
// [Email] is the shortest: one mail to each of some addresses. [Team] knows the people and what each wants to hear of, at once or as a digest, and when not to
// disturb them. [Route] hands leads out before the team is told, and watches over those that wait. [All] tells several channels without one's failure repeating
// another's delivery; [Only] and [Filter] leave things out. [ResponseTimes] reports how soon the team is in touch. Package adapters/slack and its like
// are made of [Summarize] and [Hook].
//
// A mail can be read on a phone: who it is, what they want, how the score came about, and everything else that is known. A reply goes to the lead.
//
// What a lead typed is hostile. It gets into a header only as a name or a subject without line breaks and invisible characters, into
// the HTML only through html/template, and never becomes a link to a web page; characters that would hide or turn text around are
// shown as their code points.
package notify
