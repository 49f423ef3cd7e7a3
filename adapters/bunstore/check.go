package bunstore

import (
	"context"

	"github.com/openleads/leads"
)

// Check reports whether the database can be reached, keeps what it has committed and has the right tables. With
// Options.AllowUnsafeDurability, weak settings are reported without being fatal.
func (s *Store) Check(ctx context.Context) []leads.Finding {
	findings, err := s.engine.durability(ctx)
	if err != nil {
		return []leads.Finding{{Fatal: true, Part: "store", Message: "the database cannot be used: " + err.Error(), Fix: "start the database, or mend its address"}}
	}
	unsafe := false
	for i := range findings {
		unsafe = unsafe || findings[i].Fatal
		findings[i].Fatal = findings[i].Fatal && !s.unsafe
	}
	if unsafe && !s.unsafe {
		return findings
	}
	if err := s.ready(ctx); err != nil {
		findings = append(findings, leads.Finding{Fatal: true, Part: "store", Message: err.Error(), Fix: "see the message; the tables are made and updated by Store.Migrate"})
	}
	return findings
}
