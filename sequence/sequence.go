// Package sequence follows up with leads over days and weeks: mails, waits, branches, until the person answers or says stop.
package sequence
