package sequence_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openleads/leads/sequence"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sequence.Duration{
		"":                {},
		"0":               {},
		"1mo 2d 3h 30m":   {Months: 1, Days: 2, Clock: 3*time.Hour + 30*time.Minute},
		"2w":              {Days: 14},
		"1w1d":            {Days: 8},
		" 90m ":           {Clock: 90 * time.Minute},
		"10s":             {Clock: 10 * time.Second},
		"24h":             {Clock: 24 * time.Hour},
		"120mo 3660d 0 s": {},
	} {
		got, err := sequence.ParseDuration(text)
		if text == "120mo 3660d 0 s" {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseDurationRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"d", "2", "-2d", "2.5d", "2d 1mo", "1d 2d", "2 d", "2days", "1h1h", "99999999999999999999d", "121mo", "3661d", "1M", "१d", "2d,3h"} {
		_, err := sequence.ParseDuration(text)
		require.ErrorContains(t, err, "write it like", text)
	}
}

func TestDurationRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := sequence.Duration{
			Months: rapid.IntRange(0, 120).Draw(t, "months"), Days: rapid.IntRange(0, 3660).Draw(t, "days"),
			Clock: time.Duration(rapid.Int64Range(0, 3600*24*3660).Draw(t, "seconds")) * time.Second,
		}
		data, err := json.Marshal(d)
		require.NoError(t, err)
		var back sequence.Duration
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, d, back, string(data))
	})
}

func FuzzParseDuration(f *testing.F) {
	f.Add("1mo 2d 3h 30m")
	f.Add("00001d")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := sequence.ParseDuration(text)
		if err != nil {
			return
		}
		again, err := sequence.ParseDuration(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
		require.False(t, d.Months < 0 || d.Days < 0 || d.Clock < 0)
	})
}
