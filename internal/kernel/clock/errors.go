package clock

import "tongban/internal/kernel/errs"

// The failures of this package. Wrong fields of a Day or a notice come as errs.InvalidFields.
var (
	// ErrNoticeTooLarge refuses a file no notice can be.
	ErrNoticeTooLarge = errs.Define(errs.Invalid, "clock.notice_too_large")
	// ErrBadNotice refuses a file that does not have a notice's form.
	ErrBadNotice = errs.Define(errs.Invalid, "clock.bad_notice")
	// ErrNoDay says that there is no row to remove; shipped days cannot be removed, only overruled.
	ErrNoDay = errs.Define(errs.NotFound, "clock.no_day")
	// ErrUnknownCalendar says that no calendar has the name asked for.
	ErrUnknownCalendar = errs.Define(errs.NotFound, "clock.unknown_calendar")
)
