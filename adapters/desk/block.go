package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich/lists"
	"github.com/openleads/leads/ingest"
)

// BlockRequest says whom to quarantine from now on: part of the sender of a quarantined submission.
type BlockRequest struct {
	SubmissionID string
	What         ingest.BlockKind
	// Everywhere blocks them at all sources of the tenant that are not deleted; otherwise at the submission's own.
	Everywhere bool
}

// BlockReport says what Block has done.
type BlockReport struct {
	Entry   ingest.Blocked // what stands on the block lists
	Sources []string       // the IDs of the sources on whose lists it stands
	Added   int            // on how many of them it did not stand before
}

// Block puts the sender of a quarantined submission on block lists: the address, its domain, or the client's network. What stands there
// already stays as it is; who is to come off a list again is taken out of the source's. The submission itself stays in quarantine. Where some
// sources could be changed and others not, the report has those that were, beside the error. For admins.
func (d *Desk) Block(ctx context.Context, u User, q BlockRequest) (BlockReport, error) {
	if err := may(u, Admin); err != nil {
		return BlockReport{}, err
	}
	sub, err := d.quarantined(ctx, u, q.SubmissionID)
	if err != nil {
		return BlockReport{}, err
	}
	entry, err := BlockEntry(sub, q.What)
	if err != nil {
		return BlockReport{}, err
	}
	b := newBlock(sub, entry)
	sources, err := d.sourcesFor(ctx, u, b, q.Everywhere)
	if err != nil {
		return BlockReport{}, err
	}
	report := BlockReport{Entry: entry}
	for _, s := range sources {
		added, failed := d.blockAt(ctx, u, s, b)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		report.Sources = append(report.Sources, s.ID)
		if added {
			report.Added++
		}
	}
	return report, err
}

// BlockEntry returns what Block puts on a block list for a submission: the sender's address, the domain of that, or the network of the client,
// which is one IPv4 address or an IPv6 /64. An [InvalidError] says what the submission does not have, and what must not be blocked as a whole: a
// provider of mailboxes for everybody, and the network of the program itself.
func BlockEntry(sub ingest.Submission, what ingest.BlockKind) (ingest.Blocked, error) {
	email, client := sub.Fields.Email, sub.Client.Unmap()
	switch what {
	case ingest.BlockEmail:
		if entry, err := ingest.ParseBlocked(email); err == nil && entry.Kind == what {
			return entry, nil
		}
		return ingest.Blocked{}, invalid("/what", "the submission has no email address that mail could come from")
	case ingest.BlockDomain:
		entry, err := ingest.ParseBlocked(email[strings.LastIndexByte(email, '@')+1:])
		if err != nil || entry.Kind != what {
			return ingest.Blocked{}, invalid("/what", "the submission has no email address with a domain")
		}
		if class := lists.Lookup(entry.Text).Class; class == lists.Personal || class == lists.Relay {
			return ingest.Blocked{}, invalid("/what", "%s gives mailboxes to everybody: block the address or the network instead", entry.Text)
		}
		return entry, nil
	case ingest.BlockNetwork:
		if !client.IsValid() {
			return ingest.Blocked{}, invalid("/what", "it is not known where the submission came from")
		}
		if !client.IsGlobalUnicast() || client.IsPrivate() {
			return ingest.Blocked{}, invalid("/what", "%s is a proxy or belongs to your own network: who is behind it cannot be told apart", client)
		}
		return ingest.ParseBlocked(subscriber(client).String())
	}
	return ingest.Blocked{}, invalid("/what", "one of %v", []ingest.BlockKind{ingest.BlockEmail, ingest.BlockDomain, ingest.BlockNetwork})
}

// subscriber is the network that one subscriber has.
func subscriber(client netip.Addr) netip.Prefix {
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(client, bits).Masked()
}

// quarantined returns a quarantined submission.
func (d *Desk) quarantined(ctx context.Context, u User, id string) (ingest.Submission, error) {
	next, err := uuid.Parse(id)
	if err != nil || next.String() != id {
		return ingest.Submission{}, leads.ErrNotFound
	}
	for i := len(next) - 1; i >= 0; i-- { // pages begin behind an ID, so that a page of one behind the next ID has this one
		if next[i]++; next[i] != 0 {
			break
		}
	}
	page, err := d.store.Quarantined(ctx, u.Tenant, next.String(), 1)
	if err != nil {
		return ingest.Submission{}, wrap("quarantine", err)
	}
	if len(page) == 0 || page[0].ID != id {
		return ingest.Submission{}, leads.ErrNotFound
	}
	return page[0], nil
}

// block is an entry on its way onto block lists.
type block struct {
	entry  ingest.Blocked
	source string // that the submission came through
	data   []byte // what the trail says, without the person
}

func newBlock(sub ingest.Submission, entry ingest.Blocked) block {
	data, _ := json.Marshal(map[string]string{"what": string(entry.Kind), "submission": sub.ID}) // texts always encode
	return block{entry, sub.SourceID, data}
}

// on reports whether the entry stands on the source's list, however it is written there.
func (b block) on(s Source) bool {
	return slices.ContainsFunc(s.Spam.Blocked, func(text string) bool {
		listed, err := ingest.ParseBlocked(text)
		return err == nil && listed == b.entry
	})
}

// sourcesFor returns the sources at which to block, all of whose lists have room.
func (d *Desk) sourcesFor(ctx context.Context, u User, b block, everywhere bool) ([]Source, error) {
	sources, err := d.Sources(ctx, u)
	if err != nil {
		return nil, err
	}
	var c check
	if !everywhere {
		sources = slices.DeleteFunc(sources, func(s Source) bool { return s.ID != b.source })
		c.that(len(sources) > 0, "/everywhere", "the submission came through no source that is still there: block at all of them")
	}
	for _, s := range sources {
		c.that(len(s.Spam.Blocked) < ingest.MaxBlocked || b.on(s), "/everywhere", "the block list of %q is full: take something out of it", s.Name)
	}
	return sources, c.err()
}

// blockAt adds the entry to the list of a source, unless it stands there.
func (d *Desk) blockAt(ctx context.Context, u User, s Source, b block) (added bool, err error) {
	for !b.on(s) {
		s.Spam.Blocked = append(slices.Clip(s.Spam.Blocked), b.entry.Text)
		_, err := d.keepSource(ctx, u, s)
		if err == nil {
			d.audit(ctx, u, "source.block", s.ID, b.data)
			return true, nil
		}
		if !leads.IsStale(err) {
			return false, err
		}
		if s, err = d.Source(ctx, u, s.ID); err != nil { // somebody else has changed it meanwhile
			return false, err
		}
	}
	return false, nil
}
