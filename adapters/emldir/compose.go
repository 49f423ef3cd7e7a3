package emldir

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/internal/mime"
)

// compose writes a prepared mail, its tags and variables as header fields. What cannot be written is a permanent error.
func compose(m leads.Email, now time.Time) ([]byte, error) {
	msg := mime.Message(m, now)
	if len(m.Tags) > 0 {
		mime.Set(msg, mime.TagsHeader, strings.Join(m.Tags, ", "))
	}
	for name, value := range m.Variables {
		mime.Set(msg, mime.VariablesHeader+name, value)
	}
	var content bytes.Buffer
	if _, err := msg.WriteTo(&content); err != nil {
		return nil, leads.Permanent(fmt.Errorf("emldir: %w", err))
	}
	return content.Bytes(), nil
}
