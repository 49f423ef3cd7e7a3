package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// api answers GET /api/leads for whoever has the key.
type api struct {
	store  leads.Lister
	source ingest.Source
	key    string
}

// leadJSON is a lead as the API shows it.
type leadJSON struct {
	ID            string              `json:"id"`
	FirstName     string              `json:"firstName"`
	LastName      string              `json:"lastName"`
	Email         string              `json:"email"`
	Phone         string              `json:"phone"`
	Company       string              `json:"company"`
	Status        leads.Status        `json:"status"`
	Score         *int                `json:"score"`
	Qualification leads.Qualification `json:"qualification,omitempty"`
	Source        sourceJSON          `json:"source"`
	AssignedTo    *string             `json:"assignedTo"`
	Submissions   int                 `json:"submissions"`
	Metadata      ingest.Metadata     `json:"metadata"`
	CreatedAt     string              `json:"createdAt"`
}

type sourceJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type pageJSON struct {
	Page  int `json:"page"`
	Limit int `json:"limit"`
	Total int `json:"total"`
	Pages int `json:"pages"`
}

// maxPage is the most leads on one page.
const maxPage = 100

func (a api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, errPage := number(r, "page", 1, 1<<30)
	limit, errLimit := number(r, "limit", 20, maxPage)
	switch {
	case !a.allowed(r):
		refuse(w, http.StatusUnauthorized, "unauthorized", "send the key as X-API-Key or as Authorization: ApiKey")
	case r.URL.Path != "/api/leads":
		refuse(w, http.StatusNotFound, "not_found", "there is only /api/leads yet")
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "only GET is taken")
	case !errPage || !errLimit:
		refuse(w, http.StatusBadRequest, "invalid_parameter", "page is a number from 1, limit one from 1 to 100")
	default:
		a.list(w, r, page, limit)
	}
}

func (a api) allowed(r *http.Request) bool {
	key := r.Header.Get("X-API-Key")
	if scheme, rest, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "ApiKey") {
		key = strings.TrimSpace(rest)
	}
	return equal(key, a.key)
}

// number reads a parameter between 1 and most; ok is false for anything else.
func number(r *http.Request, name string, otherwise, most int) (n int, ok bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= most
}

func (a api) list(w http.ResponseWriter, r *http.Request, page, limit int) {
	all, total, err := a.page(r.Context(), page, limit)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "internal", "the leads could not be read")
		return
	}
	data := make([]leadJSON, 0, len(all))
	for _, lead := range all {
		data = append(data, a.lead(lead))
	}
	answer(w, http.StatusOK, map[string]any{
		"data":       data,
		"pagination": pageJSON{Page: page, Limit: limit, Total: total, Pages: (total + limit - 1) / limit},
	})
}

// page walks through all leads to count them, which is fine for a demonstration: a Store lists by cursor.
func (a api) page(ctx context.Context, page, limit int) (found []leads.Lead, total int, err error) {
	first, last := (page-1)*limit, page*limit
	for after := ""; ; {
		batch, err := a.store.Leads(ctx, leads.LeadQuery{Tenant: a.source.Tenant, After: after, Limit: maxPage})
		if err != nil {
			return nil, 0, err
		}
		for i, lead := range batch {
			if at := total + i; first <= at && at < last {
				found = append(found, lead)
			}
		}
		total += len(batch)
		if len(batch) < maxPage {
			return found, total, nil
		}
		after = batch[len(batch)-1].ID
	}
}

func (a api) lead(l leads.Lead) leadJSON {
	out := leadJSON{
		ID: l.ID, FirstName: l.FirstName, LastName: l.LastName, Email: l.Email, Phone: l.Phone, Company: l.Company, Status: l.Status,
		Source: sourceJSON{ID: l.First.SourceID}, Submissions: l.Submissions, Metadata: l.Metadata,
		CreatedAt: l.CreatedAt.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	if l.First.SourceID == a.source.ID {
		out.Source.Name = a.source.Name
	}
	if l.Score != nil {
		out.Score, out.Qualification = &l.Score.Value, l.Score.Qualification
	}
	if l.Assignee != "" {
		out.AssignedTo = &l.Assignee
	}
	return out
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"success": false, "error": map[string]string{"code": code, "message": message}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away needs no answer
}
