//go:build !race

package hostile

// Share is of how many texts Texts returns one: 1, or more under the race detector.
const Share = 1
