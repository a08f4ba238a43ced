package identity_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
	"tongban/internal/trust/identity/identitytest"
	"tongban/spec"
)

// each runs fn on a fixture of each engine.
func each(t *testing.T, fn func(t *testing.T, f *identitytest.Fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, identitytest.New(t, d)) }, identitytest.Sets()...)
}

// fixture is a fixture on SQLite.
func fixture(t testing.TB) *identitytest.Fixture {
	t.Helper()
	return identitytest.New(t, dbtest.Open(t, db.SQLite, identitytest.Sets()...))
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func fieldOf(err error) (name, code string) {
	if e := errs.From(err); e != nil && len(e.Fields) > 0 {
		return e.Fields[0].Name, e.Fields[0].Code
	}
	return "", ""
}

func TestAccountLife(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "boss", identity.RoleSystemAdmin)
		ctx := f.As(t, "boss")
		created, err := f.CreateAccount(ctx, identity.CreateAccountInput{Login: "Li.Lei", Name: "李雷", Unit: "一楼大厅", Roles: []string{identity.RoleAgent}})
		if err != nil {
			t.Fatal(err)
		}
		if created.Password == "" || !created.Account.MustChange || created.Account.Kind != identity.Person {
			t.Fatalf("created %+v", created)
		}
		_, err = f.CreateAccount(ctx, identity.CreateAccountInput{Login: "ｌｉ.lei", Name: "另一个李雷"})
		wantErr(t, err, identity.ErrLoginTaken)
		if name, _ := fieldOf(err); name != "login" {
			t.Errorf("the fault is at %q, want login", name)
		}

		a, err := f.UpdateAccount(ctx, identity.UpdateAccountInput{ID: created.Account.ID, Name: " 李蕾 ", Unit: "二楼", Version: 1})
		if err != nil || a.Name != "李蕾" || a.Version != 2 {
			t.Fatalf("updated %+v, %v", a, err)
		}
		_, err = f.UpdateAccount(ctx, identity.UpdateAccountInput{ID: a.ID, Name: "李", Version: 1})
		wantErr(t, err, identity.ErrChanged)

		a, err = f.DisableAccount(ctx, identity.AccountRef{ID: a.ID})
		if err != nil || a.State != identity.Disabled {
			t.Fatalf("disabled %+v, %v", a, err)
		}
		_, err = f.DisableAccount(ctx, identity.AccountRef{ID: a.ID})
		wantErr(t, err, identity.ErrStateAlready)
		a, err = f.EnableAccount(ctx, identity.AccountRef{ID: a.ID})
		if err != nil || a.State != identity.Active {
			t.Fatalf("enabled %+v, %v", a, err)
		}
		read, err := f.Service.Account(ctx, identity.AccountRef{ID: a.ID})
		if err != nil || read.Name != "李蕾" || !slices.Equal(read.Roles, []string{identity.RoleAgent}) {
			t.Fatalf("read %+v, %v", read, err)
		}
		_, err = f.Service.Account(ctx, identity.AccountRef{ID: "no such"})
		wantErr(t, err, identity.ErrAccountNotFound)
	})
}

func TestUndoOfDisabling(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "boss", identity.RoleSystemAdmin)
	a := f.Account(t, "agent", identity.RoleAgent)
	ctx := f.As(t, "boss")
	var receipt op.Receipt
	if _, err := f.DisableAccount(op.WithReceipt(ctx, &receipt), identity.AccountRef{ID: a.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Registry.Undo(ctx, receipt.UndoID); err != nil {
		t.Fatal(err)
	}
	if got := must[identity.Account](t)(f.Service.Account(ctx, identity.AccountRef{ID: a.ID})); got.State != identity.Active {
		t.Fatalf("after the undo the account is %s", got.State)
	}
}

func TestCreateAccountRefuses(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	for _, c := range []struct {
		name        string
		in          identity.CreateAccountInput
		field, code string
	}{
		{"short login", identity.CreateAccountInput{Login: "x", Name: "X"}, "login", "identity.login_length"},
		{"long login", identity.CreateAccountInput{Login: string(make([]rune, 65)), Name: "X"}, "login", "identity.login_length"},
		{"space", identity.CreateAccountInput{Login: "a b", Name: "X"}, "login", "identity.login_characters"},
		{"markup", identity.CreateAccountInput{Login: "<script>", Name: "X"}, "login", "identity.login_characters"},
		{"nul", identity.CreateAccountInput{Login: "ab\x00c", Name: "X"}, "login", "identity.login_characters"},
		{"no name", identity.CreateAccountInput{Login: "abc", Name: "  "}, "name", "required"},
		{"control in name", identity.CreateAccountInput{Login: "abc", Name: "a\x1b[31m"}, "name", "bad_format"},
		{"broken name", identity.CreateAccountInput{Login: "abc", Name: "a\xff"}, "name", "bad_format"},
		{"kind", identity.CreateAccountInput{Login: "abc", Name: "X", Kind: "robot"}, "kind", "not_a_choice"},
		{"role", identity.CreateAccountInput{Login: "abc", Name: "X", Roles: []string{"root"}}, "roles", "not_a_choice"},
		{"weak", identity.CreateAccountInput{Login: "abc", Name: "X", Password: "1234567890"}, "password", "identity.password_simple"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.CreateAccount(identitytest.AsSystem(t), c.in)
			if field, code := fieldOf(err); field != c.field || code != c.code {
				t.Fatalf("got %q %q (%v), want %q %q", field, code, err, c.field, c.code)
			}
		})
	}
}

func TestThreePowers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		powers := []string{identity.RoleSystemAdmin, identity.RoleBusinessAdmin, identity.RoleAuditor}
		f.Account(t, "boss", identity.RoleSystemAdmin)
		f.Account(t, "boss2", identity.RoleSystemAdmin)
		ctx := f.As(t, "boss")
		for _, first := range powers {
			held := f.Account(t, "holder."+first, first)
			for _, second := range powers {
				if second == first {
					continue
				}
				_, err := f.GrantRole(ctx, identity.GrantInput{ID: held.ID, Role: second})
				wantErr(t, err, identity.ErrThreePowers)
				_, err = f.CreateAccount(ctx, identity.CreateAccountInput{Login: "both", Name: "Both", Roles: []string{first, second}})
				wantErr(t, err, identity.ErrThreePowers)
			}
		}
		auditor := f.Account(t, "aud", identity.RoleAuditor)
		_, err := f.GrantRole(ctx, identity.GrantInput{ID: auditor.ID, Role: identity.RoleTeller})
		wantErr(t, err, identity.ErrStandsAlone)
		teller := f.Account(t, "tell", identity.RoleTeller)
		_, err = f.GrantRole(ctx, identity.GrantInput{ID: teller.ID, Role: identity.RoleSystemAdmin})
		wantErr(t, err, identity.ErrStandsAlone)
		if a := must[identity.Account](t)(f.GrantRole(ctx, identity.GrantInput{ID: teller.ID, Role: identity.RoleRiskOfficer})); len(a.Roles) != 2 {
			t.Fatalf("roles %v", a.Roles)
		}
		// A change of a role cannot bring two powers into one hand either.
		roles := must[identity.RoleList](t)(f.Roles(ctx, op.None{}))
		if len(roles.Roles) != len(identity.RoleIDs()) {
			t.Fatalf("%d roles", len(roles.Roles))
		}
		for _, c := range []struct {
			role string
			perm op.Permission
		}{
			{identity.RoleBusinessAdmin, identity.PermAccountWrite}, {identity.RoleAuditor, identity.PermAccountWrite},
			{identity.RoleAgent, identity.PermRoleGrant},
		} {
			_, err := f.UpdateRole(ctx, identity.UpdateRoleInput{ID: c.role, Permissions: []op.Permission{c.perm}})
			wantErr(t, err, identity.ErrForeignPower)
		}
	})
}

func TestOwnAccountAndLastAdministrator(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	boss := f.Account(t, "boss", identity.RoleSystemAdmin)
	ctx, system := f.As(t, "boss"), identitytest.AsSystem(t)
	_, err := f.DisableAccount(ctx, identity.AccountRef{ID: boss.ID})
	wantErr(t, err, identity.ErrOwnAccount)
	_, err = f.RevokeRole(ctx, identity.GrantInput{ID: boss.ID, Role: identity.RoleSystemAdmin})
	wantErr(t, err, identity.ErrOwnAccount)
	_, err = f.GrantRole(ctx, identity.GrantInput{ID: boss.ID, Role: identity.RoleTeller})
	wantErr(t, err, identity.ErrOwnAccount)
	_, err = f.ResetPassword(ctx, identity.AccountRef{ID: boss.ID})
	wantErr(t, err, identity.ErrOwnAccount)
	_, err = f.DisableAccount(system, identity.AccountRef{ID: boss.ID})
	wantErr(t, err, identity.ErrLastAdministrator)
	_, err = f.RevokeRole(system, identity.GrantInput{ID: boss.ID, Role: identity.RoleSystemAdmin})
	wantErr(t, err, identity.ErrLastAdministrator)
	f.Account(t, "boss2", identity.RoleSystemAdmin)
	if _, err = f.RevokeRole(system, identity.GrantInput{ID: boss.ID, Role: identity.RoleSystemAdmin}); err != nil {
		t.Fatal(err)
	}
}

func TestUpdateRoleTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "boss", identity.RoleSystemAdmin)
		f.Account(t, "watcher", identity.RoleManager)
		boss := f.As(t, "boss")
		secret := f.SignInAs(t, "watcher").Secret
		can := func() bool {
			a, err := f.Authenticate(t.Context(), secret)
			if err != nil {
				t.Fatal(err)
			}
			return a.Can(identity.PermAccountRead)
		}
		if can() {
			t.Fatal("a manager sees accounts before anybody allowed it")
		}
		var receipt op.Receipt
		r, err := f.UpdateRole(op.WithReceipt(boss, &receipt), identity.UpdateRoleInput{ID: identity.RoleManager, Permissions: []op.Permission{identity.PermAccountRead}})
		if err != nil || !r.Changed || r.Version != 1 {
			t.Fatalf("updated %+v, %v", r, err)
		}
		if !can() {
			t.Fatal("the new right is not there")
		}
		_, err = f.UpdateRole(boss, identity.UpdateRoleInput{ID: identity.RoleManager, Version: 0})
		wantErr(t, err, identity.ErrChanged)
		if _, err := f.Registry.Undo(boss, receipt.UndoID); err != nil {
			t.Fatal(err)
		}
		if can() {
			t.Fatal("the right is still there after the undo")
		}
	})
}

func TestAdministratorWithoutBusiness(t *testing.T) {
	spec.Covers(t, "MB-design.tech-27")
	t.Parallel()
	f := fixture(t)
	business := op.New("desk.ticket.close", op.Needs("desk.ticket.write"))
	log := op.New("audit.entry.search", op.Needs("audit.read"), op.Reads())
	bound := []op.Bound{
		op.Bind(business, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }),
		op.Bind(log, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }),
	}
	reg, err := op.NewRegistry(f.Ops, f.Service.Module().Operations, bound)
	if err != nil {
		t.Fatal(err)
	}
	f.UseOperations(reg)
	for _, c := range []struct {
		role           string
		system, biz, l bool
	}{
		{identity.RoleSystemAdmin, true, false, false},
		{identity.RoleBusinessAdmin, false, true, false},
		{identity.RoleAuditor, false, false, true},
		{identity.RoleAgent, false, true, false},
		{identity.RoleCitizen, false, false, false},
	} {
		f.Account(t, "the."+c.role, c.role)
		a := op.ActorFrom(f.As(t, "the."+c.role))
		if a.Can(identity.PermAccountWrite) != c.system || a.Can("desk.ticket.write") != c.biz || a.Can("audit.read") != c.l {
			t.Errorf("%s may %v", c.role, a.Permissions)
		}
	}
	ctx := f.As(t, "the."+identity.RoleSystemAdmin)
	for _, p := range []op.Permission{"desk.ticket.write", "audit.read"} {
		_, err := f.UpdateRole(ctx, identity.UpdateRoleInput{ID: identity.RoleSystemAdmin, Permissions: []op.Permission{identity.PermRoleWrite, p}})
		wantErr(t, err, identity.ErrForeignPower)
	}
}

func TestDisableManyAsksFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "boss", identity.RoleSystemAdmin)
		a, b := f.Account(t, "one"), f.Account(t, "two")
		ctx := f.As(t, "boss")
		in := identity.AccountRefs{IDs: []string{a.ID, b.ID, a.ID}}
		_, err := f.DisableAccounts(ctx, in)
		var ask *op.NeedsConfirmation
		if !errors.As(err, &ask) || len(ask.Effect.Names) != 2 || ask.Effect.Value["n"] != 2 {
			t.Fatalf("got %v", err)
		}
		if got := must[identity.Account](t)(f.Service.Account(ctx, identity.AccountRef{ID: a.ID})); got.State != identity.Active {
			t.Fatal("something was disabled without confirmation")
		}
		var receipt op.Receipt
		out, err := f.DisableAccounts(op.WithReceipt(op.WithConfirmation(ctx, op.Confirmation{Token: ask.Token}), &receipt), in)
		if err != nil || out.Disabled != 2 {
			t.Fatalf("got %+v, %v", out, err)
		}
		if _, err := f.Registry.Undo(ctx, receipt.UndoID); err != nil {
			t.Fatal(err)
		}
		if got := must[identity.Account](t)(f.Service.Account(ctx, identity.AccountRef{ID: b.ID})); got.State != identity.Active {
			t.Fatal("the undo did not open the accounts again")
		}
		_, err = f.DisableAccounts(ctx, identity.AccountRefs{})
		if _, code := fieldOf(err); code != "identity.nothing_selected" {
			t.Fatalf("got %v", err)
		}
	})
}

func TestListAccounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		system := identitytest.AsSystem(t)
		for _, a := range []identity.CreateAccountInput{
			{Login: "zhang.wei", Name: "张伟", Unit: "市政务服务中心", Roles: []string{identity.RoleAgent}},
			{Login: "zhang.min", Name: "张敏", Unit: "市政务服务中心"},
			{Login: "wang", Name: "王大伟", Unit: "运维部", Roles: []string{identity.RoleEngineer}},
			{Login: "probe", Name: "Probe", Kind: identity.Program},
		} {
			if _, err := f.CreateAccount(system, a); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			name string
			in   identity.ListAccountsInput
			want []string
		}{
			{"all", identity.ListAccountsInput{}, []string{"probe", "wang", "zhang.min", "zhang.wei"}},
			{"backwards", identity.ListAccountsInput{Desc: true}, []string{"zhang.wei", "zhang.min", "wang", "probe"}},
			{"by creation", identity.ListAccountsInput{Sort: "created"}, []string{"zhang.wei", "zhang.min", "wang", "probe"}},
			{"beginning of login", identity.ListAccountsInput{Query: "ZHA"}, []string{"zhang.min", "zhang.wei"}},
			{"second part of login", identity.ListAccountsInput{Query: "wei"}, []string{"zhang.wei"}},
			{"inside a Chinese name", identity.ListAccountsInput{Query: "伟"}, []string{"wang", "zhang.wei"}},
			{"unit", identity.ListAccountsInput{Query: "政务"}, []string{"zhang.min", "zhang.wei"}},
			{"two words", identity.ListAccountsInput{Query: "政务 敏"}, []string{"zhang.min"}},
			{"role", identity.ListAccountsInput{Role: identity.RoleEngineer}, []string{"wang"}},
			{"kind", identity.ListAccountsInput{Kind: identity.Program}, []string{"probe"}},
			{"state", identity.ListAccountsInput{State: identity.Disabled}, nil},
			{"role and word", identity.ListAccountsInput{Role: identity.RoleAgent, Query: "zhang"}, []string{"zhang.wei"}},
			{"wildcards are text", identity.ListAccountsInput{Query: "zhang_"}, []string{"zhang.min", "zhang.wei"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				for _, size := range []int{1, 2, 50} {
					if got := logins(t, f, c.in, size); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
						t.Fatalf("pages of %d: got %v, want %v", size, got, c.want)
					}
				}
			})
		}
	})
}

// logins walks all pages.
func logins(t *testing.T, f *identitytest.Fixture, in identity.ListAccountsInput, size int) []string {
	t.Helper()
	var got []string
	in.Page.Limit = size
	for {
		list, err := f.ListAccounts(identitytest.AsSystem(t), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list.Accounts {
			got = append(got, a.Login)
		}
		if in.Page.Cursor = list.Next; list.Next == "" {
			return got
		}
	}
}

func TestListAccountsRefusesJunk(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	for name, in := range map[string]identity.ListAccountsInput{
		"sort":        {Sort: "login; drop table identity_account"},
		"role":        {Role: "'"},
		"cursor":      {Page: db.Page{Cursor: "WzEsMl0"}},
		"punctuation": {Query: "%%%"},
		"nul":         {Query: "a\x00"},
	} {
		if _, err := f.ListAccounts(identitytest.AsSystem(t), in); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOrganisation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "boss", identity.RoleSystemAdmin)
		ctx := f.As(t, "boss")
		o := must[identity.Organisation](t)(f.Organisation(t.Context(), op.None{}))
		if o != identity.DefaultOrganisation() || f.OrganisationName(ctx) != o.Name {
			t.Fatalf("got %+v", o)
		}
		o.Name, o.Phone = "滨海市政务服务中心", "400-123-4567"
		in := identity.UpdateOrganisationInput(o)
		saved := must[identity.Organisation](t)(f.UpdateOrganisation(ctx, in))
		if saved.Version != 1 || f.OrganisationName(ctx) != o.Name {
			t.Fatalf("saved %+v, called %s", saved, f.OrganisationName(ctx))
		}
		_, err := f.UpdateOrganisation(ctx, in)
		wantErr(t, err, identity.ErrChanged)
		for field, bad := range map[string]identity.UpdateOrganisationInput{
			"name": {Language: "en", Zone: "UTC"}, "language": {Name: "x", Language: "xx", Zone: "UTC"},
			"zone": {Name: "x", Language: "en", Zone: "../etc/passwd"}, "email": {Name: "x", Language: "en", Zone: "UTC", Email: "a@b\r\nBcc: c"},
		} {
			_, err := f.UpdateOrganisation(ctx, bad)
			if got, _ := fieldOf(err); got != field {
				t.Errorf("%s: got %v", field, err)
			}
		}
	})
}

func TestSetup(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		system, visitor := identitytest.AsSystem(t), identitytest.Visitor(t, "192.0.2.7")
		_, err := f.IssueSetup(visitor, op.None{})
		wantErr(t, err, op.ErrSessionRequired)
		first := must[identity.SetupLink](t)(f.IssueSetup(system, op.None{}))
		link := must[identity.SetupLink](t)(f.IssueSetup(system, op.None{}))
		in := identity.FinishSetupInput{Organisation: "滨海市", Login: "root.zhao", Name: "赵一", Password: identitytest.Password}
		for _, token := range []string{"", "guess", first.Secret} {
			in.Token = token
			_, err := f.FinishSetup(visitor, in)
			wantErr(t, err, identity.ErrSetupOver)
		}
		in.Token = link.Secret
		a := must[identity.Account](t)(f.FinishSetup(visitor, in))
		if !slices.Equal(a.Roles, []string{identity.RoleSystemAdmin}) || f.OrganisationName(visitor) != "滨海市" {
			t.Fatalf("made %+v", a)
		}
		in.Login = "second"
		_, err = f.FinishSetup(visitor, in)
		wantErr(t, err, identity.ErrSetupOver)
		if again := must[identity.SetupLink](t)(f.IssueSetup(system, op.None{})); again.Secret != "" {
			t.Fatal("a link was made although there is an administrator")
		}
		f.SignInAs(t, "root.zhao")
	})
}

func TestSetupLinkExpires(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	link := must[identity.SetupLink](t)(f.IssueSetup(identitytest.AsSystem(t), op.None{}))
	f.Clock.Set(link.Expires)
	_, err := f.FinishSetup(identitytest.Visitor(t, "192.0.2.7"), identity.FinishSetupInput{
		Token: link.Secret, Organisation: "x", Login: "root.zhao", Name: "赵一", Password: identitytest.Password,
	})
	wantErr(t, err, identity.ErrSetupOver)
}

// TestProgramsHoldNoPower closes the way to the audit log by a program one makes oneself.
func TestProgramsHoldNoPower(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "boss", identity.RoleSystemAdmin)
	ctx := f.As(t, "boss")
	robot := must[identity.CreatedAccount](t)(f.CreateAccount(ctx, identity.CreateAccountInput{Login: "robot", Name: "程序", Kind: identity.Program}))
	for _, role := range []string{identity.RoleSystemAdmin, identity.RoleBusinessAdmin, identity.RoleAuditor} {
		_, err := f.CreateAccount(ctx, identity.CreateAccountInput{Login: "r." + role, Name: "程序", Kind: identity.Program, Roles: []string{role}})
		wantErr(t, err, identity.ErrPowerForProgram)
		_, err = f.GrantRole(ctx, identity.GrantInput{ID: robot.Account.ID, Role: role})
		wantErr(t, err, identity.ErrPowerForProgram)
	}
	must[identity.Account](t)(f.GrantRole(ctx, identity.GrantInput{ID: robot.Account.ID, Role: identity.RoleAgent}))
}

func TestSystemAdministratorKeepsWhatRepairs(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "boss", identity.RoleSystemAdmin)
	ctx := f.As(t, "boss")
	role := must[identity.Role](t)(f.Service.Role(ctx, identity.RoleRef{ID: identity.RoleSystemAdmin}))
	for _, gone := range []op.Permission{identity.PermRoleRead, identity.PermRoleWrite, identity.PermRoleGrant, identity.PermAccountRead} {
		rest := slices.DeleteFunc(slices.Clone(role.Permissions), func(p op.Permission) bool { return p == gone })
		_, err := f.UpdateRole(ctx, identity.UpdateRoleInput{ID: role.ID, Permissions: rest, Version: role.Version})
		wantErr(t, err, identity.ErrNeededForRepair)
	}
	rest := slices.DeleteFunc(slices.Clone(role.Permissions), func(p op.Permission) bool { return p == identity.PermPasswordReset })
	must[identity.Role](t)(f.UpdateRole(ctx, identity.UpdateRoleInput{ID: role.ID, Permissions: rest, Version: role.Version}))
}

func TestListingAccountsIsRecorded(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "boss", identity.RoleSystemAdmin)
	must[identity.AccountList](t)(f.ListAccounts(f.As(t, "boss"), identity.ListAccountsInput{Query: "测试", State: identity.Active}))
	list := f.Log.Entries("identity.account.list")
	if len(list) != 1 || len(list[0].Changes) != 1 || list[0].Changes[0].Thing.Label != `{"q":"测试","state":"active"}` {
		t.Fatalf("entries %+v", list)
	}
}
