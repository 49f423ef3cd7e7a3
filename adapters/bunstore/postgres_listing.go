package bunstore

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/openleads/leads/adapters/desk"
)

// postgresListing are the statements of the listing.
type postgresListing struct {
	list, addTags, dropTags, leads string
	unlist                         []string
}

func newPostgresListing(text func(string) string) postgresListing {
	columns := strings.Join(strings.Fields(listingColumns), " ")
	return postgresListing{
		list: text(`WITH n AS (SELECT * FROM unnest(?1::text[], ?2::uuid[], ?3::bigint[], ?4::bigint[], ?5::smallint[], ?6::text[], ?7::text[], ?8::text[], ?9::text[],
				?10::uuid[], ?11::text[], ?12::smallint[], ?13::bigint[], ?14::bigint[], ?15::bigint[], ?16::smallint[], ?17::text[]) AS n (` + columns + `, words)),
			put AS (INSERT INTO {p}listing (` + columns + `, words) SELECT ` + columns + `, array_to_tsvector(string_to_array(words, ' ')) FROM n
				ON CONFLICT (tenant_id, lead_id) DO UPDATE SET ` + assignments(columns+", words", "tenant_id", "lead_id", "created_at") + `)
			UPDATE {p}leads AS l SET listed = true FROM n WHERE l.tenant_id = n.tenant_id AND l.id = n.lead_id`),
		dropTags: text(`DELETE FROM {p}tags AS t USING unnest(?1::text[], ?2::uuid[]) AS n (tenant_id, lead_id)
			WHERE t.tenant_id = n.tenant_id AND t.lead_id = n.lead_id`),
		addTags: text(`INSERT INTO {p}tags (tenant_id, tag, created_at, lead_id)
			SELECT * FROM unnest(?1::text[], ?2::text[], ?3::bigint[], ?4::uuid[]) ON CONFLICT DO NOTHING`),
		leads: text(`SELECT ` + leadColumns + ` FROM {p}leads WHERE tenant_id = ?1 AND id = ANY (?2::uuid[])`),
		unlist: []string{
			text(`DELETE FROM {p}listing WHERE tenant_id = ?1 AND lead_id = ?2`),
			text(`DELETE FROM {p}tags WHERE tenant_id = ?1 AND lead_id = ?2`),
		},
	}
}

func (e *postgresEngine) list(ctx context.Context, t tx, rows []*listingRow) error {
	type row = *listingRow
	tenants, ids := column(rows, func(r *row) string { return (*r).tenant }), keyUUIDs(rows, func(r *row) uid { return (*r).lead })
	if _, err := t.exec(ctx, e.listing.dropTags, tenants, ids); err != nil {
		return err
	}
	_, err := t.exec(ctx, e.listing.list, tenants, ids, column(rows, func(r *row) int64 { return (*r).created }),
		column(rows, func(r *row) int64 { return (*r).updated }), column(rows, func(r *row) int64 { return (*r).score }),
		column(rows, func(r *row) string { return (*r).status }), column(rows, func(r *row) string { return (*r).stage }),
		column(rows, func(r *row) string { return (*r).qualification }), column(rows, func(r *row) string { return (*r).assignee }),
		keyUUIDs(rows, func(r *row) uid { return (*r).source }), column(rows, func(r *row) string { return (*r).channel }),
		column(rows, func(r *row) int64 { return (*r).repeated }), column(rows, func(r *row) *int64 { return (*r).assigned }),
		column(rows, func(r *row) *int64 { return (*r).viewed }), column(rows, func(r *row) *int64 { return (*r).contacted }),
		column(rows, func(r *row) int64 { return int64(len((*r).tags)) }),
		column(rows, func(r *row) string {
			return strings.TrimPrefix(coded(tenantCode((*r).tenant), (*r).words), " ")
		}))
	if err != nil {
		return err
	}
	type tagged struct {
		*listingRow
		tag string
	}
	var tags []tagged
	for _, r := range rows {
		for _, tag := range r.tags {
			tags = append(tags, tagged{r, tag})
		}
	}
	if len(tags) > 0 {
		_, err = t.exec(ctx, e.listing.addTags, column(tags, func(r *tagged) string { return r.tenant }), column(tags, func(r *tagged) string { return r.tag }),
			column(tags, func(r *tagged) int64 { return r.created }), keyUUIDs(tags, func(r *tagged) uid { return r.lead }))
	}
	return err
}

func (e *postgresEngine) unlist(ctx context.Context, t tx, tenant string, lead uid) error {
	for _, text := range e.listing.unlist {
		if _, err := t.exec(ctx, text, tenant, e.id(lead)); err != nil {
			return err
		}
	}
	return nil
}

// loose runs statements that are different each time. They are planned for their arguments: a plan that is good for most words and tags is
// not good for all.
func (e *postgresEngine) loose() tx {
	mode := pgx.QueryExecModeCacheDescribe
	if e.mode == pgx.QueryExecModeDescribeExec {
		mode = e.mode
	}
	return postgresTx{e.reader, mode}
}

func (e *postgresEngine) index(string) string { return "" }

// fence keeps the planner from looking for another way to rows that are known to be few.
func (e *postgresEngine) fence() string { return "MATERIALIZED" }

// ofEach keeps the planner from reading the whole table, which it holds to be cheaper than a look-up for each of a few spans.
func (e *postgresEngine) ofEach(rows, alias, where string) string {
	return " CROSS JOIN LATERAL (SELECT * FROM " + rows + " WHERE " + where + " OFFSET 0) AS " + alias
}

func (e *postgresEngine) plainID(column string) string {
	return "replace(" + column + "::text, '-', '')"
}

// hasWord finds the word among the row's words.
func (e *postgresEngine) hasWord(c *condition, tenant string, w desk.Word) string {
	code := tenantCode(tenant)
	text := tsquery(code, w.Parts, " & ")
	if w.Number != "" {
		text = tsquery(code, []string{w.Number}, "") + " | (" + text + ")"
	}
	return "l.words @@ " + c.arg(text) + "::tsquery"
}

// wordRows finds rows that may have the words by the index of words.
func (e *postgresEngine) wordRows(c *condition, tenant string, words []desk.Word) string {
	var all []string
	for _, w := range words {
		all = append(all, "("+tsquery(tenantCode(tenant), clues(w), " | ")+")")
	}
	return `{p}listing AS l WHERE l.tenant_id = ?1 AND l.words @@ ` + c.arg(strings.Join(all, " & ")) + `::tsquery`
}

// tsquery writes beginnings of words as PostgreSQL reads them. They have no signs, of which any could mean something there.
func tsquery(code string, parts []string, between string) string {
	var all []string
	for _, part := range parts {
		all = append(all, "'"+code+shortened(part)+"':*")
	}
	return strings.Join(all, between)
}

func (e *postgresEngine) leadsByID(ctx context.Context, tenant string, ids []uid, row func(scan scanFunc) error) error {
	return e.read().query(ctx, e.listing.leads, []any{tenant, keyUUIDs(ids, func(u *uid) uid { return *u })}, row)
}
