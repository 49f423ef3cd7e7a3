package dashboard

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	liveTick    = 200 * time.Millisecond // how often a connection looks for news
	livePoll    = 800 * time.Millisecond // how often the desk is asked, once for all connections of a tenant
	liveBeat    = 15 * time.Second       // after how much silence a sign of life is sent
	liveTime    = 15 * time.Minute       // how long a connection lasts; the browser makes another
	liveWrite   = 10 * time.Second       // how long a write may take
	maxListener = 500                    // connections at once
	maxNews     = 1000                   // changed leads that are asked for at once
	liveOverlap = 5 * time.Second
)

// live tells open pages that leads have come or changed. It has no goroutine of its own: of the connections of a tenant, the first that finds the
// last look too old looks for all of them.
type live struct {
	closed chan struct{}
	state  *liveState
}

type liveState struct {
	mu        sync.Mutex
	listeners int
	tenants   map[string]*feed
}

func newLive() live {
	return live{closed: make(chan struct{}), state: &liveState{tenants: make(map[string]*feed)}}
}

// feed is what is known of one tenant's changes.
type feed struct {
	listeners int // under liveState.mu

	mu     sync.Mutex
	looked time.Time
	since  time.Time           // the newest change that was seen
	seen   map[string]sighting // leads that changed within liveOverlap before since, which are found again
	full   bool                // the last answer was cut off, so that the next one goes on where it ended
	made   time.Time           // when the newest lead that was seen was created
	number uint64              // counts the looks that found something
	newest []uint64            // for each new lead, the number of the look that found it
}

// sighting is a lead as it was seen.
type sighting struct {
	version int64
	at      time.Time
}

// join adds a listener; false means that there are too many.
func (s *liveState) join(tenant string, now time.Time) (*feed, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners >= maxListener {
		return nil, false
	}
	f := s.tenants[tenant]
	if f == nil {
		f = &feed{since: now, made: now, seen: make(map[string]sighting)}
		s.tenants[tenant] = f
	}
	s.listeners++
	f.listeners++
	return f, true
}

func (s *liveState) leave(tenant string, f *feed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners--
	if f.listeners--; f.listeners == 0 {
		delete(s.tenants, tenant)
	}
}

// look asks the desk what has changed, if nobody has within livePoll, and returns the number of the newest change and how many leads were new
// after the given number. A desk that does not answer is asked again at the next look.
func (f *feed) look(ctx context.Context, p *page, after uint64) (number uint64, created int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := p.now(); now.Sub(f.looked) >= livePoll {
		f.looked = now
		f.ask(ctx, p)
	}
	for _, n := range f.newest {
		if n > after {
			created++
		}
	}
	return f.number, created
}

// ask finds what has changed. It looks back over liveOverlap, since what was changed earlier may be stored later.
func (f *feed) ask(ctx context.Context, p *page) {
	from := f.since
	if !f.full {
		from = from.Add(-liveOverlap)
	}
	found, err := p.desk().Changed(ctx, p.user, from, maxNews)
	if err != nil {
		return
	}
	number := f.number + 1
	for _, lead := range found {
		if f.seen[lead.ID].version == lead.Version {
			continue
		}
		f.number = number
		f.seen[lead.ID] = sighting{lead.Version, lead.UpdatedAt}
		if lead.UpdatedAt.After(f.since) {
			f.since = lead.UpdatedAt
		}
		if lead.CreatedAt.After(f.made) {
			f.made = lead.CreatedAt
			f.newest = append(f.newest, number)
		}
	}
	f.full = len(found) == maxNews
	maps.DeleteFunc(f.seen, func(_ string, s sighting) bool { return s.at.Before(f.since.Add(-liveOverlap)) })
	f.newest = slices.Clone(f.newest[max(0, len(f.newest)-maxNews):])
}

// liveLeads is a stream of events named "leads": one each time when leads have changed, whose data is how many are new. The page then asks for its
// list again, so that its filters are the Store's.
func liveLeads(p *page) error {
	feed, ok := p.board.live.state.join(p.user.Tenant, p.now())
	if !ok {
		return errBusy
	}
	defer p.board.live.state.leave(p.user.Tenant, feed)
	number, _ := feed.look(p.ctx(), p, 0)
	out := stream{p.w, http.NewResponseController(p.w)}
	if err := out.begin(); err != nil {
		return nil // who serves cannot stream: the page works without
	}
	missed := ""
	if p.r.Header.Get("Last-Event-ID") != "" { // it was connected before, and something may have come meanwhile
		missed = "event: leads\ndata: 0\n"
	}
	if out.send(fmt.Sprintf("retry: 1000\nid: %d\n%s\n", number, missed)) != nil {
		return nil
	}
	return out.follow(p, feed, number)
}

// follow sends what comes until one side has had enough.
func (s stream) follow(p *page, feed *feed, number uint64) error {
	tick, end := time.NewTicker(liveTick), time.NewTimer(liveTime)
	defer tick.Stop()
	defer end.Stop()
	beat := time.Now()
	for {
		select {
		case <-p.ctx().Done():
			return nil
		case <-p.board.live.closed:
			return nil
		case <-end.C:
			return nil
		case <-tick.C:
		}
		newest, created := feed.look(p.ctx(), p, number)
		text := ""
		if newest != number {
			number = newest
			text = fmt.Sprintf("id: %d\nevent: leads\ndata: %d\n\n", number, created)
		} else if time.Since(beat) >= liveBeat {
			text = ": still here\n\n"
		}
		if text != "" {
			beat = time.Now()
			if s.send(text) != nil {
				return nil
			}
		}
	}
}

// stream is an answer of server-sent events.
type stream struct {
	w  http.ResponseWriter
	to *http.ResponseController
}

// begin sends the header; an error means that nothing can be streamed.
func (s stream) begin() error {
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would collect the events
	s.w.WriteHeader(http.StatusOK)
	return s.to.Flush()
}

// send writes with a deadline of its own: the server's is meant for short answers.
func (s stream) send(text string) error {
	_ = s.to.SetWriteDeadline(time.Now().Add(liveWrite)) // not every server can
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.to.Flush()
}
