// Package brief shortens an error to what may be stored and shown on a console: one line, at most 300
// characters, without what is likely to be somebody's data: quoted values, e-mail addresses and long numbers.
// It is a net, not a licence: an error's text should hold no personal data in the first place.
package brief
