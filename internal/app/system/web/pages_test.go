package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"tongban/internal/app/apptest"
	"tongban/internal/app/system"
	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/audit"
	"tongban/internal/trust/identity"
	"tongban/spec"
)

const notice = `{"year": 2027, "days": [
	{"name": "元旦", "date": "2027-01-01", "isOffDay": true},
	{"name": "元旦", "date": "2027-01-02", "isOffDay": true},
	{"name": "元旦", "date": "2027-01-09", "isOffDay": false}]}`

func TestASeriousActionSaysWhatWillHappenAndAsksAgain(t *testing.T) {
	t.Parallel()
	spec.Covers(t, "MP-5.2-e-2", "MP-5.2-e-3")
	apptest.Each(t, func(t *testing.T, a *apptest.App) {
		admin := a.As(identity.RoleSystemAdmin)
		form := admin.Get("/console/system/calendar?year=2027").Form("form[action$='/import']").Set("text", notice)
		ask := form.Submit()
		if ask.Status != 412 || !strings.Contains(ask.Text(), "3 天") || !strings.Contains(ask.Text(), "2027-01-09") {
			t.Fatalf("the page does not say what will happen: %d %s", ask.Status, ask.Text())
		}
		if got := days(t, a, 2027); got != 0 {
			t.Fatalf("%d days were set before the confirmation", got)
		}
		if page := ask.Form("form[action$='/import']").Set("confirm_token", "1.0").Submit(); page.Status != 412 {
			t.Errorf("a forged confirmation: %d", page.Status)
		}
		if page := ask.Form("form[action$='/import']").Set("sealed", "AAAA").Submit(); page.Status != 400 {
			t.Errorf("a forged notice: %d", page.Status)
		}
		if got := days(t, a, 2027); got != 0 {
			t.Fatalf("%d days were set by forged confirmations", got)
		}
		confirm := ask.Form("form[action$='/import']")
		done := confirm.Submit()
		if done.Status != 303 || !strings.Contains(done.Follow().Text(), "已导入 3 天") {
			t.Fatalf("after the confirmation: %d %s", done.Status, done.Text())
		}
		if got := days(t, a, 2027); got != 3 {
			t.Errorf("%d days are set, 3 were promised", got)
		}
	})
}

// days counts the days administrators set in a year.
func days(t *testing.T, a *apptest.App, year int) int {
	t.Helper()
	list, err := clock.NewStore(a.Clock).List(t.Context(), a.DB().Reader(), year)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestADayIsSetAndTakenBack(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, a *apptest.App) {
		admin := a.As(identity.RoleSystemAdmin)
		page := admin.Get("/console/system/calendar?year=2027").Form("[data-testid=set-day]").
			Set("day", "2027-05-01").Set("kind", "off").Set("name", "劳动节").Submit().Follow()
		if !strings.Contains(page.Text(), "已设置 2027-05-01") || days(t, a, 2027) != 1 {
			t.Fatalf("after setting: %s", page.Text())
		}
		undone := page.Form("form[action^='/undo/']").Submit()
		if undone.Status != 303 || days(t, a, 2027) != 0 {
			t.Errorf("after undoing: %d, %d days", undone.Status, days(t, a, 2027))
		}
		if again := page.Form("form[action^='/undo/']").Submit(); again.Status != 303 {
			t.Errorf("the same form sent twice: %d", again.Status)
		}
		if again := page.Form("form[action^='/undo/']").Set("form_id", "another").Submit(); again.Status != 409 {
			t.Errorf("undone twice: %d", again.Status)
		}
		found, err := a.Audit().Search(a.System(), audit.Filter{ThingKind: "system.calendar_day", ThingID: "2027-05-01"})
		if err != nil || len(found.Entries) != 2 || found.Entries[0].UndoOf == "" {
			t.Errorf("the log has %d entries of it, %v", len(found.Entries), err)
		}
	})
}

func TestAWrongDayIsToldAtItsFieldAndNothingIsLost(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	form := a.As(identity.RoleSystemAdmin).Get("/console/system/calendar").Form("[data-testid=set-day]")
	for name, tc := range map[string]struct{ day, kind, text string }{
		"no date":   {"someday", "off", "节日"},
		"too early": {"1900-01-01", "off", "节日"},
		"too late":  {"2101-01-01", "off", "节日"},
		"no name":   {"2027-05-01", "off", ""},
		"long name": {"2027-05-01", "off", strings.Repeat("长", 51)},
		"kind":      {"2027-05-01", "often", "节日"},
		"hostile":   {"<script>alert(1)</script>", "off", `"><img src=x onerror=alert(1)>`},
	} {
		page := form.Set("day", tc.day).Set("kind", tc.kind).Set("name", tc.text).Submit()
		if page.Status != 422 || page.Find("[data-testid=set-day] .tb-field-invalid").Length() == 0 {
			t.Errorf("%s: %d, no field is marked", name, page.Status)
		}
		if got := page.Find("[data-testid=set-day] [name=name]").AttrOr("value", ""); got != tc.text {
			t.Errorf("%s: typed %q, shown %q", name, tc.text, got)
		}
		if page.Find("main script:not([type]), main img").Length() > 0 {
			t.Errorf("%s: the text became markup", name)
		}
	}
}

func TestAFormSentTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, a *apptest.App) {
		form := a.As(identity.RoleSystemAdmin).Get("/console/system/calendar").Form("[data-testid=set-day]").
			Set("day", "2027-05-01").Set("kind", "off").Set("name", "劳动节")
		for range 3 {
			if page := form.Submit(); page.Status != 303 {
				t.Fatalf("answered %d", page.Status)
			}
		}
		if page := form.Set("name", "青年节").Submit(); page.Status != 409 && page.Status != 422 {
			t.Errorf("the same form with other content: %d", page.Status)
		}
		found, err := a.Audit().Search(a.System(), audit.Filter{ThingKind: "system.calendar_day", ThingID: "2027-05-01", Outcome: op.Done})
		if err != nil || len(found.Entries) != 1 {
			t.Errorf("done %d times, %v", len(found.Entries), err)
		}
	})
}

func TestPagesOfTheRoom(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin, agent := a.As(identity.RoleSystemAdmin), a.As(identity.RoleAgent)
	for _, path := range []string{"jobs", "jobs?state=failed", "schedules", "events", "backups", "status"} {
		if page := admin.Get("/console/system/" + path); page.Status != 200 || page.Find("h1").Length() != 1 {
			t.Errorf("%s: %d", path, page.Status)
		}
		if page := agent.Get("/console/system/" + path); page.Status != 403 {
			t.Errorf("%s is open to an agent: %d", path, page.Status)
		}
	}
	if page := agent.Get("/console"); page.Status != 200 || page.Find("a[href='/console/system/jobs']").Length() > 0 {
		t.Errorf("the overview of an agent: %d", page.Status)
	}
	if page := a.As(identity.RoleCitizen).Get("/console"); page.Status != 403 {
		t.Errorf("the console of a citizen: %d", page.Status)
	}
	if page := a.Browser().Get("/console"); page.Header.Get("Location") != "/sign-in?next=%2Fconsole" {
		t.Errorf("the console of a visitor leads to %q", page.Header.Get("Location"))
	}
}

func TestOverviewCountsWhatIsThere(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.As(identity.RoleSystemAdmin)
	figure := func() string {
		return strings.Join(strings.Fields(admin.Get("/console").Find("main a[href='/console/identity/accounts']").Closest("li").First().Text()), " ")
	}
	for n := 2; n < 4; n++ {
		a.As(identity.RoleCitizen)
		if got := figure(); !strings.Contains(got, fmt.Sprint(n)) {
			t.Errorf("with %d accounts the overview says %q", n, got)
		}
	}
}

func TestBackupByHandFromTheConsole(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.As(identity.RoleSystemAdmin)
	page := admin.Get("/console/system/backups")
	if !strings.Contains(page.Text(), "还没有备份") {
		t.Fatalf("a fresh instance has backups: %s", page.Text())
	}
	made := page.Form("form[action$='" + system.JobBackup + "/run']").Submit()
	if made.Status != 303 {
		t.Fatalf("answered %d: %s", made.Status, made.Text())
	}
	a.Eventually("the backup is listed", func() bool {
		return admin.Get("/console/system/backups").Find("tbody tr").Length() == 1
	})
}

func TestSchedulesAreToldInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	text := a.As(identity.RoleSystemAdmin).Get("/console/system/schedules").Text()
	for _, want := range []string{"每 1 小时", "每天 02:30"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page: %s", want, text)
		}
	}
	if strings.Contains(text, "every ") || strings.Contains(text, "daily") {
		t.Errorf("English on the page: %s", text)
	}
}

func TestTheYearAskedForHasATab(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	agent := a.As(identity.RoleAgent)
	for year, tabs := range map[string]int{"2050": 4, "2027": 3, "1900": 3} {
		page := agent.Get("/console/system/calendar?year=" + year)
		if got := page.Find("main a[href*='calendar?year=']").Length(); got != tabs {
			t.Errorf("%s: %d tabs", year, got)
		}
	}
}

// The calendar's gap is news for those who can close it.
func TestAMissingYearIsToldToThoseWhoKeepTheCalendar(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	a.Clock.Set(a.Clock.Now().AddDate(5, 0, 0))
	for role, told := range map[string]bool{identity.RoleSystemAdmin: true, identity.RoleAgent: false} {
		if got := strings.Contains(a.As(role).Get("/console").Text(), "年的法定节假日"); got != told {
			t.Errorf("%s is told: %v", role, got)
		}
	}
}

func TestSkippingAnEventThatIsNotThereAsksNothing(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.As(identity.RoleSystemAdmin)
	fields := url.Values{"subscription": {"nobody"}, "event": {"none"}}
	admin.Get("/console/system/schedules").Find("form[action$='/run']").First().Find("input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		fields.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	req, err := http.NewRequest(http.MethodPost, a.URL+"/console/system/events/skip", strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Referer", a.URL+"/console/system/events")
	if page := admin.Do(req); page.Status != 404 || !strings.Contains(page.Text(), "没有需要处理的事") {
		t.Errorf("answered %d: %s", page.Status, page.Text())
	}
}

func TestStatusIsToldInWords(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	text := a.As(identity.RoleSystemAdmin).Get("/console/system/status").Text()
	if !strings.Contains(text, "协程数") || !regexp.MustCompile(`累计等待[0-9,]+ 毫秒`).MatchString(text) {
		t.Errorf("not in words: %s", text)
	}
}
