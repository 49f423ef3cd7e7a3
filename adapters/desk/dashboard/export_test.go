package dashboard

import "github.com/openleads/leads/adapters/desk"

// Route is a route as tests see it.
type Route struct {
	Method, Path string
	Role         desk.Role
	Upload       bool
}

// Routes are those of the table.
func Routes() []Route {
	var all []Route
	for _, r := range routes() {
		all = append(all, Route{r.Method, r.Path, r.Role, r.Upload})
	}
	return all
}

// Visible is visible.
var Visible = visible

// Said is what a catalogue says of a fault.
func Said(t Texts, f desk.FieldError) string { return t.wrong(f) }
