package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// standstillID is the setting under which stands what PauseSequences has paused.
const standstillID = "sequences.paused"

// Standstill is what [Desk.PauseSequences] has paused and nobody has let go on since.
type Standstill struct {
	Sequences []string  `json:"sequences"` // their IDs
	At        time.Time `json:"at"`        // when it was pressed last
	By        string    `json:"by"`        // the ID of the user
}

// PauseSequences pauses every sequence of the tenant that is not paused already, and returns their IDs. It remembers them for
// [Desk.ResumeSequences]. What cannot be paused does not keep the others from being paused. For admins.
func (d *Desk) PauseSequences(ctx context.Context, u User) ([]string, error) {
	s, err := d.sequencer(u, Admin)
	if err != nil {
		return nil, err
	}
	all, err := d.sequences(ctx, u)
	if err != nil {
		return nil, err
	}
	var running []string
	for _, l := range all {
		if !l.Paused {
			running = append(running, l.ID)
		}
	}
	if len(running) == 0 {
		return nil, nil
	}
	// First what to let go on again, then the pauses: whoever crashes in between leaves nothing behind that stands still for no reason.
	err = d.changeStandstill(ctx, u, func(st *Standstill) {
		st.At, st.By = d.now(), u.ID
		st.Sequences = slices.DeleteFunc(st.Sequences, func(id string) bool { return slices.Contains(running, id) })
		st.Sequences = append(st.Sequences, running...)
	})
	if err != nil {
		return nil, err
	}
	return d.forEach(ctx, u, running, "sequence.pause.all", s.PauseSequence)
}

// ResumeSequences lets the sequences go on that [Desk.PauseSequences] has paused, and returns their IDs. Those that were paused before, or have been
// paused or let go on one by one since, stay as they are. For admins.
func (d *Desk) ResumeSequences(ctx context.Context, u User) ([]string, error) {
	s, err := d.sequencer(u, Admin)
	if err != nil {
		return nil, err
	}
	standing, err := d.Standstill(ctx, u)
	if err != nil || len(standing.Sequences) == 0 {
		return nil, err
	}
	resumed, failed := d.forEach(ctx, u, standing.Sequences, "sequence.resume.all", s.ResumeSequence)
	err = d.changeStandstill(ctx, u, func(st *Standstill) {
		st.Sequences = slices.DeleteFunc(st.Sequences, func(id string) bool { return slices.Contains(resumed, id) })
	})
	return resumed, errors.Join(failed, err)
}

// Standstill returns what [Desk.ResumeSequences] would let go on. For readers.
func (d *Desk) Standstill(ctx context.Context, u User) (Standstill, error) {
	if err := may(u, Reader); err != nil {
		return Standstill{}, err
	}
	var st Standstill
	if err := d.setting(ctx, u, standstillID, &st); err != nil || len(st.Sequences) == 0 {
		return Standstill{}, err
	}
	all, err := d.sequences(ctx, u)
	if err != nil {
		return Standstill{}, err
	}
	st.Sequences = slices.DeleteFunc(st.Sequences, func(id string) bool {
		return !slices.ContainsFunc(all, func(l sequence.Listed) bool { return l.ID == id && l.Paused && !l.Held })
	})
	return st, nil
}

// forEach does something to each of the sequences, and enters into the trail for which it was done.
func (d *Desk) forEach(ctx context.Context, u User, ids []string, action string, do func(ctx context.Context, tenant, id string) error) ([]string, error) {
	var done []string
	var errs []error
	for _, id := range ids {
		switch err := do(ctx, u.Tenant, id); {
		case leads.IsNotFound(err): // somebody has deleted it meanwhile
		case err != nil:
			errs = append(errs, err)
		default:
			done = append(done, id)
		}
	}
	if len(done) > 0 {
		data, _ := json.Marshal(map[string]any{"sequences": done}) // strings always encode
		d.audit(ctx, u, action, "", data)
	}
	return done, wrap("sequences", errors.Join(errs...))
}

// keepApart takes a sequence out of those that ResumeSequences lets go on: somebody has decided about it alone.
func (d *Desk) keepApart(ctx context.Context, u User, id string) error {
	var st Standstill
	if err := d.setting(ctx, u, standstillID, &st); err != nil || !slices.Contains(st.Sequences, id) {
		return err
	}
	return d.changeStandstill(ctx, u, func(st *Standstill) {
		st.Sequences = slices.DeleteFunc(st.Sequences, func(other string) bool { return other == id })
	})
}

func (d *Desk) changeStandstill(ctx context.Context, u User, change func(st *Standstill)) error {
	_, err := leads.UpdateRecord(ctx, d.store, u.Tenant, settingKind, standstillID, func(r *leads.Record) error {
		var st Standstill
		if len(r.Data) > 0 {
			if err := json.Unmarshal(r.Data, &st); err != nil {
				return err
			}
		}
		change(&st)
		var err error
		r.Data, err = json.Marshal(st)
		return err
	})
	return wrap("sequences", err)
}
