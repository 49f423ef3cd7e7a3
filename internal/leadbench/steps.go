package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// claimed is how many tasks are asked for in one claim.
const claimed = 64

// following is one measurement of steps.
type following struct {
	name    string
	waiting int
	steps   cell          // mails a second, their CPU
	claims  float64       // tasks a second that claims alone would give out
	claim   time.Duration // of claimed tasks
	idle    time.Duration // of a claim when nothing is due
}

// runSteps measures the following up on each store, beside each number of enrolments that wait.
func runSteps(ctx context.Context, s settings) error {
	s, remove, err := withFolder(s)
	if err != nil {
		return err
	}
	defer remove()
	places, drop, err := stepPlaces(ctx, s)
	if err != nil {
		return err
	}
	defer drop()
	var all []following
	for _, place := range places {
		if !strings.Contains(place.name, s.only) {
			continue
		}
		rounds, err := measureSteps(ctx, s, place)
		if err != nil {
			return fmt.Errorf("%s, %d waiting: %w", place.name, place.waiting, err)
		}
		all = append(all, rounds)
		fmt.Fprintf(os.Stderr, "%s with %d waiting done\n", place.name, place.waiting)
	}
	printSteps(os.Stdout, s, all)
	return nil
}

// stepPlace is a store that holds enrolments that wait.
type stepPlace struct {
	name, where string
	waiting     int
}

func stepPlaces(ctx context.Context, s settings) (places []stepPlace, drop func(), err error) {
	drop = func() {}
	for _, n := range s.waiting {
		places = append(places, stepPlace{"SQLite", filepath.Join(s.dir, fmt.Sprintf("waiting%d.db", n)), n})
	}
	dsn := os.Getenv("LEADS_TEST_PG_DSN")
	if dsn == "" {
		fmt.Fprintln(os.Stderr, "WITHOUT POSTGRESQL: set LEADS_TEST_PG_DSN or use `make bench`")
		return places, drop, nil
	}
	d, err := openDatabases(ctx, dsn)
	if err != nil {
		return nil, drop, err
	}
	drop = func() { d.drop(ctx) }
	for _, n := range s.waiting {
		where, err := d.create(ctx, fmt.Sprint("waiting", n), "template0")
		if err != nil {
			return nil, drop, err
		}
		places = append(places, stepPlace{"PostgreSQL", where, n})
	}
	return places, drop, nil
}

// nowhere is a mailer that takes everything.
type nowhere struct{ sent atomic.Int64 }

// Send counts.
func (n *nowhere) Send(context.Context, leads.Email) (leads.Receipt, error) {
	n.sent.Add(1)
	return leads.Receipt{ID: "taken"}, nil
}

// newSequencer makes one whose caps are counted and never reached.
func newSequencer(store sequence.Store, mailer leads.Mailer) *sequence.Sequencer {
	const never = 1 << 30
	return sequence.New(store, mailer, &sequence.Options{
		Definitions: []sequence.Definition{{
			ID: "bench", Name: "Bench", Match: &sequence.Condition{Not: &sequence.Condition{Field: "tag", Is: []string{"none"}}},
			Steps: []sequence.Step{{ID: "hello", Email: &sequence.EmailStep{
				Subject: "Your request{{#firstName}}, {{firstName}}{{/firstName}}",
				Body: "Hello {{firstName}}{{^firstName}}there{{/firstName}},\n\nthank you. **We call you today**, or you [choose a time](https://example.com/book).\n\n" +
					"- What is it about?\n- Who else should be there?\n\nBest regards",
			}}},
		}},
		Sender:  sequence.Sender{From: mail.Address{Name: "Ann", Address: "ann@example.com"}, Postal: "1 High Street"},
		BaseURL: "https://crm.example.com/mail", Secret: []byte("a secret of thirty-two bytes and more"),
		Caps: sequence.Caps{Address: never, Domain: never, Sender: never, Day: never, Hour: never, Minute: never},
	})
}

// measureSteps does all rounds on one store. The figures are medians.
func measureSteps(ctx context.Context, s settings, place stepPlace) (following, error) {
	found := following{name: place.name, waiting: place.waiting}
	store, err := openStore(place.where)
	if err != nil {
		return found, err
	}
	defer store.Close()
	mailer := new(nowhere)
	seq := newSequencer(store, mailer)
	if err := fillWaiting(ctx, store, seq, place); err != nil {
		return found, err
	}
	var steps, claims, idles []cell
	for range s.rounds {
		if err := enrollDue(ctx, place.where, store, seq, s.steps+16*claimed); err != nil {
			return found, err
		}
		claim, err := timeClaims(ctx, store, 16, claimed)
		if err != nil {
			return found, err
		}
		step, err := timeSteps(ctx, store, seq, mailer, s.steps)
		if err != nil {
			return found, err
		}
		idle, err := timeClaims(ctx, store, 200, 0)
		if err != nil {
			return found, err
		}
		steps, claims, idles = append(steps, step), append(claims, claim), append(idles, idle)
	}
	p50 := func(c cell) time.Duration { return c.p50 }
	found.steps = cell{rate: median(steps, rate), cpu: median(steps, func(c cell) time.Duration { return c.cpu }), others: median(steps, func(c cell) float64 { return c.others })}
	found.claims, found.claim, found.idle = median(claims, rate), median(claims, p50), median(idles, p50)
	return found, nil
}

// enrollDue captures n leads and enrols them; their first step is due at once, and all the work that there is.
func enrollDue(ctx context.Context, where string, store *bunstore.Store, seq *sequence.Sequencer, n int) error {
	errs := make([]error, 32)
	var wg sync.WaitGroup
	for lane := range errs {
		wg.Go(func() {
			for i := lane; i < n && errs[lane] == nil; i += len(errs) {
				errs[lane] = enrollOne(ctx, store, seq)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return statements(ctx, where, onlySteps)
}

// onlySteps takes away the tasks that captures have made.
const onlySteps = "DELETE FROM leads_tasks WHERE kind <> 'step'"

func statements(ctx context.Context, where string, all ...string) error {
	db, _, err := openSQL(where)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range all {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func enrollOne(ctx context.Context, store *bunstore.Store, seq *sequence.Sequencer) error {
	who := newcomer()
	sub, err := ingest.Prepare(ingest.Submission{Tenant: leads.DefaultTenant, Fields: ingest.Fields{Email: who + "@d" + who[:3] + ".example", FirstName: "Ann"}}, time.Now())
	if err != nil {
		return err
	}
	captured, err := store.Capture(ctx, []ingest.Submission{sub})
	if err != nil || captured[0].Err != nil {
		return errors.Join(err, captured[0].Err)
	}
	lead, err := store.Lead(ctx, sub.Tenant, captured[0].LeadID)
	if err != nil {
		return err
	}
	_, err = seq.Enroll(ctx, lead)
	return err
}

// timeClaims claims n times so many tasks, which stay claimed. With 0 nothing may be due.
func timeClaims(ctx context.Context, store *bunstore.Store, n, tasks int) (cell, error) {
	began := time.Now()
	for range n {
		got, err := store.Claim(ctx, leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskStep: max(tasks, 1)}, Lease: time.Hour})
		if err != nil {
			return cell{}, err
		}
		if len(got) != tasks {
			return cell{}, fmt.Errorf("a claim gave out %d tasks and not %d", len(got), tasks)
		}
	}
	took := time.Since(began)
	return cell{rate: float64(n*tasks) / took.Seconds(), p50: took / time.Duration(n)}, nil
}

// timeSteps has an engine work until n more mails were sent.
func timeSteps(ctx context.Context, store *bunstore.Store, seq *sequence.Sequencer, mailer *nowhere, n int) (cell, error) {
	engine, err := leads.New(leads.Config{Store: store, Sequencer: seq, Work: leads.Work{Concurrency: map[leads.TaskKind]int{leads.TaskStep: claimed}}})
	if err != nil {
		return cell{}, err
	}
	run, stop := context.WithCancel(ctx)
	defer stop()
	u, target := newUsage(0), mailer.sent.Load()+int64(n)
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(run) }()
	for mailer.sent.Load() < target {
		select {
		case err := <-ended:
			return cell{}, fmt.Errorf("the engine ended: %w", err)
		case <-time.After(time.Millisecond):
		}
	}
	took, used := time.Since(u.at), u.since()
	stop()
	return cell{rate: float64(n) / took.Seconds(), cpu: used.ours / time.Duration(n), others: used.others}, <-ended
}

// fillWaiting makes enrolments that are due in a day or later, each with its lead and its task: the first through the Store, the others as copies of
// its rows.
func fillWaiting(ctx context.Context, store *bunstore.Store, seq *sequence.Sequencer, place stepPlace) error {
	if err := enrollOne(ctx, store, seq); err != nil {
		return err
	}
	page, err := store.Enrollments(ctx, sequence.EnrollmentQuery{Tenant: leads.DefaultTenant})
	if err != nil {
		return err
	}
	page[0].Due = time.Now().Add(24 * time.Hour)
	if _, err := store.PutEnrollment(ctx, page[0]); err != nil {
		return err
	}
	return statements(ctx, place.where, copies(strings.HasPrefix(place.where, "postgres://"), place.waiting)...)
}

// copies are the statements that fill the tables from their first rows.
func copies(postgres bool, n int) []string {
	id, text, later, end := "randomblob(16)", "CAST(value AS TEXT)", "due + value * 1000000", "PRAGMA wal_checkpoint(TRUNCATE)"
	series := fmt.Sprintf("(WITH RECURSIVE v(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM v WHERE value < %d) SELECT value FROM v) AS v", n-1)
	if postgres {
		id, text, later, end = "gen_random_uuid()", "value::text", "due + value * interval '1 second'", "ANALYZE"
		series = fmt.Sprintf("generate_series(1, %d) AS v (value)", n-1)
	}
	return []string{
		onlySteps,
		`INSERT INTO leads_enrollments (tenant_id, id, lead_id, sequence_id, version, address_key, state, reason, step, due, passed, zone, enrolled_by,
				revision, created_at, updated_at, ended_at)
			SELECT tenant_id, ` + id + `, ` + id + `, sequence_id, version, 'key' || ` + text + `, state, reason, step, ` + later + `, passed, zone, enrolled_by,
				revision, created_at, updated_at, ended_at FROM leads_enrollments, ` + series,
		`INSERT INTO leads_leads (tenant_id, id, version, email, first_name, last_name, phone, company, status, score, qualification, assignee, source_id,
				created_at, updated_at, doc)
			SELECT l.tenant_id, e.lead_id, l.version, e.address_key || '@example.com', first_name, last_name, phone, company, status, score, qualification, assignee,
				source_id, l.created_at, l.updated_at, doc FROM leads_leads l, leads_enrollments e WHERE e.lead_id <> l.id`,
		`INSERT INTO leads_tasks (tenant_id, lead_id, id, kind, submission_id, payload, state, due, attempts, fence, lease_until, last_error, created_at)
			SELECT t.tenant_id, e.lead_id, e.id, kind, submission_id, payload, t.state, e.due, attempts, fence, lease_until, last_error, t.created_at
			FROM leads_tasks t, leads_enrollments e WHERE e.lead_id <> t.lead_id`,
		end,
	}
}

func printSteps(out io.Writer, s settings, all []following) {
	fmt.Fprintf(out, "\nmedians of %d rounds of %d mails\n", s.rounds, s.steps)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "store\twaiting\tmails/s\tCPU µs\ttasks claimed/s\tclaim of %d ms\tidle claim ms\tothers %%\t\n", claimed)
	for _, f := range all {
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%.0f\t%.0f\t%.2f\t%.3f\t%.0f\t\n", f.name, f.waiting, f.steps.rate, float64(f.steps.cpu.Nanoseconds())/1e3, f.claims, ms(f.claim), ms(f.idle), 100*f.steps.others)
	}
	_ = w.Flush()
}
