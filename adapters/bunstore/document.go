package bunstore

import (
	"encoding/json"
	"fmt"
	"net/netip"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// leadDoc is what of a lead has no column of its own.
type leadDoc struct {
	Metadata    ingest.Metadata  `json:"metadata,omitempty"`
	First       leads.Touch      `json:"first"`
	Last        leads.Touch      `json:"last"`
	Submissions int              `json:"submissions"`
	Recent      []leads.Recent   `json:"recent,omitempty"`
	Enrichment  leads.Enrichment `json:"enrichment,omitempty"`
	Score       *leads.Score     `json:"score,omitempty"`
	Tags        []string         `json:"tags,omitempty"`
	Response    leads.Response   `json:"response,omitzero"`
	Stage       string           `json:"stage,omitempty"`
	Edited      []string         `json:"edited,omitempty"`
	Identities  []leads.Identity `json:"identities,omitempty"`
}

// submissionDoc is what of a submission has no column of its own.
type submissionDoc struct {
	ContentType string             `json:"contentType,omitempty"`
	Fields      ingest.Fields      `json:"fields,omitzero"`
	Metadata    ingest.Metadata    `json:"metadata,omitempty"`
	Attribution ingest.Attribution `json:"attribution,omitzero"`
	Client      netip.Addr         `json:"client,omitzero"`
	UserAgent   string             `json:"userAgent,omitempty"`
	Place       ingest.Place       `json:"place,omitzero"`
	Key         string             `json:"key,omitempty"`
	Flags       []ingest.Flag      `json:"flags,omitempty"`
	Verdict     ingest.Verdict     `json:"verdict,omitempty"`
	Reasons     []string           `json:"reasons,omitempty"`
	DuplicateOf string             `json:"duplicateOf,omitempty"`
}

// sourceDoc is what of a source has no column of its own.
type sourceDoc struct {
	Mappings  map[string]string `json:"mappings,omitempty"`
	Origins   []string          `json:"origins,omitempty"`
	Redirects []string          `json:"redirects,omitempty"`
	PerMinute int               `json:"perMinute,omitempty"`
	Honeypot  string            `json:"honeypot,omitempty"`
	// MinFill is in nanoseconds.
	MinFill int64          `json:"minFill,omitempty"`
	Blocked []string       `json:"blocked,omitempty"`
	Trusted bool           `json:"trusted,omitempty"`
	Consent ingest.Consent `json:"consent,omitzero"`
	Preset  string         `json:"preset,omitempty"`
	// The keys of the signature are stored as they are: a signature is calculated with them.
	Scheme   string                 `json:"scheme,omitempty"`
	Secret   string                 `json:"secret,omitempty"`
	Previous string                 `json:"previous,omitempty"`
	Captcha  ingest.CaptchaSettings `json:"captcha,omitzero"`
	// Tokens tells the order of the source's tokens; which it has is in a table of their own.
	Tokens []string `json:"tokens,omitempty"`
}

// documents keeps the JSON values in a document as they are typed, and leaves out what is empty as encoding/json does: with the newer
// meaning of omitempty, a Touches of [] would be lost.
var documents = jsonv2.JoinOptions(
	jsonv1.OmitEmptyWithLegacySemantics(true),
	jsontext.PreserveRawStrings(true),
	jsontext.AllowInvalidUTF8(true),
	jsontext.AllowDuplicateNames(true),
	jsonv2.WithMarshalers(jsonv2.MarshalToFunc(func(enc *jsontext.Encoder, raw json.RawMessage) error {
		if raw == nil {
			return enc.WriteToken(jsontext.Null)
		}
		return enc.WriteValue(jsontext.Value(raw))
	})),
	jsonv2.WithUnmarshalers(jsonv2.UnmarshalFromFunc(func(dec *jsontext.Decoder, raw *json.RawMessage) error {
		v, err := dec.ReadValue()
		*raw = append(json.RawMessage(nil), v...)
		return err
	})),
)

func encode(doc any) ([]byte, error) {
	b, err := jsonv2.Marshal(doc, documents)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", leads.ErrInvalid, err)
	}
	return b, nil
}

func decode(b []byte, doc any) error {
	if err := jsonv2.Unmarshal(b, doc, documents); err != nil {
		return fmt.Errorf("stored document: %w", err)
	}
	return nil
}
