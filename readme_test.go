package leads_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program of the README is the one in examples/minimal, and stands near the top.
func TestReadmeProgramIsTheExample(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("examples/minimal/main.go")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(readme), "```go\n")
	require.True(t, found)
	program, _, _ := strings.Cut(rest, "```\n")
	_, code, _ := strings.Cut(string(example), "package main\n")
	require.Equal(t, "package main\n"+code, program)
	require.LessOrEqual(t, strings.Count(before, "\n"), 25, "the quick start begins by line 25")
	require.LessOrEqual(t, strings.Count(string(readme), "\n"), 250)
}
