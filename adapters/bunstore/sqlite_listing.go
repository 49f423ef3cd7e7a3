package bunstore

import (
	"context"
	"strings"

	"github.com/openleads/leads/adapters/desk"
)

// sqliteListing are the statements of the listing.
type sqliteListing struct {
	listed, put, drop   string
	addWords, dropWords string
	addTag, dropTags    string
	setListed           string
}

func newSQLiteListing(text func(string) string) sqliteListing {
	return sqliteListing{
		listed: text(`SELECT n, words, tagged FROM {p}listing WHERE tenant_id = ?1 AND lead_id = ?2`),
		put: text(`INSERT INTO {p}listing (` + listingColumns + `, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
			ON CONFLICT (tenant_id, lead_id) DO UPDATE SET ` + assignments(strings.Join(strings.Fields(listingColumns), " ")+", words", "tenant_id", "lead_id", "created_at") + ` RETURNING n`),
		drop:      text(`DELETE FROM {p}listing WHERE n = ?1`),
		addWords:  text(`INSERT INTO {p}words (rowid, words) VALUES (?1, ?2)`),
		dropWords: text(`INSERT INTO {p}words ({p}words, rowid, words) VALUES ('delete', ?1, ?2)`),
		addTag:    text(`INSERT INTO {p}tags (tenant_id, tag, created_at, lead_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`),
		dropTags:  text(`DELETE FROM {p}tags WHERE tenant_id = ?1 AND lead_id = ?2`),
		setListed: text(`UPDATE {p}leads SET listed = ?3 WHERE tenant_id = ?1 AND id = ?2`),
	}
}

// listedRow is what is in the listing already.
type listedRow struct {
	n      int64
	words  string
	tagged int
	there  bool
}

func (e *sqliteEngine) listed(ctx context.Context, t tx, tenant string, lead uid) (old listedRow, err error) {
	err = t.query(ctx, e.listing.listed, []any{tenant, lead[:]}, func(scan scanFunc) error {
		old.there = true
		return scan(&old.n, &old.words, &old.tagged)
	})
	return old, err
}

func (e *sqliteEngine) list(ctx context.Context, t tx, rows []*listingRow) error {
	for _, r := range rows {
		if err := e.listOne(ctx, t, r); err != nil {
			return err
		}
	}
	return nil
}

func (e *sqliteEngine) listOne(ctx context.Context, t tx, r *listingRow) error {
	old, err := e.listed(ctx, t, r.tenant, r.lead)
	if err != nil {
		return err
	}
	var n int64
	err = t.query(ctx, e.listing.put, []any{
		r.tenant, r.lead[:], r.created, r.updated, r.score, r.status, r.stage, r.qualification, r.assignee, r.source[:], r.channel,
		r.repeated, optional(r.assigned), optional(r.viewed), optional(r.contacted), len(r.tags), r.words,
	}, func(scan scanFunc) error { return scan(&n) })
	if err == nil {
		err = e.listWords(ctx, t, r, old, n)
	}
	if err == nil && old.tagged > 0 {
		_, err = t.exec(ctx, e.listing.dropTags, r.tenant, r.lead[:])
	}
	for _, tag := range r.tags {
		if err == nil {
			_, err = t.exec(ctx, e.listing.addTag, r.tenant, tag, r.created, r.lead[:])
		}
	}
	if err == nil {
		_, err = t.exec(ctx, e.listing.setListed, r.tenant, r.lead[:], r.version)
	}
	return err
}

// optional is an argument that may be NULL.
func optional(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

func (e *sqliteEngine) listWords(ctx context.Context, t tx, r *listingRow, old listedRow, n int64) error {
	if old.there && old.words == r.words {
		return nil
	}
	code := tenantCode(r.tenant)
	if old.there {
		if _, err := t.exec(ctx, e.listing.dropWords, n, coded(code, old.words)); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, e.listing.addWords, n, coded(code, r.words))
	return err
}

func (e *sqliteEngine) unlist(ctx context.Context, t tx, tenant string, lead uid) error {
	old, err := e.listed(ctx, t, tenant, lead)
	if err != nil || !old.there {
		return err
	}
	if _, err := t.exec(ctx, e.listing.dropWords, old.n, coded(tenantCode(tenant), old.words)); err != nil {
		return err
	}
	if _, err := t.exec(ctx, e.listing.drop, old.n); err != nil {
		return err
	}
	_, err = t.exec(ctx, e.listing.dropTags, tenant, lead[:])
	return err
}

// loose runs statements that are different each time, which are not worth being kept.
func (e *sqliteEngine) loose() tx { return looseReader{e.reader} }

func (e *sqliteEngine) index(name string) string {
	return " INDEXED BY " + e.prefix + "listing_" + name
}

func (e *sqliteEngine) fence() string { return "" }

func (e *sqliteEngine) ofEach(rows, _, where string) string {
	return " CROSS JOIN " + rows + " ON " + where
}

func (e *sqliteEngine) plainID(column string) string { return "lower(hex(" + column + "))" }

// hasWord finds the word in the text of all words.
func (e *sqliteEngine) hasWord(c *condition, _ string, w desk.Word) string {
	var all []string
	for _, part := range w.Parts {
		all = append(all, `instr(l.words, `+c.arg(" "+shortened(part))+`) > 0`)
	}
	text := strings.Join(all, " AND ")
	if w.Number != "" {
		text = `(instr(l.words, ` + c.arg(" "+shortened(w.Number)) + `) > 0 OR ` + text + `)`
	}
	return text
}

// wordRows finds rows that may have the words by the index of words.
func (e *sqliteEngine) wordRows(c *condition, tenant string, words []desk.Word) string {
	code := tenantCode(tenant)
	var all []string
	for _, w := range words {
		var any []string
		for _, clue := range clues(w) {
			any = append(any, `"`+code+clue+`" *`)
		}
		all = append(all, "("+strings.Join(any, " OR ")+")")
	}
	return `{p}words AS w CROSS JOIN {p}listing AS l ON l.n = w.rowid WHERE w.{p}words MATCH ` + c.arg(strings.Join(all, " AND ")) + ` AND l.tenant_id = ?1`
}

// leadsByID reads up to 1,000 leads in no order.
func (e *sqliteEngine) leadsByID(ctx context.Context, tenant string, ids []uid, row func(scan scanFunc) error) error {
	for len(ids) > 0 {
		n := len(ids)
		for _, size := range []int{256, 32, 4, 1} { // so that there are few statements
			if n >= size {
				n = size
				break
			}
		}
		args := []any{tenant}
		for _, id := range ids[:n] {
			args = append(args, id[:])
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
		if err := e.read().query(ctx, e.text(`SELECT `+leadColumns+` FROM {p}leads WHERE tenant_id = ? AND id IN (`+marks+`)`), args, row); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
