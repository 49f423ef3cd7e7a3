package desk_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/hostile"
)

func TestCell(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "Ann": "Ann", "24": "24", "a=b": "a=b", "a@b.de": "a@b.de", "O'Neil": "O'Neil",
		"=1+1": "'=1+1", "+49 30 1": "'+49 30 1", "-24": "'-24", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx", "\x00x": "'\x00x",
		" =x": "' =x", "\u00a0=x": "'\u00a0=x", `"=x`: `'"=x`, "'=x": "''=x", "＝x": "'＝x", "＋x": "'＋x", "－x": "'－x", "＠x": "'＠x", "−1": "'−1",
		"\ufeff=x": "'\ufeff=x", "\u200b=x": "'\u200b=x", "\u202e=x": "'\u202e=x", "\v=x": "'\v=x", "“=x": "'“=x", "-inf": "'-inf", "' '": "' '",
	} {
		require.Equal(t, want, desk.Cell(in), "%q", in)
	}
}

func TestExportIsInertAndComesBack(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]bool{"inert": false, "raw": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDesk(t)
			ctx := t.Context()
			for _, s := range hostile.Texts(t) {
				_, err := w.engine.Capture(ctx, ingest.Submission{Tenant: "acme", Fields: ingest.Fields{FirstName: s, LastName: s + " ", Company: "x" + s, Phone: s}, Metadata: ingest.Metadata{"note": []byte(text(t, s))}, Attribution: ingest.Attribution{UTM: ingest.UTM{Source: s, Campaign: s}, Page: s}})
				require.NoError(t, err)
			}
			var file strings.Builder
			n, err := w.ExportCSV(ctx, ada, desk.Filter{Sort: desk.OldestFirst}, &file, raw)
			require.NoError(t, err)
			rows, err := csv.NewReader(strings.NewReader(file.String())).ReadAll()
			require.NoError(t, err)
			require.Len(t, rows, n+1)
			formulas := 0
			for _, row := range rows {
				for _, cell := range row {
					first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \u00a0\""))
					if strings.ContainsRune("=+-@\t\r\n\x00＝＋－＠−", first) {
						formulas++
					}
				}
			}
			if raw {
				require.NotZero(t, formulas, "raw is what it says")
			} else {
				require.Zero(t, formulas)
			}

			back := newDesk(t)
			report, err := back.Import(ctx, ada, strings.NewReader(file.String()), nil)
			require.NoError(t, err)
			require.Empty(t, report.Refused)
			if raw {
				return // an apostrophe of the sender's own is taken for ours
			}
			plain := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
			have := make(map[string]ingest.Fields, n) // rows that share a batch come in any order
			now, err := back.Each(ctx, ada, desk.Filter{}, func(lead leads.Lead) error {
				have[text(t, lead.Metadata)] = lead.Fields
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, n, now)
			_, err = w.Each(ctx, ada, desk.Filter{}, func(lead leads.Lead) error {
				got, ok := have[text(t, lead.Metadata)]
				require.True(t, ok, "%q", lead.Metadata)
				require.Equal(t, plain(lead.LastName), got.LastName, "%q", lead.LastName)
				require.Equal(t, plain(lead.Company), got.Company)
				return nil
			})
			require.NoError(t, err)
		})
	}
}

func TestExportAndImportKeepWhatTheTeamHasDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.Update(ctx, ben, w.lead, desk.Patch{Status: ptr(leads.StatusQualified), Assignee: ptr("ada"), Tags: ptr([]string{"a", "b c"}), Fields: map[string]string{"phone": "+49 30 1234567"}, Metadata: map[string]json.RawMessage{"n": json.RawMessage(`{"a":[1]}`)}})
	require.NoError(t, err)
	var file strings.Builder
	n, err := w.ExportCSV(ctx, ada, desk.Filter{}, &file, false)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Contains(t, w.actions(t), "lead.export")
	_, all := imported(t, newDesk(t), file.String(), nil)
	require.Len(t, all, 1)
	require.Equal(t, "+49 30 1234567", all[0].Phone)
	require.Equal(t, leads.StatusQualified, all[0].Status)
	require.Equal(t, "ada", all[0].Assignee)
	require.Equal(t, []string{"a", "b c"}, all[0].Tags)
	require.JSONEq(t, `{"n":{"a":[1]}}`, text(t, all[0].Metadata))
}

// gone is a store that cannot find leads.
type gone struct{ *memstore.Store }

func (gone) FindLeads(context.Context, desk.Filter) (desk.Page, error) { return desk.Page{}, errAway }

func TestExportWritesNothingWhenItCannotBegin(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	d, err := desk.New(desk.Config{Engine: w.engine, Store: gone{w.store}})
	require.NoError(t, err)
	var file strings.Builder
	_, err = d.ExportCSV(t.Context(), ada, desk.Filter{}, &file, false)
	require.ErrorIs(t, err, errAway)
	require.Empty(t, file.String())
	_, err = d.ExportCSV(t.Context(), ada, desk.Filter{Search: "\x00"}, &file, false)
	require.ErrorIs(t, err, leads.ErrInvalid)
}

func TestTwoExportsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	deepest := 0
	var nested func(depth int) error
	nested = func(depth int) error {
		deepest = max(deepest, depth)
		_, err := w.Each(ctx, ada, desk.Filter{}, func(leads.Lead) error { return nested(depth + 1) })
		return err
	}
	require.ErrorIs(t, nested(0), desk.ErrBusy)
	require.Equal(t, 2, deepest)
	_, err := w.Each(ctx, eve, desk.Filter{}, func(leads.Lead) error { return nil })
	require.NoError(t, err, "other tenants have their own")
	n, err := w.Each(ctx, ada, desk.Filter{}, func(leads.Lead) error { return nil })
	require.NoError(t, err, "there is room again")
	require.Equal(t, 1, n)
	stop := errors.New("enough")
	_, err = w.Each(ctx, ada, desk.Filter{}, func(leads.Lead) error { return stop })
	require.ErrorIs(t, err, stop)
	entries, err := w.Trail(ctx, ada, "", 1)
	require.NoError(t, err)
	require.JSONEq(t, `{"leads":0,"complete":false}`, string(entries[0].Data))
	_, err = w.ExportCSV(ctx, ben, desk.Filter{}, io.Discard, true)
	require.ErrorIs(t, err, desk.ErrForbidden)
}
