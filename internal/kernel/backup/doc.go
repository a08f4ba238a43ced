// Package backup writes, checks and restores the one backup file of an instance.
//
// # The file
//
// A backup is a zip file that any zip program can open, and the same whichever engine it came from: a backup of
// SQLite can be restored into PostgreSQL and the other way round.
//
//	tables/<table>.jsonl   a JSON array for each row, sorted by the primary key
//	files/<name>           files of the data directory, secret.key first of all
//	manifest.json          the last entry: what made it, the applied migrations, and for each table and file its
//	                       columns, rows, bytes and SHA-256
//
// The zip comment ends with the SHA-256 of everything before it (the seal), so that a backup that was cut short,
// extended or changed in any byte is recognised before anything of it is used. The seal protects against
// accidents, not against an attacker: whoever can change the file can seal it anew.
//
// A backup holds everything, with the secret key: its mode is 600, and it has to be kept like the data
// directory itself.
//
// # Guarantees
//
//   - Write reads one snapshot (db.ReadTx) and can run under any load; memory does not grow with the data.
//   - The file gets its name only when it is complete and on the disk.
//   - Restore builds the instance aside, compares every row's hash in the transaction that inserted them, and only
//     then puts it in place. A restore that fails or is killed leaves the target as it was. With Force the former
//     instance is moved aside, never deleted.
//   - A backup of an older program is restored with the migrations of its time; the program migrates it forward
//     when it starts. One of a newer program is refused.
package backup
