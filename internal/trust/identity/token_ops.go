package identity

import (
	"context"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
)

// The operations on API tokens.
var (
	createToken = op.New("identity.token.create", op.Needs(PermTokenWrite), op.Secret())
	revokeToken = op.New("identity.token.revoke", op.Needs(PermTokenWrite))
	listTokens  = op.New("identity.token.list", op.Needs(PermTokenWrite), op.Reads())
)

// Token is a key of the API. Its secret is shown once, when it is made.
type Token struct {
	ID        string    `json:"id"`
	AccountID string    `json:"account_id"`
	Name      string    `json:"name"` // what it is for
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero: never
	UsedAt    time.Time `json:"used_at,omitzero"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

// CreateTokenInput describes a new token.
type CreateTokenInput struct {
	AccountID string        `json:"account_id"`
	Name      string        `json:"name"`
	Life      time.Duration `json:"life"` // 0: until it is revoked
}

// maxTokenLife is ten years.
const maxTokenLife = 10 * 365 * 24 * time.Hour

// Validate checks the form of the input.
func (in CreateTokenInput) Validate() error {
	faults := checkText("name", in.Name, maxName, true)
	if in.Life < 0 || in.Life > maxTokenLife {
		faults = append(faults, errs.Field{Name: "life", Code: "bad_format"})
	}
	return errs.InvalidFields(faults...)
}

// CreatedToken is a new token with its secret.
type CreatedToken struct {
	Token  Token  `json:"token"`
	Bearer string `json:"bearer"` // for "Authorization: Bearer …"
}

// CreateToken makes a token for a program; for a person only the program itself does, on the operator's command.
// ErrAccountNotFound, ErrTokenNotForPeople, ErrStateAlready for a disabled account.
func (s *Service) CreateToken(ctx context.Context, in CreateTokenInput) (CreatedToken, error) {
	return op.Run(ctx, s.ops, createToken, in, func(ctx context.Context, tx *op.Tx, in CreateTokenInput) (CreatedToken, error) {
		a, err := s.store.account(ctx, tx, in.AccountID)
		switch {
		case err != nil:
			return CreatedToken{}, err
		case a.Kind == Person && tx.Actor().Kind != op.System:
			return CreatedToken{}, ErrTokenNotForPeople
		case a.State != Active:
			return CreatedToken{}, ErrStateAlready
		}
		t := Token{ID: ids.New(), AccountID: a.ID, Name: strings.TrimSpace(in.Name), CreatedAt: tx.Now(), CreatedBy: tx.Actor().ID}
		if in.Life > 0 {
			t.ExpiresAt = tx.Now().Add(in.Life)
		}
		secret := ids.Secret()
		if err := s.store.insertToken(ctx, tx, t, ids.Digest(secret)); err != nil {
			return CreatedToken{}, err
		}
		s.noteToken(tx, FactTokenCreated, a, t, nil, t)
		return CreatedToken{Token: t, Bearer: TokenPrefix + secret}, nil
	})
}

func (s *Service) noteToken(tx *op.Tx, fact string, a Account, t Token, before, after any) {
	tx.Changed(op.Thing{Kind: ThingToken, ID: t.ID, Label: t.Name}, before, after)
	f := factOf(fact, a)
	f.Data = AccountFact{Login: a.Login, Name: a.Name, Token: t.ID}
	tx.Emit(f)
}

// TokenRef names a token.
type TokenRef struct {
	ID string `json:"id"`
}

// RevokeToken makes a token useless. ErrTokenNotFound.
func (s *Service) RevokeToken(ctx context.Context, in TokenRef) (Token, error) {
	return op.Run(ctx, s.ops, revokeToken, in, func(ctx context.Context, tx *op.Tx, in TokenRef) (Token, error) {
		before, err := s.store.token(ctx, tx, in.ID)
		if err != nil {
			return Token{}, err
		}
		a, err := s.store.account(ctx, tx, before.AccountID)
		if err != nil {
			return Token{}, err
		}
		return s.revoke(ctx, tx, a, before)
	})
}

// revoke makes one token useless in the caller's transaction.
func (s *Service) revoke(ctx context.Context, tx *op.Tx, a Account, before Token) (Token, error) {
	t := before
	t.RevokedAt = tx.Now()
	s.noteToken(tx, FactTokenRevoked, a, t, before, t)
	db.AfterCommit(ctx, func() { s.forgetAccount(a.ID) })
	return t, s.store.revokeToken(ctx, tx, t.ID, db.At(tx.Now()))
}

// revokeAll makes all tokens of an account useless.
func (s *Service) revokeAll(ctx context.Context, tx *op.Tx, a Account) error {
	for {
		list, err := s.store.liveTokens(ctx, tx, a.ID)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			if _, err := s.revoke(ctx, tx, a, t); err != nil {
				return err
			}
		}
	}
}

// TokenList holds the tokens of an account, the newest first, the revoked ones included.
type TokenList struct {
	Tokens []Token `json:"tokens"`
}

// Tokens returns the tokens of an account.
func (s *Service) Tokens(ctx context.Context, in AccountRef) (TokenList, error) {
	return op.Query(ctx, s.ops, listTokens, in, func(ctx context.Context, v *op.View, in AccountRef) (TokenList, error) {
		list, err := s.store.tokens(ctx, v, in.ID)
		return TokenList{Tokens: list}, err
	})
}
