package notify

import (
	"fmt"

	"github.com/openleads/leads"
)

// reader is who reads a notification, and how people are called.
type reader struct {
	id    string            // "" for somebody who is not known, such as a shared mailbox
	names map[string]string // by the IDs of people
}

// name is how a person is called: by name, or as the host names people.
func (r reader) name(id string) string {
	if name := inline(r.names[id], 80); name != "" {
		return name
	}
	return inline(id, 80)
}

func (r reader) is(id string) bool { return r.id != "" && r.id == id }

// silent are the kinds that are no news but a moment to do something: only a Notifier that has asked for one knows what.
func silent(kind leads.NotificationKind) bool {
	return kind == leads.NotifyDigest || kind == leads.NotifyBacklog
}

// headline says what happened: "Hot lead", "Warm lead again", "New lead", "Reply".
func headline(n leads.Notification, reader reader) string {
	switch n.Kind {
	case leads.NotifyHot:
		return "Now hot"
	case leads.NotifyAssigned:
		if reader.is(n.Lead.Assignee) {
			return "Your lead"
		}
		return "Assigned"
	case leads.NotifyReplied:
		return "Reply"
	case leads.NotifyWaiting:
		return "Waiting"
	case leads.NotifyDead:
		return "Stage failed"
	case leads.NotifyCustom:
		return "Note"
	}
	return arrival(n)
}

// arrival is the headline of a lead that came in, or came back.
func arrival(n leads.Notification) string {
	qualification := ""
	if n.Lead.Score != nil {
		qualification = header(string(n.Lead.Score.Qualification), 20)
	}
	again := n.Kind == leads.NotifyReturned
	switch {
	case qualification != "" && again:
		return capital(qualification) + " lead again"
	case qualification != "":
		return capital(qualification) + " lead"
	case again:
		return "Lead again"
	default:
		return "New lead"
	}
}

// line is the sentence that says more than the headline, or "".
func line(n leads.Notification, reader reader, when string) string {
	switch n.Kind {
	case leads.NotifyNew, leads.NotifyReturned:
		if reader.is(n.Lead.Assignee) {
			return "You are responsible for this lead."
		}
	case leads.NotifyHot:
		return "This lead was announced before. It has become hot."
	case leads.NotifyAssigned:
		return responsible(n.Lead.Assignee, reader)
	case leads.NotifyReplied:
		return "The lead has answered:"
	case leads.NotifyWaiting:
		if n.Note == "" && when != "" {
			return "Nobody has been in touch yet. The lead came on " + when + "."
		}
	case leads.NotifyDead:
		return "Work on this lead was given up. Nothing is lost: somebody can have it run again."
	}
	return ""
}

func responsible(assignee string, reader reader) string {
	switch {
	case assignee == "":
		return "Nobody is responsible for this lead."
	case reader.is(assignee):
		return "You are responsible for this lead now."
	}
	return fmt.Sprintf("%s is responsible for this lead now.", reader.name(assignee))
}
