package desk

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/openleads/leads"
)

const (
	tagsKind  = "desk.tags"
	tagsID    = "given"
	knownTags = 1000 // that are remembered; leads can have others
)

// Tags returns the tags that people and imports have given, and those that sequences give, in alphabetical order. One that no lead has any
// more stays. For readers.
func (d *Desk) Tags(ctx context.Context, u User) ([]string, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	tags, err := d.givenTags(ctx, u)
	if err != nil {
		return nil, err
	}
	definitions, err := d.sequences(ctx, u)
	if err != nil {
		return nil, wrap("tags", err)
	}
	for _, def := range definitions {
		for _, step := range def.Steps {
			if step.Tag != nil && step.Tag.Add != "" {
				tags = append(tags, step.Tag.Add)
			}
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags), nil
}

// TagCount is a tag and how many leads have it.
type TagCount struct {
	Name  string
	Leads int // up to 10,000
}

// countedLeads is how far the leads of a tag are counted.
const countedLeads = 10_000

// CountTags returns the tags that Tags does, with how many leads have each. It asks the Store once a tag. For readers.
func (d *Desk) CountTags(ctx context.Context, u User) ([]TagCount, error) {
	tags, err := d.Tags(ctx, u)
	if err != nil {
		return nil, err
	}
	counts := make([]TagCount, len(tags))
	for i, tag := range tags {
		n, err := d.Count(ctx, u, Filter{Tag: tag}, countedLeads)
		if err != nil {
			return nil, err
		}
		counts[i] = TagCount{tag, n}
	}
	return counts, nil
}

func (d *Desk) givenTags(ctx context.Context, u User) ([]string, error) {
	var tags []string
	r, err := d.store.Record(ctx, u.Tenant, tagsKind, tagsID)
	if leads.IsNotFound(err) {
		return nil, nil
	} else if err == nil {
		err = json.Unmarshal(r.Data, &tags)
	}
	return tags, wrap("tags", err)
}

// rememberTags adds to the tags that have been given. The leads have them whether or not that succeeds.
func (d *Desk) rememberTags(ctx context.Context, u User, given []string) {
	if len(given) == 0 {
		return
	}
	known, err := d.givenTags(ctx, u)
	if err == nil && len(with(known, given)) > len(known) {
		_, err = leads.UpdateRecord(ctx, d.store, u.Tenant, tagsKind, tagsID, func(r *leads.Record) error {
			var tags []string
			if len(r.Data) > 0 {
				if err := json.Unmarshal(r.Data, &tags); err != nil {
					return err
				}
			}
			var err error
			r.Data, err = json.Marshal(with(tags, given))
			return err
		})
	}
	if err != nil {
		d.cfg.Logger.WarnContext(ctx, "desk: tags could not be remembered for the list of them", "error", err)
	}
}

// with adds what is missing, as far as there is room.
func with(known, given []string) []string {
	all := slices.Clone(known)
	for _, tag := range given {
		if len(all) < knownTags && !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	return all
}
