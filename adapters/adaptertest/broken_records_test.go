package adaptertest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// spoilRecord alters every record before it is stored.
func spoilRecord(alter func(r *leads.Record)) func(*hooked) {
	return func(s *hooked) {
		s.putRecord = func(ctx context.Context, r leads.Record) (leads.Record, error) {
			alter(&r)
			return s.Store.PutRecord(ctx, r)
		}
	}
}

// spoilRecordPage alters what is asked for in a page of records.
func spoilRecordPage(alter func(after *string, limit *int)) func(*hooked) {
	return func(s *hooked) {
		s.records = func(ctx context.Context, tenant, kind, after string, limit int) ([]leads.Record, error) {
			alter(&after, &limit)
			return s.Store.Records(ctx, tenant, kind, after, limit)
		}
	}
}

func brokenRecords() []breakage {
	return []breakage{
		{"returns the version that was given", "records/stored and read", func(s *hooked) {
			s.putRecord = func(ctx context.Context, r leads.Record) (leads.Record, error) {
				stored, err := s.Store.PutRecord(ctx, r)
				stored.Version = r.Version
				return stored, err
			}
		}},
		{"dates records as it is told", "records/when it was written", func(s *hooked) {
			s.putRecord = func(ctx context.Context, r leads.Record) (leads.Record, error) {
				stored, err := s.Store.PutRecord(ctx, r)
				stored.UpdatedAt = r.UpdatedAt
				return stored, err
			}
		}},
		{"dates records by the wall of the hall", "records/when it was written", func(s *hooked) {
			s.record = func(ctx context.Context, tenant, kind, id string) (leads.Record, error) {
				r, err := s.Store.Record(ctx, tenant, kind, id)
				r.UpdatedAt = r.UpdatedAt.Truncate(time.Hour)
				return r, err
			}
		}},
		{"takes a dot for a path", "records/every kind", spoilRecord(func(r *leads.Record) {
			if strings.Contains(r.Kind, ".") {
				r.Kind = "/" + r.Kind
			}
		})},
		{"cuts what is too much", "records/too much data", spoilRecord(func(r *leads.Record) { r.Data = r.Data[:min(len(r.Data), 256<<10)] })},
		{"tidies JSON up", "records/data as it is", spoilRecord(func(r *leads.Record) {
			var tidy bytes.Buffer
			_ = json.Compact(&tidy, r.Data)
			r.Data = tidy.Bytes()
		})},
		{"writes twice", "records/versions", func(s *hooked) {
			s.putRecord = func(ctx context.Context, r leads.Record) (leads.Record, error) {
				r, err := s.Store.PutRecord(ctx, r)
				if err != nil {
					return r, err
				}
				return s.Store.PutRecord(ctx, r)
			}
		}},
		{"lets the last writer win", "records/stale", overwritesRecords},
		{"looks before it writes", "records/written at once", looksFirst},
		{"returns an empty record for none", "records/no such record", func(s *hooked) {
			s.record = func(ctx context.Context, tenant, kind, id string) (leads.Record, error) {
				r, err := s.Store.Record(ctx, tenant, kind, id)
				if leads.IsNotFound(err) {
					err = nil
				}
				return r, err
			}
		}},
		{"has one kind of records", "records/known by kind and ID", spoilRecord(func(r *leads.Record) { r.Kind = "a" })},
		{"knows no upper case", "records/every ID", spoilRecord(func(r *leads.Record) { r.ID = strings.ToLower(r.ID) })},
		{"cuts names off", "records/names that cannot be stored", spoilRecord(func(r *leads.Record) {
			r.Kind, r.ID = r.Kind[:min(40, len(r.Kind))], r.ID[:min(255, len(r.ID))]
		})},
		{"chokes on a bad name", "records/names that cannot be stored", func(s *hooked) {
			s.record = func(ctx context.Context, tenant, kind, id string) (leads.Record, error) {
				if strings.Contains(kind+id, "\x00") {
					return leads.Record{}, errOther
				}
				return s.Store.Record(ctx, tenant, kind, id)
			}
		}},
		{"pages without regard to case", "records/pages", func(s *hooked) {
			s.records = func(ctx context.Context, tenant, kind, after string, limit int) ([]leads.Record, error) {
				page, err := s.Store.Records(ctx, tenant, kind, after, limit)
				slices.SortFunc(page, func(a, b leads.Record) int { return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)) })
				return page, err
			}
		}},
		{"repeats a record on the next page", "records/pages", spoilRecordPage(func(after *string, _ *int) { *after = strings.TrimRight(*after, "abz") })},
		{"gives a hundred records at most", "records/limits", spoilRecordPage(func(_ *string, limit *int) { *limit = min(*limit, 100) })},
		{"gives as many records as are wanted", "records/limits", func(s *hooked) {
			s.records = func(ctx context.Context, tenant, kind, after string, limit int) ([]leads.Record, error) {
				page, err := s.Store.Records(ctx, tenant, kind, after, limit)
				if limit > 1000 {
					rest, restErr := s.Store.Records(ctx, tenant, kind, page[len(page)-1].ID, limit)
					page, err = append(page, rest...), errors.Join(err, restErr)
				}
				return page, err
			}
		}},
		{"keeps what was deleted", "records/deleted", func(s *hooked) {
			s.deleteRecord = func(context.Context, string, string, string) error { return nil }
		}},
		{"deletes what is there only", "records/deleted twice", func(s *hooked) {
			s.deleteRecord = func(ctx context.Context, tenant, kind, id string) error {
				if _, err := s.Store.Record(ctx, tenant, kind, id); err != nil {
					return err
				}
				return s.Store.DeleteRecord(ctx, tenant, kind, id)
			}
		}},
		{"writes after its caller has given up", "records/ended context", func(s *hooked) {
			s.putRecord = func(ctx context.Context, r leads.Record) (leads.Record, error) {
				r, err := s.Store.PutRecord(context.WithoutCancel(ctx), r)
				return r, errors.Join(err, ctx.Err())
			}
		}},
		{"shares a record's data", "records/memory", func(s *hooked) {
			var data json.RawMessage
			s.putRecord = func(ctx context.Context, r leads.Record) (leads.Record, error) {
				data = r.Data
				return s.Store.PutRecord(ctx, r)
			}
			s.record = func(ctx context.Context, tenant, kind, id string) (leads.Record, error) {
				r, err := s.Store.Record(ctx, tenant, kind, id)
				r.Data = data
				return r, err
			}
		}},
	}
}

func overwritesRecords(s *hooked) {
	s.putRecord = func(ctx context.Context, r leads.Record) (leads.Record, error) {
		stored, err := s.Store.Record(ctx, r.Tenant, r.Kind, r.ID)
		if err == nil {
			r.Version = stored.Version
		}
		return s.Store.PutRecord(ctx, r)
	}
}

// looksFirst compares the version, and writes whatever has happened since.
func looksFirst(s *hooked) {
	others := newMeeting()
	s.putRecord = func(ctx context.Context, r leads.Record) (leads.Record, error) {
		stored, err := s.Store.Record(ctx, r.Tenant, r.Kind, r.ID)
		if err != nil && !leads.IsNotFound(err) || stored.Version != r.Version {
			return leads.Record{}, errors.Join(leads.ErrStale, err)
		}
		others.wait()
		for {
			written, err := s.Store.PutRecord(ctx, r)
			if !leads.IsStale(err) {
				return written, err
			}
			stored, err := s.Store.Record(ctx, r.Tenant, r.Kind, r.ID)
			if err != nil {
				return leads.Record{}, err
			}
			r.Version = stored.Version
		}
	}
}
