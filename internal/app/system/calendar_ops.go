package system

import (
	"context"
	"errors"
	"fmt"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/op"
)

var (
	listDays     = op.New("system.calendar.list", op.Needs(PermConsole), op.Reads())
	setDay       = op.New("system.calendar.set_day", op.Needs(PermCalendar), op.Reversible())
	removeDay    = op.New("system.calendar.remove_day", op.Needs(PermCalendar), op.Reversible())
	importNotice = op.New("system.calendar.import", op.Needs(PermCalendar), op.Serious())
)

// FactCalendarChanged tells every node to read the calendar again.
const FactCalendarChanged = "system.calendar_changed"

// The years whose days can be set and shown.
const (
	FirstYear = 2000
	LastYear  = 2100
)

// DaysInput names a year.
type DaysInput struct {
	Year int `json:"year"`
}

// Days returns the statutory days of a year, shipped and edited, in order.
func (s *Service) Days(ctx context.Context, in DaysInput) ([]clock.Day, error) {
	return op.Query(ctx, s.ops, listDays, in, func(_ context.Context, _ *op.View, in DaysInput) ([]clock.Day, error) {
		return s.calendars.Days(in.Year), nil
	})
}

// SetDayInput is a day of the working calendar as an administrator sets it.
type SetDayInput struct {
	Day  string `json:"day"`  // 2026-10-01
	Kind string `json:"kind"` // off or work
	Name string `json:"name"` // what the notice calls it
}

func (in SetDayInput) day() (clock.Day, error) {
	date, err := clock.ParseDate(in.Day)
	if err != nil {
		return clock.Day{}, errs.InvalidFields(errs.Field{Name: "day", Code: "bad_date"})
	}
	return clock.Day{Date: date, Kind: clock.Kind(in.Kind), Name: in.Name}, nil
}

// inRange refuses a day that no page could show, at the field that names it.
func inRange(field string, d clock.Date) error {
	if FirstYear <= d.Year() && d.Year() <= LastYear {
		return nil
	}
	return errs.InvalidFields(errs.Field{Name: field, Code: "system.day_range", Params: map[string]any{"first": FirstYear, "last": LastYear}})
}

// SetDay makes a day a holiday or a make-up workday, in place of what counted before. Invalid names the fields.
func (s *Service) SetDay(ctx context.Context, in SetDayInput) (clock.Day, error) {
	return op.Run(ctx, s.ops, setDay, in, func(ctx context.Context, tx *op.Tx, in SetDayInput) (clock.Day, error) {
		day, err := in.day()
		if err != nil {
			return clock.Day{}, err
		}
		if err := inRange("day", day.Date); err != nil {
			return clock.Day{}, err
		}
		before, err := s.storedDay(ctx, tx, day.Date)
		if err != nil {
			return clock.Day{}, err
		}
		if err := s.undoDay(ctx, tx, day.Date, before); err != nil {
			return clock.Day{}, err
		}
		after, err := s.days.Set(ctx, tx, day)
		if err != nil {
			return clock.Day{}, err
		}
		s.dayChanged(tx, day.Date, before, dayView(after))
		return after, nil
	})
}

// RemoveDayInput names a day of the working calendar.
type RemoveDayInput struct {
	Day string `json:"day"`
}

// RemoveDay takes back what an administrator set for a day; clock.ErrNoDay when nothing was set.
func (s *Service) RemoveDay(ctx context.Context, in RemoveDayInput) (op.None, error) {
	return op.Run(ctx, s.ops, removeDay, in, func(ctx context.Context, tx *op.Tx, in RemoveDayInput) (op.None, error) {
		day, err := SetDayInput{Day: in.Day}.day()
		if err != nil {
			return op.None{}, err
		}
		before, err := s.storedDay(ctx, tx, day.Date)
		if err != nil {
			return op.None{}, err
		}
		if err := s.days.Remove(ctx, tx, day.Date); err != nil {
			return op.None{}, err
		}
		s.dayChanged(tx, day.Date, before, nil)
		return op.None{}, s.undoDay(ctx, tx, day.Date, before)
	})
}

// ImportNoticeInput is the text of a State Council notice in the JSON of holiday-cn.
type ImportNoticeInput struct {
	Text string `json:"text"`
}

// ImportNotice sets all days of a notice. Invalid says what is wrong with the text.
func (s *Service) ImportNotice(ctx context.Context, in ImportNoticeInput) (int, error) {
	return op.Run(ctx, s.ops, importNotice, in, func(ctx context.Context, tx *op.Tx, in ImportNoticeInput) (int, error) {
		days, err := clock.ParseNotice([]byte(in.Text))
		if err != nil {
			return 0, err
		}
		effect := op.Effect{Key: "system.calendar_import_effect", Value: map[string]any{"count": len(days)}}
		for i, d := range days {
			if err := inRange(fmt.Sprintf("days.%d.date", i), d.Date); err != nil {
				return 0, err
			}
			effect.Names = append(effect.Names, d.Date.String()+" "+d.Name)
		}
		if err := tx.Confirm(ctx, effect); err != nil {
			return 0, err
		}
		for _, day := range days {
			before, err := s.storedDay(ctx, tx, day.Date)
			if err != nil {
				return 0, err
			}
			after, err := s.days.Set(ctx, tx, day)
			if err != nil {
				return 0, err
			}
			s.dayChanged(tx, day.Date, before, dayView(after))
		}
		return len(days), nil
	})
}

// dayState is a day as the audit log shows it.
type dayState struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

func dayView(d clock.Day) *dayState { return &dayState{Kind: string(d.Kind), Name: d.Name} }

// storedDay returns what an administrator set for a day; nil when nothing was set.
func (s *Service) storedDay(ctx context.Context, q db.Querier, d clock.Date) (*dayState, error) {
	day, err := s.days.Get(ctx, q, d)
	if errors.Is(err, clock.ErrNoDay) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return dayView(day), nil
}

func (s *Service) dayChanged(tx *op.Tx, d clock.Date, before, after *dayState) {
	thing := op.Thing{Kind: "system.calendar_day", ID: d.String(), Label: d.String()}
	tx.Changed(thing, orNil(before), orNil(after))
	tx.Emit(events.Fact{Type: FactCalendarChanged, Subject: "calendar", Data: RemoveDayInput{Day: d.String()}})
}

// orNil keeps a nil pointer from becoming a value that is not nil.
func orNil(d *dayState) any {
	if d == nil {
		return nil
	}
	return d
}

func (s *Service) undoDay(ctx context.Context, tx *op.Tx, d clock.Date, before *dayState) error {
	if before == nil {
		return tx.Undo(ctx, removeDay, RemoveDayInput{Day: d.String()})
	}
	return tx.Undo(ctx, setDay, SetDayInput{Day: d.String(), Kind: before.Kind, Name: before.Name})
}
