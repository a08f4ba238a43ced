// Package browser drives Chromium for tests and for test/screens.
//
// A Browser is one process; each Page has cookies of its own, so two pages are two people. A Page collects what
// went wrong in it (console errors, exceptions, failed requests) until Faults is asked. Nothing sleeps: whatever
// waits polls a condition in the page, with a deadline. Visit wraps a page for tests and ends the test at the
// first thing that fails.
//
// testdata/axe.min.js is axe-core 4.14.1, under the Mozilla Public License 2.0 (axe.LICENSE.txt), unchanged. It
// is used by tests alone and is no part of the program.
package browser
