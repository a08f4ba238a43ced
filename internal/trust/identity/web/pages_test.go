package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tongban/internal/app/apptest"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
	"tongban/spec"
)

const password = apptest.Password

func wantStatus(t *testing.T, p *apptest.Page, status int) {
	t.Helper()
	if p.Status != status {
		t.Fatalf("%s answered %d, want %d:\n%s", p.URL, p.Status, status, p.Text())
	}
}

func wantText(t *testing.T, p *apptest.Page, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(p.Text(), s) {
			t.Fatalf("%s does not say %q:\n%s", p.URL, s, p.Text())
		}
	}
}

func account(t *testing.T, a *apptest.App, login string, roles ...string) identity.Account {
	t.Helper()
	out, err := a.Identity().CreateAccount(a.System(), identity.CreateAccountInput{
		Login: login, Name: "名 " + login, Roles: roles, Password: password, KeepPassword: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Account
}

func signIn(c *apptest.Client, login, password string) *apptest.Page {
	return c.Get("/sign-in").Form("form[data-testid=sign-in-form]").Set("login", login).Set("password", password).Submit()
}

func TestSignInPages(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	account(t, a, "staff", identity.RoleAgent)
	account(t, a, "citizen", identity.RoleCitizen)
	for login, start := range map[string]string{"staff": "/console", "citizen": "/"} {
		c := a.Browser()
		page := signIn(c, login, password)
		wantStatus(t, page, http.StatusSeeOther)
		if to := page.Header.Get("Location"); to != start {
			t.Errorf("%s begins at %s, want %s", login, to, start)
		}
		cookies := page.Header.Values("Set-Cookie")
		if len(cookies) < 2 {
			t.Fatalf("cookies %v", cookies)
		}
		for _, cookie := range cookies {
			if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
				t.Errorf("the cookie %s can be read or sent by others", cookie)
			}
		}
		wantStatus(t, c.Get("/me"), http.StatusOK)
		out := c.Get("/me").Form("form[action='/sign-out']").Submit()
		wantStatus(t, out, http.StatusSeeOther)
		wantText(t, out.Follow(), "您已退出登录")
		wantStatus(t, c.Get("/me"), http.StatusSeeOther)
	}
	// Nobody is led to another site, and to where they wanted on this one.
	for next, want := range map[string]string{
		"https://evil.example/": "/console", "//evil.example": "/console", `/\evil.example`: "/console", "/me": "/me",
	} {
		page := a.Browser().Get("/sign-in?next="+url.QueryEscape(next)).Form("form[data-testid=sign-in-form]").
			Set("login", "staff").Set("password", password).Submit()
		if to := page.Header.Get("Location"); to != want {
			t.Errorf("next=%s leads to %s, want %s", next, to, want)
		}
	}
}

func TestSignInRefusals(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	account(t, a, "known", identity.RoleAgent)
	wrong, unknown := signIn(a.Browser(), "known", "not the password"), signIn(a.Browser(), "unknown", "not the password")
	wantStatus(t, wrong, http.StatusUnauthorized)
	wantText(t, wrong, "登录名或密码不正确，或账号不可用")
	if wrong.Find("[name=login]").AttrOr("value", "") != "known" || wrong.Find("[name=password]").AttrOr("value", "") != "" {
		t.Error("the name was lost, or the password was sent back")
	}
	if strings.ReplaceAll(wrong.Text(), "known", "") != strings.ReplaceAll(unknown.Text(), "unknown", "") || wrong.Status != unknown.Status {
		t.Error("an unknown name is answered differently")
	}
	empty := signIn(a.Browser(), "", "")
	wantStatus(t, empty, http.StatusUnprocessableEntity)
	if empty.Find("[aria-invalid=true]").Length() != 2 {
		t.Error("the empty fields are not marked")
	}
	c := a.Browser()
	for range 6 {
		signIn(c, "known", "not the password")
	}
	slow := signIn(c, "known", password)
	wantStatus(t, slow, http.StatusTooManyRequests)
	if slow.Header.Get("Retry-After") == "" {
		t.Error("nobody says how long to wait")
	}
	wantText(t, slow, "秒后再试")
}

func TestFirstPasswordIsChangedFirst(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	boss := a.As(identity.RoleSystemAdmin)
	made := boss.Get("/console/identity/accounts/new").Form("[data-testid=account-form]").
		Set("login", "han.mei").Set("name", "韩梅").Set("kind", "person").Set("roles", identity.RoleAgent).Submit()
	wantStatus(t, made, http.StatusOK)
	once := made.Find(".tb-result-number").Text()
	if len(once) != 14 {
		t.Fatalf("no one-time password on the page:\n%s", made.Text())
	}
	c := a.Browser()
	page := signIn(c, "han.mei", once)
	if to := page.Header.Get("Location"); to != "/me/password" {
		t.Fatalf("the first sign-in leads to %s", to)
	}
	wantText(t, page.Follow(), "请先修改密码")
	wantStatus(t, c.Get("/console"), http.StatusForbidden)
	form := func(current, fresh, again string) *apptest.Page {
		return c.Get("/me/password").Form("[data-testid=password-form]").Set("current", current).Set("new", fresh).Set("again", again).Submit()
	}
	wantText(t, form(once, "Neun mal Kaffee bitte", "Neun mal Tee bitte"), "两次输入的新密码不一致")
	wantText(t, form(once, "1234567890", "1234567890"), "密码过于简单")
	wantText(t, form("not it at all", "Neun mal Kaffee bitte", "Neun mal Kaffee bitte"), "当前密码不正确")
	done := form(once, "Neun mal Kaffee bitte", "Neun mal Kaffee bitte")
	wantStatus(t, done, http.StatusSeeOther)
	wantStatus(t, c.Get("/console"), http.StatusOK)
}

func TestSetupPages(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	link, err := a.Identity().IssueSetup(a.System(), op.None{})
	if err != nil {
		t.Fatal(err)
	}
	c := a.Browser()
	wantStatus(t, c.Get("/setup/"+strings.Repeat("x", 43)), http.StatusConflict)
	form := c.Get("/setup/"+link.Secret).Form("[data-testid=setup-form]").
		Set("organisation", "滨海市").Set("login", "first").Set("name", "第一人").Set("password", password).Set("again", password+"x")
	wantText(t, form.Submit(), "两次输入的新密码不一致")
	done := form.Set("again", password).Submit()
	wantStatus(t, done, http.StatusSeeOther)
	if to := done.Header.Get("Location"); to != "/console" {
		t.Errorf("setup leads to %s", to)
	}
	wantText(t, c.Get("/console/identity/accounts"), "第一人")
	if name := c.Get("/console/identity/organisation").Find("[name=name]").AttrOr("value", ""); name != "滨海市" {
		t.Errorf("the organisation is called %q", name)
	}
	wantStatus(t, a.Browser().Get("/setup/"+link.Secret), http.StatusConflict)
}

func TestAccountPages(t *testing.T) {
	spec.Covers(t, "MP-5.2-e-1", "MP-5.2-d")
	t.Parallel()
	a := apptest.New(t)
	boss := a.As(identity.RoleSystemAdmin)
	li := account(t, a, "li.lei", identity.RoleAgent)
	account(t, a, "han.mei", identity.RoleEngineer)
	list := boss.Get("/console/identity/accounts?q=li&state=active")
	wantStatus(t, list, http.StatusOK)
	if list.Find("[data-testid=accounts] tbody tr").Length() != 1 || list.Find("[name=q]").AttrOr("value", "") != "li" {
		t.Fatalf("the filter of the address does not count:\n%s", list.Text())
	}
	wantStatus(t, boss.Get("/console/identity/accounts?sort=evil"), http.StatusUnprocessableEntity)
	wantStatus(t, boss.Get("/console/identity/accounts?cursor=junk"), http.StatusUnprocessableEntity)
	base := "/console/identity/accounts/" + li.ID

	off := boss.Get(base).Form("form[action$='/disable']").Submit()
	wantStatus(t, off, http.StatusSeeOther)
	told := off.Follow()
	wantText(t, told, "已停用账号：名 li.lei", "已停用")
	wantStatus(t, told.Form("form[action^='/undo/']").Submit(), http.StatusSeeOther)
	if boss.Get(base).Find("[data-testid=disable]").Length() != 1 {
		t.Error("the undo did not enable the account")
	}

	edit := boss.Get(base+"/edit").Form("[data-testid=account-form]").Set("name", "")
	refused := edit.Set("unit", "二楼大厅").Submit()
	wantStatus(t, refused, http.StatusUnprocessableEntity)
	if refused.Find("[name=unit]").AttrOr("value", "") != "二楼大厅" || refused.Find("[name=name]").AttrOr("aria-invalid", "") != "true" {
		t.Error("what was typed is lost, or the field is not marked")
	}
	wantText(t, refused.Form("[data-testid=account-form]").Set("name", "李雷").Submit().Follow(), "李雷", "二楼大厅")

	grant := boss.Get(base + "/roles").Form("[data-testid=grant-form]")
	conflict := grant.Set("role", identity.RoleAuditor).Submit()
	wantStatus(t, conflict, http.StatusConflict)
	wantStatus(t, boss.Get(base+"/roles").Form("[data-testid=grant-form]").Set("role", identity.RoleTeller).Submit(), http.StatusSeeOther)
	wantText(t, boss.Get(base+"/roles"), "银行柜员", "客服坐席")
	wantText(t, boss.Get(base).Form("form[action$='/reset']").Submit(), "一次性密码")
	wantStatus(t, boss.Get("/console/identity/accounts/no-such"), http.StatusNotFound)
}

func TestBulkDisableAsks(t *testing.T) {
	spec.Covers(t, "MP-5.2-e-2", "MP-5.2-e-3")
	t.Parallel()
	a := apptest.New(t)
	boss := a.As(identity.RoleSystemAdmin)
	one, two := account(t, a, "one"), account(t, a, "two")
	ask := boss.Get("/console/identity/accounts").Form("form[data-bulk]").Set("id", one.ID, two.ID).Submit()
	wantStatus(t, ask, http.StatusPreconditionFailed)
	wantText(t, ask, "将停用 2 个账号", "名 one (one)", "名 two (two)")
	done := ask.Form("form[action$='/disable']").Submit()
	wantStatus(t, done, http.StatusSeeOther)
	wantText(t, done.Follow(), "已停用 2 个账号")
	got, err := a.Identity().Account(a.System(), identity.AccountRef{ID: two.ID})
	if err != nil || got.State != identity.Disabled {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestTokenPages(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	boss := a.As(identity.RoleSystemAdmin)
	form := boss.Get("/console/identity/accounts/new").Form("[data-testid=account-form]").Set("login", "robot").Set("name", "对账").Set("kind", "service")
	power := form.Set("roles", identity.RoleAuditor).Submit()
	wantStatus(t, power, http.StatusConflict)
	wantText(t, power, "程序账号不能拥有这些角色")
	made := form.Set("roles", identity.RoleAgent).Submit()
	wantStatus(t, made, http.StatusSeeOther)
	tokens := made.Follow()
	wantStatus(t, tokens.Form("[data-testid=token-form]").Set("name", "").Set("life", "30").Submit(), http.StatusUnprocessableEntity)
	issued := tokens.Form("[data-testid=token-form]").Set("name", "夜间对账").Set("life", "30").Submit()
	bearer := issued.Find(".tb-result-number").Text()
	if !strings.HasPrefix(bearer, identity.TokenPrefix) {
		t.Fatalf("no token:\n%s", issued.Text())
	}
	call := func(method, path, body string, headers ...string) *apptest.Page {
		req, err := http.NewRequest(method, a.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		req.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		return a.Browser().Do(req)
	}
	me := call("GET", "/api/v1/me", "")
	wantStatus(t, me, http.StatusOK)
	wantText(t, me, `"login":"robot"`, "system.console.open")
	wantStatus(t, call("GET", "/api/v1/identity/accounts?limit=1", ""), http.StatusForbidden)
	robot := bearer
	bearer = personToken(t, a, boss)
	wantText(t, call("GET", "/api/v1/identity/accounts?limit=1", ""), `"next":`)
	body := `{"login":"api.made","name":"接口"}`
	first := call("POST", "/api/v1/identity/accounts", body, "Idempotency-Key", "k1")
	wantStatus(t, first, http.StatusCreated)
	wantStatus(t, call("POST", "/api/v1/identity/accounts", body, "Idempotency-Key", "k1"), http.StatusConflict) // its password is shown once
	taken := call("POST", "/api/v1/identity/accounts", body)
	wantStatus(t, taken, http.StatusConflict)
	wantText(t, taken, `"code":"identity.login_taken"`)
	if kind := taken.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("a failure is %s", kind)
	}
	wantStatus(t, call("GET", "/api/v1/audit/entries", ""), http.StatusForbidden)
	bearer = robot
	wantStatus(t, boss.Get(tokens.URL.Path).Form("form[action$='/tokens/revoke']").Submit(), http.StatusSeeOther)
	wantStatus(t, call("GET", "/api/v1/me", ""), http.StatusUnauthorized)
}

// personToken is a token for a system administrator, as the operator's command makes it.
func personToken(t *testing.T, a *apptest.App, boss *apptest.Client) string {
	t.Helper()
	list, err := a.Identity().ListAccounts(a.System(), identity.ListAccountsInput{Role: identity.RoleSystemAdmin})
	if err != nil || len(list.Accounts) != 1 {
		t.Fatalf("administrators %+v, %v", list, err)
	}
	id := list.Accounts[0].ID
	made, err := a.Identity().CreateToken(a.System(), identity.CreateTokenInput{AccountID: id, Name: "operator"})
	if err != nil {
		t.Fatal(err)
	}
	tab := boss.Get("/console/identity/accounts/" + id + "/tokens")
	if boss.Get("/console/identity/accounts/"+id).Find("a[href$='/tokens']").Length() != 1 || tab.Find("[data-testid=token-form]").Length() != 0 {
		t.Error("a person's tokens are not shown, or one can be issued to a person")
	}
	wantText(t, tab, "operator")
	return made.Bearer
}

func TestRolePages(t *testing.T) {
	spec.Covers(t, "MP-4.1-c-1")
	t.Parallel()
	a := apptest.New(t)
	boss, manager, auditor := a.As(identity.RoleSystemAdmin), a.As(identity.RoleManager), a.As(identity.RoleAuditor)
	wantStatus(t, manager.Get("/console/identity/accounts"), http.StatusForbidden)
	page := boss.Get("/console/identity/roles/" + identity.RoleManager)
	if page.Find("[value='identity.account.write']").Length() != 0 {
		t.Error("a right of the system administrator is offered to a manager")
	}
	wantStatus(t, page.Form("[data-testid=role-form]").Set("permissions", "system.console.open", "identity.account.read").Submit(), http.StatusSeeOther)
	wantStatus(t, manager.Get("/console/identity/accounts"), http.StatusOK)
	wantStatus(t, page.Form("[data-testid=role-form]").Submit(), http.StatusConflict) // the page is old
	matrix := boss.Get("/console/identity/roles/matrix")
	rows := matrix.Find("[data-testid=matrix] tbody tr").Length()
	if want := len(a.Operations().Permissions()); rows != want {
		t.Errorf("the matrix has %d permissions, the program %d", rows, want)
	}
	wantStatus(t, auditor.Get("/console/identity/roles/"+identity.RoleManager), http.StatusOK)
	if auditor.Get("/console/identity/roles/"+identity.RoleManager).Find("[data-testid=role-form]").Length() != 0 {
		t.Error("an auditor is offered to change a role")
	}
	wantStatus(t, boss.Get("/console/identity/roles/evil"), http.StatusNotFound)
	// Each of the three sees their own menus; what belongs to another is refused and in the log.
	business := a.As(identity.RoleBusinessAdmin)
	for _, c := range []struct {
		who          *apptest.Client
		sees, misses string
	}{
		{boss, "/console/identity/organisation", "/console/audit"}, {auditor, "/console/audit", "/console/identity/organisation"},
		{business, "/console/system/calendar", "/console/identity/accounts"},
	} {
		page := c.who.Get("/console")
		if page.Find("nav a[href='"+c.sees+"']").Length() == 0 || page.Find("nav a[href='"+c.misses+"']").Length() != 0 {
			t.Errorf("%s does not see %s alone", c.who.Login, c.sees)
		}
		wantStatus(t, c.who.Get(c.misses), http.StatusForbidden)
	}
	if auditor.Get("/console/audit?outcome=refused&op=identity.account.list").Find("[data-testid=entries] tbody tr").Length() != 2 {
		t.Error("the refusals are not in the log")
	}
}

func TestMyPages(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	account(t, a, "li", identity.RoleCitizen)
	here, there := a.Browser(), a.Browser()
	signIn(here, "li", password)
	signIn(there, "li", password)
	sessions := here.Get("/me/sessions")
	if sessions.Find("[data-testid=end-session]").Length() != 1 {
		t.Fatalf("sessions:\n%s", sessions.Text())
	}
	wantStatus(t, sessions.Form("form[action$='/end']").Submit(), http.StatusSeeOther)
	wantStatus(t, there.Get("/me"), http.StatusSeeOther)
	wantStatus(t, here.Get("/me"), http.StatusOK)
	shown := here.Get("/me/display").Form("[data-testid=display-form]").Set("lang", "en").Set("theme", "dark").Set("large", "1").Set("contrast", "0").Submit()
	wantStatus(t, shown, http.StatusSeeOther)
	wantText(t, here.Get("/me"), "Sign-in name", "Citizen")
	for _, path := range []string{"/me", "/me/password", "/me/sessions", "/me/display", "/console/identity/accounts", "/console/identity/accounts/new",
		"/console/identity/organisation", "/console/identity/roles"} {
		wantStatus(t, a.Browser().Get(path), http.StatusSeeOther)
	}
}

func TestOrganisationPage(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	boss := a.As(identity.RoleSystemAdmin)
	form := boss.Get("/console/identity/organisation").Form("[data-testid=organisation-form]").Set("language", "zh-CN")
	wantStatus(t, form.Set("name", "").Submit(), http.StatusUnprocessableEntity)
	saved := form.Set("name", "滨海市政务服务中心").Submit().Follow()
	wantText(t, saved, "机构信息已保存")
	if name := saved.Find("[name=name]").AttrOr("value", ""); name != "滨海市政务服务中心" {
		t.Errorf("the organisation is called %q", name)
	}
	wantStatus(t, form.Set("name", "老页面").Submit(), http.StatusConflict)
	wantStatus(t, a.As(identity.RoleAgent).Get("/console/identity/organisation"), http.StatusForbidden)
}

func TestExport(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	boss, auditor := a.As(identity.RoleSystemAdmin), a.As(identity.RoleAuditor)
	if _, err := a.Identity().CreateAccount(a.System(), identity.CreateAccountInput{Login: "formula", Name: "=1+1"}); err != nil {
		t.Fatal(err)
	}
	page := boss.Get("/console/identity/accounts/export?format=csv&q=formula")
	wantStatus(t, page, http.StatusOK)
	if !strings.HasPrefix(page.Body, "\ufeff登录名,姓名") || !strings.Contains(page.Body, "'=1+1") || strings.Count(page.Body, "\r\n") != 2 {
		t.Errorf("exported %q", page.Body)
	}
	wantStatus(t, boss.Get("/console/identity/accounts/export?format=exe"), http.StatusUnprocessableEntity)
	log := auditor.Get("/console/audit?op=identity.account.export&outcome=done")
	if log.Find("[data-testid=entries] tbody tr").Length() != 1 {
		t.Errorf("the exports are not in the log:\n%s", log.Text())
	}
}

func TestSessionEndsByTime(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	c := a.As(identity.RoleAgent)
	wantStatus(t, c.Get("/console"), http.StatusOK)
	a.Clock.Advance(24 * time.Hour)
	page := c.Get("/console")
	wantStatus(t, page, http.StatusSeeOther)
	if to := page.Header.Get("Location"); to != "/sign-in?next=%2Fconsole" {
		t.Errorf("an old session leads to %s", to)
	}
}
