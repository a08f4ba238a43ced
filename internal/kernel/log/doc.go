// Package log makes the program's structured logger and keeps secrets and persons out of it.
//
// Every room gets a *slog.Logger in its Deps and logs constant messages with snake_case keys:
//
//	s.log.InfoContext(ctx, "ticket closed", "ticket_id", t.ID, "reporter", log.Person(t.Reporter))
//
// What the context knows (WithRequest, WithActor, WithOp) stands in every line made with it, at the top level.
//
// Three walls keep a log clean (MB-sens-1-1):
//
//   - types: a Secret shows as [secret] in every format and a Person as its first character, wherever they
//     are printed, not only here;
//   - names: an attribute or group called password, token, secret, authorization, cookie, id_number, phone,
//     card and the like is masked whatever its value;
//   - content: passwords in addresses, bearer tokens, and numbers that are identity cards, mobile phones or
//     bank cards are masked in messages, texts and errors. Structures (maps, structs, bytes) are not printed
//     at all, because nobody can see what is in them: log their id.
//
// The walls are for mistakes. They do not make it right to log personal data.
//
// Tests log through Capture, which fails the test when a secret made with Marked shows in any line.
package log
