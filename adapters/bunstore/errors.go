package bunstore

import (
	"errors"
	"strings"

	"github.com/openleads/leads"
)

// errUndo says that what a failed write had done could not be undone alone.
var errUndo = errors.New("the savepoint is gone")

// sqliteCode returns the primary result code of an error of SQLite's, or 0.
func sqliteCode(err error) int {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code() & 0xff
	}
	return 0
}

// isBusy reports whether SQLite could not get a lock.
func isBusy(err error) bool {
	if err == nil {
		return false
	}
	code := sqliteCode(err)
	return code == 5 || code == 6 || code == 0 && strings.Contains(err.Error(), "database is locked")
}

// sqlState returns the SQLSTATE of an error of PostgreSQL's, or "".
func sqlState(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}

// isDataError reports whether an error is the fault of what was to be stored, so that other submissions can be stored all the same.
func isDataError(err error) bool {
	if errors.Is(err, leads.ErrInvalid) {
		return true
	}
	if state := sqlState(err); len(state) == 5 {
		class := state[:2]
		return class == "22" || class == "23" || class == "54" // data exception, integrity violation, program limit
	}
	switch sqliteCode(err) {
	case 18, 19, 20, 25: // TOOBIG, CONSTRAINT, MISMATCH, RANGE
		return true
	}
	return false
}

// isConflict reports whether a transaction on PostgreSQL lost against another one and may be run again.
func isConflict(err error) bool {
	state := sqlState(err)
	return state == "40001" || state == "40P01"
}
