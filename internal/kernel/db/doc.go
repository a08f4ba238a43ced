// Package db is the one way to the database: SQLite in a file by default, PostgreSQL in production, with the same
// static SQL and the same behaviour.
//
//	d, err := db.Open(ctx, db.Options{Path: "data/tongban.db"})
//	err = d.Migrate(ctx, clock.Now(), sets...)
//	err = d.Write(ctx, func(ctx context.Context, q db.Querier) error { return store.save(ctx, q, ticket) })
//
// Reading goes through Reader (each statement sees the last committed state) or ReadTx (one snapshot for several).
// Write is the only way to write; a Write inside a Write is refused, and its function may run more than once.
// Store functions take a Querier, so that their caller decides. A statement that fails ends its transaction, on
// SQLite as on PostgreSQL. Rows must be read to their end and closed before the function ends.
//
// # SQL
//
// $1 placeholders, each text a constant that starts with its name as a comment, /* desk.ticketByID */, by which slow
// ones are logged. Column types are TEXT, BIGINT, BOOLEAN, BYTEA and DOUBLE PRECISION. Times are Time, JSON is JSON[T],
// lists for "in" come from In, pages from Page, EncodeCursor and DecodeCursor. TestPortableSQL lists what is known
// to work the same on both engines; not portable are now(), ::cast, = any($1), greatest, for update, ilike,
// serial and identity columns, and ->> on a text column. A key column is declared "not null primary key".
//
// # Errors
//
// Write and ReadTx give what they return a kind and a code (MapError): ErrDuplicate, ErrInUse, ErrRule, ErrNotFound,
// ErrStorageFull, ErrStorageDown, ErrBusy. Constraint names what was broken.
//
// # Speed
//
// Durable one-row transactions per second on SQLite (BenchmarkGroupingGain; two cores shared with other work, a virtual
// disk whose fsync took about 0.1 ms): one caller 6,304, 64 callers 61,612, which is 11.0 times as many. Seven runs
// gave 9.6 to 35 times: the slower the disk at the moment, the larger the ratio. DESIGN.md says why.
package db
