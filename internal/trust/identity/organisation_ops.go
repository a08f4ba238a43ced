package identity

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
)

// The operations on the organisation.
var (
	readOrganisation   = op.New("identity.organisation.read", op.For(op.Public), op.Reads())
	updateOrganisation = op.New("identity.organisation.update", op.Needs(PermOrganisationWrite))
)

// Organisation is who runs this program.
type Organisation struct {
	Name      string    `json:"name"`
	Intro     string    `json:"intro"`
	Phone     string    `json:"phone"`
	Email     string    `json:"email"`
	Address   string    `json:"address"`
	Language  string    `json:"language"` // for readers who ask for none
	Zone      string    `json:"zone"`     // in which times are shown
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	Version   int64     `json:"version"` // 0 while nobody has filled it in
}

// DefaultOrganisation is the organisation as long as nobody has filled it in.
func DefaultOrganisation() Organisation {
	return Organisation{Name: "通办", Language: i18n.ZhCN, Zone: clock.DefaultZone}
}

// Organisation returns the organisation's profile.
func (s *Service) Organisation(ctx context.Context, in op.None) (Organisation, error) {
	return op.Query(ctx, s.ops, readOrganisation, in, func(ctx context.Context, v *op.View, _ op.None) (Organisation, error) {
		return s.store.organisation(ctx, v)
	})
}

// nameMemo remembers the organisation's name, which every page shows.
type nameMemo struct {
	mu     sync.Mutex
	name   string
	loaded time.Time
}

func (m *nameMemo) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loaded = time.Time{}
}

// OrganisationName returns the organisation's name as it was at most CacheLife ago. When it cannot be read it is
// the last known one, since no page should fail for its head line.
func (s *Service) OrganisationName(ctx context.Context) string {
	m, now := &s.orgName, s.clock.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if age := now.Sub(m.loaded); m.name != "" && age >= 0 && age < CacheLife {
		return m.name
	}
	o, err := s.store.organisation(ctx, s.db.Reader())
	switch {
	case err == nil:
		m.name, m.loaded = o.Name, now
	case m.name == "":
		return DefaultOrganisation().Name
	}
	return m.name
}

// UpdateOrganisationInput replaces the profile; Version is that of the one read.
type UpdateOrganisationInput Organisation

// Validate checks the form of the input.
func (in UpdateOrganisationInput) Validate() error {
	faults := checkText("name", in.Name, maxName, true)
	faults = append(faults, checkLines("intro", in.Intro, 500)...)
	faults = append(faults, checkText("phone", in.Phone, 40, false)...)
	faults = append(faults, checkText("address", in.Address, 200, false)...)
	faults = append(faults, checkText("email", in.Email, 200, false)...)
	if in.Email != "" {
		if at, err := mail.ParseAddress(in.Email); err != nil || at.Address != in.Email {
			faults = append(faults, errs.Field{Name: "email", Code: "bad_format"})
		}
	}
	if !slices.Contains(i18n.Languages(), in.Language) {
		faults = append(faults, errs.Field{Name: "language", Code: "not_a_choice"})
	}
	if _, err := time.LoadLocation(in.Zone); err != nil || in.Zone == "" || in.Zone == "Local" {
		faults = append(faults, errs.Field{Name: "zone", Code: "not_a_choice"})
	}
	return errs.InvalidFields(faults...)
}

// UpdateOrganisation replaces the organisation's profile. ErrChanged when somebody else was faster.
func (s *Service) UpdateOrganisation(ctx context.Context, in UpdateOrganisationInput) (Organisation, error) {
	return op.Run(ctx, s.ops, updateOrganisation, in, func(ctx context.Context, tx *op.Tx, in UpdateOrganisationInput) (Organisation, error) {
		before, err := s.store.organisation(ctx, tx)
		if err != nil {
			return Organisation{}, err
		}
		if before.Version != in.Version {
			return Organisation{}, ErrChanged
		}
		after := Organisation(in)
		after.Name = strings.TrimSpace(after.Name)
		after.Version, after.UpdatedAt = before.Version+1, tx.Now()
		tx.Changed(op.Thing{Kind: ThingOrganisation, ID: "main", Label: after.Name}, before, after)
		tx.Emit(events.Fact{Type: FactOrganisationChanged, Subject: "main", Data: map[string]string{"name": after.Name}})
		db.AfterCommit(ctx, s.orgName.forget)
		return after, s.store.saveOrganisation(ctx, tx, after, before.Version)
	})
}
