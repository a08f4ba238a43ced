package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tongban/internal/app/apptest"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
)

func wantStatus(t *testing.T, p *apptest.Page, status int) {
	t.Helper()
	if p.Status != status {
		t.Fatalf("%s answered %d, want %d:\n%s", p.URL, p.Status, status, p.Text())
	}
}

func rows(p *apptest.Page) int { return p.Find("[data-testid=entries] tbody tr").Length() }

func TestLogPages(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	auditor := a.As(identity.RoleAuditor)
	made, err := a.Identity().CreateAccount(a.System(), identity.CreateAccountInput{Login: "li.lei", Name: "<script>李雷</script>"})
	if err != nil {
		t.Fatal(err)
	}
	id := made.Account.ID
	if _, err := a.Identity().UpdateAccount(a.System(), identity.UpdateAccountInput{ID: id, Name: "李蕾"}); err != nil {
		t.Fatal(err)
	}
	list := auditor.Get("/console/audit?q=" + url.QueryEscape("李雷"))
	wantStatus(t, list, http.StatusOK)
	if rows(list) != 1 || strings.Contains(list.Body, "<script>李雷") {
		t.Fatalf("search shows %d rows:\n%s", rows(list), list.Text())
	}
	if n := rows(auditor.Get("/console/audit?op=identity.account.update")); n != 1 {
		t.Fatalf("%d updates", n)
	}
	if n := rows(auditor.Get("/console/audit?op=identity.account.update&to=2026-11-19")); n != 0 {
		t.Fatalf("%d updates before the day", n)
	}
	href, _ := auditor.Get("/console/audit?op=identity.account.update").Find("[data-testid=entries] tbody a").First().Attr("href")
	entry := auditor.Get(href)
	wantStatus(t, entry, http.StatusOK)
	if del, ins := entry.Find(".tb-diff-changed del").First().Text(), entry.Find(".tb-diff-changed ins").First().Text(); del != "<script>李雷</script>" || ins != "李蕾" {
		t.Errorf("before %q, after %q:\n%s", del, ins, entry.Text())
	}
	history := auditor.Get("/console/audit/things/identity.account/" + id)
	wantStatus(t, history, http.StatusOK)
	if n := history.Find(".tb-timeline > li").Length(); n != 2 {
		t.Errorf("%d steps in the history", n)
	}
	if n := auditor.Get("/console/audit/things/identity.account/" + id + "?reads=1").Find(".tb-timeline > li").Length(); n != 3 {
		t.Errorf("%d steps with the reads", n)
	}
	tab := auditor.Get("/console/identity/accounts/" + id + "/history")
	if n := tab.Find(".tb-timeline > li").Length(); n != 2 {
		t.Errorf("%d steps on the account's page:\n%s", n, tab.Text())
	}
}

func TestValuesAreTranslated(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	auditor := a.As(identity.RoleAuditor)
	if _, err := a.Identity().CreateAccount(a.System(), identity.CreateAccountInput{Login: "li.lei", Name: "李雷", Roles: []string{identity.RoleAgent}}); err != nil {
		t.Fatal(err)
	}
	in := identity.UpdateRoleInput{ID: identity.RoleAgent, Permissions: []op.Permission{identity.PermAccountRead}}
	if _, err := a.Identity().UpdateRole(a.System(), in); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"identity.account.create&q=" + url.QueryEscape("李雷"): {"个人", "正常", "客服坐席", "是", "2026-11-20 10:00:00 +08:00"},
		"identity.role.update": {"角色 客服坐席", "查看账号"},
	} {
		href, _ := auditor.Get("/console/audit?op=" + name).Find("[data-testid=entries] tbody a").First().Attr("href")
		text := auditor.Get(href).Find("main").Text()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %s:\n%s", name, w, text)
			}
		}
	}
}

func TestReasonIsLabelled(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	auditor := a.As(identity.RoleAuditor)
	if _, err := a.Identity().CreateAccount(a.System(), identity.CreateAccountInput{Login: "li.lei", Name: "李雷"}); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, a.Browser().Get("/sign-in").Form("[data-testid=sign-in-form]").Set("login", "li.lei").Set("password", "wrong").Submit(), http.StatusUnauthorized)
	row := auditor.Get("/console/audit?op=identity.session.sign_in&outcome=refused").Find("[data-testid=entries] tbody tr").First().Text()
	if !strings.Contains(row, "原因：li.lei") || !strings.Contains(row, "—") {
		t.Errorf("the row says %q", row)
	}
}

func TestLogPagesRefuse(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	auditor, boss := a.As(identity.RoleAuditor), a.As(identity.RoleSystemAdmin)
	for path, status := range map[string]int{
		"/console/audit?from=yesterday": 422, "/console/audit?outcome=perhaps": 422, "/console/audit?cursor=x": 422, "/console/audit?q=%E7%8E%8B": 422,
		"/console/audit/no-such": 404, "/console/audit/things/k/%00": 404, "/console/audit/export?format=csv": 200,
	} {
		wantStatus(t, auditor.Get(path), status)
	}
	for _, path := range []string{"/console/audit", "/console/audit/x", "/console/audit/things/k/x", "/console/audit/export?format=csv"} {
		wantStatus(t, boss.Get(path), http.StatusForbidden)
		wantStatus(t, a.Browser().Get(path), http.StatusSeeOther)
	}
	wantStatus(t, auditor.Get("/console/audit/export?format=exe"), http.StatusUnprocessableEntity)
	// Two looks of an administrator and two of a visitor, whose repeated knocking is told once a minute.
	if n := rows(auditor.Get("/console/audit?outcome=refused&op=audit.entry.search")); n != 3 {
		t.Errorf("%d refused looks at the log are in the log", n)
	}
}

func TestLogPaging(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	auditor := a.As(identity.RoleAuditor)
	for range 120 {
		wantStatus(t, auditor.Get("/console/audit?op=x.y.z"), http.StatusOK)
	}
	page, seen := auditor.Get("/console/audit?op=audit.entry.search"), 0
	for range 4 {
		seen += rows(page)
		next, more := page.Find("a[rel=next]").Attr("href")
		if !more {
			break
		}
		page = auditor.Get(next)
	}
	if seen != 120 {
		t.Errorf("%d entries on all pages, want 120", seen)
	}
}
