package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/web"
)

// guard reads the body before huma does, and refuses what encoding/json would silently make something else of.
func (a *API) guard(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	defer func() {
		if r.MultipartForm != nil {
			_ = r.MultipartForm.RemoveAll() // net/http does so only for requests nobody has copied
		}
	}()
	if takesJSON(hc.Operation()) {
		body, err := readJSON(r)
		if err != nil {
			a.site.Fail(w, r, err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		hc = readAlready{hc}
	}
	next(hc)
}

type humaContext = huma.Context

// readAlready is the context of a request whose body has been read. A read deadline would now end the request while it
// is served, since the server goes on reading to see whether the client leaves.
type readAlready struct{ humaContext }

// SetReadDeadline does nothing.
func (readAlready) SetReadDeadline(time.Time) error { return nil }

// Unwrap lets humago reach the request.
func (c readAlready) Unwrap() huma.Context { return c.humaContext }

func takesJSON(o *huma.Operation) bool {
	return o.RequestBody != nil && o.RequestBody.Content["application/json"] != nil
}

func readJSON(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, web.BadBody(err)
	}
	if len(body) == 0 {
		return nil, nil // huma knows whether it may be missing
	}
	if said := r.Header.Get("Content-Type"); said != "" {
		kind, params, err := mime.ParseMediaType(said)
		if charset, ok := params["charset"]; err != nil || kind != "application/json" || ok && !strings.EqualFold(charset, "utf-8") {
			return nil, web.ErrMediaType
		}
		r.Header.Set("Content-Type", kind) // huma knows one spelling only
	}
	return body, checkJSON(body)
}

// deepest is how far objects and lists may lie in each other. No input of ours comes near.
const deepest = 32

// checkJSON refuses what is no JSON, and JSON that readers understand in different ways: names that stand twice,
// text that is not UTF-8, null characters, halves of surrogate pairs.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) || bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) {
		return web.ErrBadText.With("field", "body").At("")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := checkValue(d, "", 0); err != nil {
		var known *errs.Error
		if errors.As(err, &known) {
			return err
		}
		return web.BadBody(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return web.ErrBadBody.Because(errors.New("more than one value"))
	}
	if loneSurrogate(body) {
		return errs.InvalidFields(errs.Field{Code: "bad_text"})
	}
	return nil
}

// checkValue checks the next value of d, which stands at path.
func checkValue(d *json.Decoder, path string, depth int) error {
	if depth > deepest {
		return errs.InvalidFields(errs.Field{Code: "too_deep", Params: map[string]any{"max": deepest}})
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return checkObject(d, path, depth)
		}
		return checkList(d, path, depth)
	case string:
		return checkString(t, path)
	}
	return nil
}

func checkObject(d *json.Decoder, path string, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return fmt.Errorf("a name that is %T", token)
		}
		at := join(path, name)
		if seen[name] {
			return errs.InvalidFields(errs.Field{Name: shortName(at), Code: "duplicate_field"})
		}
		seen[name] = true
		if err := checkString(name, path); err != nil {
			return err
		}
		if err := checkValue(d, at, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func checkList(d *json.Decoder, path string, depth int) error {
	for i := 0; d.More(); i++ {
		if err := checkValue(d, join(path, strconv.Itoa(i)), depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func checkString(s, path string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return errs.InvalidFields(errs.Field{Name: shortName(path), Code: "bad_text"})
	}
	return nil
}

// loneSurrogate reports whether JSON holds half of a surrogate pair, which encoding/json replaces.
func loneSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++ // a backslash stands in texts only, and always before something
		if body[i] != 'u' {
			continue
		}
		first := escaped(body, i-1)
		i += 4
		if !utf16.IsSurrogate(first) {
			continue
		}
		if utf16.DecodeRune(first, escaped(body, i+1)) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// escaped is the character of the \uXXXX that begins at i, or 0.
func escaped(body []byte, i int) rune {
	if i+6 > len(body) || body[i] != '\\' || body[i+1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(body[i+2:i+6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}
