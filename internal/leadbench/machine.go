package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// usage is a reading of how much CPU has been used, by whom. Outside Linux everything reads as zero.
type usage struct {
	at     time.Time
	busy   time.Duration // by the whole machine
	ours   time.Duration // by this program, its server and PostgreSQL
	server time.Duration // by the server and PostgreSQL
	pid    int
}

// used is the difference of two readings.
type used struct {
	others float64       // share of the machine
	ours   time.Duration // CPU of this program, its server and PostgreSQL
	server time.Duration // CPU of the server and PostgreSQL
}

func newUsage(pid int) usage {
	u := usage{at: time.Now(), busy: machineBusy(), pid: pid}
	own := processTime(strconv.Itoa(os.Getpid()))
	if pid != 0 {
		u.server = processTime(strconv.Itoa(pid))
	}
	u.server += postgresTime()
	u.ours = own + u.server
	return u
}

func (u usage) since() used {
	now := newUsage(u.pid)
	capacity := now.at.Sub(u.at) * time.Duration(runtime.NumCPU())
	ours := now.ours - u.ours
	others := (now.busy - u.busy) - ours
	return used{others: max(0, float64(others)/float64(capacity)), ours: ours, server: now.server - u.server}
}

// machineBusy is the time that all processors have not been idle.
func machineBusy() time.Duration {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	var sum int64
	for i, field := range strings.Fields(line) {
		if i == 0 || i == 4 || i == 5 || i > 7 { // the name, idle, iowait, and what is counted elsewhere
			continue
		}
		n, _ := strconv.ParseInt(field, 10, 64)
		sum += n
	}
	return time.Duration(sum) * tick
}

// processTime is the user and system time of a process, its ended children included.
func processTime(pid string) time.Duration {
	raw, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return 0
	}
	return statTime(string(raw))
}

func statTime(stat string) time.Duration {
	_, rest, ok := strings.Cut(stat, ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// postgresTime is the time of all PostgreSQL processes.
func postgresTime() time.Duration { return postgresTimeOf("") }

// postgresTimeOf is the time of the PostgreSQL processes that have a word in their titles, such as the name of the database that they serve.
func postgresTimeOf(word string) time.Duration {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	var sum time.Duration
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(raw), "(postgres)") {
			continue
		}
		if title, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline")); err == nil && strings.Contains(string(title), word) {
			sum += statTime(string(raw))
		}
	}
	return sum
}
