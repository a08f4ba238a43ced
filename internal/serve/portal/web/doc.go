// Package web has the portal's pages: the front page, help and the accessibility statement.
package web
