// Package patient writes long answers to readers of any speed.
package patient

import (
	"net/http"
	"time"
)

// Writer writes an answer that may take as long as it takes in all, while whoever reads it may not stop for longer than Patience: that would hold one of
// few places. It moves the write deadline of the server, which not every ResponseWriter can; without, it is that of the host.
type Writer struct {
	http.ResponseWriter
	Patience time.Duration

	extended time.Time
}

// Write moves the deadline once in a tenth of Patience.
func (w *Writer) Write(data []byte) (int, error) {
	if now := time.Now(); now.Sub(w.extended) > w.Patience/10 {
		w.extended = now
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(now.Add(w.Patience))
	}
	return w.ResponseWriter.Write(data)
}
