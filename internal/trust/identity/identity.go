package identity

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/module"
	"tongban/internal/kernel/op"
)

var (
	//go:embed migrations
	migrations embed.FS
	//go:embed locales
	words embed.FS
)

// SessionPolicy is how long a session lives.
type SessionPolicy struct {
	Idle     time.Duration // without a request
	Absolute time.Duration // in all
}

// DefaultSessions is the policy where none is configured: half an hour of silence, a working day in all.
var DefaultSessions = SessionPolicy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}

// Deps is what a Service needs.
type Deps struct {
	DB       *db.DB
	Ops      *op.Runner
	Clock    clock.Clock
	Log      *slog.Logger
	Key      []byte // secret of at least 16 bytes, the same on all nodes and for ever: passwords depend on it
	Sessions SessionPolicy
}

// Service is the module. It is safe for concurrent use.
type Service struct {
	db          *db.DB
	ops         *op.Runner
	clock       clock.Clock
	log         *slog.Logger
	store       store
	hasher      *hasher
	devices     deviceMark
	attemptsKey []byte
	policy      SessionPolicy

	cache *cache
	roles *roleBook
	seen  *seenBatch

	orgName nameMemo
	known   atomic.Pointer[permissionSet] // the program's permissions; see UseOperations
	part    flusher
}

// New returns a Service. Authenticate gives nobody a permission before UseOperations was called.
func New(d Deps) (*Service, error) {
	if len(d.Key) < 16 {
		return nil, errors.New("identity: the key has fewer than 16 bytes")
	}
	if d.Sessions.Idle <= 0 || d.Sessions.Absolute <= 0 {
		d.Sessions = DefaultSessions
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		db: d.DB, ops: d.Ops, clock: d.Clock, log: d.Log.With("module", "identity"), hasher: newHasher(d.Key),
		devices: deviceMark{key: derive(d.Key, "device mark")}, attemptsKey: derive(d.Key, "attempts"),
		policy: d.Sessions, cache: newCache(), seen: newSeenBatch(),
	}
	s.roles = &roleBook{}
	s.known.Store(&permissionSet{})
	return s, nil
}

// Migrations are the tables of this package, for callers that have no Service yet.
func Migrations() db.MigrationSet { return db.MigrationSet{Module: "identity", FS: migrations} }

// permissionSet holds the permissions the program has and whether all that they open only reads.
type permissionSet map[op.Permission]bool

// UseOperations tells the service which operations, and so which permissions, the program has. The app calls it
// once the registry is complete.
func (s *Service) UseOperations(reg *op.Registry) {
	set := permissionSet{}
	for p, specs := range reg.Permissions() {
		reads := true
		for _, spec := range specs {
			reads = reads && spec.Reads
		}
		set[p] = reads
	}
	s.known.Store(&set)
	s.forgetRoles()
}

// Module describes the room.
func (s *Service) Module() module.Module {
	return module.Module{
		Name: "identity", Words: words, Operations: s.operations(), Facts: factTypes(),
		Jobs: s.jobs(), Part: s,
		Topics: []module.Topic{{Name: "identity.accounts", Permission: PermAccountRead, Facts: []string{
			FactAccountCreated, FactAccountChanged, FactAccountDisabled, FactAccountEnabled, FactRoleGranted, FactRoleRevoked,
		}}},
	}
}

func (s *Service) operations() []op.Bound {
	return []op.Bound{
		op.Bind(createAccount, s.CreateAccount), op.Bind(updateAccount, s.UpdateAccount), op.Bind(listAccounts, s.ListAccounts),
		op.Bind(findAccount, s.FindAccount), op.Bind(readAccount, s.Account), op.Bind(exportAccounts, s.ExportAccounts), op.Bind(disableAccount, s.DisableAccount),
		op.Bind(disableAccounts, s.DisableAccounts), op.Bind(enableAccounts, s.EnableAccounts), op.Bind(enableAccount, s.EnableAccount),
		op.Bind(grantRole, s.GrantRole), op.Bind(revokeRole, s.RevokeRole), op.Bind(listRoles, s.Roles),
		op.Bind(readRole, s.Role), op.Bind(updateRole, s.UpdateRole),
		op.Bind(resetPassword, s.ResetPassword), op.Bind(changePassword, s.ChangePassword),
		op.Bind(signIn, s.SignIn), op.Bind(signOut, s.SignOut), op.Bind(ownSessions, s.OwnSessions),
		op.Bind(endOwnSession, s.EndOwnSession), op.Bind(listSessions, s.Sessions), op.Bind(endSession, s.EndSession),
		op.Bind(purgeSessions, s.PurgeSessions),
		op.Bind(createToken, s.CreateToken), op.Bind(revokeToken, s.RevokeToken), op.Bind(listTokens, s.Tokens),
		op.Bind(readOrganisation, s.Organisation), op.Bind(updateOrganisation, s.UpdateOrganisation),
		op.Bind(issueSetup, s.IssueSetup), op.Bind(finishSetup, s.FinishSetup),
		op.Bind(readProfile, s.Profile), op.Bind(readOverview, s.Overview),
	}
}

// Start begins to write down when sessions and tokens were used.
func (s *Service) Start(ctx context.Context) error { return s.part.start(ctx, s) }

// Stop writes down what is still in memory.
func (s *Service) Stop(ctx context.Context) { s.part.stop(ctx, s) }
