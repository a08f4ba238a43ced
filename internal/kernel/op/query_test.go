package op_test

import (
	"context"
	"strings"
	"testing"

	"tongban/internal/kernel/op"
)

var (
	specList = op.New("test.thing.list", op.Needs(permWrite), op.Reads())
	specRead = op.New("test.person.read", op.Needs(permWrite), op.ReadsPersonal())
)

func readNames(ctx context.Context, v *op.View, _ thingInput) (int, error) {
	var n int
	err := v.QueryRowContext(ctx, "select count(*) from test_thing").Scan(&n)
	v.Saw(op.Thing{Kind: "test.thing", ID: "a", Label: "lamp"})
	return n, err
}

func TestQuery(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.put(t, "a")
		in := thingInput{Name: "x"}
		n, err := op.Query(as(t, "u1", permWrite), h.runner, specList, in, readNames)
		must(t, err)
		if n != 1 {
			t.Errorf("read %d, want 1", n)
		}
		h.wantEntries(t, "test.thing.put done") // a plain read is not audited
		_, err = op.Query(as(t, "u1"), h.runner, specList, in, readNames)
		wantErr(t, err, op.ErrDenied)
		_, err = op.Query(t.Context(), h.runner, specList, in, readNames)
		wantErr(t, err, op.ErrSessionRequired)
		_, err = op.Query(as(t, "u1", permWrite), h.runner, specList, in,
			func(ctx context.Context, v *op.View, _ thingInput) (int, error) {
				_, err := v.ExecContext(ctx, "delete from test_thing")
				return 0, err
			})
		if err == nil {
			t.Error("a read wrote")
		}
		h.wantEntries(t, "test.thing.put done", "test.thing.list refused denied",
			"test.thing.list refused session_required", "test.thing.list failed internal")
		h.wantCount(t, "test_thing", 1)
	})
}

func TestReadOfPersonalDataIsAudited(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := op.Query(as(t, "u1", permWrite), h.runner, specRead, thingInput{Name: "x"}, readNames)
		must(t, err)
		h.wantEntries(t, "test.person.read done")
		e := h.fullEntries(t)[0]
		if len(e.Changes) != 1 || e.Changes[0].Thing.ID != "a" || e.Changes[0].Before != nil || e.Changes[0].After != nil {
			t.Errorf("entry names %+v, want who was seen and no data", e.Changes)
		}
	})
}

func TestUnauditedPersonalDataStayUnread(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.put(t, "a")
		h.audit.broken.Store(true)
		n, err := op.Query(as(t, "u1", permWrite), h.runner, specRead, thingInput{Name: "x"}, readNames)
		if err == nil || n != 0 {
			t.Errorf("answer %d, error %v; want no answer without an entry", n, err)
		}
	})
}

func TestPanicOfAQueryIsAudited(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		func() {
			defer func() {
				if p := recover(); p != "ouch" {
					t.Errorf("recovered %v", p)
				}
			}()
			_, _ = op.Query(as(t, "u1", permWrite), h.runner, specList, thingInput{Name: "x"},
				func(context.Context, *op.View, thingInput) (int, error) { panic("ouch") })
		}()
		h.wantEntries(t, "test.thing.list failed internal")
		if n := h.metric(t, "test.thing.list", "done"); n != 0 {
			t.Errorf("a panic was counted as done")
		}
	})
}

func TestRegistry(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := h.registry(t)
		var names []string
		for _, b := range g.All() {
			names = append(names, b.Spec.Name)
		}
		if got := strings.Join(names, " "); got != "test.thing.rename test.thing.rename_back" {
			t.Errorf("All = %s", got)
		}
		if opens := g.Permissions(); len(opens) != 1 || len(opens[permWrite]) != 2 {
			t.Errorf("Permissions = %v", opens)
		}
		twice := []op.Bound{op.Bind(specPut, func(context.Context, thingInput) (thing, error) { return thing{}, nil })}
		if _, err := op.NewRegistry(h.runner, twice, twice); err == nil || !strings.Contains(err.Error(), "test.thing.put is declared twice") {
			t.Errorf("error = %v", err)
		}
		if _, err := twice[0].Call(t.Context(), []byte("{")); err == nil {
			t.Error("broken JSON was called with")
		}
		got, err := g.All()[1].Call(as(t, "u1", permWrite), raw(t, thingInput{ID: "a", Name: "n"}))
		must(t, err)
		if got != (thing{"a", "n", 1}) {
			t.Errorf("Call = %v", got)
		}
		if _, err := op.NewRunner(h.runner.Deps); err == nil {
			t.Error("metrics were registered twice")
		}
	})
}

func TestNewRefusesMistakes(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(){
		"form":           func() { op.New("thing.put", op.Needs(permWrite)) },
		"upper case":     func() { op.New("test.Thing.put", op.Needs(permWrite)) },
		"no access":      func() { op.New("test.thing.put") },
		"two accesses":   func() { op.New("test.thing.put", op.Needs(permWrite), op.For(op.Public)) },
		"empty right":    func() { op.New("test.thing.put", op.Needs("")) },
		"right, signed ": func() { op.New("test.thing.put", op.For(op.SignedIn), op.Needs(permWrite)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			declare()
		})
	}
}
