package dashboard_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/ingest"
)

// TestPreviewOfWhatIsEdited shows what is in the form, not what is saved, and keeps the form.
func TestPreviewOfWhatIsEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	grace := w.capture(ingest.Fields{Email: "grace@navy.example", FirstName: "Grace"}, "hot")
	alan := w.capture(ingest.Fields{Email: "alan@bletchley.example", FirstName: "Alan"}, "hot")
	w.sequence("welcome")
	before, err := w.desk.Sequence(t.Context(), ann, "welcome")
	require.NoError(t, err)
	form := formOf(t, sectionOf(t, w.page("/sequences/welcome/edit"), `id="edit"`))
	form.Set("do", "preview")
	form.Set("s0.subject", "Changed for {{firstName}}{{^firstName}}you{{/firstName}}")
	form.Set("s1.for", "5d")
	show := func(path string) string {
		status, page, _ := w.post("owner", "/dashboard"+path, form)
		require.Equal(t, http.StatusOK, status)
		return page
	}
	page := show("/sequences/welcome/edit")
	require.Contains(t, page, "<bdi>Changed for Alan</bdi>", "the newest lead")
	require.Contains(t, page, "<bdi>5d</bdi>")
	require.Contains(t, page, `value="Changed for {{firstName}}`, "the form is kept")
	form.Set("lead", grace)
	page = show("/sequences/welcome/edit")
	require.Contains(t, page, "<bdi>Changed for Grace</bdi>")
	require.Contains(t, page, `<option value="`+grace+`" selected>`)
	require.Contains(t, page, `<option value="`+alan+`">`)
	after, err := w.desk.Sequence(t.Context(), ann, "welcome")
	require.NoError(t, err)
	require.Equal(t, before, after, "a preview has stored something")

	form.Set("id", "another")
	require.Contains(t, show("/new-sequence"), "<bdi>Changed for Grace</bdi>", "of one that is not there yet")
	form.Set("s1.for", "soon")
	status, page, _ := w.post("owner", "/dashboard/sequences/welcome/edit", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.NotContains(t, page, `id="shown"`)
}

// sectionOf is a page from the form on that has an attribute.
func sectionOf(t *testing.T, page, attribute string) string {
	t.Helper()
	i := strings.Index(page, attribute)
	require.Positive(t, i)
	return page[strings.LastIndex(page[:i], "<form "):]
}

// TestTimetableSpeaksTheCatalogue holds the rows that say what a step does in words.
func TestTimetableSpeaksTheCatalogue(t *testing.T) {
	t.Parallel()
	w := newOffice(t)
	w.furnish()
	page := w.page("/sequences/trial/preview")
	require.Contains(t, page, "<bdi>2d until Tue Thu 09:00</bdi>")
	require.Contains(t, page, "<bdi>Ben Bauer</bdi>")
}
