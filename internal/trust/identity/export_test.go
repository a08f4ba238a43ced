package identity

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"tongban/internal/kernel/db"
)

// Hashes returns how many Argon2 computations the service has made.
func (s *Service) Hashes() int64 { return s.hasher.count.Load() }

// PlantWeakHash gives an account a hash with yesterday's parameters.
func (s *Service) PlantWeakHash(t *testing.T, accountID, text string) {
	t.Helper()
	weak, salt := params{memory: 8 << 10, time: 1, threads: 1}, []byte("salt of 16 bytes")
	sum, err := s.hasher.compute(t.Context(), text, weak, salt, 32)
	if err != nil {
		t.Fatal(err)
	}
	err = s.db.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
		return s.store.putPassword(ctx, q, accountID, password{hash: encodeHash(weak, salt, sum), changedAt: db.At(s.clock.Now())})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// StoredHash returns an account's hash.
func (s *Service) StoredHash(t *testing.T, accountID string) string {
	t.Helper()
	p, err := s.store.password(t.Context(), s.db.Reader(), accountID)
	if err != nil {
		t.Fatal(err)
	}
	return p.hash
}

// FillAccounts writes n accounts: one in a thousand an agent, one in five hundred closed, one in two thousand a
// program, the others citizens.
func (s *Service) FillAccounts(t testing.TB, d *db.DB, n int) {
	t.Helper()
	const batch = 5000
	for from := 0; from < n; from += batch {
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			for i := from; i < min(from+batch, n); i++ {
				if err := s.fillAccount(ctx, q, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (s *Service) fillAccount(ctx context.Context, q db.Querier, i int) error {
	a := newAccount(CreateAccountInput{Login: fmt.Sprintf("zhang%d", i), Name: string([]rune{'张', rune(0x4e00 + i%5000), '伟'})}, s.clock.Now())
	role := RoleCitizen
	if i%1000 == 7 {
		role, a.Unit = RoleAgent, "客户服务中心"
	}
	if i%500 == 3 {
		a.State = Disabled
	}
	if i%2000 == 1 {
		a.Kind = Program
	}
	return errors.Join(s.store.insertAccount(ctx, q, a), s.store.setWords(ctx, q, a), s.store.insertGrant(ctx, q, a.ID, role, "fill", db.At(a.CreatedAt)))
}
