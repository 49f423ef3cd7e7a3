package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

// database is where the leads are kept: PostgreSQL if there is a DSN, else a SQLite file.
type database struct {
	file, dsn string
}

func (d database) open() (*bunstore.Store, error) {
	if d.dsn != "" {
		return bunstore.OpenPostgres(d.dsn)
	}
	return bunstore.OpenSQLite(d.file)
}

// keys are what this program made at its first start on a database.
type keys struct {
	Token string // of the webhook
	API   string // opens /api/leads
}

// keys reads the keys, made if need be, from a table of this program's own in the same database. A real program shows an API key
// once and keeps its hash; this one shows it at every start.
func (d database) keys(ctx context.Context) (keys, error) {
	db, err := d.connect()
	if err != nil {
		return keys{}, err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS quickstart_keys (name text PRIMARY KEY, value text NOT NULL)"); err != nil {
		return keys{}, fmt.Errorf("keys: %w", err)
	}
	var k keys
	if k.Token, err = keep(ctx, db, "webhook", ingest.NewToken()); err != nil {
		return keys{}, err
	}
	k.API, err = keep(ctx, db, "api", "lc_full_"+rand.Text())
	return k, err
}

func (d database) connect() (*sql.DB, error) {
	if d.dsn != "" {
		return sql.Open("pgx", d.dsn)
	}
	path, err := filepath.Abs(d.file)
	if err != nil {
		return nil, err
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "_pragma=busy_timeout(10000)"}
	return sql.Open("sqlite", file.String())
}

// keep returns the value stored under name, which is fresh if there was none.
func keep(ctx context.Context, db *sql.DB, name, fresh string) (string, error) {
	_, err := db.ExecContext(ctx, "INSERT INTO quickstart_keys (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, fresh)
	if err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	var value string
	if err := db.QueryRowContext(ctx, "SELECT value FROM quickstart_keys WHERE name = $1", name).Scan(&value); err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	return value, nil
}
