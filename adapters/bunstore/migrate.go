package bunstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/uptrace/bun/dialect"
)

//go:embed migrations
var migrations embed.FS

// migration is one step of the schema. Its number is its place in the sorted list of files, from 1.
type migration struct{ name, text string }

func (s *Store) migrations() ([]migration, error) {
	folder := "migrations/sqlite"
	if s.db.Dialect().Name() == dialect.PG {
		folder = "migrations/postgres"
	}
	files, err := fs.Glob(migrations, folder+"/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]migration, 0, len(files))
	for _, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			return nil, err
		}
		steps = append(steps, migration{strings.TrimSuffix(path.Base(file), ".sql"), strings.ReplaceAll(string(text), "{p}", s.prefix)})
	}
	return steps, nil
}

// migrate applies the missing steps in one transaction, under a lock, each marked as applied in the same transaction. So whoever is killed
// leaves nothing half done, and whoever comes second finds nothing to do. The host's own tables of migrations are not touched.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := s.migrations()
	if err != nil {
		return err
	}
	if n, err := s.applied(ctx, s.engine.read()); err == nil && n == len(steps) {
		return nil
	}
	return s.engine.write(ctx, func(ctx context.Context, t tx) error {
		if lock := s.engine.migrationLock(); lock != "" {
			if err := t.query(ctx, lock, nil, func(scanFunc) error { return nil }); err != nil {
				return err
			}
		}
		return s.applyMissing(ctx, t, steps)
	})
}

// applied counts the steps that have been applied.
func (s *Store) applied(ctx context.Context, t tx) (n int, err error) {
	err = t.query(ctx, "SELECT coalesce(max(version), 0) FROM "+s.prefix+"migrations", nil, func(scan scanFunc) error { return scan(&n) })
	return n, err
}

// errNewer says that a newer version of this package has been here.
var errNewer = errors.New("the tables were made by a newer version of bunstore")

func (s *Store) applyMissing(ctx context.Context, t tx, steps []migration) error {
	table := s.prefix + "migrations"
	if exists, err := s.hasMigrations(ctx, t); err != nil {
		return err
	} else if !exists {
		if _, err := t.exec(ctx, "CREATE TABLE "+table+" (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)"); err != nil {
			return err
		}
	}
	n, err := s.applied(ctx, t)
	if err != nil {
		return err
	}
	if n > len(steps) {
		return fmt.Errorf("%w: they are at step %d, this program knows %d", errNewer, n, len(steps))
	}
	for i, step := range steps[n:] {
		for _, text := range split(step.text) {
			if _, err := t.exec(ctx, text); err != nil {
				return fmt.Errorf("migration %s: %w", step.name, err)
			}
		}
		if _, err := t.exec(ctx, fmt.Sprintf("INSERT INTO %s (version, name) VALUES (%d, '%s')", table, n+i+1, step.name)); err != nil {
			return err
		}
	}
	return nil
}

// hasMigrations asks without an error, which would end a transaction on PostgreSQL.
func (s *Store) hasMigrations(ctx context.Context, t tx) (exists bool, err error) {
	text := "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = '" + s.prefix + "migrations'"
	if s.db.Dialect().Name() == dialect.PG {
		text = "SELECT to_regclass('" + s.prefix + "migrations') IS NOT NULL"
	}
	err = t.query(ctx, text, nil, func(scan scanFunc) error { return scan(&exists) })
	return exists, err
}

// split returns the statements of a step without their comments. Each ends with a semicolon at the end of a line; a function has them
// within its lines.
func split(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "--") {
			lines = append(lines, line)
		}
	}
	var statements []string
	for statement := range strings.SplitSeq(strings.Join(lines, ""), ";\n") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}
