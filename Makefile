# make test    everything, with its own PostgreSQL; STRICT=1 makes a missing service a failure
# make check   format, vet, module tidiness, staticcheck
# make routers the example under chi, gin and echo, which is a module of its own
# make bench   the benchmark of docs/performance.md
# make proof   the counts of docs/reliability.md in full (half an hour)

SHELL := /bin/bash
GOBIN := $(CURDIR)/.bin
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Where Chromium does the work, or SQLite translated to Go, the race detector would take ten minutes to watch it: these packages run without it, and with
# it what of them has goroutines that meet.
SLOW := /adapters/bunstore$$|/internal/proof$$|/dashboard$$|/snippet$$

# The packages that build and check the snippet, and look over pages for those who cannot see them (axe-core).
NPM := ingest/snippet/gen

.PHONY: test check routers bench proof fuzz

test:
	@test -d $(NPM)/node_modules/axe-core || ! command -v npm >/dev/null || npm ci --prefix $(NPM) --ignore-scripts --silent --no-audit --no-fund
	./.ci/with-postgres go test -race -shuffle=on -timeout 30m $$(go list ./... | grep -vE '$(SLOW)')
	./.ci/with-postgres go test -shuffle=on -timeout 30m $$(go list ./... | grep -E '$(SLOW)')
	./.ci/with-postgres go test -race -timeout 15m -run '/^postgres$$' ./adapters/bunstore
	./.ci/with-postgres go test -race -timeout 15m -run 'TestDisconnect|TestStops' ./internal/proof
	go test -race -run TestLive ./adapters/desk/dashboard

check:
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-ed:"; gofmt -l .; exit 1; }
	go vet ./...
	go mod tidy -diff
	@test -x $(GOBIN)/staticcheck || GOBIN=$(GOBIN) go install $(STATICCHECK)
	$(GOBIN)/staticcheck ./...

routers:
	cd examples/routers && go mod tidy -diff && go vet ./... && go test -timeout 5m ./...

bench:
	./.ci/with-postgres go run ./internal/leadbench $(ARGS)

proof:
	LEADS_PROOF=1 ./.ci/with-postgres go test -timeout 80m -v ./internal/proof/...
	go test -timeout 20m -v -run 'TestScanners|TestOneClick|TestDowntime|TestClockJumps|TestCrashAnywhere|InEveryZone' ./sequence ./internal/calendar

fuzz:
	./.ci/fuzz 10s
