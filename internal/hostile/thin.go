//go:build !race

package hostile

// thin is of how many texts one is used.
const thin = 1
