// Package proof holds the tests of the promises of docs/reliability.md: what is acknowledged survives a kill, concurrent first
// submissions make one lead, a client that goes away loses nothing, and hostile content is stored or refused alike by every Store.
// They run child processes of the test binary. LEADS_PROOF=1 runs the full counts.
package proof
