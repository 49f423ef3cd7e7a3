package ingest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Prepare makes a submission from Go what the door would have made of it: it fills ID (a UUIDv7), Received (now), Raw (the JSON of
// Fields and Metadata) where they are empty, and Digest always; puts U+FFFD for NUL and invalid UTF-8 (with FlagSanitised), writes the
// metadata in canonical form, cuts UserAgent and ContentType, drops a Key that is unusable (with FlagKeyInvalid) and holds all
// limits of the door. It changes nothing that it is given.
//
// Its error names every field that cannot be stored. Tenant is required, and so is at least one field or metadata value; SourceID may
// be empty.
func Prepare(sub Submission, now time.Time) (Submission, error) {
	d := documents.Get().(*document)
	defer d.release()
	var seen flags
	for _, flag := range sub.Flags {
		seen.set(flag)
	}
	err := errors.Join(
		prepareHead(&sub, &seen),
		prepareFields(&sub.Fields, &seen),
		prepareAttribution(&sub.Attribution, d, &seen),
		prepareMetadata(&sub, d, &seen),
	)
	if sub.Raw == nil && err == nil {
		sub.Raw, sub.ContentType = rawOf(&sub), "application/json"
	}
	if len(sub.Raw) > MaxBody {
		err = errors.Join(err, errors.New("ingest: Submission.Raw is longer than 256 KiB: shorten it"))
	}
	if err != nil {
		return Submission{}, err
	}
	sub.Flags = seen.list()
	return sub, stamp(&sub, now)
}

// prepareHead checks and mends what is not content.
func prepareHead(sub *Submission, seen *flags) error {
	var all []error
	if sub.Tenant == "" {
		all = append(all, errors.New("ingest: Submission.Tenant is required"))
	}
	if id, err := uuid.Parse(sub.ID); sub.ID != "" && (err != nil || id.String() != sub.ID) {
		all = append(all, errors.New("ingest: Submission.ID is not a UUID in its canonical text form: leave it empty to be given one"))
	}
	if sub.Verdict != Accepted && sub.Verdict != Quarantined {
		all = append(all, errors.New(`ingest: Submission.Verdict is neither "" nor "quarantined"`))
	}
	if sub.Fields == (Fields{}) && len(sub.Metadata) == 0 {
		all = append(all, errors.New("ingest: Submission.Fields is empty: give at least one field, or Metadata"))
	}
	sub.Client = sub.Client.Unmap().WithZone("")
	sub.Place = sub.Place.Clean()
	sub.ContentType = shorten(sub.ContentType, maxContentType, seen)
	sub.UserAgent = shorten(sub.UserAgent, maxUserAgent, seen)
	if !usableKey(sub.Key) {
		sub.Key = ""
		seen.set(FlagKeyInvalid)
	}
	return errors.Join(all...)
}

func prepareFields(fields *Fields, seen *flags) error {
	for i := range KnownFields() {
		field := fields.at(i)
		*field = mended(*field, seen)
	}
	return check("Submission.Fields", *fields)
}

func prepareAttribution(a *Attribution, d *document, seen *flags) error {
	for _, text := range []*string{&a.UTM.Source, &a.UTM.Medium, &a.UTM.Campaign, &a.UTM.Term, &a.UTM.Content, &a.Referrer, &a.Page, &a.Landing} {
		*text = mended(*text, seen)
	}
	if len(a.ClickIDs) > 0 {
		ids := make(map[string]string, len(a.ClickIDs))
		for name, id := range a.ClickIDs {
			ids[mended(name, seen)] = mended(id, seen)
		}
		a.ClickIDs = ids
	}
	err := check("Submission.Attribution", *a)
	if len(a.Touches) == 0 {
		return err
	}
	touches, problem := canonical(Metadata{"touches": a.Touches}, d, seen)
	if problem != nil {
		return errors.Join(err, fmt.Errorf("ingest: Submission.Attribution.Touches: %w", problem))
	}
	a.Touches = touches["touches"]
	return err
}

func prepareMetadata(sub *Submission, d *document, seen *flags) error {
	metadata, err := canonical(sub.Metadata, d, seen)
	if err != nil {
		return fmt.Errorf("ingest: Submission.Metadata: %w", err)
	}
	sub.Metadata = metadata
	return nil
}

// canonical brings values into canonical form by reading them as the door reads a body that holds them.
func canonical(values Metadata, d *document, seen *flags) (Metadata, error) {
	if len(values) == 0 {
		return nil, nil
	}
	body := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := jsontext.Value(values[name])
		if !value.IsValid(lenient...) {
			return nil, fmt.Errorf("%q is not valid JSON", name)
		}
		body = appendMember(body, mended(name, seen), value)
	}
	d.body = append(d.body[:0], closed(body)...)
	d.members, d.text = d.members[:0], d.body
	if err := d.decodeJSON(); err != nil {
		return nil, inGo(err)
	}
	*seen |= d.flags
	kept := make(Metadata, len(d.members))
	for _, m := range d.members {
		kept[string(d.bytes(m.name))] = slices.Clone(d.bytes(m.value))
	}
	return kept, nil
}

// inGo words a refusal for a caller in Go: with its place.
func inGo(err error) error {
	if f, ok := errors.AsType[*fault](err); ok && len(f.fields) > 0 {
		return fmt.Errorf("%s: %s", f.fields[0].Pointer, f.message)
	}
	return err
}

// rawOf returns the JSON of the fields and the metadata, the known fields first, the metadata by name.
func rawOf(sub *Submission) []byte {
	raw := []byte{'{'}
	for i, name := range KnownFields() {
		if text := *sub.Fields.at(i); text != "" {
			quoted, _ := jsontext.AppendQuote(nil, text) // the text is mended
			raw = appendMember(raw, name, quoted)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sub.Metadata)) {
		raw = appendMember(raw, name, sub.Metadata[name])
	}
	return closed(raw)
}

func appendMember(object []byte, name string, value []byte) []byte {
	object, _ = jsontext.AppendQuote(object, name)
	return append(append(append(object, ':'), value...), ',')
}

// closed ends an object in the place of its last comma.
func closed(object []byte) []byte {
	if object[len(object)-1] == ',' {
		object = object[:len(object)-1]
	}
	return append(object, '}')
}
