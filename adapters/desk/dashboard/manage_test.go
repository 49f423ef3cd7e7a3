package dashboard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/dashboard"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// page returns a page as the owner sees it.
func (w *world) page(path string) string {
	w.t.Helper()
	status, body, _ := w.get("owner", "/dashboard"+path)
	require.Equal(w.t, http.StatusOK, status, path)
	return body
}

func TestASourceFromMakingToDeleting(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	at := strings.SplitN(w.act("/sources", url.Values{"name": {"Landing page"}, "preset": {""}}), "?", 2)[0]
	id := strings.TrimPrefix(at, "/sources/")
	source := func() desk.Source {
		s, err := w.desk.Source(t.Context(), ann, id)
		require.NoError(t, err)
		return s
	}
	made := source()
	body := w.page(at)
	for _, code := range []string{made.URL, `&lt;script src=&#34;http://crm.example/api/webhooks/leads.js&#34; data-token=&#34;` + made.Tokens[0] + `&#34; defer&gt;`, `&lt;form action=&#34;` + made.URL, "curl -H"} {
		require.Contains(t, body, code)
	}

	form := url.Values{
		"version": {fields(t, body, `<form class="card" method="post"`).Get("version")}, "name": {"Landing page 2"}, "preset": {"typeform"}, "origins": {"https://a.example\r\nhttps://b.example\r\n"}, "redirects": {"/thanks"},
		"perMinute": {"7"}, "trusted": {"yes"}, "spam": {"yes"}, "honeypot": {"website"}, "minFill": {"2.5"}, "secret": {"first-secret"}, "captcha": {"turnstile"},
		"captchaOutage": {"accept"}, "purpose": {"marketing"}, "wording": {"Yes."}, "doubleOptIn": {"yes"},
	}
	w.act(at, form)
	s := source()
	require.Equal(t, []string{"https://a.example", "https://b.example"}, s.Origins)
	require.Equal(t, "Landing page 2/typeform/7/true/website/2.5s/first-secret/turnstile/marketing/true",
		strings.Join([]string{s.Name, s.Preset, "7", "true", s.Spam.Honeypot, s.Spam.MinFill.String(), s.Signature.Secret.Reveal(), s.Captcha.Name, s.Consent.Purpose, "true"}, "/"))
	require.True(t, s.Trusted && s.Consent.DoubleOptIn && s.PerMinute == 7)
	require.NotContains(t, w.page(at), "first-secret", "the secret is shown")

	status, _, _ := w.post("owner", "/dashboard"+at, form)
	require.Equal(t, http.StatusConflict, status, "a form that was opened before somebody else saved")

	form.Set("version", fmt.Sprint(source().Version))
	form.Set("secret", "second-secret")
	form.Set("keepSecret", "yes")
	form.Del("spam")
	w.act(at, form)
	require.Equal(t, "second-secret first-secret", source().Signature.Secret.Reveal()+" "+source().Signature.Previous.Reveal())
	require.Equal(t, "-", source().Spam.Honeypot)
	form.Set("version", fmt.Sprint(source().Version))
	form.Set("origins", "not an origin")
	status, body, _ = w.post("owner", "/dashboard"+at, form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "not an origin")
	require.Contains(t, body, "Origins")

	w.act(at+"/rotate", url.Values{"keep": {"yes"}})
	require.Equal(t, []string{made.Tokens[0]}, source().Tokens[1:])
	w.act(at+"/rotate", url.Values{})
	require.Len(t, source().Tokens, 1)
	status, body, _ = w.post("owner", "/dashboard"+at+"/delete", url.Values{})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Its leads stay")
	require.NotEmpty(t, source().ID, "it was deleted without having been asked for")
	w.act(at+"/delete", url.Values{"sure": {"yes"}})
	_, err := w.desk.Source(t.Context(), ann, id)
	require.ErrorIs(t, err, leads.ErrNotFound)
	status, body, _ = w.post("owner", "/dashboard/sources", url.Values{"name": {" "}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "1 to 255 bytes")
}

func TestTheHealthOfASource(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	require.Contains(t, w.page("/sources"), "nothing came yet")
	w.capture(ingest.Fields{Email: "a@example.com"}, "hi")
	w.quarantine(ingest.Fields{Email: "b@example.com"}, "{}", "honeypot")
	w.quarantine(ingest.Fields{Email: "c@example.com"}, "{}", "honeypot", "fill_time")
	for _, path := range []string{"/sources", "/sources/" + w.source.ID} {
		body := w.page(path)
		require.Contains(t, body, "1 accepted")
		require.Contains(t, body, "2 quarantined")
		require.Contains(t, body, "the hidden field was filled (2), filled faster than people can (1)")
	}
}

func TestMappingASource(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	for range 3 {
		w.capture(ingest.Fields{}, "hi", func(s *ingest.Submission) {
			s.Metadata.SetText("contact_email", "ann@example.com")
			s.Raw, s.ContentType = []byte(`{"contact_email":"ann@example.com"}`), "application/json"
		})
	}
	at := "/sources/" + w.source.ID
	body := w.page(at + "/mapping")
	require.Regexp(t, regexp.MustCompile(`contact_email(?s:.){0,60}class="num">3<`), body)
	require.Contains(t, body, `name="field" value="email"`)
	require.Contains(t, body, "looks like Email")

	w.act(at+"/mapping/take", url.Values{"name": {"contact_email"}, "field": {"email"}})
	mappings := func() map[string]string {
		s, err := w.desk.Source(t.Context(), ann, w.source.ID)
		require.NoError(t, err)
		return s.Mappings
	}
	require.Equal(t, map[string]string{"contact_email": "email"}, mappings())
	body = w.page(at + "/mapping")
	require.NotContains(t, body, `name="field" value="email"`)

	form := url.Values{"from": {"who.mail", "who.name", ""}, "to": {"email", "fullName", ""}, "preset": {""}, "contentType": {"application/json"}, "payload": {`{"who":{"mail":"lee@example.com","name":"Ann Lee"},"x":1}`}}
	status, body, _ := w.post("reader", "/dashboard"+at+"/preview", form)
	require.Equal(t, http.StatusOK, status)
	for _, text := range []string{"lee@example.com", "Ann", "Lee"} {
		require.Contains(t, body[strings.Index(body, "What becomes of it"):], text)
	}
	require.Equal(t, map[string]string{"contact_email": "email"}, mappings(), "a preview has stored something")
	w.act(at+"/mapping", form)
	require.Equal(t, map[string]string{"who.mail": "email", "who.name": "fullName"}, mappings())

	form.Set("payload", "{")
	_, body, _ = w.post("owner", "/dashboard"+at+"/preview", form)
	require.Contains(t, body, "the body is not valid JSON")
	form.Set("contentType", "text/evil")
	_, body, _ = w.post("owner", "/dashboard"+at+"/preview", form)
	require.Contains(t, body, "the door answers 415: send application/json")
	for _, preset := range ingest.Presets() {
		require.Contains(t, w.page(at+"/mapping?payload=preset:"+preset.Name), "What becomes of it", preset.Name)
	}
}

// fields are the fields of a page's form as a browser would send them.
func fields(t *testing.T, page, form string) url.Values {
	t.Helper()
	at := strings.Index(page, form)
	require.Positive(t, at, "there is no form %q", form)
	return formOf(t, page[at:])
}

func TestEditingASequence(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.furnish()
	stored := func() string {
		def, err := w.desk.Sequence(t.Context(), ann, "trial")
		require.NoError(t, err)
		def.Version, def.Paused = 0, false
		text, err := json.Marshal(def)
		require.NoError(t, err)
		return string(text)
	}
	before := stored()
	edit := fields(t, w.page("/sequences/trial/edit"), `id="edit"`)
	edit.Set("do", "save")
	w.act("/sequences/trial/edit", edit)
	require.JSONEq(t, before, stored(), "what was not changed has changed by being saved")

	edit = fields(t, w.page("/sequences/trial/edit"), `id="edit"`)
	step := func(do string, more url.Values) {
		for k, v := range more {
			edit[k] = v
		}
		edit.Set("do", do)
		status, body, _ := w.post("owner", "/dashboard/sequences/trial/edit", edit)
		require.Equal(t, http.StatusOK, status)
		edit = fields(t, body, `id="edit"`)
	}
	step("remove:9", nil)
	step("add", url.Values{"kind": {"wait"}})
	step("up:9", url.Values{"s9.for": {"3d"}})
	require.Equal(t, "3d", edit.Get("s8.for"))
	step("check", url.Values{"match.op": {"is", "not", "max", "is"}})
	edit.Set("do", "save")
	w.act("/sequences/trial/edit", edit)
	def, err := w.desk.Sequence(t.Context(), ann, "trial")
	require.NoError(t, err)
	require.Equal(t, "3d", def.Steps[8].Wait.For.String())
	require.NotNil(t, def.Steps[9].Tag)
	require.InDelta(t, 40, *def.Match.All[2].Max, 0)

	status, _, _ := w.post("owner", "/dashboard/sequences/trial/edit", edit)
	require.Equal(t, http.StatusConflict, status, "an old version was saved over a newer one")
	edit = fields(t, w.page("/sequences/trial/edit"), `id="edit"`)
	for k, v := range map[string]string{"do": "save", "delay": "soon", "s0.subject": "", "s2.then": "nowhere", "goal.mode": "json", "goal.json": "{nonsense"} {
		edit.Set(k, v)
	}
	status, body, _ := w.post("owner", "/dashboard/sequences/trial/edit", edit)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, text := range []string{"/delay", "soon", "/steps/0/email/subject", "/steps/2/branch/then", "/goal", "{nonsense"} {
		require.Contains(t, body, text)
	}
	require.Regexp(t, regexp.MustCompile(`id="step-2"(?s:.)*<code>/steps/2/branch/then</code>(?s:.)*id="step-3"`), body, "the problem does not stand at its step")
}

func TestASequenceFromMakingToDeleting(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	lead := w.capture(ingest.Fields{Email: "grace@navy.example", FirstName: "Grace"}, "hot")
	form := fields(t, w.page("/new-sequence"), `id="edit"`)
	for k, v := range map[string]string{"do": "save", "id": "first", "name": "First", "s0.subject": "Hi {{firstName}}{{^firstName}}there{{/firstName}}", "s0.body": "Hello.", "delay": "2h"} {
		form.Set(k, v)
	}
	w.act("/new-sequence", form)
	_, err := w.desk.Enroll(t.Context(), ann, lead, "first")
	require.NoError(t, err)
	body := w.page("/sequences/first")
	require.Contains(t, body, "Grace")
	enrolments, err := w.desk.Enrollments(t.Context(), ann, sequence.EnrollmentQuery{SequenceID: "first"})
	require.NoError(t, err)
	for _, do := range []struct{ do, state string }{{"pause", "paused"}, {"resume", "active"}, {"exit", "exited"}} {
		w.act("/sequences/first/enrolments", url.Values{"do": {do.do}, "enrolment": {enrolments[0].ID}})
		require.Contains(t, w.page("/sequences/first?state="+do.state), "Grace", do.do)
	}

	body = w.page("/sequences/first/preview?lead=" + lead)
	require.Contains(t, body, "Hi Grace")
	status, mail, header := w.get("reader", "/dashboard/sequences/first/mail?step=email-1&lead="+lead)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, mail, "Hello.")
	require.Contains(t, header.Get("Content-Security-Policy"), "sandbox")
	require.Empty(t, header.Get("X-Frame-Options"))
	status, _, _ = w.get("eve", "/dashboard/sequences/first/mail?step=email-1&lead="+lead)
	require.Equal(t, http.StatusNotFound, status)

	w.act("/sequences", url.Values{"do": {"pause"}, "sure": {"yes"}})
	require.Contains(t, w.page("/sequences"), "Let all go on")
	w.act("/sequences", url.Values{"do": {"resume"}, "sure": {"yes"}})
	w.act("/sequences/first/pause", url.Values{"do": {"pause"}})
	require.Contains(t, w.page("/sequences/first"), ">paused<")

	form = fields(t, w.page("/sequences/first/json"), "<form class=\"card\" method=\"post\"")
	form.Set("json", strings.Replace(form.Get("json"), `"First"`, `"Second"`, 1))
	w.act("/sequences/first/json", form)
	require.Contains(t, w.page("/sequences"), "Second")
	status, body, _ = w.post("owner", "/dashboard/sequences/first/json", url.Values{"json": {`{"id":"first","nme":"x"}`}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "nme")
	status, _, _ = w.post("owner", "/dashboard/sequences/first/delete", url.Values{})
	require.Equal(t, http.StatusOK, status)
	w.act("/sequences/first/delete", url.Values{"sure": {"yes"}})
	require.Contains(t, w.page("/sequences"), "There is no sequence yet.")
}

func TestDecidingOnQuarantine(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	var ids []string
	for _, name := range []string{"one", "two", "three", "four"} {
		ids = append(ids, w.quarantine(ingest.Fields{Email: name + "@example.com"}, `{"email":"`+name+`@example.com"}`, "honeypot"))
	}
	require.Contains(t, w.page("/quarantine"), "the hidden field was filled")
	require.Contains(t, w.act("/quarantine", url.Values{"do": {"release:" + ids[0]}}), "done=quarantine.released&n=1")
	require.Contains(t, w.act("/quarantine", url.Values{"do": {"delete:" + ids[1]}}), "n=1")
	require.Contains(t, w.act("/quarantine", url.Values{"do": {"release:" + ids[1]}}), "n=0", "what is gone was released")
	require.Contains(t, w.act("/quarantine", url.Values{"do": {"release"}, "id": {ids[2], ids[1]}}), "n=1")
	body := w.page("/quarantine")
	require.NotContains(t, body, "three@example.com")
	require.Contains(t, body, "four@example.com")
	page, err := w.desk.Leads(t.Context(), ann, desk.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Leads, 2)
	status, _, _ := w.post("reader", "/dashboard/quarantine", url.Values{"do": {"delete:" + ids[3]}})
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, w.act("/quarantine", url.Values{"do": {"delete"}, "id": {ids[3]}}), "n=1")
	status, _, _ = w.post("owner", "/dashboard/quarantine", url.Values{"do": {"explode"}})
	require.Equal(t, http.StatusBadRequest, status)
}

func TestDeadWork(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	id := w.capture(ingest.Fields{Email: "grace@navy.example"}, "broken")
	body := w.page("/work")
	require.Contains(t, body, "the model answers nonsense")
	dead, err := w.desk.DeadTasks(t.Context(), ann, "", 10)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	require.Contains(t, w.act("/work", url.Values{"task": {dead[0].ID}}), "n=1")
	w.settled(id)
	events, err := w.desk.Events(t.Context(), ann, id)
	require.NoError(t, err)
	require.True(t, func() bool {
		for _, e := range events {
			if e.Kind == leads.EventReplayed {
				return true
			}
		}
		return false
	}())
	require.Contains(t, w.act("/work", url.Values{"id": {leads.NewID()}}), "n=0")
	w.act("/sources", url.Values{"name": {"For the trail"}})
	require.Contains(t, w.page("/work/trail"), "made a source")
	status, _, _ := w.get("member", "/dashboard/work/trail")
	require.Equal(t, http.StatusForbidden, status)
}

func TestOverview(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.furnish()
	body := w.page("/overview")
	for _, text := range []string{"31 leads", "By qualification", "Contact form", "role=\"img\"", "<desc", "Hot, and waiting"} {
		require.Contains(t, body, text)
	}
	require.Equal(t, 30, strings.Count(body[strings.Index(body, "<svg class=\"chart\""):strings.Index(body, "</svg>\n<details>")], "<g>"), "not a bar for each day")
	require.Equal(t, 7, strings.Count(w.page("/overview?days=7"), "<g>"))
	require.Contains(t, w.page("/overview?days=1;drop"), "aria-current=\"page\">30 days")
	status, eves, _ := w.get("eve", "/dashboard/overview")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, eves, "0 leads")
	require.NotContains(t, eves, "Hopper")
}

// TestOtherTenantsObjects asks for what another tenant has by every route of this half that names an object.
func TestOtherTenantsObjects(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.furnish()
	source, err := w.desk.Source(t.Context(), ann, w.source.ID)
	require.NoError(t, err)
	def, err := w.desk.Sequence(t.Context(), ann, "trial")
	require.NoError(t, err)
	for _, r := range dashboard.Routes() {
		id := map[bool]string{true: w.source.ID, false: "trial"}[strings.HasPrefix(r.Path, "/sources/")]
		if !strings.HasPrefix(r.Path, "/sources/{id}") && !strings.HasPrefix(r.Path, "/sequences/{id}") {
			continue
		}
		form := url.Values{
			"do": {"pause"}, "sure": {"yes"}, "name": {"stolen"}, "field": {"email"}, "version": {"1"}, "json": {longSequence}, "enrolment": {leads.NewID()}, "steps": {"1"}, "s0.kind": {"wait"},
			"s0.id": {"x"}, "s0.for": {"1d"}, "contentType": {"application/json"},
		}
		status, body, _ := w.do("eve", r.Method, address(r, id), form, http.Header{"Sec-Fetch-Site": {"same-origin"}})
		require.Contains(t, []int{http.StatusNotFound, http.StatusConflict}, status, "%s %s", r.Method, r.Path)
		require.NotContains(t, body, "Contact form<")
		require.NotContains(t, body, "After the trial")
	}
	for _, path := range []string{"/sources", "/sequences", "/quarantine", "/work", "/work/trail", "/overview", "/settings/keys", "/settings/suppressions", "/settings/webhooks"} {
		status, body, _ := w.get("eve", "/dashboard"+path)
		require.Equal(t, http.StatusOK, status)
		for _, ours := range []string{"Contact form<", "After the trial", "spam.example", "Our Zapier key", "hooks.example.com", "nonsense"} {
			require.NotContains(t, body, ours, path)
		}
	}
	keys, err := w.desk.Keys(t.Context(), ann)
	require.NoError(t, err)
	dead, err := w.desk.DeadTasks(t.Context(), ann, "", 1)
	require.NoError(t, err)
	waiting, err := w.desk.Quarantined(t.Context(), ann, "", 1)
	require.NoError(t, err)
	for path, form := range map[string]url.Values{
		"/settings/keys": {"do": {"delete"}, "key": {keys[0].ID}}, "/settings/webhooks": {"do": {"delete"}, "hook": {"hook-1"}}, "/work": {"task": {dead[0].ID}},
		"/quarantine": {"do": {"delete"}, "id": {waiting[0].ID}}, "/settings/team": {"person": {"ben"}, "weight": {"9"}}, "/sequences": {"do": {"pause"}, "sure": {"yes"}},
	} {
		_, _, _ = w.post("eve", "/dashboard"+path, form)
	}
	after, err := w.desk.Source(t.Context(), ann, w.source.ID)
	require.NoError(t, err)
	require.Equal(t, source.Version, after.Version)
	unchanged, err := w.desk.Sequence(t.Context(), ann, "trial")
	require.NoError(t, err)
	require.Equal(t, def, unchanged)
	body := w.page("/settings/keys") + w.page("/settings/webhooks") + w.page("/work") + w.page("/quarantine")
	for _, ours := range []string{"Our Zapier key", "hooks.example.com", "nonsense", "quick@example.com"} {
		require.Contains(t, body, ours)
	}
}

// TestEveryTextIsInTheCatalogue looks for the keys of texts in the templates and the code.
func TestEveryTextIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	texts := dashboard.English()
	call := regexp.MustCompile(`(?:\{\{|\(|\b)(t|n|say|p\.done)[ (]"([a-zA-Z]+[.][a-zA-Z.]+)"`)
	for _, folder := range []string{"templates", "."} {
		files, err := os.ReadDir(folder)
		require.NoError(t, err)
		for _, f := range files {
			if f.IsDir() || strings.HasSuffix(f.Name(), "_test.go") || !strings.HasSuffix(f.Name(), ".go") && !strings.HasSuffix(f.Name(), ".html") {
				continue
			}
			data, err := os.ReadFile(folder + "/" + f.Name())
			require.NoError(t, err)
			for _, m := range call.FindAllStringSubmatch(string(data), -1) {
				_, plain := texts[m[2]]
				_, counted := texts[m[2]+".other"]
				require.True(t, plain || counted, "%s: %s", f.Name(), m[2])
			}
		}
	}
}
