// Package doctor looks at an installation and says what is wrong with it and how to mend it: configuration,
// storage, clock, certificate, disk, ports, working calendar and backups.
//
// It changes nothing and prints no secret. It works beside a running instance, on a stopped one and before the
// first start, and is what both `tongban doctor` and the status page of the console show.
package doctor
