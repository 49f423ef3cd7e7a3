package sequence

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// A step is given up after maxTries, which spread over about nine hours like those of the engine's other tasks.
const (
	maxTries   = 20
	firstDelay = time.Second
	mostDelay  = time.Hour
)

// tries is the payload of an enrolment's task: how often the step that comes next has failed. The task's own attempts go over all the steps
// of the enrolment, so that weeks of small failures would add up to its end.
type tries struct {
	Step   string `json:"step"`
	Failed int    `json:"failed"`
}

// failed says when a step that has failed is tried again, or that it is given up: then the team is told, and somebody can have the task run
// again, with its tries counted anew.
func (s *Sequencer) failed(task leads.Task, step string, err error) leads.Outcome {
	t := tries{}
	if json.Unmarshal(task.Payload, &t) != nil || t.Step != step {
		t = tries{Step: step}
	}
	t.Failed++
	o := waiting(pause(t.Failed, leads.RetryAfter(err)))
	o.Error = inAWord(err)
	if leads.IsPermanent(err) || t.Failed >= maxTries {
		t.Failed, o.Settlement = 0, leads.Dead
		notice := leads.NoticeTask(task.Tenant, task.LeadID, leads.Notice{Kind: leads.NotifyDead, Note: string(leads.TaskStep) + ": " + o.Error}, time.Time{})
		notice.CreatedAt = s.now()
		o.Tasks = []leads.Task{notice}
	}
	o.Payload, _ = json.Marshal(t) // a string and a number always encode
	return o
}

// pause is the delay after so many failures: it doubles up to an hour, with up to a fifth of jitter, and is never less than was asked for, up
// to the same hour.
func pause(failures int, asked time.Duration) time.Duration {
	delay := mostDelay
	if shift := failures - 1; shift < 12 {
		delay = min(firstDelay<<shift, mostDelay)
	}
	delay = max(delay, min(asked, mostDelay))
	return delay + rand.N(delay/5+1)
}

// inAWord is an error's text in one line of at most 400 bytes.
func inAWord(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "timed out"
	}
	text := strings.ToValidUTF8(strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\x00", " ")), " "), "\uFFFD")
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "")
	}
	return text
}
