package cli

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"

	"tongban/internal/kernel/config"
	"tongban/internal/kernel/log"
)

// globals are the flags of every command.
type globals struct {
	Config string   `short:"c" group:"config" placeholder:"FILE" help:"The configuration file. Without it: $TONGBAN_CONFIG, or ./tongban.yaml if there is one that only you or root can have written."`
	Set    []string `group:"config" sep:"none" placeholder:"KEY=VALUE" help:"Set any key of the configuration; may be given several times. docs/configuration.md lists the keys, and each is a flag too: --database-read-conns=16."`
}

const defaultFile = "tongban.yaml"

// shown are the keys whose flags every command's help shows, with what stands for their values.
var shown = map[string]string{"data": "DIR", "addr": "HOST:PORT", "log.level": "LEVEL"}

// keyFlags makes a flag of each configuration key.
type keyFlags struct {
	keys   []config.Key
	fields reflect.Value // a pointer to a struct with a *string for each of keys
}

func newKeyFlags() *keyFlags {
	k := &keyFlags{}
	var fields []reflect.StructField
	for _, key := range config.Keys() {
		if key.Flag == "" {
			continue // a secret
		}
		tag := fmt.Sprintf(`name:%q help:%q group:"config"`, strings.TrimPrefix(key.Flag, "--"), key.Help+withDefault(key))
		if value, ok := shown[key.Name]; ok {
			tag += fmt.Sprintf(` placeholder:%q`, value)
		} else {
			tag += ` hidden:""`
		}
		k.keys = append(k.keys, key)
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Key%d", len(fields)), Type: reflect.TypeFor[*string](), Tag: reflect.StructTag(tag),
		})
	}
	k.fields = reflect.New(reflect.StructOf(fields))
	return k
}

func withDefault(k config.Key) string {
	if k.Default == "" {
		return ""
	}
	return " Default: " + k.Default + "."
}

// given returns the keys that were set by flags, of their own or with --set.
func (e *env) given() (map[string]string, error) {
	flags := map[string]string{}
	for i, key := range e.keys.keys {
		if value := e.keys.fields.Elem().Field(i); !value.IsNil() {
			flags[key.Name] = value.Elem().String()
		}
	}
	for _, pair := range e.globals.Set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, usageError{fmt.Errorf("--set %s: write KEY=VALUE, such as --set log.level=debug", pair)}
		}
		if _, twice := flags[key]; twice {
			return nil, usageError{fmt.Errorf("%s is given twice on the command line", key)}
		}
		flags[key] = value
	}
	return flags, nil
}

// sources is what the configuration is read from.
func (e *env) sources(flags map[string]string) config.Sources {
	return config.Sources{File: e.globals.Config, Nearby: defaultFile, Env: e.Env, Flags: flags}
}

// file returns the configuration file that is read; empty when there is none.
func (e *env) file() string {
	path, _ := e.sources(nil).Path()
	return path
}

// load reads the configuration.
func (e *env) load() (config.Config, error) {
	flags, err := e.given()
	if err != nil {
		return config.Config{}, err
	}
	return config.Load(e.sources(flags))
}

// logger writes the log to standard error.
func (e *env) logger(c config.Config) *slog.Logger { return log.New(e.Err, c.Log.Level, c.Log.Format) }

func databaseFile(c config.Config) string { return filepath.Join(c.Data, "tongban.db") }

// keyList explains every key, for the help of serve.
func keyList() string {
	var b strings.Builder
	for _, k := range config.Keys() {
		fmt.Fprintf(&b, "  %-30s %s%s\n", k.Name, k.Help, withDefault(k))
	}
	return b.String()
}
