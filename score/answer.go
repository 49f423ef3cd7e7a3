package score

import (
	"encoding/json"
	"errors"
	"strings"
)

// maxReply is the longest reply that is looked at, in bytes.
const maxReply = 64 << 10

// ErrReply is returned for a reply in which there is no answer.
var ErrReply = errors.New("the model's reply is not what was asked for")

// ParseAnswer finds the answer in what a model wrote: the first JSON object in it that
// has choices, with fences, prose or other objects around it or not. What is odd in
// the object is left out, choice by choice; the next step may also be named next_step. It returns [ErrReply] when nothing is left, or when the
// text is longer than 64 KiB. It looks at every byte a bounded number of times.
func ParseAnswer(text string) (Answer, error) {
	if len(text) > maxReply {
		return Answer{}, ErrReply
	}
	for range maxTries {
		from := strings.IndexByte(text, '{')
		if from < 0 {
			break
		}
		text = text[from:]
		if answer, ok := decodeAnswer(balanced(text)); ok {
			return answer, nil
		}
		text = text[1:] // an opening brace in the prose may never be closed, and the answer may be inside another object
	}
	return Answer{}, ErrReply
}

// maxTries bounds how many opening braces are looked at.
const maxTries = 32

// balanced returns the object that text begins with, or "" if it does not end.
func balanced(text string) string {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return text[:i+1]
			}
		}
	}
	return ""
}

// decodeAnswer takes what is right from an object.
func decodeAnswer(object string) (Answer, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(object), &fields) != nil {
		return Answer{}, false
	}
	var choices map[string]json.RawMessage
	if json.Unmarshal(fields["criteria"], &choices) != nil || len(choices) == 0 {
		return Answer{}, false
	}
	answer := Answer{
		Criteria: make(map[string]Choice, len(choices)), Summary: textOf(fields["summary"]),
		NextStep: textOf(fields["nextStep"]) + textOf(fields["next_step"]),
	}
	for name, raw := range choices {
		var c Choice
		if json.Unmarshal(raw, &c) == nil && c.Level != "" {
			answer.Criteria[name] = c
		}
	}
	return answer, len(answer.Criteria) > 0
}

// textOf returns a JSON string's text, or "" for anything else.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}
