package ingest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// understood is what is expected of a recorded payload.
type understood struct {
	Fields      ingest.Fields      `json:"fields"`
	Attribution ingest.Attribution `json:"attribution,omitzero"`
	Metadata    ingest.Metadata    `json:"metadata,omitempty"`
	Key         string             `json:"key,omitempty"`
}

// wanted reads what is expected of a sender's payload. UPDATE=1 writes what there is, to be read before it is committed.
func wanted(t *testing.T, name string, got understood) understood {
	t.Helper()
	file := filepath.Join("testdata", "presets", "want", name+".json")
	if os.Getenv("UPDATE") != "" {
		text, err := json.MarshalIndent(got, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o644))
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var want understood
	require.NoError(t, json.Unmarshal(text, &want))
	return want
}

func TestEverySenderIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, p := range ingest.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, p.Payload, "every sender has a recorded payload")
			d := newDoor(nil).with(func(s *ingest.Source) { s.Preset = p.Name })
			check := func() {
				require.Equal(t, 200, d.post(string(p.Payload), "Content-Type", p.ContentType).Code)
				sub := d.last(t)
				got := understood{sub.Fields, sub.Attribution, sub.Metadata, sub.Key}
				want := wanted(t, p.Name, got)
				requireSame(t, want, got)
				require.Equal(t, string(p.Payload), string(sub.Raw), "nothing is lost")
				require.Empty(t, sub.Flags)
			}
			check()
			d.with(func(s *ingest.Source) { s.Preset = "" })
			if p.Recognised {
				d = newDoor(nil)
				check()
			}
		})
	}
}

func requireSame(t *testing.T, want, got understood) {
	t.Helper()
	a, err := json.Marshal(want)
	require.NoError(t, err)
	b, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(a), string(b))
}

func TestSendersThatAreNotRecognisedAreTakenAsTheyStand(t *testing.T) {
	t.Parallel()
	typeform := payloadOf(t, "typeform")
	tests := []struct {
		name   string
		body   string
		change func(s *ingest.Source)
		keeps  string // a member that stays where it was
	}{
		{name: "no preset at all", body: typeform, change: func(s *ingest.Source) { s.Preset = ingest.NoPreset }, keeps: "form_response"},
		{name: "a preset there is not", body: typeform, change: func(s *ingest.Source) { s.Preset = "wufoo" }, keeps: "form_response"},
		{name: "paths of the source's own", body: typeform, change: func(s *ingest.Source) {
			s.Mappings = map[string]string{"form_response.token": "token"}
		}, keeps: "form_response"},
		{name: "another event of the sender", body: `{"event_type":"form_response_partial","form_response":{"a":1}}`, keeps: "form_response"},
		{name: "something that is only called so", body: `{"event":"Wedding","email":"a@example.com"}`, keeps: "event"},
		{name: "an entry in a guest book", body: `{"entry":"Nice page","object":"house"}`, keeps: "entry"},
		{name: "half of a shape", body: `{"eventType":"FORM_RESPONSE","name":"x"}`, keeps: "eventType"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil)
			if tt.change != nil {
				d.with(tt.change)
			}
			require.Equal(t, 200, d.post(tt.body).Code)
			require.Contains(t, d.last(t).Metadata, tt.keeps)
		})
	}
}

func payloadOf(t *testing.T, name string) string {
	t.Helper()
	for _, p := range ingest.Presets() {
		if p.Name == name {
			return string(p.Payload)
		}
	}
	t.Fatal("no such preset: " + name)
	return ""
}

func TestTheSourcesOwnMappingsWinOverThePreset(t *testing.T) {
	t.Parallel()
	d := newDoor(nil).with(func(s *ingest.Source) {
		s.Preset = "typeform"
		s.Mappings = map[string]string{
			"How many seats?": "seats", "What are you looking for?": "company",
			"form_response.answers[?field.ref=readable_ref_choices].choices.labels[0]": "plan",
		}
	})
	require.Equal(t, 200, d.post(payloadOf(t, "typeform")).Code)
	sub := d.last(t)
	require.Equal(t, "A quote", sub.Fields.Company, "by the label of the answer")
	require.Equal(t, "Example Ltd", sub.Metadata.Text("Company"), "what the preset took for it is kept")
	require.Equal(t, "40", sub.Metadata.Text("seats"))
	require.Equal(t, "Team", sub.Metadata.Text("plan"), "by a path into the payload")
	require.Equal(t, "ann.lee@example.com", sub.Fields.Email, "the preset does the rest")
}

func TestTheFirstOfTwoAnswersThatLookAlikeCounts(t *testing.T) {
	t.Parallel()
	d := newDoor(nil).with(func(s *ingest.Source) { s.Preset = "webflow" })
	require.Equal(t, 200, d.post(`{"triggerType":"form_submission","payload":{"data":{
		"Email":"ann@example.com","Work Email":"ann@work.example","Comment":"one","comment":"two","Phone":null,"":"x"}}}`).Code)
	sub := d.last(t)
	require.Equal(t, "ann@example.com", sub.Fields.Email)
	require.Equal(t, "ann@work.example", sub.Metadata.Text("Work Email"))
	require.Equal(t, "one", sub.Metadata.Text("Comment"))
	require.Equal(t, "two", sub.Metadata.Text("comment"))
}

func TestAnswersOfOneNameAreAllKept(t *testing.T) {
	t.Parallel()
	d := newDoor(nil).with(func(s *ingest.Source) { s.Preset = "calendly" })
	require.Equal(t, 200, d.post(`{"event":"invitee.created","payload":{"email":"a@example.com","questions_and_answers":[
		{"question":"Why?","answer":"a"},{"question":"Why?","answer":"b"},{"question":"Why?","answer":"a"},{"question":"Why?","answer":"c"},
		{"answer":"no question"},{"question":"no answer"},{"question":"`+strings.Repeat("é", 100)+`","answer":"long"}]}}`).Code)
	sub := d.last(t)
	require.Equal(t, "a", sub.Metadata.Text("Why?"))
	require.Equal(t, "b", sub.Metadata.Text("Why? 2"))
	require.Equal(t, "c", sub.Metadata.Text("Why? 3"))
	require.Equal(t, "long", sub.Metadata.Text(strings.Repeat("é", 62)), "a long question is cut between two characters")
	require.Len(t, sub.Metadata, 5)
}

func TestBrokenPayloadsOfSendersAreKept(t *testing.T) {
	t.Parallel()
	tests := []struct{ preset, body, contentType string }{
		{"typeform", `{"event_type":"form_response","form_response":{"answers":[{"type":"text"},{"type":"x","x":[]},{"type":null},7,[],{}],"definition":7}}`, ""},
		{"typeform", `{"form_response":null}`, ""},
		{"typeform", `{"form_response":{"answers":{"a":{"type":"text","text":"x"}}}}`, ""},
		{"tally", `{"data":{"fields":[{"type":"CHECKBOXES","value":["x"],"options":[{"id":"y"},7]},{"label":"a","value":["gone"],"options":[]},{"key":"k","value":{}}]}}`, ""},
		{"elementor", `fields%5Ba%5D%5Bvalue%5D=x&fields%5B%5D%5Bvalue%5D=y&fields%5Bb%5D%5Btitle%5D=z`, urlencoded},
		{"gravityforms", `{"1.3":["x"],"2":{"a":1},"3":"+","9999999":"a@example.com"}`, ""},
		{"hubspot", `{"properties":[{"value":"x"}]}`, ""},
		{"hubspot", `{"properties":"x","email":"a@example.com"}`, ""},
		{"netlify", `{"data":[1],"email":null}`, ""},
		{"jotform", `rawRequest=%7Bbroken&formID=1`, urlencoded},
		{"jotform", `rawRequest=%7B%22q1_name%22%3A%7B%22first%22%3A1%7D%2C%22q2_phone%22%3A%7B%22area%22%3Anull%2C%22phone%22%3A%5B%5D%7D%2C%22x%22%3A1%7D`, urlencoded},
		{"googleads", `{"user_column_data":{"column_id":"EMAIL"},"lead_id":{}}`, ""},
		{"meta", `{"entry":[{"changes":[{"value":{"leadgen_id":{}}}]},7]}`, ""},
		{"calendly", `{"event":[],"payload":{"uri":{},"questions_and_answers":"x"}}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.preset+" "+tt.body, func(t *testing.T) {
			t.Parallel()
			d := newDoor(nil).with(func(s *ingest.Source) { s.Preset = tt.preset })
			headers := []string{}
			if tt.contentType != "" {
				headers = []string{"Content-Type", tt.contentType}
			}
			require.Equal(t, 200, d.post(tt.body, headers...).Code)
			require.Equal(t, tt.body, string(d.last(t).Raw))
		})
	}
}

func TestMetaNotifiesOfSeveralLeads(t *testing.T) {
	t.Parallel()
	d := newDoor(nil)
	body := `{"object":"page","entry":[{"id":"1","changes":[{"value":{"leadgen_id":11}},{"value":{"leadgen_id":12}}]},{"id":"2","changes":[{"value":{"leadgen_id":13}}]}]}`
	require.Equal(t, 200, d.post(body).Code)
	sub := d.last(t)
	require.Equal(t, " 11 12 13", sub.Key)
	require.Contains(t, sub.Metadata, "entry", "all of them are there")
	require.Equal(t, "11", sub.Metadata.Text("leadgen_id"))
}

func TestTheLeadThatMetaTellsOfIsUnderstoodToo(t *testing.T) {
	t.Parallel()
	d := newDoor(nil).with(func(s *ingest.Source) { s.Preset = "meta" })
	require.Equal(t, 200, d.post(`{"created_time":"2026-11-23T10:15:00+0000","id":"77","ad_id":"5","field_data":[{"name":"full_name","values":["Ann Lee"]},
		{"name":"email","values":["ann@example.com"]},{"name":"phone_number","values":["+12125550142"]},{"name":"car_make","values":["Honda"]},{"name":"empty","values":[]}]}`).Code)
	sub := d.last(t)
	require.Equal(t, ingest.Fields{Email: "ann@example.com", FirstName: "Ann", LastName: "Lee", Phone: "+12125550142"}, sub.Fields)
	require.Equal(t, "77", sub.Key)
	require.Equal(t, "Honda", sub.Metadata.Text("car_make"))
}

func TestElementorsPlainBody(t *testing.T) {
	t.Parallel()
	d := newDoor(nil).with(func(s *ingest.Source) { s.Preset = "elementor" })
	require.Equal(t, 200, d.post("Your+Name=Ann+Lee&E-Mail=ann%40example.com&Page+URL=https%3A%2F%2Fshop.example%2Fcontact&Remote+IP=203.0.113.9&Powered+by=Elementor&form_id=5d2&form_name=Contact",
		"Content-Type", urlencoded).Code)
	sub := d.last(t)
	require.Equal(t, ingest.Fields{Email: "ann@example.com", FirstName: "Ann", LastName: "Lee"}, sub.Fields)
	require.Equal(t, "https://shop.example/contact", sub.Attribution.Page)
	require.Len(t, sub.Metadata, 2)
}

func TestFramersSubmissionIsKnownByItsHeader(t *testing.T) {
	t.Parallel()
	d := newDoor(nil).with(func(s *ingest.Source) { s.Preset = "framer" })
	require.Equal(t, 200, d.post(payloadOf(t, "framer"), "Framer-Webhook-Submission-Id", "0fbbb90e").Code)
	require.Equal(t, "0fbbb90e", d.last(t).Key)
}

func TestPresetsCannotBeChangedByWhoListsThem(t *testing.T) {
	t.Parallel()
	list := ingest.Presets()
	require.Len(t, list, 20)
	for _, p := range list {
		require.NotEmpty(t, p.Title)
		if p.Signature != "" {
			require.Contains(t, ingest.Schemes(), p.Signature)
		}
	}
	list[0].Payload[0] = 'x'
	require.NotEqual(t, list[0].Payload, ingest.Presets()[0].Payload)
}
