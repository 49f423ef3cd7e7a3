package bunstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/openleads/leads/internal/group"
)

// session is a connection with its prepared statements.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, stmts: make(map[string]*sql.Stmt)}, nil
}

func (s *session) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := s.stmts[text]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, text)
	if err == nil {
		s.stmts[text] = st
	}
	return st, err
}

func (s *session) exec(ctx context.Context, text string, args ...any) (int64, error) {
	st, err := s.stmt(ctx, text)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (s *session) query(ctx context.Context, text string, args []any, row func(scan scanFunc) error) error {
	st, err := s.stmt(ctx, text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	return eachRow(rows, err, row)
}

func (s *session) close() error {
	var errs []error
	for _, st := range s.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// plainTx runs statements in a transaction of the host's.
type plainTx struct{ t *sql.Tx }

func (p plainTx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	r, err := p.t.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (p plainTx) query(ctx context.Context, text string, args []any, row func(scan scanFunc) error) error {
	rows, err := p.t.QueryContext(ctx, text, args...)
	return eachRow(rows, err, row)
}

// looseReader runs statements that are not kept.
type looseReader struct{ db *sql.DB }

func (l looseReader) exec(ctx context.Context, text string, args ...any) (int64, error) {
	r, err := l.db.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (l looseReader) query(ctx context.Context, text string, args []any, row func(scan scanFunc) error) error {
	rows, err := l.db.QueryContext(ctx, text, args...)
	return eachRow(rows, err, row)
}

// preparedReader runs prepared statements on any connection of a pool.
type preparedReader struct {
	db    *sql.DB
	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func (p *preparedReader) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	p.mu.RLock()
	st := p.stmts[text]
	p.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if st = p.stmts[text]; st != nil {
		return st, nil
	}
	st, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if p.stmts == nil {
		p.stmts = make(map[string]*sql.Stmt)
	}
	p.stmts[text] = st
	return st, nil
}

func (p *preparedReader) exec(ctx context.Context, text string, args ...any) (int64, error) {
	r, err := p.db.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (p *preparedReader) query(ctx context.Context, text string, args []any, row func(scan scanFunc) error) error {
	st, err := p.stmt(ctx, text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	return eachRow(rows, err, row)
}

func (p *preparedReader) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, st := range p.stmts {
		errs = append(errs, st.Close())
	}
	clear(p.stmts)
	return errors.Join(errs...)
}

// patience bounds how long a write waits for the lock of the database.
const patience = 10 * time.Second

// sharedWork is what one caller does in a transaction that it may share.
type sharedWork = func(ctx context.Context, t tx) error

// errNotBegun says that no transaction was begun within the time there was.
var errNotBegun = errors.New("gave up waiting for the database")

// share does the work of several callers in one transaction. What fails is undone alone.
func (e *sqliteEngine) share(ctx context.Context, calls []*call[sharedWork]) error {
	err := e.transact(ctx, func(ctx context.Context, t tx) error {
		for _, c := range calls {
			c.err = nil
			work := func() error { return c.try(func() error { return c.work(ctx, t) }) }
			if len(calls) == 1 {
				return work()
			}
			c.err = withSavepoint(ctx, t, "leads_write", work)
			if errors.Is(c.err, errUndo) || isBusy(c.err) {
				return c.err
			}
		}
		return nil
	})
	if errors.Is(err, errNotBegun) && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", group.ErrNotBegun, err)
	}
	for _, c := range calls {
		c.err = cmp.Or(c.err, err)
	}
	return nil
}

// transact runs work in a transaction, and again for as long as the database is busy.
func (e *sqliteEngine) transact(ctx context.Context, work func(ctx context.Context, t tx) error) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// Once begun, the work of others is not given up because the leader's caller has gone.
	ctx = context.WithoutCancel(ctx)
	for delay := time.Millisecond; ; delay = min(2*delay, 50*time.Millisecond) {
		err := e.attempt(ctx, waiting, work)
		if !isBusy(err) || errors.Is(err, errNotBegun) {
			return err
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-waiting.Done():
			timer.Stop()
			return fmt.Errorf("%w: %w", errNotBegun, err)
		}
	}
}

// attempt runs work in one transaction. Only taking the lock is bounded by waiting: a context that can end costs a goroutine for
// every statement.
func (e *sqliteEngine) attempt(ctx, waiting context.Context, work func(ctx context.Context, t tx) error) (err error) {
	if e.session == nil {
		// Whatever comes first in the life of the store writes: durability is asked for over this connection.
		if err = e.create(); err != nil {
			return err
		}
		if e.session, err = newSession(waiting, e.db); err != nil {
			return notBegun(waiting, err)
		}
	}
	s := e.session
	committed := false
	defer func() {
		// A connection that is not ours alone goes back; one that is in doubt is thrown away.
		if !committed && err != nil {
			if _, undo := s.conn.ExecContext(ctx, "ROLLBACK"); undo != nil && !isIdle(undo) {
				err = errors.Join(err, e.closeSession())
				return
			}
		}
		if e.path == "" {
			err = errors.Join(err, e.closeSession())
		}
	}()
	if _, err = s.exec(waiting, "BEGIN IMMEDIATE"); err != nil {
		return notBegun(waiting, err)
	}
	if err = work(ctx, s); err != nil {
		return err
	}
	_, err = s.exec(ctx, "COMMIT")
	committed = err == nil
	return err
}

// notBegun marks the error that kept a transaction from being begun, if the reason is that the time for it has ended.
func notBegun(waiting context.Context, err error) error {
	if waiting.Err() != nil {
		return fmt.Errorf("%w: %w", errNotBegun, err)
	}
	return err
}

func (e *sqliteEngine) closeSession() error {
	s := e.session
	e.session = nil
	if s == nil {
		return nil
	}
	return s.close()
}

// isIdle reports whether a ROLLBACK failed because there was nothing left to undo: SQLite ends a transaction itself after some errors.
func isIdle(err error) bool { return strings.Contains(err.Error(), "no transaction is active") }
