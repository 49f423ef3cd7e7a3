package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// imported is how many lines are imported.
const imported = 100_000

// transfer is an export or an import, and what it took.
type transfer struct {
	name    string
	do      func(ctx context.Context) (rows int, err error)
	rows    int
	took    time.Duration
	heap    uint64 // the most in use, above what it was at the start, in bytes
	process uint64 // the most of the memory of the process, above what it was at the start
}

// String is a line of the report.
func (t transfer) String() string {
	return fmt.Sprintf("%s: %d rows in %.1f s (%.0f/s), heap +%.0f MiB, process +%.0f MiB",
		t.name, t.rows, t.took.Seconds(), float64(t.rows)/t.took.Seconds(), float64(t.heap)/(1<<20), float64(t.process)/(1<<20))
}

// transfers go over HTTP.
func (d *deskUnderTest) transfers() []transfer {
	return []transfer{
		{name: "export as CSV", do: func(ctx context.Context) (int, error) { return d.export(ctx, "csv", "\n") }},
		{name: "export as JSON", do: func(ctx context.Context) (int, error) { return d.export(ctx, "json", `"enrichment":`) }},
		{name: "import of CSV", do: d.importCSV},
	}
}

// run runs it, and looks at the memory meanwhile.
func (t *transfer) run(ctx context.Context) (err error) {
	runtime.GC()
	heap, process := heapInUse(), processMemory()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for beat := time.NewTicker(20 * time.Millisecond); ; {
			t.heap, t.process = max(t.heap, heapInUse()), max(t.process, processMemory())
			select {
			case <-beat.C:
			case <-stop:
				return
			}
		}
	}()
	began := time.Now()
	t.rows, err = t.do(ctx)
	t.took = time.Since(began)
	close(stop)
	<-stopped
	t.heap, t.process = t.heap-min(heap, t.heap), t.process-min(process, t.process)
	return err
}

func heapInUse() uint64 {
	all := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(all)
	return all[0].Value.Uint64() + all[1].Value.Uint64()
}

// processMemory is the resident memory of this process, which SQLite's is a part of. Outside Linux it reads as zero.
func processMemory() uint64 {
	raw, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(raw))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize())
}

// export reads all leads and counts them by what each has once.
func (d *deskUnderTest) export(ctx context.Context, format, mark string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address+"/api/leads/export?format="+format, nil)
	if err != nil {
		return 0, err
	}
	answer, err := d.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	rows := 0
	for lines := bufio.NewReaderSize(answer.Body, 64<<10); ; {
		line, err := lines.ReadString('\n')
		rows += strings.Count(line, mark)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return rows, err
		}
	}
	if format == "csv" {
		rows-- // the header
	}
	if rows < d.crowd.leads {
		return rows, fmt.Errorf("%d leads were exported", rows)
	}
	return rows, nil
}

// importCSV imports people who are not known.
func (d *deskUnderTest) importCSV(ctx context.Context) (int, error) {
	body, out := io.Pipe()
	go func() {
		r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 3))
		w := bufio.NewWriter(out)
		fmt.Fprintln(w, "Email,First name,Last name,Company,Message")
		for i := range imported {
			name, company := word(r, 3), word(r, 3)
			fmt.Fprintf(w, "%s.%d@%s.example,%s,%s,%s GmbH,We would like a demo\n", name, r.Uint64()+uint64(i), company, firstNames[r.IntN(len(firstNames))], name, company)
		}
		_ = out.CloseWithError(w.Flush())
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.address+"/api/leads/import", body)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "text/csv")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := d.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	report, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !strings.Contains(string(report), fmt.Sprintf(`"created":%d`, imported))) {
		err = fmt.Errorf("the import was answered %s %.500s", answer.Status, report)
	}
	return imported, err
}
