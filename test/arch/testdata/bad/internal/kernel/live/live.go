// Package live does what the kernel must not.
package live

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"tongban/internal/care/desk"
	"tongban/internal/kernel/db/dbtest"
)

type Hub struct{ d *desk.Service }

func (h *Hub) Push(w http.ResponseWriter) {
	at := time.Now()
	fmt.Println(at)
	slog.Info("pushed")
	http.Error(w, "no", http.StatusTeapot)
	pool, err := sql.Open("sqlite", dbtest.Path)
	if err != nil {
		panic(err)
	}
	pool.Write(context.Background(), nil)
}

func init() {}
