package dashboard

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

var inboxRoutes = []route{
	{Method: "GET", Path: "/{$}", Role: desk.Reader, Area: "inbox", Do: inbox},
	{Method: "GET", Path: "/leads", Role: desk.Reader, Area: "inbox", Do: inbox},
	{Method: "GET", Path: "/live", Role: desk.Reader, Do: liveLeads},
}

func inbox(p *page) error { return p.show("inbox", view{Title: p.board.texts.text("nav.inbox")}) }

var _ = url.Values{}
var _ = strconv.Itoa
var _ = strings.Cut
var _ time.Time
var _ leads.Lead
