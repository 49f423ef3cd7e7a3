package dashboard_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// paused tells which sequences stand still.
func (w *world) paused() map[string]bool {
	w.t.Helper()
	all, err := w.desk.Sequences(w.t.Context(), ann)
	require.NoError(w.t, err)
	is := make(map[string]bool)
	for _, l := range all {
		is[l.ID] = l.Paused
	}
	return is
}

func TestASequenceOfTheProgram(t *testing.T) {
	t.Parallel()
	held := given()[0]
	held.ID, held.Name, held.Paused = "held", "Later", true
	w := newOfficeWith(t, append(given(), held))
	lead := w.capture(ingest.Fields{Email: "grace@navy.example", FirstName: "Grace"}, "hot")
	require.Equal(t, 2, strings.Count(w.page("/sequences"), ">comes with the program<"))
	require.Contains(t, w.page("/leads/"+lead), `<option value="given">Thanks for asking</option>`)
	w.act("/leads/"+lead+"/enroll", url.Values{"sequence": {"given"}})

	body := w.page("/sequences/given")
	for _, text := range []string{"Thanks for asking", "Grace", "which alone can change it", `/sequences/given/copy"`, `/sequences/given/pause"`} {
		require.Contains(t, body, text)
	}
	for _, text := range []string{"/sequences/given/edit", "/sequences/given/delete"} {
		require.NotContains(t, body, text)
	}
	text := w.page("/sequences/given/json")
	require.Contains(t, text, " readonly>")
	require.NotContains(t, text, ">Save<")
	require.Contains(t, w.page("/sequences/given/preview?lead="+lead), "Thanks, Grace")
	require.NotContains(t, w.page("/sequences/held"), "/sequences/held/pause\"", "it cannot be let go on")
	require.Contains(t, w.page("/sequences/held"), "The program itself keeps it paused.")
	_, reader, _ := w.get("reader", "/dashboard/sequences/given")
	require.NotContains(t, reader, "/sequences/given/copy")

	before, err := w.desk.Sequence(t.Context(), ann, "given")
	require.NoError(t, err)
	for path, form := range map[string]url.Values{
		"/sequences/given/edit": {"do": {"save"}, "name": {"Mine"}}, "/sequences/given/json": {"json": {longSequence}}, "/sequences/given/delete": {"sure": {"yes"}},
		"/sequences/held/pause": {"do": {"resume"}},
	} {
		status, body, _ := w.post("owner", "/dashboard"+path, form)
		require.Equal(t, http.StatusConflict, status, path)
		require.Contains(t, body, "Only the program can change", path)
	}
	status, _, _ := w.get("owner", "/dashboard/sequences/given/edit")
	require.Equal(t, http.StatusConflict, status)
	status, _, _ = w.post("owner", "/dashboard/sequences/given/delete", url.Values{})
	require.Equal(t, http.StatusConflict, status, "it asks whether to delete it")
	after, err := w.desk.Sequence(t.Context(), ann, "given")
	require.NoError(t, err)
	require.Equal(t, before, after)

	enrolments, err := w.desk.Enrollments(t.Context(), ann, sequence.EnrollmentQuery{SequenceID: "given"})
	require.NoError(t, err)
	w.act("/sequences/given/enrolments", url.Values{"do": {"exit"}, "enrolment": {enrolments[0].ID}})
	require.Contains(t, w.page("/sequences/given?state=exited"), "Grace")
	w.act("/sequences/given/pause", url.Values{"do": {"pause"}})
	require.True(t, w.paused()["given"])
	w.act("/sequences/given/pause", url.Values{"do": {"resume"}})
	require.False(t, w.paused()["given"])
}

func TestCopyingASequenceOfTheProgram(t *testing.T) {
	t.Parallel()
	w := newOfficeWith(t, given())
	form := fields(t, w.page("/sequences/given/copy"), `id="edit"`)
	require.Equal(t, "given-copy Thanks for asking (copy) 0", strings.Join([]string{form.Get("id"), form.Get("name"), form.Get("version")}, " "))
	form.Set("do", "save")
	form.Set("id", "given")
	status, body, _ := w.post("owner", "/dashboard/new-sequence", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "another sequence has this name")
	form = fields(t, body, `id="edit"`)
	form.Set("do", "check")
	form.Set("id", "ours")
	_, body, _ = w.post("owner", "/dashboard/new-sequence", form)
	form = fields(t, body, `id="edit"`)
	form.Set("do", "save")
	w.act("/new-sequence", form)
	copied, err := w.desk.Sequence(t.Context(), ann, "ours")
	require.NoError(t, err)
	original, err := w.desk.Sequence(t.Context(), ann, "given")
	require.NoError(t, err)
	require.Equal(t, original.Steps, copied.Steps)
	require.Equal(t, original.Match, copied.Match)
	require.Equal(t, map[string]bool{"given": false, "ours": true}, w.paused(), "leads are written to by both")
	require.False(t, copied.FromProgram)

	fresh := fields(t, w.page("/new-sequence"), `id="edit"`)
	for k, v := range map[string]string{"do": "save", "id": "fresh", "name": "Fresh", "s0.subject": "Hi", "s0.body": "Hello."} {
		fresh.Set(k, v)
	}
	w.act("/new-sequence", fresh)
	require.False(t, w.paused()["fresh"])
	status, body, _ = w.post("owner", "/dashboard/new-sequence", fresh)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "another sequence has this name")
	status, _, _ = w.get("member", "/dashboard/sequences/given/copy")
	require.Equal(t, http.StatusForbidden, status)
}

func TestPausingAllSequences(t *testing.T) {
	t.Parallel()
	w := newOfficeWith(t, given())
	w.sequence("welcome")
	w.sequence("before")
	w.act("/sequences/before/pause", url.Values{"do": {"pause"}})
	require.NotContains(t, w.page("/sequences"), "Let all go on")
	status, body, _ := w.post("owner", "/dashboard/sequences", url.Values{"do": {"pause"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Thanks for asking")
	require.Equal(t, 1, strings.Count(body, "<li><bdi>Welcome</bdi></li>"), "one that is paused already is named")
	require.Equal(t, map[string]bool{"given": false, "welcome": false, "before": true}, w.paused(), "it was done without asking")
	form := fields(t, body, `<form method="post" action="/dashboard/sequences">`)
	for _, user := range []string{"member", "reader", "eve"} {
		_, _, _ = w.post(user, "/dashboard/sequences", form)
		require.False(t, w.paused()["welcome"], user)
	}
	require.Contains(t, w.act("/sequences", form), "done=sequences.paused&n=2")
	require.Equal(t, map[string]bool{"given": true, "welcome": true, "before": true}, w.paused())
	body = w.page("/sequences")
	require.Contains(t, body, "2 sequences were paused all together. By <bdi>Ann Archer</bdi>")
	require.NotContains(t, body, "Pause all")

	status, body, _ = w.post("owner", "/dashboard/sequences", url.Values{"do": {"resume"}})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 1, strings.Count(body, "<li><bdi>Welcome</bdi></li>"))
	require.True(t, w.paused()["welcome"])
	require.Contains(t, w.act("/sequences", fields(t, body, `<form method="post" action="/dashboard/sequences">`)), "done=sequences.resumed&n=2")
	require.Equal(t, map[string]bool{"given": false, "welcome": false, "before": true}, w.paused(), "one that was paused before goes on")
	require.Contains(t, w.act("/sequences", url.Values{"do": {"resume"}}), "n=0")
	status, _, _ = w.post("owner", "/dashboard/sequences", url.Values{"do": {"stop"}})
	require.Equal(t, http.StatusBadRequest, status)
	trail := w.page("/work/trail")
	require.Contains(t, trail, "paused all sequences")
	require.Contains(t, trail, "let all sequences go on")
}

// TestSequencesOfTheProgramInChromium looks at one, copies it, pauses all and lets all go on, with keys only.
func TestSequencesOfTheProgramInChromium(t *testing.T) {
	t.Parallel()
	w := newOfficeWith(t, given())
	w.sequence("welcome")
	w.sequence("before")
	w.capture(ingest.Fields{Email: "grace@navy.example", FirstName: "Grace"}, "hot")
	require.NoError(t, w.desk.PauseSequence(t.Context(), ann, "before", true))
	tab := w.tab(chromium(t), "owner")
	press := func(what string) {
		t.Helper()
		require.NoError(t, tab.Do(chromedp.Focus(what), chromedp.KeyEvent("\r")), what)
	}
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/sequences"))
	press(`a[href$="/sequences/given"]`)
	require.NoError(t, tab.Wait(`location.pathname.endsWith("/sequences/given")`))
	press(`a[href$="/preview"]`)
	require.NoError(t, tab.Wait(`document.querySelector("iframe.mail") && document.querySelector("main").innerText.includes("Thanks, Grace")`))
	require.NoError(t, tab.Open(w.server.URL+"/dashboard/sequences/given"))
	press(`a[href$="/copy"]`)
	require.NoError(t, tab.Wait(`document.querySelector("input[name=id]")?.value === "given-copy"`))
	press(`button[value=save]`)
	require.NoError(t, tab.Wait(`location.pathname.endsWith("/sequences/given-copy") && document.querySelector("button[value=resume]")`))

	require.NoError(t, tab.Open(w.server.URL+"/dashboard/sequences"))
	press(`button[value=pause]`)
	require.NoError(t, tab.Wait(`document.querySelector("button.danger")`))
	require.Equal(t, 2, ask[int](t, tab, `document.querySelectorAll("main li").length`))
	press(`button.danger`)
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.startsWith("2 sequences were paused")`))
	require.Equal(t, map[string]bool{"given": true, "given-copy": true, "welcome": true, "before": true}, w.paused())
	press(`button[value=resume]`)
	require.NoError(t, tab.Wait(`document.querySelector("button.danger")`))
	press(`button.danger`)
	require.NoError(t, tab.Wait(`document.querySelector(".flash")?.textContent.startsWith("2 sequences go on")`))
	require.Equal(t, map[string]bool{"given": false, "given-copy": true, "welcome": false, "before": true}, w.paused())
	require.Empty(t, tab.Problems())
}
