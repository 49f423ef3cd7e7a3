package dashboard

import (
	"net/http"
	"time"
)

// confirmation is a page that asks before something that cannot be undone.
type confirmation struct {
	Text   string
	Names  []string // what it is about
	Action string   // the path to post to, with slashes between its segments
	Fields []field  // what to post
	Button string
	Back   string // the path to go back to
}

// field is a hidden input.
type field struct{ Name, Value string }

// confirm asks.
func (p *page) confirm(title string, c confirmation) error {
	return p.show("confirm", view{Title: title, Data: c})
}

// longest is how long an upload or a download may take.
const longest = 30 * time.Minute

// patient lets a long answer be written: the server's deadlines are meant for short ones.
func (p *page) patient() {
	to := http.NewResponseController(p.w)
	_ = to.SetReadDeadline(time.Now().Add(longest)) // not every server can
	_ = to.SetWriteDeadline(time.Now().Add(longest))
}
