package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// measureServer starts the server of a variant, loads it at each number of connections, and checks the rows.
func measureServer(ctx context.Context, s settings, v variant, report *report) error {
	before, err := rows(ctx, v.where)
	if err != nil {
		return err
	}
	server, err := startServer(ctx, v)
	if err != nil {
		return err
	}
	accepted := 0
	for _, n := range s.connections {
		usage := newUsage(server.cmd.Process.Pid)
		result, err := load(ctx, server.address, n, s.window)
		if err != nil {
			_ = server.stop()
			return err
		}
		accepted += len(result.latencies)
		report.add(v, n, result, usage.since())
	}
	if err := server.stop(); err != nil {
		return err
	}
	after, err := rows(ctx, v.where)
	if err != nil {
		return err
	}
	if v.where != "-" && after-before != accepted {
		return fmt.Errorf("%d requests were answered 200, but %d submissions are there", accepted, after-before)
	}
	return nil
}

// server is a running server process.
type server struct {
	cmd     *exec.Cmd
	address string
}

func startServer(ctx context.Context, v variant) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-serve", v.kind, v.where)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the server did not start: %w", err), cmd.Wait())
	}
	return &server{cmd, strings.TrimSpace(address)}, nil
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// sample is what one window brought.
type sample struct {
	took      time.Duration
	latencies []time.Duration // sorted
}

// serial counts the people of a run.
var serial atomic.Int64

// newcomer returns the ten digits of another person. They come in no order, so that the index of identities is written to all
// over, as real addresses do.
func newcomer() string {
	const people, step = 10_000_000_000, 6_180_339_887 // step has no factor in common with people: every number comes once
	return fmt.Sprintf("%010d", serial.Add(1)*step%people)
}

// load posts over n keep-alive connections for d. Any answer but 200 is an error.
func load(ctx context.Context, address string, n int, d time.Duration) (sample, error) {
	var wg sync.WaitGroup
	results := make([][]time.Duration, n)
	errs := make([]error, n)
	began := time.Now()
	for i := range n {
		wg.Go(func() { results[i], errs[i] = loadOne(ctx, address, began.Add(d)) })
	}
	wg.Wait()
	took := time.Since(began)
	all := slices.Concat(results...)
	slices.Sort(all)
	return sample{took, all}, errors.Join(errs...)
}

func loadOne(ctx context.Context, address string, until time.Time) ([]time.Duration, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	reader := bufio.NewReader(conn)
	request, at := makeRequest()
	var latencies []time.Duration
	for time.Now().Before(until) {
		copy(request[at:], newcomer())
		began := time.Now()
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := readAnswer(reader); err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(began))
	}
	return latencies, nil
}

// makeRequest returns a request of a 300-byte body, and where its ten digits stand.
func makeRequest() ([]byte, int) {
	body := `{"email":"ann.lee.##########@acme-widgets.example","firstName":"Ann","lastName":"Lee","phone":"+49 30 1234567","company":"Acme Widgets",` +
		`"message":"We would like a demo for a team of twelve before the end of March.","plan":"pro",` +
		`"_utm":{"utm_source":"google","utm_medium":"cpc"},"_referrer":"https://www.google.com/"}`
	request := fmt.Appendf(nil, "POST /api/webhooks/%s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", token, len(body), body)
	return request, bytes.Index(request, []byte("##########"))
}

// readAnswer reads one response and refuses all but 200.
func readAnswer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("the answer is %q", line)
	}
	length := 0
	for len(line) > 2 {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	_, err = io.CopyN(io.Discard, r, int64(length))
	return err
}
