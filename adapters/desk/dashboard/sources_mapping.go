package dashboard

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

const (
	maxMappings   = 200
	blankMappings = 3 // rows for new ones
)

// mappingRow is an incoming name and what becomes of it.
type mappingRow struct{ Name, Field string }

// mappingPage is the editor of a source's mappings.
type mappingPage struct {
	Source      desk.Source
	Rows        []mappingRow
	Seen        []desk.SeenName
	Recent      []ingest.Submission
	Presets     []ingest.Preset
	Preset      string
	Known       []string
	Payload     string
	ContentType string
	// Preview is what would be made of the payload, nil without one. Refused says why nothing would.
	Preview *ingest.Submission
	Refused string
	// Unknown are those metadata of the preview that look like a known field, by name.
	Unknown map[string]string
}

// Fields are the names of the known fields.
func (m mappingPage) Fields() []string { return ingest.KnownFields() }

// Value is what the preview has for a known field.
func (m mappingPage) Value(field string) string { return *m.Preview.Fields.Field(field) }

// Text is what the preview has for a name of the metadata.
func (m mappingPage) Text(name string) string { return m.Preview.Metadata.Text(name) }

// contentTypes are those that the preview offers beside that of a payload that came.
var contentTypes = []string{"application/json", "application/x-www-form-urlencoded"}

// Types are the media types to choose from.
func (m mappingPage) Types() []string {
	if m.ContentType == "" || slices.Contains(contentTypes, m.ContentType) {
		return contentTypes
	}
	return append([]string{m.ContentType}, contentTypes...)
}

func (p *page) mappingPage(mappings map[string]string) (mappingPage, error) {
	s, err := p.desk().Source(p.ctx(), p.user, p.id())
	if err != nil {
		return mappingPage{}, err
	}
	if mappings != nil {
		s.Mappings = mappings
	}
	m := mappingPage{Source: s, Presets: ingest.Presets(), Preset: s.Preset, Known: append(ingest.KnownFields(), ingest.FullName)}
	for _, name := range slices.Sorted(maps.Keys(s.Mappings)) {
		m.Rows = append(m.Rows, mappingRow{name, s.Mappings[name]})
	}
	m.Rows = append(m.Rows, make([]mappingRow, blankMappings)...)
	var payloadErr error
	m.Seen, err = p.desk().SeenNames(p.ctx(), p.user, s.ID)
	m.Recent, payloadErr = p.desk().Payloads(p.ctx(), p.user, s.ID, 10)
	return m, errors.Join(err, payloadErr)
}

// showMapping shows the editor with a payload to try it on: the one that is asked for, or the newest.
func showMapping(p *page) error {
	m, err := p.mappingPage(nil)
	if err != nil {
		return err
	}
	wanted := p.query("payload")
	for _, sub := range m.Recent {
		if m.Payload == "" && (wanted == "" || wanted == sub.ID) {
			m.Payload, m.ContentType = strings.ToValidUTF8(string(sub.Raw), "\ufffd"), sub.ContentType
		}
	}
	for _, preset := range m.Presets {
		if name, ok := strings.CutPrefix(wanted, "preset:"); ok && name == preset.Name {
			m.Payload, m.ContentType = string(preset.Payload), preset.ContentType
		}
	}
	if err := p.preview(&m); err != nil {
		return err
	}
	return p.show("mapping", view{Title: m.Source.Name, Data: m})
}

// preview puts the payload through the door as it would be with these mappings. Who sends it is not asked for.
func (p *page) preview(m *mappingPage) error {
	if strings.TrimSpace(m.Payload) == "" {
		return nil
	}
	s := m.Source.Source
	s.Signature, s.Captcha, s.Origins, s.Preset = ingest.Signature{}, ingest.CaptchaSettings{}, nil, m.Preset
	sub, err := p.desk().PreviewMapping(p.ctx(), p.user, s, m.ContentType, []byte(m.Payload))
	var wrong *desk.InvalidError
	if errors.As(err, &wrong) {
		m.Refused = p.said(wrong.Fields)[0].Message
		return nil
	} else if err != nil {
		return err
	}
	m.Preview, m.Unknown = &sub, make(map[string]string)
	for name := range sub.Metadata {
		if field := desk.Suggest(name); field != "" && s.Mappings[name] == "" {
			m.Unknown[name] = field
		}
	}
	return nil
}

// mappingForm reads the rows.
func (p *page) mappingForm() map[string]string {
	names, fields := p.r.PostForm["from"], p.r.PostForm["to"]
	found := make(map[string]string)
	for i := range min(len(names), len(fields), maxMappings) {
		if name, field := strings.TrimSpace(names[i]), strings.TrimSpace(fields[i]); name != "" && field != "" {
			found[name] = field
		}
	}
	return found
}

// previewMapping shows the editor as it was filled in, with what would come of it. It stores nothing.
func previewMapping(p *page) error { return p.mappingAgain(nil) }

func (p *page) mappingAgain(saving error) error {
	m, err := p.mappingPage(p.mappingForm())
	if err != nil {
		return err
	}
	m.Payload, m.ContentType, m.Preset = p.r.PostFormValue("payload"), p.form("contentType"), p.form("preset")
	if err := p.preview(&m); err != nil {
		return err
	}
	v := view{Title: m.Source.Name, Data: m}
	if saving != nil {
		return p.invalid(lines(saving), "mapping", v)
	}
	return p.show("mapping", v)
}

func saveMapping(p *page) error {
	if err := p.setMappings(func(s *ingest.Source) { s.Mappings, s.Preset = p.mappingForm(), p.form("preset") }); err != nil {
		return p.mappingAgain(err)
	}
	return p.done("/sources/"+p.id()+"/mapping", "mapping.saved")
}

// takeSuggestion adds one mapping to those that are stored.
func takeSuggestion(p *page) error {
	from, to := p.r.PostFormValue("name"), p.form("field")
	if from == "" || to == "" {
		return errForm
	}
	err := p.setMappings(func(s *ingest.Source) {
		s.Mappings = maps.Clone(s.Mappings)
		if s.Mappings == nil {
			s.Mappings = make(map[string]string)
		}
		s.Mappings[from] = to
	})
	if err != nil {
		return err
	}
	return p.done("/sources/"+p.id()+"/mapping", "mapping.saved")
}

func (p *page) setMappings(change func(s *ingest.Source)) error {
	_, err := p.desk().ChangeSource(p.ctx(), p.user, p.id(), 0, change)
	return err
}
