package leads

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/openleads/leads/ingest"
)

// Explanation is the receipt of a lead: what came in, what was done with it, and what is still to do.
type Explanation struct {
	Lead        Lead
	Submissions []ingest.Submission // oldest first
	Stages      []StageEntry        // every attempt of every stage, oldest first
	Tasks       []Task              // what waits, runs or is dead
}

// StageEntry is one attempt of a stage and when it ended.
type StageEntry struct {
	StageReport
	At     time.Time
	TaskID string
}

// Explain returns the receipt of a lead: every stage with adapter, attempts, latency, outcome and next try. It returns ErrNotFound
// for a lead that the tenant does not have.
func (e *Engine) Explain(ctx context.Context, tenant, leadID string) (Explanation, error) {
	if e.history == nil {
		return Explanation{}, e.without("Explain")
	}
	lead, err := e.cfg.Store.Lead(ctx, tenant, leadID)
	if err != nil {
		return Explanation{}, err
	}
	x := Explanation{Lead: lead}
	if x.Submissions, err = e.history.Submissions(ctx, tenant, leadID); err != nil {
		return Explanation{}, err
	}
	if x.Tasks, err = e.history.Tasks(ctx, tenant, leadID); err != nil {
		return Explanation{}, err
	}
	events, err := e.history.Events(ctx, tenant, leadID)
	if err != nil {
		return Explanation{}, err
	}
	for _, ev := range events {
		if ev.Kind != EventStage {
			continue
		}
		entry := StageEntry{At: ev.At, TaskID: ev.TaskID}
		if err := json.Unmarshal(ev.Data, &entry.StageReport); err != nil {
			return Explanation{}, fmt.Errorf("leads: Explain: event %s: %w", ev.ID, err)
		}
		x.Stages = append(x.Stages, entry)
	}
	return x, nil
}

// Pending reports whether the engine still has work to do for the lead that nobody needs to look at.
func (x Explanation) Pending() bool {
	return slices.ContainsFunc(x.Tasks, func(t Task) bool { return t.State != TaskDead })
}

// String prints the stages as a table.
func (x Explanation) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "STAGE\tATTEMPT\tOUTCOME\tMS\tADAPTER\tNOTE")
	for _, s := range x.Stages {
		fmt.Fprintf(w, "%s\t%d\t%s\t%.1f\t%s\t%s\n", s.Stage, s.Attempt, s.Outcome, s.Milliseconds, s.Adapter, s.Error)
	}
	for _, t := range x.Tasks {
		fmt.Fprintf(w, "%s\t%d\t%s\t\t\t%s\n", t.Kind, t.Attempts, t.State, t.LastError)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// Replay has a dead task run again, at once and with its attempts counted anew; effects that were made are not repeated. A task that is
// not dead is left as it is. It returns ErrNotFound for a task that the tenant does not have.
func (e *Engine) Replay(ctx context.Context, tenant, taskID string) error {
	if e.history == nil {
		return e.without("Replay")
	}
	err := e.history.Requeue(ctx, tenant, taskID)
	if err == nil {
		e.wake()
	}
	return err
}

// Release takes a quarantined submission in after all: the whole line runs for it. It returns ErrNotFound for a submission that the
// tenant does not have, and answers what became of one that is not quarantined.
func (e *Engine) Release(ctx context.Context, tenant, submissionID string) (Captured, error) {
	if e.history == nil {
		return Captured{}, e.without("Release")
	}
	captured, err := e.history.Release(ctx, tenant, submissionID)
	if err == nil {
		e.wake()
	}
	return captured, err
}

func (e *Engine) without(method string) error {
	return fmt.Errorf("leads: %s: %T does not implement leads.History: %w", method, e.cfg.Store, errors.ErrUnsupported)
}
