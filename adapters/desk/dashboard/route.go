package dashboard

import (
	"slices"

	"github.com/openleads/leads/adapters/desk"
)

// route is one page or one action.
type route struct {
	Method, Path string    // as http.ServeMux has them, without the prefix
	Role         desk.Role // the least that may
	// Area is the entry of the navigation that is marked, or "".
	Area string
	// Upload routes read the body themselves; of any other POST the form has been parsed.
	Upload bool
	// Do answers with p.show or p.done. What it returns is shown as a page.
	Do func(p *page) error
}

// routes are all pages and actions, an area each. What changes something is a POST.
func routes() []route {
	return slices.Concat(
		inboxRoutes, leadRoutes, boardRoutes, importRoutes, overviewRoutes, sourceRoutes, sequenceRoutes, quarantineRoutes, workRoutes, settingsRoutes,
	)
}

// area is an entry of the navigation. Its text is "nav." and Name.
type area struct {
	Name, Path string
	Role       desk.Role // the least that sees it
}

// areas are the navigation in its order.
var areas = []area{
	{"inbox", "/", desk.Reader},
	{"board", "/board", desk.Reader},
	{"overview", "/overview", desk.Reader},
	{"sources", "/sources", desk.Reader},
	{"sequences", "/sequences", desk.Reader},
	{"quarantine", "/quarantine", desk.Reader},
	{"work", "/work", desk.Reader},
	{"settings", "/settings", desk.Reader},
}
