package adaptertest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// breakage is one way in which a store can be wrong, and the case that is meant to notice.
type breakage struct {
	name       string
	rejectedBy string
	spoil      func(s *hooked)
}

func breakages() []breakage {
	return slices.Concat(brokenCaptures(), brokenKeys(), brokenValues(), brokenTasks(), brokenOutcomes(), brokenReads(),
		brokenFollowUps(), brokenEdits(), brokenRecords(), brokenEffects())
}

// spoilSubmissions stores every submission altered.
func spoilSubmissions(alter func(sub *ingest.Submission)) func(*hooked) {
	return func(s *hooked) {
		s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
			subs = slices.Clone(subs)
			for i := range subs {
				alter(&subs[i])
			}
			return s.Store.Capture(ctx, subs)
		}
	}
}

func brokenCaptures() []breakage {
	return []breakage{
		{"loses a submission", "capture/each with its lead", losesSubmission},
		{"answers out of order", "capture/answers in the same order", answersOutOfOrder},
		{"stores after its caller has given up", "capture/an ended context stores nothing", func(s *hooked) {
			s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
				captured, _ := s.Store.Capture(context.WithoutCancel(ctx), subs)
				return captured, ctx.Err()
			}
		}},
		{"fails a batch for one submission", "capture/one bad ID", func(s *hooked) {
			s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
				captured, err := s.Store.Capture(ctx, subs)
				for _, c := range captured {
					if c.Err != nil {
						return nil, c.Err
					}
				}
				return captured, err
			}
		}},
		{"stores over an ID that is taken", "capture/an ID that is taken", spoilCaptured(func(c *leads.Captured) { c.Err = nil })},
		{"gives quarantined submissions effects", "capture/quarantine", spoilSubmissions(func(sub *ingest.Submission) {
			sub.Verdict = ingest.Accepted
		})},
		{"knows no double clicks", "fold/double click", spoilSubmissions(func(sub *ingest.Submission) {
			copy(sub.Digest[:], sub.ID[20:])
		})},
		{"makes two leads in a race", "races/first submissions of one identity", twoLeadsInRace},
	}
}

// spoilCaptured answers every submission altered.
func spoilCaptured(alter func(c *leads.Captured)) func(*hooked) {
	return func(s *hooked) {
		s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
			captured, err := s.Store.Capture(ctx, subs)
			for i := range captured {
				alter(&captured[i])
			}
			return captured, err
		}
	}
}

func losesSubmission(s *hooked) {
	s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
		last := len(subs) - 1
		if last < 1 {
			return s.Store.Capture(ctx, subs)
		}
		captured, err := s.Store.Capture(ctx, subs[:last])
		return append(captured, leads.Captured{SubmissionID: subs[last].ID, LeadID: captured[0].LeadID}), err
	}
}

func answersOutOfOrder(s *hooked) {
	s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
		captured, err := s.Store.Capture(ctx, subs)
		slices.Reverse(captured)
		return captured, err
	}
}

// twoLeadsInRace looks for the lead before it takes the lock: who comes second while the first has not written makes one of its own.
func twoLeadsInRace(s *hooked) {
	var (
		mu     sync.Mutex
		racing = make(map[leads.Identity]chan struct{})
		shadow = memstore.New(nil)
	)
	s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
		mu.Lock()
		rival, second := racing[leads.Identify(subs[0])]
		if !second {
			rival = make(chan struct{})
			racing[leads.Identify(subs[0])] = rival
		}
		mu.Unlock()
		if second {
			defer closeOnce(&mu, rival)
			return shadow.Capture(ctx, subs)
		}
		select {
		case <-rival:
		case <-ctx.Done():
		}
		return s.Store.Capture(ctx, subs)
	}
	s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
		if lead, err := s.Store.Lead(ctx, tenant, id); err == nil {
			return lead, nil
		}
		return shadow.Lead(ctx, tenant, id)
	}
}

func closeOnce(mu *sync.Mutex, c chan struct{}) {
	mu.Lock()
	defer mu.Unlock()
	select {
	case <-c:
	default:
		close(c)
	}
}

func brokenKeys() []breakage {
	return []breakage{
		{"answers retries anew", "keys/retry", spoilSubmissions(func(sub *ingest.Submission) { sub.Key = "" })},
		{"shares keys among sources", "keys/another source", spoilSubmissions(func(sub *ingest.Submission) {
			sub.SourceID = "00000000-0000-7000-8000-000000000000"
		})},
		{"remembers keys for ever", "keys/72 hours", rememberKeys(func(a, b ingest.Submission) bool { return a.Digest == b.Digest })},
		{"renews keys with each retry", "keys/a retry does not renew", renewsKeys},
		{"answers a retry as created", "keys/retry", spoilCaptured(func(c *leads.Captured) { c.Created = c.Created || c.Repeated })},
		{"answers a retry as a double click", "keys/retry", spoilCaptured(func(c *leads.Captured) {
			if c.Repeated {
				c.DuplicateOf = c.SubmissionID
			}
		})},
		{"takes a conflict for a retry", "keys/conflict", rememberKeys(func(ingest.Submission, ingest.Submission) bool { return true })},
		{"folds the case of keys", "keys/compared byte by byte", spoilSubmissions(func(sub *ingest.Submission) {
			sub.Key = strings.ToLower(sub.Key)
		})},
	}
}

// rememberKeys answers a submission whose key was used before, whenever that was, as a retry if the two are taken for the same.
func rememberKeys(same func(a, b ingest.Submission) bool) func(*hooked) {
	return func(s *hooked) {
		earlier := make(map[string]ingest.Submission)
		answers := make(map[string]leads.Captured)
		s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
			if old, ok := earlier[subs[0].Key]; ok && same(old, subs[0]) {
				answer := answers[subs[0].Key]
				answer.Repeated = true
				return []leads.Captured{answer}, nil
			}
			captured, err := s.Store.Capture(ctx, subs)
			if err == nil {
				earlier[subs[0].Key], answers[subs[0].Key] = subs[0], captured[0]
			}
			return captured, err
		}
	}
}

// renewsKeys counts the life of a key from its last use.
func renewsKeys(s *hooked) {
	last := make(map[string]time.Time)
	rememberKeys(func(_, sub ingest.Submission) bool {
		at, used := last[sub.Key]
		last[sub.Key] = sub.Received
		return !used || sub.Received.Sub(at) < 72*time.Hour
	})(s)
}

func brokenValues() []breakage {
	return []breakage{
		{"cuts times to milliseconds", "values/times to the microsecond", spoilSubmissions(func(sub *ingest.Submission) {
			sub.Received = sub.Received.Truncate(time.Millisecond)
		})},
		{"returns local times", "values/every field of a submission", spoilSubmissions(func(sub *ingest.Submission) {
			sub.Received = sub.Received.In(time.FixedZone("here", 3600))
		})},
		{"drops a field of a submission", "values/every field of a submission", spoilSubmissions(func(sub *ingest.Submission) {
			sub.Attribution.Landing = ""
		})},
		{"drops a field of a lead", "values/every field of a lead", spoilChange(func(lead *leads.Lead) {
			lead.Recent = nil
		})},
		{"cuts long text", "values/hostile submissions", spoilSubmissions(func(sub *ingest.Submission) {
			sub.UserAgent = sub.UserAgent[:min(len(sub.UserAgent), 255)]
		})},
		{"trims text", "values/hostile leads", spoilChange(func(lead *leads.Lead) {
			lead.Company = strings.TrimSpace(lead.Company)
		})},
		{"keeps the body as text", "values/raw bytes", spoilSubmissions(func(sub *ingest.Submission) {
			sub.Raw = []byte(strings.ToValidUTF8(string(sub.Raw), "\ufffd"))
		})},
		{"decodes metadata", "values/metadata as it was typed", spoilSubmissions(decodeMetadata)},
		{"keeps what it is given", "memory/a submission is not kept or changed", keepsSubmissions},
		{"keeps what Change sets", "memory/what Change sets is not kept", keepsChange},
		{"returns what it keeps", "memory/a lead that was returned", returnsItsOwn},
	}
}

func decodeMetadata(sub *ingest.Submission) {
	decoded := make(ingest.Metadata)
	for name, raw := range sub.Metadata {
		var value any
		if json.Unmarshal(raw, &value) == nil {
			decoded[name], _ = json.Marshal(value)
		}
	}
	sub.Metadata = decoded
}

func keepsSubmissions(s *hooked) {
	kept := make(map[string]ingest.Submission)
	s.capture = func(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
		for _, sub := range subs {
			kept[sub.ID] = sub
		}
		return s.Store.Capture(ctx, subs)
	}
	s.subs = func(ctx context.Context, tenant, id string) ([]ingest.Submission, error) {
		subs, err := s.Store.Submissions(ctx, tenant, id)
		for i, sub := range subs {
			subs[i] = kept[sub.ID]
		}
		return subs, err
	}
}

func keepsChange(s *hooked) {
	kept := make(map[string]leads.Lead)
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		change := o.Change
		o.Change = func(lead *leads.Lead) {
			change(lead)
			kept[task.LeadID] = *lead
		}
		return s.Store.Settle(ctx, task, o)
	}
	s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
		lead, err := s.Store.Lead(ctx, tenant, id)
		lead.Metadata = kept[id].Metadata
		return lead, err
	}
}

// returnsItsOwn keeps every version of a lead that was read, and returns it again.
func returnsItsOwn(s *hooked) {
	cache := make(map[string]leads.Lead)
	s.lead = func(ctx context.Context, tenant, id string) (leads.Lead, error) {
		lead, err := s.Store.Lead(ctx, tenant, id)
		if err != nil {
			return lead, err
		}
		version := fmt.Sprint(id, lead.Version)
		if _, ok := cache[version]; !ok {
			cache[version] = lead
		}
		return cache[version], nil
	}
}
