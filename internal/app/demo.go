package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
)

// DemoAccount is somebody who can sign in to the demo.
type DemoAccount struct {
	Login    string `json:"login"`
	Password string `json:"password"`
	Role     string `json:"role"`
	Name     string `json:"name"`
}

// demoFile marks a data directory as a demo and keeps the password its people share. The password is made anew for
// every directory, so that a demo left reachable is not open to whoever has read this file.
const demoFile = "demo.json"

// demoPeople are one for each role of the product. The system administrator is made last: as long as there is none,
// the demo is not complete.
var demoPeople = []struct{ login, name, role, unit string }{
	{"wumin", "吴敏", identity.RoleBankCustomer, ""},
	{"zhoujianguo", "周建国", identity.RoleCompanyOfficer, "临江云帆科技有限公司"},
	{"liqiuyan", "李秋燕", identity.RoleCitizen, ""},
	{"xuming", "徐明", identity.RoleRiskOfficer, "临江银行风险部"},
	{"linjia", "林佳", identity.RoleTeller, "临江银行营业部"},
	{"zhenghaitao", "郑海涛", identity.RoleProvider, "市场监督管理局"},
	{"chenxiaoyu", "陈晓雨", identity.RoleAgent, "客户服务中心"},
	{"wangliqiang", "王立强", identity.RoleEngineer, "运维一班"},
	{"sunhao", "孙浩", identity.RoleDutyOperator, "运行值班室"},
	{"zhangguodong", "张国栋", identity.RoleManager, "政务服务管理局"},
	{"liufang", "刘芳", identity.RoleBusinessAdmin, "政务服务管理科"},
	{"hejing", "何静", identity.RoleAuditor, "审计室"},
	{"zhaoyu", "赵宇", identity.RoleSystemAdmin, "信息中心"},
}

// prepareDemo makes the demo organisation on first start, or completes one whose first start was cut short.
func (a *App) prepareDemo(ctx context.Context, fresh bool) error {
	password, err := a.demoPassword()
	if err != nil {
		return err
	}
	for _, p := range demoPeople {
		a.demo = append(a.demo, DemoAccount{Login: p.login, Password: password, Role: p.role, Name: p.name})
	}
	slices.Reverse(a.demo) // who shows most of the program stands first
	if !fresh {
		return nil
	}
	if err := a.prepareDemoOrganisation(ctx); err != nil {
		return err
	}
	for _, p := range demoPeople {
		_, err := a.identity.CreateAccount(ctx, identity.CreateAccountInput{
			Login: p.login, Name: p.name, Unit: p.unit, Roles: []string{p.role}, Password: password, KeepPassword: true,
		})
		if err != nil && !errors.Is(err, identity.ErrLoginTaken) {
			return fmt.Errorf("make demo account %s: %w", p.login, err)
		}
	}
	return nil
}

func (a *App) prepareDemoOrganisation(ctx context.Context) error {
	org, err := a.identity.Organisation(ctx, op.None{})
	if err != nil || org.Version > 0 {
		return err
	}
	_, err = a.identity.UpdateOrganisation(ctx, identity.UpdateOrganisationInput{
		Name: "临江市政务服务中心", Intro: "办事、查询、求助，一处就够。", Phone: "0512-12345",
		Email: "service@linjiang.example", Address: "临江市江湾路 88 号市民服务大厅", Language: i18n.ZhCN, Zone: a.Config.Zone.String(),
	})
	return err
}

// demoPassword returns the password of this demo. A directory that holds accounts but is no demo is refused.
func (a *App) demoPassword() (string, error) {
	path := filepath.Join(a.Config.Data, demoFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		var kept DemoAccount
		if err := json.Unmarshal(raw, &kept); err != nil || kept.Password == "" {
			return "", fmt.Errorf("the demo file %s is damaged; remove the data directory %s to begin a new demo", path, a.Config.Data)
		}
		return kept.Password, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the demo file: %w", err)
	}
	password := easyPassword()
	raw, err = json.Marshal(DemoAccount{Password: password})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return "", fmt.Errorf("write the demo file: %w", err)
	}
	return password, nil
}

// easyPassword returns sixty random bits in letters and digits nobody mistakes for each other, e.g.
// kw7m-3hqx-9fzt.
func easyPassword() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	out := make([]byte, 0, 14)
	for i := range 12 {
		if i > 0 && i%4 == 0 {
			out = append(out, '-')
		}
		out = append(out, letters[randomBelow(len(letters))])
	}
	return string(out)
}

// randomBelow returns a random number below n, which is at most 256, each as likely as the others.
func randomBelow(n int) int {
	var b [1]byte
	for {
		rand.Read(b[:])
		if int(b[0]) < 256-256%n {
			return int(b[0]) % n
		}
	}
}

// DemoAccounts returns who can sign in to the demo; nobody when this is none.
func (a *App) DemoAccounts() []DemoAccount { return a.demo }

// isDemo reports whether a data directory holds a demo.
func isDemo(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, demoFile))
	return err == nil
}
