package identity_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
	"tongban/internal/trust/identity/identitytest"
	"tongban/spec"
)

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		a := f.Account(t, "Li.Lei", identity.RoleAgent)
		in := f.SignInAs(t, "LI.LEI")
		actor, err := f.Authenticate(t.Context(), in.Secret)
		if err != nil || actor.ID != a.ID || actor.Kind != op.Person || actor.Session != in.Session || actor.Name != a.Name {
			t.Fatalf("actor %+v, %v", actor, err)
		}
		if second := f.SignInAs(t, "li.lei"); second.Secret == in.Secret || second.Session == in.Session {
			t.Fatal("two sign-ins share a session")
		}
		ctx := op.WithActor(t.Context(), actor)
		list := must[identity.SessionList](t)(f.OwnSessions(ctx, op.None{}))
		if len(list.Sessions) != 2 || list.Sessions[0].Addr != "192.0.2.1" {
			t.Fatalf("sessions %+v", list)
		}
		if _, err := f.SignOut(ctx, op.None{}); err != nil {
			t.Fatal(err)
		}
		_, err = f.Authenticate(t.Context(), in.Secret)
		wantErr(t, err, op.ErrSessionRequired)
		for _, junk := range []string{"", "x", strings.Repeat("a", 43), strings.Repeat("a", 1<<20), "' or 1=1 --"} {
			_, err := f.Authenticate(t.Context(), junk)
			wantErr(t, err, op.ErrSessionRequired)
			_, err = f.AuthenticateToken(t.Context(), junk)
			wantErr(t, err, op.ErrSessionRequired)
		}
	})
}

func TestNewSessionReplacesTheBrowsersOld(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "attacker")
	f.Account(t, "victim")
	planted := f.SignInAs(t, "attacker")
	actor, err := f.Authenticate(t.Context(), planted.Secret)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.SignIn(op.WithActor(t.Context(), actor), identity.SignInInput{Login: "victim", Password: identitytest.Password})
	if err != nil || out.Secret == planted.Secret {
		t.Fatalf("signed in %+v, %v", out, err)
	}
	_, err = f.Authenticate(t.Context(), planted.Secret)
	wantErr(t, err, op.ErrSessionRequired)
}

// TestUniformRefusal shows that nothing tells an unknown name from a wrong password or a closed account: neither
// the answer nor the work, which is counted, not timed.
func TestUniformRefusal(t *testing.T) {
	spec.Covers(t, "MB-risk.auth-8-1", "MP-6.1-d1")
	t.Parallel()
	f := fixture(t)
	system := identitytest.AsSystem(t)
	f.Account(t, "known")
	closed := f.Account(t, "closed")
	must[identity.Account](t)(f.DisableAccount(system, identity.AccountRef{ID: closed.ID}))
	must[identity.CreatedAccount](t)(f.CreateAccount(system, identity.CreateAccountInput{Login: "robot", Name: "Robot", Kind: identity.Program}))
	outdated := must[identity.CreatedAccount](t)(f.CreateAccount(system, identity.CreateAccountInput{Login: "outdated", Name: "Old"}))
	f.Clock.Advance(8 * 24 * time.Hour)
	var texts []string
	for i, in := range []identity.SignInInput{
		{Login: "unknown", Password: identitytest.Password},
		{Login: "known", Password: "not the password"},
		{Login: "closed", Password: identitytest.Password},
		{Login: "robot", Password: identitytest.Password},
		{Login: "outdated", Password: outdated.Password},
		{Login: strings.Repeat("长", 5000), Password: strings.Repeat("x", 100_000)},
		{Login: "nul\x00\xff", Password: "\x00"},
	} {
		before := f.Hashes()
		_, err := f.SignIn(identitytest.Visitor(t, "198.51.100.1"), in)
		wantErr(t, err, identity.ErrSignInRefused)
		texts = append(texts, err.Error())
		if n := f.Hashes() - before; n != 1 {
			t.Errorf("case %d took %d hashes, want 1", i, n)
		}
		if texts[i] != texts[0] {
			t.Errorf("case %d answers %q, want %q", i, texts[i], texts[0])
		}
	}
	before := f.Hashes()
	f.SignInAs(t, "known")
	if n := f.Hashes() - before; n != 1 {
		t.Errorf("a sign-in took %d hashes, want 1", n)
	}
	for _, e := range f.Log.Entries("identity.session.sign_in") {
		if e.Outcome == op.Refused && (e.Actor.Kind != op.Anonymous || e.Actor.Addr == "") {
			t.Errorf("refused attempt was recorded for %+v", e.Actor)
		}
	}
}

func TestFailuresSlowDownTheirPlaceOnly(t *testing.T) {
	spec.Covers(t, "MB-risk.auth-8-2", "MP-6.1-d1")
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "victim")
		known := f.SignInAs(t, "victim").Device
		try := func(addr, password, device string) error {
			_, err := f.SignIn(identitytest.Visitor(t, addr), identity.SignInInput{Login: "victim", Password: password, Device: device})
			return err
		}
		for range 6 {
			wantErr(t, try("203.0.113.5", "wrong password", ""), identity.ErrSignInRefused)
		}
		before := f.Hashes()
		wantErr(t, try("203.0.113.5", identitytest.Password, ""), identity.ErrSlowDown) // even the right one
		if f.Hashes() != before {
			t.Error("a delayed attempt was hashed")
		}
		if err := try("203.0.113.6", identitytest.Password, ""); err != nil {
			t.Fatalf("the owner is locked out elsewhere: %v", err)
		}
		if err := try("203.0.113.5", identitytest.Password, known); err != nil {
			t.Fatalf("the owner's browser is locked out behind the same address: %v", err)
		}
		wantErr(t, try("203.0.113.5", identitytest.Password, known+"x"), identity.ErrSlowDown)
		f.Clock.Advance(16 * time.Second)
		wantErr(t, try("203.0.113.5", "wrong password", ""), identity.ErrSignInRefused)
		f.Clock.Advance(16 * time.Second) // the wait has doubled
		wantErr(t, try("203.0.113.5", identitytest.Password, ""), identity.ErrSlowDown)
		f.Clock.Advance(15 * time.Second)
		if err := try("203.0.113.5", identitytest.Password, ""); err != nil {
			t.Fatal(err)
		}
		wantErr(t, try("203.0.113.5", "wrong password", ""), identity.ErrSignInRefused) // success wiped the slate
		// Another node counts in the same table.
		node := f.Node(t)
		for range 5 {
			wantErr(t, try("203.0.113.9", "wrong password", ""), identity.ErrSignInRefused)
		}
		_, err := node.SignIn(identitytest.Visitor(t, "203.0.113.9"), identity.SignInInput{Login: "victim", Password: "wrong password"})
		wantErr(t, err, identity.ErrSignInRefused)
		_, err = node.SignIn(identitytest.Visitor(t, "203.0.113.9"), identity.SignInInput{Login: "victim", Password: "wrong password"})
		wantErr(t, err, identity.ErrSlowDown)
	})
}

// TestParallelGuessesAreCounted shows that guessing at once is no way around the limit.
func TestParallelGuessesAreCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "victim")
		before := f.Hashes()
		var wg sync.WaitGroup
		for range 24 {
			wg.Go(func() {
				_, err := f.SignIn(identitytest.Visitor(t, "203.0.113.5"), identity.SignInInput{Login: "victim", Password: "wrong password"})
				if err == nil {
					t.Error("signed in with a wrong password")
				}
			})
		}
		wg.Wait()
		if n := f.Hashes() - before; n > 6 {
			t.Fatalf("%d guesses were tried, want at most 6", n)
		}
	})
}

func TestAnAddressIsSlowedDownAcrossNames(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "bystander")
	visitor := identitytest.Visitor(t, "2001:db8::1")
	slowed := 0
	for i := range 60 {
		_, err := f.SignIn(visitor, identity.SignInInput{Login: "name" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Password: "a guess"})
		if errors.Is(err, identity.ErrSlowDown) {
			slowed++
		}
	}
	if slowed == 0 {
		t.Fatal("sixty names from one address were not slowed down")
	}
	_, err := f.SignIn(identitytest.Visitor(t, "2001:db8::ffff"), identity.SignInInput{Login: "bystander", Password: identitytest.Password})
	wantErr(t, err, identity.ErrSlowDown) // the same party has the whole network
	if _, err := f.SignIn(identitytest.Visitor(t, "2001:db8:1::1"), identity.SignInInput{Login: "bystander", Password: identitytest.Password}); err != nil {
		t.Fatal(err)
	}
}

func TestSessionTimeouts(t *testing.T) {
	spec.Covers(t, "MB-risk.basic-1.1")
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "li")
		secret := f.SignInAs(t, "li").Secret
		alive := func() error { _, err := f.Authenticate(t.Context(), secret); return err }
		for range 20 { // ten hours of work
			f.Clock.Advance(29 * time.Minute)
			if err := alive(); err != nil {
				t.Fatalf("after %s: %v", f.Clock.Now().Sub(identitytest.Start), err)
			}
		}
		if err := f.FlushSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Node(t).Authenticate(t.Context(), secret); err != nil {
			t.Fatalf("another node takes the session for idle: %v", err)
		}
		f.Clock.Advance(30 * time.Minute)
		wantErr(t, alive(), op.ErrSessionRequired)
		secret = f.SignInAs(t, "li").Secret
		for range 12*4 - 1 {
			f.Clock.Advance(15 * time.Minute)
			if err := alive(); err != nil {
				t.Fatal(err)
			}
		}
		f.Clock.Advance(15 * time.Minute)
		wantErr(t, alive(), op.ErrSessionRequired) // twelve hours are over, idle or not
	})
}

func TestOthersSeeTheEndWithinCacheLife(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "boss", identity.RoleSystemAdmin)
	a := f.Account(t, "li")
	secret := f.SignInAs(t, "li").Secret
	node := f.Node(t)
	for _, s := range []*identity.Service{f.Service, node} {
		if _, err := s.Authenticate(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	must[identity.Account](t)(f.DisableAccount(f.As(t, "boss"), identity.AccountRef{ID: a.ID}))
	_, err := f.Authenticate(t.Context(), secret)
	wantErr(t, err, op.ErrSessionRequired) // here at once
	f.Clock.Advance(identity.CacheLife)
	_, err = node.Authenticate(t.Context(), secret)
	wantErr(t, err, op.ErrSessionRequired)
}

func TestOnlyOnesOwnSessions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "boss", identity.RoleSystemAdmin)
		a := f.Account(t, "li")
		f.Account(t, "han")
		session := f.SignInAs(t, "li").Session
		han := f.As(t, "han")
		_, err := f.EndOwnSession(han, identity.SessionRef{ID: session, AccountID: a.ID})
		wantErr(t, err, identity.ErrSessionNotFound)
		_, err = f.EndSession(han, identity.SessionRef{ID: session, AccountID: a.ID})
		wantErr(t, err, op.ErrDenied)
		_, err = f.Sessions(han, identity.AccountRef{ID: a.ID})
		wantErr(t, err, op.ErrDenied)
		boss := f.As(t, "boss")
		if list := must[identity.SessionList](t)(f.Sessions(boss, identity.AccountRef{ID: a.ID})); len(list.Sessions) != 1 {
			t.Fatalf("sessions %+v", list)
		}
		must[op.None](t)(f.EndSession(boss, identity.SessionRef{ID: session, AccountID: a.ID}))
		_, err = f.EndSession(boss, identity.SessionRef{ID: session, AccountID: a.ID})
		wantErr(t, err, identity.ErrSessionNotFound)
	})
}

func TestFirstPasswordOpensNothingButItsChange(t *testing.T) {
	spec.Covers(t, "MB-design.ops-2-2", "MB-fn.set-6")
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		system := identitytest.AsSystem(t)
		made := must[identity.CreatedAccount](t)(f.CreateAccount(system, identity.CreateAccountInput{Login: "new.boss", Name: "新来", Roles: []string{identity.RoleSystemAdmin}}))
		in, err := f.SignIn(identitytest.Visitor(t, "192.0.2.1"), identity.SignInInput{Login: "new.boss", Password: made.Password})
		if err != nil || !in.Account.MustChange {
			t.Fatalf("signed in %+v, %v", in, err)
		}
		actor, err := f.Authenticate(t.Context(), in.Secret)
		if err != nil || len(actor.Permissions) != 0 {
			t.Fatalf("actor %+v, %v", actor, err)
		}
		ctx := op.WithActor(t.Context(), actor)
		_, err = f.ListAccounts(ctx, identity.ListAccountsInput{})
		wantErr(t, err, op.ErrDenied)
		other := f.SignInWith(t, "new.boss", made.Password)
		for _, c := range []struct{ current, fresh, field, code string }{
			{"not it", identitytest.Password, "current", "identity.wrong_password"},
			{made.Password, made.Password, "new", "identity.password_same"},
			{made.Password, "new.boss!9", "new", "identity.password_personal"},
			{"", identitytest.Password, "current", "required"},
		} {
			_, err := f.ChangePassword(ctx, identity.ChangePasswordInput{Current: c.current, New: c.fresh})
			if field, code := fieldOf(err); field != c.field || code != c.code {
				t.Errorf("%+v: got %v", c, err)
			}
		}
		if a := must[identity.Account](t)(f.ChangePassword(ctx, identity.ChangePasswordInput{Current: made.Password, New: identitytest.Password})); a.MustChange {
			t.Fatal("the change is still demanded")
		}
		if actor, err = f.Authenticate(t.Context(), in.Secret); err != nil || !actor.Can(identity.PermAccountRead) {
			t.Fatalf("after the change: %+v, %v", actor.Permissions, err)
		}
		_, err = f.Authenticate(t.Context(), other.Secret)
		wantErr(t, err, op.ErrSessionRequired) // other sessions ended
		_, err = f.SignIn(identitytest.Visitor(t, "192.0.2.1"), identity.SignInInput{Login: "new.boss", Password: made.Password})
		wantErr(t, err, identity.ErrSignInRefused)
	})
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "boss", identity.RoleSystemAdmin)
	a := f.Account(t, "li")
	token := must[identity.CreatedToken](t)(f.CreateToken(identitytest.AsSystem(t), identity.CreateTokenInput{AccountID: a.ID, Name: "x"}))
	must[identity.Account](t)(f.ChangePassword(f.As(t, "li"), identity.ChangePasswordInput{Current: identitytest.Password, New: "Neun mal Kaffee bitte"}))
	if _, err := f.AuthenticateToken(t.Context(), token.Bearer); err != nil {
		t.Fatalf("one's own change of the password revoked a token: %v", err)
	}
	secret := f.SignInWith(t, "li", "Neun mal Kaffee bitte").Secret
	boss := op.WithKey(f.As(t, "boss"), "one form")
	out := must[identity.CreatedAccount](t)(f.ResetPassword(boss, identity.AccountRef{ID: a.ID}))
	_, err := f.Authenticate(t.Context(), secret)
	wantErr(t, err, op.ErrSessionRequired)
	_, err = f.AuthenticateToken(t.Context(), token.Bearer)
	wantErr(t, err, op.ErrSessionRequired)
	if f.SignInWith(t, "li", out.Password).Account.MustChange != true {
		t.Fatal("the one-time password need not be changed")
	}
	_, err = f.ResetPassword(boss, identity.AccountRef{ID: a.ID})
	wantErr(t, err, op.ErrAlreadyDone) // the password is shown once
	for _, e := range f.Log.Entries("") {
		for _, c := range e.Changes {
			if raw := asJSON(t, c); strings.Contains(raw, out.Password) || strings.Contains(raw, "argon2") {
				t.Fatalf("%s recorded a secret: %s", e.Op, raw)
			}
		}
	}
}

func TestHashIsUpgradedAtSignIn(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	a := f.Account(t, "li")
	f.PlantWeakHash(t, a.ID, identitytest.Password)
	f.SignInAs(t, "li")
	if got := f.StoredHash(t, a.ID); !strings.HasPrefix(got, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("stored %s", got)
	}
	f.SignInAs(t, "li")
}

func TestWrongPresentPasswordIsSlowedDown(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "li")
	ctx := f.As(t, "li")
	change := func() error {
		_, err := f.ChangePassword(ctx, identity.ChangePasswordInput{Current: "a guess", New: "Neun mal Kaffee bitte"})
		return err
	}
	for range 6 {
		wantErr(t, change(), identity.ErrWrongPassword)
	}
	wantErr(t, change(), identity.ErrSlowDown)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		f.Account(t, "boss", identity.RoleSystemAdmin)
		boss := f.As(t, "boss")
		robot := must[identity.CreatedAccount](t)(f.CreateAccount(boss, identity.CreateAccountInput{Login: "robot", Name: "对账程序", Kind: identity.Program, Roles: []string{identity.RoleAgent}}))
		must[identity.Role](t)(f.UpdateRole(boss, identity.UpdateRoleInput{ID: identity.RoleAgent, Permissions: []op.Permission{identity.PermAccountRead}}))
		if robot.Password != "" {
			t.Fatal("a program got a password")
		}
		made := must[identity.CreatedToken](t)(f.CreateToken(boss, identity.CreateTokenInput{AccountID: robot.Account.ID, Name: "nightly", Life: time.Hour}))
		actor, err := f.AuthenticateToken(t.Context(), made.Bearer)
		if err != nil || actor.Kind != op.Service || actor.ID != robot.Account.ID || !actor.Can(identity.PermAccountRead) {
			t.Fatalf("actor %+v, %v", actor, err)
		}
		_, err = f.Authenticate(t.Context(), strings.TrimPrefix(made.Bearer, identity.TokenPrefix))
		wantErr(t, err, op.ErrSessionRequired) // a token is no session
		if err := f.FlushSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list := must[identity.TokenList](t)(f.Tokens(boss, identity.AccountRef{ID: robot.Account.ID})); len(list.Tokens) != 1 || list.Tokens[0].UsedAt.IsZero() {
			t.Fatalf("tokens %+v", list)
		}
		f.Clock.Advance(time.Hour)
		_, err = f.AuthenticateToken(t.Context(), made.Bearer)
		wantErr(t, err, op.ErrSessionRequired)

		boss = f.As(t, "boss")
		second := must[identity.CreatedToken](t)(f.CreateToken(boss, identity.CreateTokenInput{AccountID: robot.Account.ID, Name: "day"}))
		if _, err := f.AuthenticateToken(t.Context(), second.Bearer); err != nil {
			t.Fatal(err)
		}
		must[identity.Token](t)(f.RevokeToken(boss, identity.TokenRef{ID: second.Token.ID}))
		_, err = f.AuthenticateToken(t.Context(), second.Bearer)
		wantErr(t, err, op.ErrSessionRequired)
		_, err = f.RevokeToken(boss, identity.TokenRef{ID: second.Token.ID})
		wantErr(t, err, identity.ErrTokenNotFound)

		li := f.Account(t, "li", identity.RoleTeller)
		_, err = f.CreateToken(boss, identity.CreateTokenInput{AccountID: li.ID, Name: "as li"})
		wantErr(t, err, identity.ErrTokenNotForPeople)
		must[identity.CreatedToken](t)(f.CreateToken(identitytest.AsSystem(t), identity.CreateTokenInput{AccountID: li.ID, Name: "tongban token"}))
	})
}

func TestOverviewAndPurge(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *identitytest.Fixture) {
		system := identitytest.AsSystem(t)
		f.Account(t, "li")
		f.Account(t, "han")
		f.SignInAs(t, "li")
		ctx := f.As(t, "han")
		_, err := f.SignIn(identitytest.Visitor(t, "192.0.2.9"), identity.SignInInput{Login: "li", Password: "wrong password"})
		wantErr(t, err, identity.ErrSignInRefused)
		day := identitytest.Start.Add(-time.Hour)
		if o := must[identity.Overview](t)(f.Overview(system, identity.OverviewInput{Day: day})); o != (identity.Overview{Accounts: 2, Sessions: 2, SignIns: 2}) {
			t.Fatalf("overview %+v", o)
		}
		must[op.None](t)(f.SignOut(ctx, op.None{}))
		f.Clock.Advance(31 * time.Minute)
		if o := must[identity.Overview](t)(f.Overview(system, identity.OverviewInput{Day: f.Clock.Now()})); o.Sessions != 0 || o.SignIns != 0 {
			t.Fatalf("overview %+v", o)
		}
		f.Clock.Advance(31 * 24 * time.Hour)
		if p := must[identity.Purged](t)(f.PurgeSessions(system, op.None{})); p != (identity.Purged{Sessions: 2, Attempts: 2}) {
			t.Fatalf("purged %+v", p)
		}
		_, err = f.PurgeSessions(ctx, op.None{})
		wantErr(t, err, op.ErrDenied)
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	f := identitytest.New(b, dbtest.Open(b, db.SQLite, identitytest.Sets()...))
	f.Account(b, "li", identity.RoleSystemAdmin)
	secret := f.SignInAs(b, "li").Secret
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := f.Authenticate(b.Context(), secret); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
}

func BenchmarkSignIn(b *testing.B) {
	f := identitytest.New(b, dbtest.Open(b, db.SQLite, identitytest.Sets()...))
	f.Account(b, "li", identity.RoleSystemAdmin)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			f.SignInAs(b, "li")
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sign-ins/s")
}

// TestIdleCountsFromTheLastRequest: also from one that came soon after the one that is stored.
func TestIdleCountsFromTheLastRequest(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "li")
	secret := f.SignInAs(t, "li").Secret
	used := func(after time.Duration) {
		t.Helper()
		f.Clock.Advance(after)
		if err := f.FlushSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Authenticate(t.Context(), secret); err != nil {
			t.Fatalf("%s later: %v", after, err)
		}
	}
	used(50 * time.Second)
	used(30*time.Minute - time.Second)
	used(59 * time.Second)
	f.Clock.Advance(2 * time.Minute)
	if err := f.FlushSeen(t.Context()); err != nil { // a quiet session's last use is written too
		t.Fatal(err)
	}
	f.Clock.Advance(28*time.Minute - time.Second)
	if _, err := f.Node(t).Authenticate(t.Context(), secret); err != nil {
		t.Fatalf("another node: %v", err)
	}
	f.Clock.Advance(time.Second)
	_, err := f.Authenticate(t.Context(), secret)
	wantErr(t, err, op.ErrSessionRequired)
}

func TestVisitorsGiveNoReason(t *testing.T) {
	t.Parallel()
	f := fixture(t)
	f.Account(t, "known")
	ctx := op.WithReason(identitytest.Visitor(t, "192.0.2.1"), "planted")
	_, err := f.SignIn(ctx, identity.SignInInput{Login: "unknown", Password: identitytest.Password})
	wantErr(t, err, identity.ErrSignInRefused)
	_, err = f.SignIn(ctx, identity.SignInInput{Login: "known", Password: "wrong"})
	wantErr(t, err, identity.ErrSignInRefused)
	if _, err := f.FinishSetup(ctx, identity.FinishSetupInput{Token: "x"}); err == nil {
		t.Fatal("a setup without a link")
	}
	var reasons []string
	for _, e := range append(f.Log.Entries("identity.session.sign_in"), f.Log.Entries("identity.setup.finish")...) {
		reasons = append(reasons, e.Reason)
	}
	if strings.Join(reasons, ",") != ",known," {
		t.Fatalf("reasons %q", reasons)
	}
}
