// Package portal is the public face: what a citizen or a company officer meets first.
//
// It owns no tables yet. Its front page says who serves here, whether somebody is there now and when next, and where
// to go on; its help pages say how to sign in, how to change the display, and what the site promises on
// accessibility. Everything here can be read without signing in and without scripts.
package portal
