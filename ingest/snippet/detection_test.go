package snippet_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/browser"
)

// TestWhatFieldsAreTakenFor fills one field beside an email address, and looks under which name it arrives.
func TestWhatFieldsAreTakenFor(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	tests := []struct{ field, want string }{
		{`<input name="phone">`, "phone"},
		{`<input name="x" autocomplete="work tel">`, "phone"},
		{`<input type="tel" name="x">`, "phone"},
		{`<label>Telefonnummer <input name="x"></label>`, "phone"},
		{`<label>Téléphone <input name="x"></label>`, "phone"},
		{`<label>Celular <input name="x"></label>`, "phone"},
		{`<label>Handyman needed for <input name="x"></label>`, "x"},
		{`<label>Automobile <input name="x"></label>`, "x"},
		{`<input name="companyName">`, "company"},
		{`<label>Unternehmen <input name="x"></label>`, "company"},
		{`<label>Azienda <input name="x"></label>`, "company"},
		{`<label>Companions <input name="x"></label>`, "x"},
		{`<input name="x" autocomplete="organization-title">`, "x"},
		{`<input name="yourName">`, "firstName"},
		{`<input name="data[first_name]">`, "firstName"},
		{`<label>Vorname <input name="x"></label>`, "firstName"},
		{`<label>Cognome <input name="x"></label>`, "lastName"},
		{`<label>Sobrenome <input name="x"></label>`, "lastName"},
		{`<label>Apellidos <input name="x"></label>`, "lastName"},
		{`<label>Date of last visit <input name="x"></label>`, "x"},
		{`<label>Family size <input name="x"></label>`, "x"},
		{`<label>Username <input name="x"></label>`, "x"},
		{`<input name="x" autocomplete="country-name">`, "x"},
		{`<input name="x" data-leads-field="company">`, "company"},
		{`<label>PIN code <input name="x"></label>`, "x"},
		{`<input id="y">`, "y"},
		{`<label>Budget <input></label>`, "Budget "},
	}
	name := w.add(&visit{})
	require.NoError(t, opened.Open(w.page(name)))
	for i, tt := range tests {
		script := fmt.Sprintf(`(()=>{const m=document.querySelector("main");m.innerHTML=%q;const f=m.querySelector("form");f.elements[0].value="v%d";f.elements[1].value="ann@example.com";return leads.capture(f).then(a=>a.success)})()`,
			`<form>`+tt.field+`<input type="email" name="email"></form>`, i)
		ok, err := browser.Eval[bool](opened, script)
		require.NoError(t, err, tt.field)
		require.True(t, ok, tt.field)
		sub := w.captured(t, name, i+1)
		got := sub.Metadata.Text(tt.want)
		if field := sub.Fields.Field(tt.want); field != nil {
			got = *field
		}
		require.Equal(t, fmt.Sprintf("v%d", i), got, "%s in %s", tt.field, sub.Raw)
	}
}

// TestWhichFormsAreLeads looks whether a form gets a trap, which those get that are captured.
func TestWhichFormsAreLeads(t *testing.T) {
	t.Parallel()
	w, opened := newWorld(t), tab(t)
	const email = `<input type="email" name="email">`
	tests := []struct {
		name, form string
		want       bool
	}{
		{"contact", `<form>` + email + `<button>Send</button></form>`, true},
		{"phone only", `<form><input type="tel"><button>Call me</button></form>`, true},
		{"newsletter", `<form>` + email + `<button>Jetzt anmelden</button></form>`, true},
		{"job", `<form>` + email + `<button>Trabaja con nosotros</button></form>`, true},
		{"blog", `<form id="blog-inquiry">` + email + `<button>Send</button></form>`, true},
		{"design", `<form name="design-inquiry">` + email + `<button>Send</button></form>`, true},
		{"search", `<form role="search"><input type="search" name="q"></form>`, false},
		{"login", `<form>` + email + `<input type="password"><button>Go</button></form>`, false},
		{"magic link", `<form>` + email + `<button>Sign in</button></form>`, false},
		{"password reset", `<form action="/forgot">` + email + `<button>Send</button></form>`, false},
		{"checkout", `<form action="/checkout">` + email + `<button>Next</button></form>`, false},
		{"card", `<form>` + email + `<input autocomplete="cc-number"><button>Go</button></form>`, false},
		{"unsubscribe", `<form>` + email + `<button>Unsubscribe</button></form>`, false},
		{"unsubscribe in German", `<form>` + email + `<button>Newsletter abmelden</button></form>`, false},
		{"unsubscribe in French", `<form>` + email + `<button>Se désabonner</button></form>`, false},
		{"unsubscribe in Spanish", `<form>` + email + `<button>Darse de baja</button></form>`, false},
		{"comment", `<form action="/wp-comments-post.php"><input name="author">` + email + `<button>Post</button></form>`, false},
		{"ignored", `<section data-leads-ignore><form>` + email + `</form></section>`, false},
	}
	name := w.add(&visit{})
	require.NoError(t, opened.Open(w.page(name)))
	for _, tt := range tests {
		got, err := browser.Eval[bool](opened, fmt.Sprintf(`(()=>{const m=document.querySelector("main");m.innerHTML=%q;m.querySelector("input").dispatchEvent(new Event("focusin",{bubbles:true,composed:true}));return !!m.querySelector("[aria-hidden]")})()`, tt.form))
		require.NoError(t, err, tt.name)
		require.Equal(t, tt.want, got, tt.name)
	}
}
