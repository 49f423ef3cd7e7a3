package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/internal/secret"
)

func TestItIsNeverPrinted(t *testing.T) {
	t.Parallel()
	around := struct {
		Key    secret.Secret
		hidden secret.Secret
		pair   *secret.Secret
	}{secret.New("hunter2"), secret.New("hunter2"), new(secret.New("hunter2"))}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.NotContains(t, fmt.Sprintf(verb, around), "hunter2", verb)
		require.NotContains(t, fmt.Sprintf(verb, around), "68756e74657232", verb)
		require.NotContains(t, fmt.Sprintf(verb, around.Key), "hunter2", verb)
	}
	text, err := json.Marshal(around)
	require.NoError(t, err)
	require.JSONEq(t, `{"Key":"[redacted]"}`, string(text))
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("set up", "key", around.Key, "all", around)
	require.NotContains(t, log.String(), "hunter2")
}

func TestItIsKept(t *testing.T) {
	t.Parallel()
	require.Equal(t, "hunter2", secret.New("hunter2").Reveal())
	require.True(t, secret.New("hunter2").IsSet())
	require.False(t, secret.New("").IsSet())
	require.False(t, secret.Secret{}.IsSet())
	require.Equal(t, "[redacted]", secret.Secret{}.String())
}
