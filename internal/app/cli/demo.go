package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tongban/internal/app"
	"tongban/internal/kernel/config"
	"tongban/internal/kernel/i18n"
)

type demoCmd struct {
	AccountsJSON string `name:"accounts-json" placeholder:"FILE" help:"Also write address and accounts to FILE as JSON, when the demo is ready."`
}

// Help explains the command.
func (demoCmd) Help() string {
	return `Runs like serve, on the embedded database, with a demo organisation: people of every role, who share one password. Never use it for real data; a data directory that holds a real instance is refused.

Examples:

    tongban demo
    tongban demo --addr 127.0.0.1:9000 --data /tmp/tongban-demo
    tongban demo --addr 127.0.0.1:0 --accounts-json demo.json

Stop it with Ctrl+C. The data stay in the data directory; remove that to begin anew.`
}

// Run serves the demo until a signal comes.
func (c demoCmd) Run(e *env) error {
	conf, err := e.load()
	if err != nil {
		return err
	}
	if conf.Database.URL != "" {
		return usageError{errors.New("the demo uses the embedded database; run it without database.url")}
	}
	conf.Environment = config.Demo
	return e.serve(app.Options{Config: conf, Demo: true}, func(a *app.App) error {
		if c.AccountsJSON != "" {
			if err := writeAccounts(c.AccountsJSON, a); err != nil {
				return err
			}
		}
		return e.greetDemo(a)
	})
}

// demoMark is the file by which internal/app knows the data directory of a demo.
const demoMark = "demo.json"

func isDemo(c config.Config) bool {
	_, err := os.Stat(filepath.Join(c.Data, demoMark))
	return err == nil
}

// faces are the ways into the program, for tools that walk them.
var faces = []string{"/", "/console", "/me"}

type accountsFile struct {
	Address  string            `json:"address"`
	Accounts []app.DemoAccount `json:"accounts"`
	Faces    []string          `json:"faces"`
}

// writeAccounts writes the file in one step: whoever waits for it finds it complete.
func writeAccounts(path string, a *app.App) (err error) {
	out := accountsFile{Address: a.Addr(), Accounts: a.DemoAccounts(), Faces: faces}
	raw, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".accounts-*")
	if err != nil {
		return fmt.Errorf("write the accounts: %w", err)
	}
	defer os.Remove(f.Name()) // gone already once it has its name
	_, err = f.Write(append(raw, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the accounts: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write the accounts: %w", err)
	}
	return nil
}

// greet prints where the program is and, on first start, how to begin.
func (e *env) greet(a *app.App) {
	p := e.painter()
	fmt.Fprintf(e.Out, "\n%s\n\n  打开 Open   %s\n\n", p.bold("通办 Tongban "+version()), p.accent(a.Addr()))
	if link := a.SetupURL(); link != "" {
		fmt.Fprintf(e.Out, "  首次启动：用此链接创建第一个系统管理员，仅可使用一次。\n  First start: this link makes the first administrator. It works once.\n\n  %s\n\n", p.accent(link))
	}
}

// greetDemo prints where the demo is and how to sign in.
func (e *env) greetDemo(a *app.App) error {
	zh, en, err := words(a)
	if err != nil {
		return err
	}
	p := e.painter()
	fmt.Fprintf(e.Out, "\n%s\n\n  打开 Open       %s\n", p.bold("通办 Tongban "+version()+" · 演示 Demo"), p.accent(a.Addr()))
	people := a.DemoAccounts()
	rows := [][]string{{"账号 Login", "姓名 Name", "角色", "Role"}}
	for _, d := range people {
		key := "identity.role." + d.Role
		rows = append(rows, []string{d.Login, d.Name, zh.T(key), en.T(key)})
	}
	if len(people) > 0 {
		fmt.Fprintf(e.Out, "  密码 Password   %s   %s\n\n", p.bold(people[0].Password), p.faint("所有账号相同 the same for all"))
	}
	for i, line := range table(rows) {
		if i == 0 {
			line = p.faint(line)
		}
		fmt.Fprintf(e.Out, "  %s\n", line)
	}
	fmt.Fprintf(e.Out, "\n  %s\n\n", p.faint("停止 Stop: Ctrl+C   数据 Data: "+a.Config.Data))
	return nil
}

// words returns the words of all modules in both languages.
func words(a *app.App) (zh, en i18n.Locale, err error) {
	var folders []fs.FS
	for _, m := range a.Modules() {
		if m.Words != nil {
			folders = append(folders, m.Words)
		}
	}
	bundle, err := i18n.New(folders...)
	if err != nil {
		return zh, en, fmt.Errorf("translations: %w", err)
	}
	return bundle.Locale(i18n.ZhCN, nil), bundle.Locale(i18n.En, nil), nil
}
