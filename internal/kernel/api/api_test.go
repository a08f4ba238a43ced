package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"tongban/internal/kernel/api"
	"tongban/internal/kernel/web"
	"tongban/spec"
)

const good = `{"payee":"张三","amount":5,"day":"2026-11-21"}`

// Each wrong input is refused with the field and the rule named, in the reader's language and without a word of what
// was sent; nothing is stored.
func TestInputIsValidated(t *testing.T) {
	t.Parallel()
	spec.Covers(t, "MB-res-21")
	h := newHouse(t, nil)
	for _, tc := range []struct {
		name, body  string
		status      int
		field, code string
		message     string
	}{
		{"wrong type", `{"payee":"张三","amount":"hunter2","day":"2026-11-21"}`, 422, "amount", "wrong_type", "应为 integer"},
		{"fraction", `{"payee":"张三","amount":1.5,"day":"2026-11-21"}`, 422, "amount", "wrong_type", "应为 integer"},
		{"too long", `{"payee":"hunter2hunter2","amount":5,"day":"2026-11-21"}`, 422, "payee", "too_long", "最多 10 个字"},
		{"too short", `{"payee":"张","amount":5,"day":"2026-11-21"}`, 422, "payee", "too_short", "至少 2 个字"},
		{"negative amount", `{"payee":"张三","amount":-5,"day":"2026-11-21"}`, 422, "amount", "too_small", "不能小于 1"},
		{"huge amount", `{"payee":"张三","amount":1e300,"day":"2026-11-21"}`, 422, "amount", "too_big", "不能大于 1e+06"},
		{"bad date", `{"payee":"张三","amount":5,"day":"2026-02-30"}`, 422, "day", "bad_date", "日期不正确"},
		{"missing", `{"amount":5,"day":"2026-11-21"}`, 422, "payee", "required", "请填写此项"},
		{"no choice", `{"payee":"张三","amount":5,"day":"2026-11-21","kind":"hunter2"}`, 422, "kind", "not_a_choice", "选项"},
		{"unknown field", `{"payee":"张三","amount":5,"day":"2026-11-21","pay":"hunter2"}`, 422, "pay", "unknown_field", "没有这一项"},
		{"inside a list", `{"payee":"张三","amount":5,"day":"2026-11-21","lines":[{},{"rate":0}]}`, 422, "lines.1.rate", "not_above", "必须大于 0"},
		{"too large for the type", `{"payee":"张三","amount":5,"day":"2026-11-21","lines":[{"small":777777}]}`, 422, "lines.small", "out_of_range", "超出"},
		{"password too long", `{"payee":"张三","amount":5,"day":"2026-11-21","password":"hunter2hunter2"}`, 422, "password", "too_long", "最多 8 个字"},
		{"bad encoding", "{\"payee\":\"\xd6\xd0\",\"amount\":5,\"day\":\"2026-11-21\"}", 400, "", "web.bad_text", "UTF-8"},
		{"null character", `{"payee":"a\u0000b","amount":5,"day":"2026-11-21"}`, 422, "payee", "bad_text", "空字符"},
	} {
		resp, text := h.call(t, "POST", "/api/v1/payments", tc.body)
		p := problem(t, resp, text)
		if resp.StatusCode != tc.status || len(p.Errors) != 1 || p.Errors[0].Field != tc.field || p.Errors[0].Code != tc.code || !strings.Contains(p.Errors[0].Message, tc.message) {
			t.Errorf("%s: %d %s", tc.name, resp.StatusCode, text)
		}
		if strings.Contains(text, "hunter2") || strings.Contains(text, "777777") {
			t.Errorf("%s: the answer repeats what was sent: %s", tc.name, text)
		}
	}
	h.pagesValidate(t)
	if n := h.stored(t); n != 0 {
		t.Errorf("%d payments are stored", n)
	}
	if resp, text := h.call(t, "POST", "/api/v1/payments", good); resp.StatusCode != 201 || h.stored(t) != 1 {
		t.Errorf("good input: %d %s", resp.StatusCode, text)
	}
}

// pagesValidate sends the same through the form.
func (h *house) pagesValidate(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	c := &http.Client{Jar: jar}
	resp, err := c.Get(h.url + "/form")
	must(t, err)
	doc, err := goquery.NewDocumentFromReader(resp.Body)
	must(t, err)
	_ = resp.Body.Close()
	token := doc.Find("form[action='/payments'] input[name=csrf]").AttrOr("value", "")
	for name, tc := range map[string][3]string{ // field, value, rule
		"wrong type": {"amount", "five", "应为 integer"}, "too long": {"payee", strings.Repeat("长", 11), "最多 10 个字"}, "negative": {"amount", "-5", "不能小于 1"},
		"bad date": {"day", "2026-02-30", "日期不正确"}, "bad encoding": {"payee", "\xd6\xd0", "“payee”"},
	} {
		form := url.Values{"csrf": {token}, "payee": {"张三"}, "amount": {"5"}, "day": {"2026-11-21"}}
		form.Set(tc[0], tc[1])
		resp, err := c.PostForm(h.url+"/payments", form)
		must(t, err)
		doc, err := goquery.NewDocumentFromReader(resp.Body)
		must(t, err)
		_ = resp.Body.Close()
		if text := doc.Find("main, body").Text(); resp.StatusCode/100 != 4 || !strings.Contains(text, tc[0]) || !strings.Contains(text, tc[2]) {
			t.Errorf("page, %s: %d", name, resp.StatusCode)
		}
	}
}

// JSON that two readers could understand in two ways is understood in none.
func TestAmbiguousJSONIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, tc := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"twice", `{"payee":"张三","amount":5,"day":"2026-11-21","amount":6}`, 422, `"field":"amount","code":"duplicate_field"`},
		{"twice in a list", `{"lines":[{"rate":1,"rate":2}]}`, 422, `"field":"lines.0.rate","code":"duplicate_field"`},
		{"twice by case", `{"payee":"张三","amount":5,"day":"2026-11-21","Amount":-5}`, 422, `"field":"Amount","code":"unknown_field"`},
		{"another case", `{"Payee":"张三","amount":5,"day":"2026-11-21"}`, 422, `"unknown_field"`},
		{"half a pair", `{"payee":"a\ud800b","amount":5,"day":"2026-11-21"}`, 422, `"bad_text"`},
		{"the wrong half first", `{"payee":"\udc00\ud800","amount":5,"day":"2026-11-21"}`, 422, `"bad_text"`},
		{"two values", good + good, 400, `"web.bad_body"`},
		{"a byte order mark", "\xef\xbb\xbf" + good, 400, `"web.bad_text"`},
		{"deep", strings.Repeat(`[`, 20_000), 422, `"too_deep"`},
		{"cut", good[:20], 400, `"web.bad_body"`},
		{"empty", "", 400, `"web.bad_body"`},
		{"null", "null", 422, ``},
		{"too large", `{"payee":"` + strings.Repeat("x", 60_000) + `"}`, 413, `"web.too_large"`},
		{"a fault in each line", `{"lines":[` + strings.Repeat(`{"rate":"x"},`, 2000) + `{}]}`, 422, `"wrong_type"`},
	} {
		resp, text := h.call(t, "POST", "/api/v1/payments", tc.body)
		problem(t, resp, text)
		if resp.StatusCode != tc.status || !strings.Contains(text, tc.want) || len(text) > 5000 {
			t.Errorf("%s: %d, %d bytes: %.300s", tc.name, resp.StatusCode, len(text), text)
		}
	}
	if resp, _ := h.call(t, "POST", "/api/v1/payments", `{"payee":"\ud842\udfb7 \\ud800","amount":5,"day":"2026-11-21"}`); resp.StatusCode != 201 {
		t.Errorf("a whole pair: %d", resp.StatusCode)
	}
	if n := h.stored(t); n != 1 {
		t.Errorf("%d payments are stored", n)
	}
}

// What the JSON test suite calls broken is refused; whatever it holds is never our fault.
func TestJSONSuite(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(d *web.Deps) { d.BodyLimit = 1 << 20 })
	raw, err := os.ReadFile("../../../../shared/data/bad-input/json-test-suite.jsonl")
	if err != nil {
		t.Skipf("the corpus lies beside the repository: %v", err)
	}
	for text := range bytes.Lines(raw) {
		var tc struct{ Name, Expect, Base64 string }
		must(t, json.Unmarshal(text, &tc))
		body, err := base64.StdEncoding.DecodeString(tc.Base64)
		must(t, err)
		resp, answer := h.call(t, "POST", "/api/v1/payments", string(body))
		problem(t, resp, answer)
		if s := resp.StatusCode; s < 400 || s > 422 || (tc.Expect == "reject" && s != 400 && s != 422) {
			t.Errorf("%s: %d %.200s", tc.Name, s, answer)
		}
	}
	if n := h.stored(t); n != 0 {
		t.Errorf("%d payments are stored", n)
	}
}

// Whatever fails under /api/ is a problem in the language of the caller, with what belongs to its status.
func TestEveryFailureIsAProblem(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, tc := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code                     string
		check                    [2]string // a header and its value
	}{
		{"no such page", "GET", "/api/v1/nowhere", "", nil, 404, "web.no_page", [2]string{}},
		{"no such method", "DELETE", "/api/v1/payments", "", nil, 405, "web.method", [2]string{"Allow", "GET, HEAD, POST, OPTIONS"}},
		{"form", "POST", "/api/v1/payments", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "web.media_type", [2]string{}},
		{"other JSON", "POST", "/api/v1/payments", good, []string{"Content-Type", "text/json+x"}, 415, "web.media_type", [2]string{}},
		{"other charset", "POST", "/api/v1/payments", good, []string{"Content-Type", "application/json; charset=gbk"}, 415, "web.media_type", [2]string{}},
		{"no charset", "POST", "/api/v1/payments", good, []string{"Content-Type", `application/json; charset=""`}, 415, "web.media_type", [2]string{}},
		{"malformed type", "POST", "/api/v1/payments", good, []string{"Content-Type", ";"}, 415, "web.media_type", [2]string{}},
		{"bad token", "GET", "/api/v1/payments", "", []string{"Authorization", "Bearer bad"}, 401, "session_required", [2]string{"WWW-Authenticate", "Bearer"}},
		{"no token", "POST", "/api/v1/payments", good, []string{"Authorization", ""}, 401, "session_required", [2]string{"WWW-Authenticate", "Bearer"}},
		{"handler says session", "GET", "/api/v1/fail/session", "", nil, 401, "session_required", [2]string{"WWW-Authenticate", "Bearer"}},
		{"denied", "GET", "/api/v1/fail/denied", "", nil, 403, "denied", [2]string{}},
		{"conflict", "GET", "/api/v1/fail/conflict", "", nil, 409, "conflict", [2]string{}},
		{"busy", "GET", "/api/v1/fail/busy", "", nil, 503, "busy", [2]string{"Retry-After", "7"}},
		{"internal", "GET", "/api/v1/fail/internal", "", nil, 500, "internal", [2]string{}},
		{"panic", "GET", "/api/v1/fail/panic", "", nil, 500, "internal", [2]string{}},
		{"unknown query", "GET", "/api/v1/payments?limt=5", "", nil, 422, "invalid_input", [2]string{}},
		{"query out of range", "GET", "/api/v1/payments?limit=900", "", nil, 422, "invalid_input", [2]string{}},
		{"query of another type", "GET", "/api/v1/payments?limit=hunter2", "", nil, 422, "invalid_input", [2]string{}},
		{"cross-site", "POST", "/api/v1/payments", good, []string{"Sec-Fetch-Site", "cross-site"}, 403, "web.cross_site", [2]string{}},
	} {
		resp, text := h.call(t, tc.method, tc.path, tc.body, tc.header...)
		p := problem(t, resp, text)
		if p.Status != tc.status || p.Code != tc.code || resp.Header.Get("Cache-Control") != "no-store" ||
			(tc.check[0] != "" && resp.Header.Get(tc.check[0]) != tc.check[1]) || strings.Contains(text, "secret") || strings.Contains(text, "EOF") || strings.Contains(text, "hunter2") {
			t.Errorf("%s: %d %v %s", tc.name, resp.StatusCode, resp.Header, text)
		}
	}
	resp, text := h.call(t, "GET", "/api/v1/nowhere", "", "Accept-Language", "en")
	if p := problem(t, resp, text); !strings.HasPrefix(p.Title, "There is no such page") {
		t.Errorf("in English: %s", p.Title)
	}
	resp, text = h.call(t, "GET", "/api/v1/payments?limit=0", "", "Accept-Language", "en")
	if p := problem(t, resp, text); len(p.Errors) != 1 || p.Errors[0].Field != "limit" || p.Errors[0].Message != "Must not be less than 1." {
		t.Errorf("in English: %s", text)
	}
}

func TestLimitsOfTheAPI(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(d *web.Deps) { d.RatePerSecond, d.RateBurst = 1, 1 })
	h.call(t, "GET", "/api/v1/payments", "")
	resp, text := h.call(t, "GET", "/api/v1/payments", "")
	if p := problem(t, resp, text); p.Status != 429 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", p.Status, resp.Header)
	}
}

// The scheme of a token is written in any case (RFC 9110, 11.1).
func TestTokenSchemeInAnyCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, header := range []string{"bearer good", "BEARER good", "Bearer  good"} {
		if resp, text := h.call(t, "POST", "/api/v1/payments", good, "Authorization", header); resp.StatusCode != 201 {
			t.Errorf("%q: %d %s", header, resp.StatusCode, text)
		}
	}
}

// The same key is done once and answered the same, for one caller and one input.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, tc := range []struct {
		name, token, key, body string
		status, stored         int
		want                   string
	}{
		{"first", "good", "k1", good, 201, 1, `{"number":1}`},
		{"again", "good", "k1", good, 201, 1, `{"number":1}`},
		{"another input", "good", "k1", strings.Replace(good, "5", "6", 1), 409, 1, "key_reused"},
		{"another caller", "other", "k1", good, 201, 2, `{"number":2}`},
		{"another key", "good", "k2", good, 201, 3, `{"number":3}`},
		{"too long", "good", strings.Repeat("k", 101), good, 422, 3, `"field":"Idempotency-Key","code":"too_long"`},
		{"no text", "good", "\xff\xfe", good, 422, 3, `"field":"Idempotency-Key","code":"bad_format"`},
	} {
		resp, text := h.call(t, "POST", "/api/v1/payments", tc.body, "Authorization", "Bearer "+tc.token, "Idempotency-Key", tc.key)
		if resp.StatusCode != tc.status || h.stored(t) != tc.stored || !strings.Contains(text, tc.want) {
			t.Errorf("%s: %d, %d stored: %s", tc.name, resp.StatusCode, h.stored(t), text)
		}
	}
}

// deadlines notes the read deadlines an answer is given.
type deadlines struct {
	*httptest.ResponseRecorder
	read []time.Time
}

func (d *deadlines) SetReadDeadline(until time.Time) error {
	d.read = append(d.read, until)
	return nil
}

// A deadline for reading set after the body was read would end the request while it is served.
func TestNoDeadlineAfterTheBody(t *testing.T) {
	t.Parallel()
	w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequest("POST", "/api/v1/payments", strings.NewReader(good))
	r.Header.Set("Authorization", "Bearer good")
	if newHouse(t, nil).site.Handler().ServeHTTP(w, r); w.Code != 201 || len(w.read) != 0 {
		t.Errorf("%d, deadlines %v", w.Code, w.read)
	}
}

// The document says of each operation who may call it, what it answers, and how it fails; every reference leads
// somewhere. It is the same whoever asks first.
func TestDocument(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if resp, text := h.call(t, "GET", "/api/openapi.json", "", "Authorization", ""); resp.StatusCode != 200 || !strings.HasPrefix(text, "{") {
				t.Errorf("%d %.100s", resp.StatusCode, text)
			}
		})
	}
	all.Wait()
	raw, err := h.api.Document()
	must(t, err)
	var doc document
	must(t, json.Unmarshal(raw, &doc))
	if doc.OpenAPI != "3.1.0" || doc.Info.Title == "" || doc.Info.Version != "test" || len(doc.Security) != 1 || doc.Security[0]["token"] == nil ||
		doc.Components.SecuritySchemes["token"].Scheme != "bearer" {
		t.Errorf("the head of the document: %.300s", raw)
	}
	seen := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			if o.OperationID == "" || seen[o.OperationID] || o.Security != nil || len(o.Tags) != 1 || o.Summary == "" {
				t.Errorf("%s %s: %+v", method, path, o)
			}
			seen[o.OperationID] = true
			checkResponses(t, method+" "+path, o)
		}
	}
	checkReferences(t, raw)
	fields := slices.Sorted(maps.Keys(doc.Components.Schemas["Problem"].Properties))
	if want := []string{"code", "errors", "instance", "status", "title", "type"}; !slices.Equal(fields, want) || doc.Components.Schemas["ErrorModel"].Properties != nil {
		t.Errorf("a problem has %v, want %v", fields, want)
	}
}

type document struct {
	OpenAPI    string
	Info       struct{ Title, Version string }
	Security   []map[string][]string
	Paths      map[string]map[string]operation
	Components struct {
		Schemas         map[string]struct{ Properties map[string]any }
		SecuritySchemes map[string]struct{ Scheme string }
	}
}

type operation struct {
	OperationID, Summary string
	Tags                 []string
	Security             any
	Parameters           []struct{ Name, In string }
	Responses            map[string]struct {
		Description string
		Content     map[string]struct{ Schema map[string]any }
	}
}

func checkResponses(t *testing.T, name string, o operation) {
	t.Helper()
	failures := []string{"400", "401", "403", "404", "409", "412", "422", "429", "500", "503"}
	if strings.HasPrefix(name, "post") {
		failures = append(failures, "408", "413", "415")
		if !slices.ContainsFunc(o.Parameters, func(p struct{ Name, In string }) bool { return p.Name == "Idempotency-Key" && p.In == "header" }) {
			t.Errorf("%s: no Idempotency-Key", name)
		}
	}
	for _, status := range failures {
		r := o.Responses[status]
		if r.Description == "" || r.Content["application/problem+json"].Schema["$ref"] != "#/components/schemas/Problem" {
			t.Errorf("%s %s: %+v", name, status, r)
		}
	}
	for status, r := range o.Responses {
		if r.Description == "" || (status[0] == '2' && r.Content["application/json"].Schema == nil) {
			t.Errorf("%s %s: %+v", name, status, r)
		}
	}
}

// checkReferences follows every $ref.
func checkReferences(t *testing.T, raw []byte) {
	t.Helper()
	var root any
	must(t, json.Unmarshal(raw, &root))
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && !leads(root, ref) {
				t.Errorf("%s leads nowhere", ref)
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(root)
}

func leads(root any, ref string) bool {
	at := root
	for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := at.(map[string]any)
		if !ok {
			return false
		}
		at = m[name]
	}
	return at != nil
}

// A list without items is an empty list, so that a client may go through it without a question.
func TestEmptyListsAreLists(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	type longer struct {
		api.List[receipt]
		Total int `json:"total"`
	}
	api.Register(h.api, api.Route{ID: "list-none", Method: "GET", Path: "/none", Tag: "test", Summary: "List nothing"},
		func(context.Context, *struct{}) (*api.Body[api.List[receipt]], error) {
			return &api.Body[api.List[receipt]]{}, nil
		})
	api.Register(h.api, api.Route{ID: "list-longer", Method: "GET", Path: "/longer", Tag: "test", Summary: "List nothing and count it"},
		func(context.Context, *struct{}) (*api.Body[longer], error) { return &api.Body[longer]{}, nil })
	for path, want := range map[string]string{"/none": `{"items":[]}`, "/longer": `{"items":[],"total":0}`} {
		if resp, body := h.call(t, "GET", "/api/v1"+path, ""); resp.StatusCode != 200 || strings.TrimSpace(body) != want {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	raw, err := h.api.Document()
	must(t, err)
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Type any `json:"type"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	must(t, json.Unmarshal(raw, &doc))
	lists := 0
	for name, s := range doc.Components.Schemas {
		if items, ok := s.Properties["items"]; ok {
			lists++
			if items.Type != "array" {
				t.Errorf("items of %s are %v", name, items.Type)
			}
		}
	}
	if lists == 0 {
		t.Error("no list is described")
	}
}

func TestUTF8MayBeSaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, kind := range []string{"application/json; charset=utf-8", `Application/JSON;charset="UTF-8"`} {
		if resp, body := h.call(t, "POST", "/api/v1/payments", `{"payee":"张三","amount":1,"day":"2026-11-21"}`, "Content-Type", kind); resp.StatusCode != 201 {
			t.Errorf("%s: %d %s", kind, resp.StatusCode, body)
		}
	}
}
