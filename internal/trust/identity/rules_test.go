package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/spec"
)

func TestPasswordPolicy(t *testing.T) {
	spec.Covers(t, "MB-design.ops-4-3")
	t.Parallel()
	for _, c := range []struct{ password, want string }{
		{"kurz", "identity.password_short"},
		{"九个字的密码不够长", "identity.password_short"},
		{"十个字的中文口令就可以", ""},
		{"correct horse battery", ""},
		{"Tr0ub4dor&3xy", ""},
		{"kiefer-lampe-91", ""},
		{"1234567890", "identity.password_simple"},
		{"0987654321", "identity.password_simple"},
		{"qwertyuiop", "identity.password_simple"},
		{"1qaz2wsx3edc", "identity.password_simple"},
		{"abcdefghijkl", "identity.password_simple"},
		{"aaaaaaaaaaaa", "identity.password_simple"},
		{"ab12ab12ab12", "identity.password_simple"},
		{"1122334455", "identity.password_simple"},
		{"password123!", "identity.password_common"},
		{"P@ssw0rd2026", "identity.password_common"},
		{"admin@tongban", "identity.password_common"},
		{"woaini1314520", "identity.password_common"},
		{"Aa123456789", "identity.password_simple"},
		{"Aini1314qq2020", "identity.password_common"},
		{"密码password2025", "identity.password_common"},
		{"zhangsan.1990", "identity.password_personal"},
		{"Zhang San 88", ""},
		{"ZhangXiaoSan!", "identity.password_personal"},
		{"tab\tin the middle", "bad_format"},
		{"broken \xff\xfe text", "bad_format"},
		{strings.Repeat("a long sentence ", 9), "too_long"},
		{"a" + strings.Repeat("中", 9), "identity.password_simple"},
	} {
		got := ""
		if f := checkPassword("p", c.password, "zhangsan", "Zhang XiaoSan"); len(f) > 0 {
			got = f[0].Code
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.password, got, c.want)
		}
	}
	for range 200 {
		if p := oneTimePassword(); len(checkPassword("p", p, "zhangsan", "张三")) > 0 || len(p) != 14 {
			t.Fatalf("the one-time password %q breaks the rules", p)
		}
	}
}

func TestHasher(t *testing.T) {
	spec.Covers(t, "MP-6.1-d1")
	t.Parallel()
	ctx, h := t.Context(), newHasher([]byte("one key of many bytes"))
	phc, err := h.hash(ctx, "kiefer-lampe-91")
	if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("got %s, %v", phc, err)
	}
	again, err := h.hash(ctx, "kiefer-lampe-91")
	if err != nil || again == phc {
		t.Fatalf("two hashes of one password are the same: %s, %v", again, err)
	}
	check := func(h *hasher, password, phc string, wantOK, wantOld bool) {
		t.Helper()
		ok, old, err := h.verify(ctx, password, phc)
		if err != nil || ok != wantOK || old != wantOld {
			t.Errorf("verify %q: %t, %t, %v", password, ok, old, err)
		}
	}
	check(h, "kiefer-lampe-91", phc, true, false)
	check(h, "kiefer-lampe-91", phc, true, false)
	check(h, "ｋiefer-lampe-91", phc, true, false) // full width, same password
	check(h, "Kiefer-lampe-91", phc, false, false)
	check(h, "anything", "", false, false)
	check(newHasher([]byte("another key of many bytes")), "kiefer-lampe-91", phc, false, false) // the pepper counts

	weak := params{memory: 8 << 10, time: 1, threads: 1}
	salt := []byte("salt of 16 bytes")
	sum, err := h.compute(ctx, "kiefer-lampe-91", weak, salt, 32)
	if err != nil {
		t.Fatal(err)
	}
	check(h, "kiefer-lampe-91", encodeHash(weak, salt, sum), true, true)

	for _, damaged := range []string{
		"plain", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$c3Vtc3Vtc3Vtc3Vtc3Vt", "$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHQ$c3Vtc3Vtc3Vtc3Vtc3Vt",
		"$argon2id$v=19$m=19456,t=0,p=1$c2FsdHNhbHQ$c3Vtc3Vtc3Vtc3Vtc3Vt", "$argon2id$v=19$m=19456,t=2,p=1$!$!", "$argon2id$v=19$m=19456,t=2,p=1$$",
	} {
		if _, _, err := h.verify(ctx, "x", damaged); err == nil {
			t.Errorf("%s was taken for a hash", damaged)
		}
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	for range cap(h.seats) {
		h.seats <- struct{}{}
	}
	if _, err := h.hash(over, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that has gone still waits: %v", err)
	}
}

func BenchmarkArgon2(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			argon2.IDKey([]byte("password"), []byte("salt of 16 bytes"), present.time, present.memory, present.threads, 32)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hashes/s")
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		p       op.Permission
		want    bool
	}{
		{"*", "audit.read", true}, {"*", "identity.account.read", true},
		{"identity.*", "identity.account.read", true}, {"identity.*", "identity", false}, {"identity.*", "identityx.read", false},
		{"fleet.*.read", "fleet.terminal.read", true}, {"fleet.*.read", "fleet.terminal.write", false},
		{"fleet.*.read", "fleet.read", false}, {"fleet.*.read", "fleet.a.b.read", false}, {"audit.read", "audit.read", true},
	} {
		if got := matches(c.pattern, c.p); got != c.want {
			t.Errorf("%s %s: %t", c.pattern, c.p, got)
		}
	}
}

// TestBuiltInRolesKeepToTheirPower holds for whatever permissions the program will have.
func TestBuiltInRolesKeepToTheirPower(t *testing.T) {
	t.Parallel()
	perms := map[op.Permission]bool{
		"identity.account.read": true, "identity.account.write": false, "system.jobs.read": true, "system.jobs.write": false,
		"audit.read": true, "audit.review.write": false, openConsole: true, "desk.ticket.read": true, "desk.ticket.write": false,
	}
	holders := map[op.Permission][]string{}
	for _, b := range builtIns {
		for p, reads := range perms {
			if b.allows(p, reads) {
				if !mayHold(b.id, p, reads) {
					t.Errorf("%s is given %s, which it may not hold", b.id, p)
				}
				holders[p] = append(holders[p], b.id)
			}
		}
	}
	for _, public := range []string{RoleCitizen, RoleCompanyOfficer, RoleBankCustomer} {
		if slices.Contains(holders[openConsole], public) || len(holders[openConsole]) != len(builtIns)-3 {
			t.Errorf("the console is open to %v", holders[openConsole])
		}
	}
	for p, want := range map[op.Permission][]string{
		"identity.account.write": {RoleSystemAdmin}, "system.jobs.write": {RoleSystemAdmin}, "audit.read": {RoleAuditor},
		"audit.review.write": nil, "desk.ticket.write": {RoleAgent, RoleBusinessAdmin},
	} {
		if !slices.Equal(holders[p], want) {
			t.Errorf("%s is held by %v, want %v", p, holders[p], want)
		}
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	want := []time.Duration{0, 0, 0, 0, 0, 0, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute}
	for n, w := range want {
		if got := forLogin.wait(n); got != w {
			t.Errorf("after %d failures: %s, want %s", n, got, w)
		}
	}
	if forLogin.wait(1<<40) != forLogin.most {
		t.Error("the wait overflows")
	}
	now := time.Unix(1e9, 0)
	a := attempt{failures: 9, last: db.At(now.Add(-forgetAfter - 1))}
	if a.next(forLogin, now).failures != 1 {
		t.Error("old failures still count")
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::/64", "fe80::1%eth0": "fe80::/64", "": "", "junk": "junk",
	} {
		if got := network(addr); got != want {
			t.Errorf("%q: %q, want %q", addr, got, want)
		}
	}
}

func TestDeviceMark(t *testing.T) {
	t.Parallel()
	d := deviceMark{key: []byte("key")}
	mark := d.make("a")
	if d.id(mark, "a") == "" || d.id(mark, "b") != "" || d.id(mark+"0", "a") != "" || d.id("", "a") != "" || d.id(".", "") != "" {
		t.Fatal("a mark is taken for another's, or not for its own")
	}
	if (deviceMark{key: []byte("other")}).id(mark, "a") != "" {
		t.Fatal("a forged mark was accepted")
	}
}

func TestNamesAreSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"李雷", ""}, {"Müller-Lüdenscheidt", ""}, {"a b", ""}, {"①科", ""}, {"𠮷野", ""},
		{"", "required"}, {" \u3000 ", "required"}, {"\u3164", "required"}, {"\u2800", "required"}, {"\u200b\u200d", "required"}, {"\u0301", "required"},
		{"a\nb", "bad_format"}, {"a\u2028b", "bad_format"}, {"a\u202eb", "bad_format"}, {"a\u2066b", "bad_format"}, {"a\u200fb", "bad_format"},
		{"a\u200bb", "bad_format"}, {"\ufeffa", "bad_format"}, {"a\rb", "bad_format"}, {strings.Repeat("长", 81), "too_long"},
	} {
		got := ""
		if f := checkText("name", c.text, maxName, true); len(f) > 0 {
			got = f[0].Code
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
	if len(checkText("unit", "", 9, false)) != 0 || len(checkText("unit", "\u3164", 9, false)) != 1 || len(checkLines("intro", "a\nb", 9)) != 0 {
		t.Error("an empty unit is wrong, an unseen one right, or lines are refused")
	}
	if len(checkLogin("a\u3164b")) == 0 {
		t.Error("a login has an unseen letter")
	}
}

func TestSearchWords(t *testing.T) {
	t.Parallel()
	if got := searchWords("Zhang.Wei", "张伟民"); !slices.Equal(got, []string{"wei", "zhang.wei", "伟民", "张伟民", "民"}) {
		t.Errorf("got %v", got)
	}
	if got := searchTerms("  张3丰 ZHANG% "); !slices.Equal(got, []string{"zhang", "张", "丰", "3"}) {
		t.Errorf("got %v", got)
	}
	if got := searchTerms("%_ ' -- "); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// TestWordsAreWhole finds what this module says without a word for it.
func TestWordsAreWhole(t *testing.T) {
	t.Parallel()
	b, err := i18n.New(i18n.Words, words)
	if err != nil {
		t.Fatal(err)
	}
	loc := b.Locale(i18n.ZhCN, nil)
	var keys []string
	s := &Service{}
	for _, o := range s.operations() {
		keys = append(keys, "op."+o.Spec.Name)
		if o.Spec.Permission != "" {
			keys = append(keys, "perm."+string(o.Spec.Permission))
		}
	}
	for _, r := range RoleIDs() {
		keys = append(keys, "identity.role."+r)
	}
	for _, e := range []error{
		ErrAccountNotFound, ErrSessionNotFound, ErrTokenNotFound, ErrRoleNotFound, ErrLoginTaken, ErrChanged, ErrStateAlready,
		ErrRoleHeld, ErrRoleNotHeld, ErrThreePowers, ErrStandsAlone, ErrForeignPower, ErrPowerForProgram, ErrNeededForRepair, ErrOwnAccount, ErrLastAdministrator,
		ErrSignInRefused, ErrSlowDown, ErrWrongPassword, ErrNoPassword, ErrTokenNotForPeople, ErrSetupOver,
	} {
		keys = append(keys, "error."+e.Error())
	}
	for _, kind := range []string{ThingAccount, ThingSearch, ThingRole, ThingSession, ThingToken, ThingOrganisation, ThingSetup} {
		keys = append(keys, "thing."+kind)
	}
	for _, k := range keys {
		if !loc.Has(k) {
			t.Errorf("there is no word for %s", k)
		}
	}
}

func FuzzDecodeHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$c3Vtc3Vtc3Vtc3Vtc3Vt")
	f.Fuzz(func(t *testing.T, s string) {
		p, salt, sum, err := decodeHash(s)
		if err == nil && (p.memory > maxMemory || p.time > maxTime || len(salt) < 8 || len(sum) > 64) {
			t.Fatalf("%q is let through with %+v", s, p)
		}
	})
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("password", "login", "name")
	f.Fuzz(func(t *testing.T, p, login, name string) {
		checkPassword("p", p, login, name)
		searchWords(p)
		searchTerms(name)
	})
}
