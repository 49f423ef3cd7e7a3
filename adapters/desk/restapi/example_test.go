package restapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/desk/restapi"
	"github.com/openleads/leads/adapters/memstore"
)

func Example() {
	store := memstore.New(nil)
	engine, err := leads.New(leads.Config{Store: store})
	if err != nil {
		panic(err)
	}
	d, err := desk.New(desk.Config{Engine: engine, Store: store, BaseURL: "https://crm.example.com"})
	if err != nil {
		panic(err)
	}
	host := desk.User{Tenant: leads.DefaultTenant, ID: "host", Role: desk.Owner}
	_, key, err := d.CreateKey(context.Background(), host, desk.Key{Label: "CI", Scope: desk.ScopeFull})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", restapi.New(d, &restapi.Options{Door: engine.Handler()}))
	server := httptest.NewServer(mux)
	defer server.Close()

	call := func(method, path, body string) {
		r, _ := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		r.Header.Set("X-API-Key", key)
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			panic(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, _ := io.ReadAll(answer.Body)
		fmt.Println(answer.StatusCode, strings.TrimSpace(string(text)))
	}
	call("PUT", "/api/leads/01a20933-979a-76e1-96b0-47a42ab79c1f/status", `{"status":"won"}`)
	call("POST", "/api/suppressions", `{"email":"x@example.com"}`)
	call("GET", "/api/tags", "")
	key = "lc_sec_wrong"
	call("GET", "/api/leads", "")
	// Output:
	// 400 {"success":false,"error":{"code":"invalid","message":"some fields cannot be taken","fields":[{"pointer":"/status","message":"one of [new contacted qualified converted closed]"}]}}
	// 404 {"success":false,"error":{"code":"not_found","message":"there is no such thing"}}
	// 200 []
	// 401 {"success":false,"error":{"code":"unauthorized","message":"send a valid key as X-API-Key or as Authorization: ApiKey"}}
}
