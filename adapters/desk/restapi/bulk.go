package restapi

import (
	"maps"
	"slices"

	"github.com/openleads/leads/adapters/desk"
)

type bulk struct {
	IDs    []string   `json:"ids"`
	Patch  *leadPatch `json:"patch,omitempty"`  // the change, or
	Delete bool       `json:"delete,omitempty"` // erase them
}

type bulkReport struct {
	Changed int         `json:"changed"`
	Failed  []bulkFault `json:"failed"`
}

type bulkFault struct {
	ID      string `json:"id"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func bulkLeads(c *call) (result, error) {
	var in bulk
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	if in.Delete == (in.Patch != nil) {
		return result{}, field("", "give either patch or delete")
	}
	report, err := c.bulk(in)
	if err != nil {
		return result{}, err
	}
	out := bulkReport{Changed: report.Changed, Failed: []bulkFault{}}
	for _, id := range slices.Sorted(maps.Keys(report.Failed)) {
		f := faultOf(report.Failed[id])
		if f == nil {
			f = errBusy
		}
		out.Failed = append(out.Failed, bulkFault{ID: id, Code: f.code, Message: f.message})
	}
	return ok(out, nil)
}

func (c *call) bulk(in bulk) (desk.BulkReport, error) {
	if in.Delete {
		return c.api.desk.EraseMany(c.ctx(), c.user, in.IDs)
	}
	return c.api.desk.Bulk(c.ctx(), c.user, in.IDs, in.Patch.patch())
}
