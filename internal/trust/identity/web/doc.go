// Package web has the pages and the JSON API of accounts, roles, sessions and the organisation: sign-in and first
// setup, the console's lists and forms, and what everybody sees of themselves on the phone.
package web
