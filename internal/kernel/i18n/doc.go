// Package i18n holds the words of the program: zh-CN first, en complete.
//
// Every package with words of its own embeds a folder "locales" with zh-CN.yaml and en.yaml, flat maps from
// key to text. A key starts with its package's name ("identity.sign_in"), an error's key with "error.", a
// permission's with "perm.", an operation's with "op.". A text names its values in braces:
//
//	desk.open_count: "还有 {count} 张工单未处理"
//	desk.open_count: "{count} {count:ticket|tickets} open"      (in en.yaml: singular|plural)
//
// New joins the folders of all packages into one Bundle and refuses a key that one language lacks, a key that
// stands twice, and texts whose values differ between the languages; so a missing translation stops the tests
// and the start, never a user. A Locale is a small value that travels in the context.
package i18n
