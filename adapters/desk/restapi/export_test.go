package restapi

import (
	"time"

	"github.com/openleads/leads/adapters/desk"
)

// Routes is the table that everything is made from.
var Routes = routes

// SetPatience sets how long a reader of an export may stop.
func (a *API) SetPatience(d time.Duration) { a.patience = d }

// Most is up to how many leads the total of a list is counted.
func (a *API) Most(f desk.Filter) int { return a.most(f) }

// MaxBody bounds a JSON body.
const MaxBody = maxBody
