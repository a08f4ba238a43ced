// Package op is the one way to do anything: an operation.
//
// A module declares an operation once and runs its body through Run (a change) or Query (a read):
//
//	var disableAccount = op.New("identity.account.disable", op.Needs(PermAccountWrite), op.Reversible())
//
//	func (s *Service) DisableAccount(ctx context.Context, in DisableAccountInput) (Account, error) {
//		return op.Run(ctx, s.ops, disableAccount, in, s.disableAccount)
//	}
//
// Run authorises the actor of the context, validates the input (its Validate method, if it has one), opens the
// write transaction, runs the body, appends the audit entry with what changed, puts the facts into the outbox,
// and counts, times and traces the whole. Refused and failed attempts are audited too, after the rollback; of a visitor
// who knocks at the same door without signing in, once a minute (knocks.go).
// Nothing else in the program opens a write transaction for a module, so no operation can forget permission or
// audit; test/arch holds that.
//
// The body must have no effect outside its transaction: on PostgreSQL it is run again after a serialization
// conflict.
//
// # Doing it once
//
// A context made by WithKey makes the operation idempotent: the key is stored in the same transaction, and a
// repetition by the same actor returns the first answer without running the body. A form's hidden form_id and
// the API's Idempotency-Key header arrive here.
//
// # Serious and reversible operations (MP-5.2-e-1 to -3)
//
// The body of a Serious operation calls Tx.Confirm with what will happen, in names and numbers, before it
// changes anything. Without a confirmation for exactly this actor, input and effect it gets a
// *NeedsConfirmation error, which the pages show and answer; with it, the effect is what was promised. The body
// of a Reversible operation calls Tx.Undo with the operation that takes it back. Run fails when either forgot.
//
// # Tables
//
// op_key (idempotency keys and answers), op_undo (how to take an operation back), op_instance (a digest of the
// secret key, so that a lost or wrong one is noticed at the start).
package op
