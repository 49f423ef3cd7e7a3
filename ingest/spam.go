package ingest

import (
	"cmp"
	"time"
)

// The reasons for which the gate quarantines.
const (
	reasonHoneypot = "honeypot"  // a field that people do not see was filled
	reasonFillTime = "fill_time" // the form was filled faster than a person can
	reasonBlocked  = "blocked"   // the source's block list names the sender or the client
)

// signal is one sign of spam. It is asked about every submission, by the settings of its source, and answers with a reason or
// "". It may be called concurrently and must not block.
type signal interface {
	suspect(e evidence, settings Spam) (reason string)
}

// signalFunc is a function that is a signal.
type signalFunc func(e evidence, settings Spam) string

func (f signalFunc) suspect(e evidence, settings Spam) string { return f(e, settings) }

func honeypot(e evidence, _ Spam) string {
	if e.trapped {
		return reasonHoneypot
	}
	return ""
}

func fillTime(e evidence, settings Spam) string {
	if least := cmp.Or(settings.MinFill, time.Second); least > 0 && e.timed && e.fill < least {
		return reasonFillTime
	}
	return ""
}

func blocked(e evidence, _ Spam) string {
	if e.blocked {
		return reasonBlocked
	}
	return ""
}

// judge asks all signals and quarantines the submission if one of them has a reason.
func (h *Handler) judge(sub *Submission, e evidence, settings Spam) {
	for _, s := range h.signals {
		if reason := s.suspect(e, settings); reason != "" {
			sub.Verdict = Quarantined
			sub.Reasons = append(sub.Reasons, reason)
		}
	}
}
