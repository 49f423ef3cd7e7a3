package adaptertest_test

import (
	"context"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

type (
	editing  = func(lead *leads.Lead) ([]leads.Event, []leads.Task, error)
	deciding = func(notify.Book) (notify.Decision, error)
)

// following are the methods of a memstore that people, notifications and sequences need, each of which can be replaced.
type following struct {
	edit          func(ctx context.Context, tenant, leadID string, edit editing) (leads.Lead, error)
	record        func(ctx context.Context, tenant, kind, id string) (leads.Record, error)
	records       func(ctx context.Context, tenant, kind, after string, limit int) ([]leads.Record, error)
	putRecord     func(ctx context.Context, r leads.Record) (leads.Record, error)
	deleteRecord  func(ctx context.Context, tenant, kind, id string) error
	delivery      func(ctx context.Context, messageID string) (leads.Delivery, error)
	deliveries    func(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error)
	confirm       func(ctx context.Context, tenant, key string, receipt leads.Receipt) error
	source        func(ctx context.Context, tenant, id string) (ingest.Source, error)
	enroll        func(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error)
	enrollment    func(ctx context.Context, tenant, id string) (sequence.Enrollment, error)
	enrollments   func(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error)
	putEnrollment func(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error)
	end           func(ctx context.Context, q sequence.EnrollmentQuery, reason sequence.Reason, at time.Time) ([]sequence.Enrollment, error)
	suppress      func(ctx context.Context, s sequence.Suppression) error
	suppressed    func(ctx context.Context, tenant, key string) ([]sequence.Suppression, error)
	unsuppress    func(ctx context.Context, tenant, key, purpose string) error
	suppressions  func(ctx context.Context, tenant, key, purpose string, limit int) ([]sequence.Suppression, error)
	addConsent    func(ctx context.Context, c sequence.Consent) error
	consents      func(ctx context.Context, tenant, addressKey string) ([]sequence.Consent, error)
	spend         func(ctx context.Context, tenant string, quotas ...sequence.Quota) (string, error)
	route         func(ctx context.Context, tenant, leadID string, decide deciding) (leads.Lead, error)
	unassigned    func(ctx context.Context, tenant string, limit int) ([]leads.Lead, error)
}

func follow(s *memstore.Store) following {
	return following{
		edit:          s.Edit,
		record:        s.Record,
		records:       s.Records,
		putRecord:     s.PutRecord,
		deleteRecord:  s.DeleteRecord,
		delivery:      s.Delivery,
		deliveries:    s.Deliveries,
		confirm:       s.ConfirmDelivery,
		source:        s.Source,
		enroll:        s.Enroll,
		enrollment:    s.Enrollment,
		enrollments:   s.Enrollments,
		putEnrollment: s.PutEnrollment,
		end:           s.EndEnrollments,
		suppress:      s.Suppress,
		suppressed:    s.Suppressed,
		unsuppress:    s.Unsuppress,
		suppressions:  s.Suppressions,
		addConsent:    s.AddConsent,
		consents:      s.Consents,
		spend:         s.Spend,
		route:         s.Route,
		unassigned:    s.Unassigned,
	}
}

func (h *hooked) Edit(ctx context.Context, tenant, leadID string, edit editing) (leads.Lead, error) {
	return h.following.edit(ctx, tenant, leadID, edit)
}

func (h *hooked) Record(ctx context.Context, tenant, kind, id string) (leads.Record, error) {
	return h.following.record(ctx, tenant, kind, id)
}

func (h *hooked) Records(ctx context.Context, tenant, kind, after string, limit int) ([]leads.Record, error) {
	return h.following.records(ctx, tenant, kind, after, limit)
}

func (h *hooked) PutRecord(ctx context.Context, r leads.Record) (leads.Record, error) {
	return h.following.putRecord(ctx, r)
}

func (h *hooked) DeleteRecord(ctx context.Context, tenant, kind, id string) error {
	return h.following.deleteRecord(ctx, tenant, kind, id)
}

func (h *hooked) Delivery(ctx context.Context, messageID string) (leads.Delivery, error) {
	return h.following.delivery(ctx, messageID)
}

func (h *hooked) Deliveries(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error) {
	return h.following.deliveries(ctx, tenant, leadID)
}

func (h *hooked) ConfirmDelivery(ctx context.Context, tenant, key string, receipt leads.Receipt) error {
	return h.following.confirm(ctx, tenant, key, receipt)
}

func (h *hooked) Source(ctx context.Context, tenant, id string) (ingest.Source, error) {
	return h.following.source(ctx, tenant, id)
}

func (h *hooked) Enroll(ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event) (sequence.Enrollment, error) {
	return h.following.enroll(ctx, e, since, events...)
}

func (h *hooked) Enrollment(ctx context.Context, tenant, id string) (sequence.Enrollment, error) {
	return h.following.enrollment(ctx, tenant, id)
}

func (h *hooked) Enrollments(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
	return h.following.enrollments(ctx, q)
}

func (h *hooked) PutEnrollment(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
	return h.following.putEnrollment(ctx, e, events...)
}

func (h *hooked) EndEnrollments(ctx context.Context, q sequence.EnrollmentQuery, reason sequence.Reason, at time.Time) ([]sequence.Enrollment, error) {
	return h.following.end(ctx, q, reason, at)
}

func (h *hooked) Suppress(ctx context.Context, s sequence.Suppression) error {
	return h.following.suppress(ctx, s)
}

func (h *hooked) Suppressed(ctx context.Context, tenant, key string) ([]sequence.Suppression, error) {
	return h.following.suppressed(ctx, tenant, key)
}

func (h *hooked) Unsuppress(ctx context.Context, tenant, key, purpose string) error {
	return h.following.unsuppress(ctx, tenant, key, purpose)
}

func (h *hooked) Suppressions(ctx context.Context, tenant, key, purpose string, limit int) ([]sequence.Suppression, error) {
	return h.following.suppressions(ctx, tenant, key, purpose, limit)
}

func (h *hooked) AddConsent(ctx context.Context, c sequence.Consent) error {
	return h.following.addConsent(ctx, c)
}

func (h *hooked) Consents(ctx context.Context, tenant, addressKey string) ([]sequence.Consent, error) {
	return h.following.consents(ctx, tenant, addressKey)
}

func (h *hooked) Spend(ctx context.Context, tenant string, quotas ...sequence.Quota) (string, error) {
	return h.following.spend(ctx, tenant, quotas...)
}

func (h *hooked) Route(ctx context.Context, tenant, leadID string, decide deciding) (leads.Lead, error) {
	return h.following.route(ctx, tenant, leadID, decide)
}

func (h *hooked) Unassigned(ctx context.Context, tenant string, limit int) ([]leads.Lead, error) {
	return h.following.unassigned(ctx, tenant, limit)
}
