package restapi

import (
	"net/http"
	"strings"
)

// openAPI answers the description of the API. It needs no key: it tells of nobody.
func (a *API) openAPI(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "application/json", Document(a.opts.Prefix))
}

// Document is the description of the API (OpenAPI 3.1), made from the same table as its routes. prefix is where it is served: "/api".
func Document(prefix string) map[string]any {
	s := newSchemas()
	paths := make(map[string]map[string]any)
	for _, r := range routes {
		if paths[r.Path] == nil {
			paths[r.Path] = make(map[string]any)
		}
		paths[r.Path][strings.ToLower(r.Method)] = s.operation(r)
	}
	if prefix == "" {
		prefix = "/"
	}
	return map[string]any{
		"openapi":  "3.1.0",
		"info":     map[string]any{"title": "Leads", "version": "1.0.0", "description": "Leads and what people and programs do with them."},
		"servers":  []any{map[string]any{"url": prefix}},
		"security": []any{map[string]any{"apiKey": []string{}}, map[string]any{"authorization": []string{}}},
		"paths":    paths,
		"components": map[string]any{
			"securitySchemes": map[string]any{
				"apiKey":        map[string]any{"type": "apiKey", "in": "header", "name": "X-API-Key"},
				"authorization": map[string]any{"type": "apiKey", "in": "header", "name": "Authorization", "description": "ApiKey KEY"},
			},
			"schemas": s.named,
		},
	}
}

// operation describes one route.
func (s *schemas) operation(r route) map[string]any {
	op := map[string]any{
		"operationId": operationID(r), "summary": r.Summary, "tags": []string{strings.Split(r.Path, "/")[1]}, "responses": s.responses(r),
		"description": "For role " + string(r.Role) + " and above.", "x-role": r.Role,
	}
	if params := parameters(r); params != nil {
		op["parameters"] = params
	}
	switch {
	case r.Body != nil:
		op["requestBody"] = map[string]any{"required": true, "content": map[string]any{"application/json": map[string]any{"schema": s.ofValue(r.Body)}}}
	case r.Path == importPath:
		text := map[string]any{"schema": map[string]any{"type": "string"}}
		op["requestBody"] = map[string]any{"required": true, "content": map[string]any{"text/csv": text, "text/tab-separated-values": text}}
	}
	return op
}

func parameters(r route) []any {
	var params []any
	header := func(name, text string) {
		params = append(params, map[string]any{"name": name, "in": "header", "description": text, "schema": map[string]any{"type": "string"}})
	}
	if strings.Contains(r.Path, "{id}") {
		params = append(params, map[string]any{"name": "id", "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
	}
	for _, p := range r.Query {
		params = append(params, map[string]any{"name": p.Name, "in": "query", "description": p.Text, "schema": map[string]any{"type": p.Kind}})
	}
	if r.Idempotent {
		header("Idempotency-Key", "at most 200 bytes; the same one within 72 hours is the same request, and gets the same answer")
	}
	if r.Matched {
		header("If-Match", "the ETag that the thing must have; otherwise the answer is 412")
	}
	if r.Tagged && r.Method == http.MethodGet {
		header("If-None-Match", "an ETag; the answer is 304 when the thing still has it")
	}
	return params
}

// operationID makes "getLeadsIdEvents" of GET /leads/{id}/events.
func operationID(r route) string {
	name := strings.ToLower(r.Method)
	for _, word := range strings.FieldsFunc(r.Path, func(c rune) bool { return strings.ContainsRune("/{}-", c) }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// responses describes what a route answers.
func (s *schemas) responses(r route) map[string]any {
	status, success := "200", map[string]any{"description": "done"}
	switch r.Status {
	case http.StatusCreated:
		status = "201"
	case http.StatusNoContent:
		status = "204"
	}
	if r.Answer != nil {
		success["content"] = map[string]any{"application/json": map[string]any{"schema": s.ofValue(r.Answer)}}
	} else if r.Path == exportPath {
		success["content"] = map[string]any{
			"text/csv":         map[string]any{"schema": map[string]any{"type": "string"}},
			"application/json": map[string]any{"schema": map[string]any{"type": "array", "items": s.ofValue(leadFull{})}},
		}
	}
	if r.Tagged {
		success["headers"] = map[string]any{"ETag": map[string]any{"schema": map[string]any{"type": "string"}}}
	}
	all := map[string]any{status: success}
	if r.Path == "/leads" && r.Method == http.MethodPost {
		all["200"] = map[string]any{"description": "the person was known; the lead as it is now", "content": success["content"], "headers": success["headers"]}
	}
	if r.Tagged && r.Method == http.MethodGet {
		all["304"] = map[string]any{"description": "it still has the ETag of If-None-Match"}
	}
	refused := any(s.ofValue(failure{}))
	if r.Path == importPath {
		refused = map[string]any{"anyOf": []any{refused, s.ofValue(importReport{})}}
	}
	described := map[string]any{"description": "refused; the code says why", "content": map[string]any{
		"application/json": map[string]any{"schema": refused}, "application/problem+json": map[string]any{"schema": s.ofValue(problem{})},
	}}
	all["4XX"], all["503"] = described, described
	return all
}
