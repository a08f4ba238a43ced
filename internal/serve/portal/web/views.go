package web

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/serve/portal"
)

type homeView struct {
	Hero    ui.HeroView
	Open    bool
	State   string // whether somebody is there
	When    string // until when, or when next
	Days    []dayView
	Contact []ui.Desc
	Tiles   []ui.TileView
}

type dayView struct {
	Day, Hours, Note string
	Off              bool
}

func newHomeView(loc i18n.Locale, h portal.Home, actor op.Actor, console op.Permission) homeView {
	o := h.Organisation
	v := homeView{
		Hero: ui.HeroView{Title: loc.T("portal.hero_title", "org", o.Name), Text: o.Intro},
		Open: h.Open, State: loc.T("portal.closed_now"), When: loc.T("portal.opens_next", "time", loc.DateTime(h.Next)),
		Tiles: tiles(loc, actor, console),
	}
	if v.Hero.Text == "" {
		v.Hero.Text = loc.T("portal.hero_text")
	}
	if h.Open {
		v.State = loc.T("portal.open_now")
		v.When = loc.T("portal.open_until", "time", h.Closes.In(loc.Zone()).Format("15:04"))
	}
	for i, d := range h.Days {
		v.Days = append(v.Days, newDayView(loc, d, i == 0))
	}
	for _, c := range []ui.Desc{
		{Term: loc.T("portal.phone"), Text: o.Phone, Href: "tel:" + o.Phone},
		{Term: loc.T("portal.email"), Text: o.Email, Href: "mailto:" + o.Email},
		{Term: loc.T("portal.address"), Text: o.Address, Wide: true},
	} {
		if c.Text != "" {
			v.Contact = append(v.Contact, c)
		}
	}
	return v
}

func newDayView(loc i18n.Locale, d portal.OpeningDay, today bool) dayView {
	day := d.Date.In(loc.Zone())
	v := dayView{
		Day:   loc.T(fmt.Sprintf("portal.weekday.%d", day.Weekday())) + " " + day.Format("01-02"),
		Hours: hours(d.Hours), Note: d.Holiday, Off: len(d.Hours) == 0,
	}
	if today {
		v.Day = loc.T("portal.today") + " " + day.Format("01-02")
	}
	if v.Off {
		v.Hours = loc.T("portal.day_off")
	}
	return v
}

func hours(all []clock.Interval) string {
	parts := make([]string, len(all))
	for i, h := range all {
		parts[i] = timeOfDay(h.Open) + "–" + timeOfDay(h.Close)
	}
	return strings.Join(parts, "  ")
}

func timeOfDay(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute)
}

// tiles are where to go on from here; what needs an account is offered to those who have signed in.
func tiles(loc i18n.Locale, actor op.Actor, console op.Permission) []ui.TileView {
	tile := func(icon, key, href string) ui.TileView {
		return ui.TileView{Icon: icon, Title: loc.T(key), Text: loc.T(key + "_text"), Href: href}
	}
	first := tile("user", "portal.tile_account", "/me")
	if actor.Kind == op.Anonymous {
		first = tile("login", "portal.tile_sign_in", "/sign-in")
	}
	all := []ui.TileView{
		first, tile("help-circle", "portal.tile_help", "/help"), tile("accessible", "portal.tile_access", "/accessibility"),
	}
	if actor.Can(console) {
		all = append(all, tile("layout-dashboard", "portal.tile_console", "/console"))
	}
	return all
}

type textView struct {
	Title, Intro, Outro string
	Topics              []topic
}

type topic struct{ ID, Title, Text string }

func hoursTable(ctx context.Context, days []dayView) ui.TableView {
	t := ui.TableView{Caption: ui.T(ctx, "portal.hours"), Columns: []ui.Column{
		{Label: ui.T(ctx, "portal.day")}, {Label: ui.T(ctx, "portal.hours"), Kind: ui.TimeColumn}, {Label: ui.T(ctx, "portal.note")},
	}}
	for _, d := range days {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.TD{ui.Text(d.Day), ui.Text(d.Hours), ui.Text(d.Note)}})
	}
	return t
}
