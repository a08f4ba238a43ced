package main

import (
	"net/url"
	"testing"
)

func TestRoute(t *testing.T) {
	cases := []struct{ address, want string }{
		{"http://a/", "/"},
		{"http://a/console/accounts/", "/console/accounts"},
		{"http://a/console/accounts/0191e2b4-7c1a-7000-8000-0123456789ab/edit", "/console/accounts/id/edit"},
		{"http://a/orders/WO-20261121-0007", "/orders/id"},
		{"http://a/orders/17", "/orders/id"},
		{"http://a/t/3q2-7wQ4xZ0123456789abcdefghijklmnopqrstuvw", "/t/id"},
		{"http://a/console/kit", "/console/kit"},
		{"http://a/list?sort=name&after=abc", "/list?after&sort"},
		{"http://a/list?after=def&sort=age", "/list?after&sort"},
		{"http://a/thing/5?tab=history", "/thing/id?tab=history"},
		{"http://a/thing/5?tab=files", "/thing/id?tab=files"},
	}
	for _, c := range cases {
		u, err := url.Parse(c.address)
		if err != nil {
			t.Fatal(err)
		}
		if got := route(u); got != c.want {
			t.Errorf("route of %s is %s, want %s", c.address, got, c.want)
		}
	}
}

func TestIsPage(t *testing.T) {
	cases := map[string]bool{
		"http://a/console":                 true,
		"http://a/console/accounts?q=.csv": true,
		"http://a/sign-outside":            true,
		"http://a/sign-out":                false,
		"http://a/api/v1/docs":             false,
		"http://a/console/list/export":     false,
		"http://a/report.pdf":              false,
		"mailto:a@b":                       false,
	}
	for address, want := range cases {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := isPage(u); got != want {
			t.Errorf("isPage(%s) = %v", address, got)
		}
	}
}

func TestFileName(t *testing.T) {
	cases := map[string]string{"/": "home", "/console/accounts/id": "console_accounts_id", "/thing?tab=files": "thing_tab_files", "系统管理员": "系统管理员", "../x": "x"}
	for route, want := range cases {
		if got := fileName(route); got != want {
			t.Errorf("fileName(%s) = %s, want %s", route, got, want)
		}
	}
}
