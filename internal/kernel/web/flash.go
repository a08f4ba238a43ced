package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
)

// flash is a status line that waits for the next page, in a signed cookie that lives as long as the browser, so that
// it is not kept on its disk, and counts for a minute.
type flash struct {
	Key   string            `json:"t"` // a translation
	Value map[string]string `json:"v,omitempty"`
	Undo  string            `json:"u,omitempty"`
	Until int64             `json:"e"`
}

const (
	flashLife  = time.Minute
	flashValue = 80   // characters of a value: the line is short, and a browser drops cookies above 4 kB
	flashLimit = 3500 // bytes of the cookie
)

// Done tells the reader on the next page that what they asked for was done, and sends them there. Key is a
// translation, pairs its values. A receipt with an undo puts the undo beside it.
func (s *Site) Done(w http.ResponseWriter, r *http.Request, to string, receipt op.Receipt, key string, pairs ...any) error {
	f := flash{Key: key, Value: map[string]string{}, Undo: receipt.UndoID, Until: s.Clock.Now().Add(flashLife).Unix()}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			f.Value[name] = shorten(fmt.Sprint(pairs[i+1]), flashValue) // as the text prints it; JSON would make 1e+06 of a million
		}
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if line := base64.RawURLEncoding.EncodeToString(append(s.flashMAC(raw), raw...)); len(line) <= flashLimit {
		s.SetCookie(w, flashCookie, line, 0)
	}
	http.Redirect(w, r, LocalPath(to, "/"), http.StatusSeeOther)
	return nil
}

func (s *Site) flashMAC(raw []byte) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte("flash"))
	h.Write(raw)
	return h.Sum(nil)
}

// takeFlash returns the status line that waits for this page and removes it.
func (s *Site) takeFlash(w http.ResponseWriter, r *http.Request) []ui.Flash {
	cookie := s.Cookie(r, flashCookie)
	if cookie == "" {
		return nil
	}
	s.clearCookie(w, flashCookie)
	f, ok := s.readFlash(cookie)
	if !ok {
		return nil
	}
	values := make(map[string]any, len(f.Value))
	for name, v := range f.Value {
		values[name] = v
	}
	line := ui.Flash{Kind: "success", Text: i18n.From(r.Context()).TMap(f.Key, values)}
	if ids.Valid(f.Undo) {
		line.UndoHref = "/undo/" + f.Undo
	}
	return []ui.Flash{line}
}

// readFlash reads a cookie that anybody may have written; false when it was not us, or too long ago.
func (s *Site) readFlash(cookie string) (flash, bool) {
	var f flash
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil || len(raw) < sha256.Size || !hmac.Equal(raw[:sha256.Size], s.flashMAC(raw[sha256.Size:])) {
		return f, false
	}
	err = json.Unmarshal(raw[sha256.Size:], &f)
	return f, err == nil && s.Clock.Now().Unix() <= f.Until
}

// undo takes back the operation behind the status line's button.
func (s *Site) undo(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !ids.Valid(id) {
		return op.ErrUndoGone
	}
	if _, err := s.Registry.Undo(r.Context(), id); err != nil {
		return err
	}
	return s.Done(w, r, pageBefore(r, "/console"), op.Receipt{}, "web.undone")
}
