package score

import "slices"

// DefaultRubric returns rules for a company that sells to companies. It gives up to 50 points for fit (a business address, a known company, a
// person who decides, its size, ways to answer) and up to 50 for intent (asks for a demo or a price, names a date, writes more than a word,
// searched for the price, came by an ad, came back). It takes points for spam, offers, job hunting and homework, and caps leads that nobody can answer. Text is
// understood in English, German, French, Spanish and Portuguese.
//
// Each call returns a new Rubric, which may be changed until it is used.
func DefaultRubric() *Rubric {
	return &Rubric{
		Name: "b2b",
		Criteria: slices.Concat(
			addressCriteria(), companyCriteria(), contactCriteria(), // fit
			wishCriteria(), journeyCriteria(), misuseCriteria(), // intent
		),
		Caps: []Cap{
			{Name: "throw-away address", Signal: SignalEmail, Max: 20, Reason: "the address is a throw-away one", Match: is("disposable")},
			{Name: "undeliverable domain", Signal: "truth:email.deliverable", Max: 30, Reason: "the domain of the address takes no mail", Match: is("no")},
			{Name: "unreachable", Signal: SignalReach, Max: 10, Reason: "there is neither a usable address nor a phone number", Match: is(none)},
		},
	}
}

func is(values ...string) Match       { return Match{Values: values} }
func atLeast(n int) Match             { return Match{AtLeast: n} }
func mentions(phrases []string) Match { return Match{Words: phrases} }

// addressCriteria ask where a lead writes from.
func addressCriteria() []Criterion {
	return []Criterion{
		{Name: "email address", Axis: Fit, Signal: SignalEmail, Levels: []Level{
			{Name: "business", Points: 18, Reason: "writes from a company's own domain", Match: is("business")},
			{Name: "role", Points: 11, Reason: "writes from a company's shared mailbox", Match: is("role")},
			{Name: "unknown", Points: 9, Reason: "the kind of address is not known", Match: is(unknown)},
			{Name: "relay", Points: 5, Reason: "writes through a forwarding address", Match: is("relay")},
			{Name: "personal", Points: 4, Reason: "writes from a private mailbox", Match: is("personal")},
			{Name: "throw-away", Points: 0, Reason: "uses a throw-away address", Match: is("disposable")},
			{Name: "invalid", Points: 0, Reason: "the address is not valid", Match: is("invalid")},
			{Name: "none", Points: 0, Reason: "gave no address"},
		}},
		{Name: "deliverability", Axis: Fit, Signal: "truth:email.deliverable", Levels: []Level{
			{Name: "yes", Points: 4, Reason: "the domain takes mail", Match: is("yes")},
			{Name: "unknown", Points: 2, Reason: "whether the domain takes mail is not known", Match: is(unknown)},
			{Name: "no", Points: 0, Reason: "the domain takes no mail"},
		}},
	}
}

// companyCriteria ask whom a lead speaks for.
func companyCriteria() []Criterion {
	return []Criterion{
		{Name: "company", Axis: Fit, Signal: SignalCompany, Levels: []Level{
			{Name: "stated", Points: 8, Reason: "names a company", Match: is("stated")},
			{Name: "found", Points: 8, Reason: "the company is known from the address", Match: is("found")},
			{Name: "unknown", Points: 0, Reason: "no company is known"},
		}},
		{Name: "role", Axis: Fit, Signal: SignalText, Levels: []Level{
			{Name: "decides", Points: 8, Reason: "speaks as somebody who decides", Match: mentions(deciderWords())},
			{Name: "manages", Points: 4, Reason: "speaks as somebody who manages or buys", Match: mentions(managerWords())},
			{Name: "unknown", Points: 0, Reason: "the role is not known"},
		}},
		{Name: "company size", Axis: Fit, Signal: SignalSize, Levels: []Level{
			{Name: "large", Points: 4, Reason: "the company has 200 people or more", Match: atLeast(200)},
			{Name: "middle", Points: 3, Reason: "the company has 20 people or more", Match: atLeast(20)},
			{Name: "small", Points: 1, Reason: "the company is small", Match: atLeast(1)},
			{Name: "unknown", Points: 0, Reason: "the size of the company is not known"},
		}},
	}
}

// contactCriteria ask how else a lead can be answered.
func contactCriteria() []Criterion {
	return []Criterion{
		{Name: "phone", Axis: Fit, Signal: SignalPhone, Levels: []Level{
			{Name: "international", Points: 4, Reason: "gave a phone number", Match: is("international")},
			{Name: "given", Points: 3, Reason: "gave a phone number", Match: is("given")},
			{Name: "none", Points: 0, Reason: "gave no phone number"},
		}},
		{Name: "name", Axis: Fit, Signal: SignalName, Levels: []Level{
			{Name: "full", Points: 4, Reason: "gave a full name", Match: is("full")},
			{Name: "part", Points: 2, Reason: "gave part of a name", Match: is("part")},
			{Name: "none", Points: 0, Reason: "gave no name"},
		}},
	}
}

// wishCriteria ask what a lead writes for.
func wishCriteria() []Criterion {
	return []Criterion{
		{Name: "demo", Axis: Intent, Signal: SignalText, Levels: []Level{
			{Name: "asked", Points: 16, Reason: "asks for a demo, a trial or a call", Match: mentions(demoWords())},
			{Name: "information", Points: 5, Reason: "asks for information", Match: mentions(informationWords())},
			{Name: "none", Points: 0, Reason: "does not ask for a demo or a call"},
		}},
		{Name: "price", Axis: Intent, Signal: SignalText, Levels: []Level{
			{Name: "asked", Points: 12, Reason: "asks about price or buying", Match: mentions(priceWords())},
			{Name: "none", Points: 0, Reason: "does not ask about price"},
		}},
		{Name: "timeline", Axis: Intent, Signal: SignalText, Levels: []Level{
			{Name: "later", Points: 3, Reason: "is in no hurry", Match: mentions(laterWords())},
			{Name: "soon", Points: 12, Reason: "names a date or is in a hurry", Match: mentions(soonWords())},
			{Name: "none", Points: 0, Reason: "says nothing of time"},
		}},
		{Name: "message", Axis: Intent, Signal: SignalText, Levels: []Level{
			{Name: "thorough", Points: 3, Reason: "wrote a thorough message", Match: atLeast(25)},
			{Name: "short", Points: 3, Reason: "wrote a message", Match: atLeast(8)},
			{Name: "a few words", Points: 1, Reason: "wrote a few words", Match: atLeast(1)},
			{Name: "none", Points: 0, Reason: "wrote nothing"},
		}},
	}
}

// journeyCriteria ask how a lead came, and how often.
func journeyCriteria() []Criterion {
	return []Criterion{
		{Name: "channel", Axis: Intent, Signal: SignalChannel, Levels: []Level{
			{Name: "paid", Points: 2, Reason: "came by an ad", Match: is("paid")},
			{Name: "campaign", Points: 1, Reason: "came by a campaign", Match: is("campaign")},
			{Name: "referral", Points: 1, Reason: "came from another site", Match: is("referral")},
			{Name: "unknown", Points: 0, Reason: "how they came is not known"},
		}},
		{Name: "search", Axis: Intent, Signal: SignalSearch, Levels: []Level{
			{Name: "buying", Points: 3, Reason: "came by a search for price or demo", Match: is("buying")},
			{Name: "comparing", Points: 2, Reason: "came by a search that compares products", Match: is("comparing")},
			{Name: "unknown", Points: 0, Reason: "what they searched for is not known"},
		}},
		{Name: "return", Axis: Intent, Signal: SignalSubmissions, Levels: []Level{
			{Name: "often", Points: 2, Reason: "came back more than once", Match: atLeast(3)},
			{Name: "again", Points: 1, Reason: "came back", Match: atLeast(2)},
			{Name: "first", Points: 0, Reason: "is here for the first time"},
		}},
	}
}

// misuseCriteria take points from what is not written to buy.
func misuseCriteria() []Criterion {
	return []Criterion{
		{Name: "other purpose", Axis: Intent, Signal: SignalText, Levels: []Level{
			{Name: "spam", Points: -60, Reason: "reads like spam", Match: mentions(spamWords())},
			{Name: "sells", Points: -45, Reason: "offers services of their own", Match: mentions(sellerWords())},
			{Name: "job", Points: -45, Reason: "is looking for a job", Match: mentions(jobWords())},
			{Name: "study", Points: -25, Reason: "is asking for a study", Match: mentions(studyWords())},
			{Name: "none", Points: 0, Reason: "nothing speaks for another purpose"},
		}},
		{Name: "links", Axis: Intent, Signal: SignalLinks, Levels: []Level{
			{Name: "many", Points: -15, Reason: "the message is full of links", Match: atLeast(3)},
			{Name: "few", Points: 0, Reason: "there are few links"},
		}},
	}
}
