package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/score"
)

// usage is what the server counted; 0 where it said nothing that makes sense.
type usage struct{ Input, Output int }

// reply is a response. What may be odd is read on its own, so that it costs nothing else.
type reply struct {
	Choices []struct {
		Message struct {
			Content json.RawMessage `json:"content"`
			Refusal json.RawMessage `json:"refusal"`
		} `json:"message"`
		FinishReason json.RawMessage `json:"finish_reason"`
	} `json:"choices"`
	Usage json.RawMessage `json:"usage"`
}

// parse reads a response, whatever its media type. Calls of tools are not looked at: there are none.
func parse(text []byte) (result, error) {
	var r reply
	if err := json.Unmarshal(bytes.TrimSpace(text), &r); err != nil {
		return result{}, fmt.Errorf("%w: it is not JSON of the expected form", ErrReply)
	}
	out := result{usage: usageOf(r.Usage)}
	if len(r.Choices) == 0 {
		return out, errEmpty
	}
	choice := r.Choices[0]
	reason := textOf(choice.FinishReason)
	if reason == "content_filter" || textOf(choice.Message.Refusal) != "" {
		return out, leads.Permanent(score.ErrDeclined)
	}
	content := contentOf(choice.Message.Content)
	if strings.TrimSpace(content) == "" {
		return out, errEmpty
	}
	answer, err := score.ParseAnswer(content)
	switch {
	case err != nil && reason == "length":
		return out, errCutOff
	case err != nil:
		return out, fmt.Errorf("%w: %w", ErrReply, err)
	}
	out.answer = answer
	return out, nil
}

// contentOf is a text, or the texts of a list of parts.
func contentOf(raw json.RawMessage) string {
	var parts []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return textOf(raw)
	}
	var all strings.Builder
	for _, part := range parts {
		all.WriteString(part.Text)
	}
	return all.String()
}

func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// maxUsage is more than any call can cost.
const maxUsage = 1 << 24

func usageOf(raw json.RawMessage) usage {
	var u struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	}
	if json.Unmarshal(raw, &u) != nil || u.Prompt < 0 || u.Completion < 0 || u.Prompt > maxUsage || u.Completion > maxUsage {
		return usage{}
	}
	return usage{Input: u.Prompt, Output: u.Completion}
}
