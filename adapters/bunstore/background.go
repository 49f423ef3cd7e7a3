package bunstore

import (
	"context"
	"database/sql/driver"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
)

// The beats of the background work.
const (
	checkpointEvery = 200 * time.Millisecond
	sweepEvery      = time.Minute
	maxListenDelay  = 30 * time.Second
)

// keepLog is how large SQLite's log may stay while nothing is written, in bytes.
const keepLog = 64 << 20

// Background listens for work that other processes have stored (PostgreSQL), writes the log back into the file (SQLite opened by
// OpenSQLite), lists new and changed leads for those who search them, and forgets idempotency keys and quotas that have expired. It returns nil
// soon after ctx ends. One process of several is enough, but for the listening.
func (s *Store) Background(ctx context.Context, wake func()) error {
	listed := make(chan struct{})
	go func() {
		defer close(listed)
		repeat(ctx, listEvery, (&lister{s: s}).all)
		s.busy.Store(false) // nobody looks any more
	}()
	s.engine.background(ctx, wake, func(ctx context.Context) {
		s.forgetKeys(ctx)
		s.forgetQuotas(ctx)
	})
	<-listed
	return nil
}

// repeat calls work again and again, with every in between, until ctx ends.
func repeat(ctx context.Context, every time.Duration, work func(ctx context.Context)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			work(ctx)
		}
	}
}

func (e *sqliteEngine) background(ctx context.Context, _ func(), sweep func(context.Context)) {
	if e.path == "" {
		repeat(ctx, sweepEvery, sweep)
		return
	}
	log := logFile{name: e.path + "-wal"}
	beats := 0
	repeat(ctx, checkpointEvery, func(ctx context.Context) {
		e.checkpoint(ctx, &log)
		if beats++; beats%int(sweepEvery/checkpointEvery) == 0 {
			sweep(ctx)
		}
	})
}

// logFile watches SQLite's log, which other processes may write as well.
type logFile struct {
	name    string
	size    int64
	changed time.Time
	quiet   int // the beats since it last changed
}

// look reports whether the log has changed since the last look.
func (l *logFile) look() bool {
	info, err := os.Stat(l.name)
	if err != nil {
		return false
	}
	if info.Size() == l.size && info.ModTime().Equal(l.changed) {
		l.quiet++
		return false
	}
	l.size, l.changed, l.quiet = info.Size(), info.ModTime(), 0
	return true
}

// checkpoint writes the log back without getting in anybody's way, and shortens it when nobody has written for a second. A failed checkpoint
// is no harm: the next one does its work.
func (e *sqliteEngine) checkpoint(ctx context.Context, log *logFile) {
	switch {
	case log.look():
		_, _ = e.reader.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	case log.size > keepLog && log.quiet == int(time.Second/checkpointEvery):
		_, _ = e.reader.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
}

func (e *postgresEngine) background(ctx context.Context, wake func(), sweep func(context.Context)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		repeat(ctx, sweepEvery, sweep)
	}()
	for delay := time.Second; ctx.Err() == nil; delay = min(2*delay, maxListenDelay) {
		began := time.Now()
		_ = e.listen(ctx, wake) // an error means that the connection is gone: polling finds the work meanwhile
		if time.Since(began) > maxListenDelay {
			delay = time.Second
		}
		pause(ctx, delay)
	}
	<-done
}

// pause waits, but not beyond the end of ctx.
func pause(ctx context.Context, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// listen calls wake for every announcement of work. It uses a connection of the pool and closes it when it returns.
func (e *postgresEngine) listen(ctx context.Context, wake func()) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var failed error
	_ = conn.Raw(func(c any) error {
		failed = e.await(ctx, c, wake)
		// A connection that listens must not go back to the pool.
		return driver.ErrBadConn
	})
	return failed
}

func (e *postgresEngine) await(ctx context.Context, c any, wake func()) error {
	pg, ok := c.(*stdlib.Conn)
	if !ok {
		return errNotPgx
	}
	if _, err := pg.Conn().Exec(ctx, "LISTEN "+e.channel()); err != nil {
		return err
	}
	wake() // for what was announced before
	for {
		if _, err := pg.Conn().WaitForNotification(ctx); err != nil {
			return err
		}
		wake()
	}
}

// sweptKeys is how many idempotency keys are looked at in one go.
const sweptKeys = 2000

// sweeper is how far forgetting has come. The keys have no index by age, which every capture would pay for: they are walked through.
type sweeper struct {
	tenant string
	source uid
	key    []byte
}

type keyRow struct {
	bun.BaseModel `bun:"table:keys,alias:k"`

	TenantID       string `bun:"tenant_id,pk"`
	SourceID       uid    `bun:"source_id,pk"`
	IdempotencyKey []byte `bun:"idempotency_key,pk"`
	ReceivedAt     stamp
}

// forgetKeys walks through all keys once and deletes the expired ones. What fails is left for the next time.
func (s *Store) forgetKeys(ctx context.Context) {
	if s.ready(ctx) != nil {
		return
	}
	for at := (sweeper{}); ctx.Err() == nil; {
		var rows []keyRow
		err := s.from(&rows, "keys").Where("(tenant_id, source_id, idempotency_key) > (?, ?, ?)", at.tenant, at.source, at.key).
			OrderExpr("tenant_id, source_id, idempotency_key").Limit(sweptKeys).Scan(ctx)
		if err != nil || len(rows) == 0 {
			return
		}
		last := rows[len(rows)-1]
		at = sweeper{last.TenantID, last.SourceID, last.IdempotencyKey}
		if s.forget(ctx, rows) != nil || len(rows) < sweptKeys {
			return
		}
		pause(ctx, checkpointEvery)
	}
}

// forget deletes those of the keys that have expired. The age is checked again, as a key may have been used anew meanwhile.
func (s *Store) forget(ctx context.Context, rows []keyRow) error {
	limit := today().Add(-keyLife)
	rows = slices.DeleteFunc(rows, func(r keyRow) bool { return !r.ReceivedAt.Before(limit) })
	if len(rows) == 0 {
		return nil
	}
	return s.engine.write(ctx, func(ctx context.Context, t tx) error {
		for _, r := range rows {
			_, err := t.exec(ctx, s.engine.statements().forget, r.TenantID, s.engine.id(r.SourceID), r.IdempotencyKey, s.engine.at(limit))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
